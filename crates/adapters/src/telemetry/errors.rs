//! Errors to Sentry: what the log says at ERROR, and nothing else of the request. An event is made of
//! the cleaned fields that a log line has, by us and not by an integration of Sentry's, because those
//! take along what they find; what is sent passes [`stripped`] as the last gate.

use std::{borrow::Cow, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sentry::{
    Client, ClientOptions, Transport, TransportFactory, TransportOptions,
    protocol::{Event, Exception, Level, Values},
    transports::UreqHttpTransportOptions,
    types::Dsn,
};
use serde_json::Value;
use tracing::{
    Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    TelemetryError,
    lines::{Fields, MESSAGE},
    redact, wire,
};

/// Counts requests to Sentry that failed.
pub const FAILURES: &str = "almoner_error_report_failures_total";

/// Where errors go beside the log.
#[derive(Clone, Debug)]
pub struct ErrorSettings {
    /// Address, project and key of a Sentry.
    pub dsn: SecretString,
    /// The environment they are filed under.
    pub environment: String,
    /// The share of errors that are sent, from 0 to 1.
    pub sample_rate: f64,
    /// The name of the server they come from, when it may be told.
    pub instance: Option<String>,
}

/// True for what can be read as the address, project and key of a Sentry.
pub fn is_dsn(text: &str) -> bool {
    text.parse::<Dsn>().is_ok()
}

/// What sends events.
pub(super) fn client(settings: &ErrorSettings) -> Result<Arc<Client>, TelemetryError> {
    Ok(Arc::new(Client::with_options(options(settings)?)))
}

pub(super) fn options(settings: &ErrorSettings) -> Result<ClientOptions, TelemetryError> {
    let dsn = settings.dsn.expose_secret().parse::<Dsn>();
    let mut options = ClientOptions::new()
        .release(concat!("almoner@", env!("CARGO_PKG_VERSION")))
        .environment(settings.environment.clone())
        .sample_rate(settings.sample_rate as f32)
        .send_default_pii(false)
        .max_breadcrumbs(0)
        .attach_stacktrace(false)
        .before_send(|event| Some(stripped(event)))
        .transport(Outbound);
    options.dsn = Some(dsn.map_err(|error| TelemetryError::Errors(error.to_string()))?);
    options.default_integrations = false;
    options.server_name = settings.instance.clone().map(Cow::Owned);
    Ok(options)
}

struct Outbound;

impl TransportFactory for Outbound {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let agent = wire::agent("errors", FAILURES);
        Arc::new(UreqHttpTransportOptions::from(options).with_agent(agent).build())
    }
}

/// Sends what is logged at ERROR.
pub(super) struct Errors(pub(super) Arc<Client>);

impl<S> Layer<S> for Errors
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        Fields::remember(attributes, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        Fields::remember_more(id, values, &context);
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != tracing::Level::ERROR {
            return;
        }
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend(outer);
            }
        }
        // A span may carry a field named `message`; it is not this event's.
        fields.remove(MESSAGE);
        let mut own = Fields::default();
        event.record(&mut own);
        fields.extend(&own);
        self.0.capture_event(report(event.metadata().target(), fields), None);
    }
}

/// An event of the log as one of Sentry's.
fn report(target: &str, mut fields: Fields) -> Event<'static> {
    let mut take = |name| fields.remove(name).map(plain);
    let message = take(MESSAGE).unwrap_or_default();
    let transaction = match (take("method"), take("route")) {
        (Some(method), Some(route)) => Some(format!("{method} {route}")),
        _ => None,
    };
    // Who asked, and from where, is in the log of the operator alone.
    drop((take("user_id"), take("client")));
    let error = take("error").or_else(|| take("panic"));
    let tags = ["request_id", "trace_id", "code"]
        .into_iter()
        .filter_map(|name| take(name).map(|value| (name.to_owned(), value)))
        .collect();
    let exception = error.map(|value| Exception {
        ty: message.clone(),
        value: Some(value),
        module: Some(target.to_owned()),
        ..Exception::default()
    });
    Event {
        level: Level::Error,
        // Sentry takes an exception's type for its title.
        message: exception.is_none().then_some(message),
        exception: Values { values: exception.into_iter().collect() },
        logger: Some(target.to_owned()),
        transaction,
        tags,
        extra: fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect(),
        ..Event::default()
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// The event without what could tell of a person, whatever put it there.
fn stripped(mut event: Event<'static>) -> Event<'static> {
    let scrub = |text: &mut String| *text = redact::scrubbed(text);
    event.user = None;
    event.request = None;
    event.breadcrumbs = Values::new();
    event.threads = Values::new();
    event.stacktrace = None;
    event.contexts.clear();
    event.modules.clear();
    event.culprit = None;
    event.logentry = None;
    event.message.iter_mut().for_each(scrub);
    for exception in &mut event.exception {
        scrub(&mut exception.ty);
        exception.value.iter_mut().for_each(scrub);
        exception.stacktrace = None;
        exception.raw_stacktrace = None;
        exception.mechanism = None;
    }
    for (name, value) in &mut event.tags {
        *value = redact::sendable(name, value);
    }
    for (name, value) in &mut event.extra {
        match value {
            Value::String(text) => *text = redact::sendable(name, text),
            Value::Bool(_) | Value::Null | Value::Number(_) => {}
            _ => *value = Value::from(redact::REDACTED),
        }
    }
    event
}
