//! Logs: one line per event on stderr, as text for people or JSON for collectors, with the fields of
//! the request's span, and without what must never be logged. Traces and errors, when an operator
//! names where to: the same spans and events, cleaned once more, from threads of their own. Without
//! that there is no layer for them, and nothing of theirs runs.
//!
//! - Each layer has its own filter: spans and events of `almoner…` at INFO and above, whatever is
//!   logged, so that no statement of sqlx and no header of a client is among them. Without a collector
//!   or a DSN the one thing left is an empty field of the request's span.
//! - Both leave through one small blocking client (`ureq`, on the rustls and ring that are there) with
//!   a limit of five seconds; at the end two seconds are given to what is left. The queue of spans is
//!   bounded in front of the SDK's, whose own count of losses cannot be read.
//! - A `traceparent` is believed from trusted proxies alone: from a stranger it would have each of its
//!   requests kept, and write into others' traces.
//! - Sentry's own integrations (`sentry-actix`, `sentry-tracing`, `sentry-panic`) take along what they
//!   find of a request and would have to be stripped of nearly all. One gate (`before_send`) removes
//!   everything but message, exception, route, tags and extra fields, and looks through their texts for
//!   what can be told by its shape; names cannot.
//! - `http` knows a port, `Traces`; OpenTelemetry stands in this crate only. Fifteen crates came with
//!   it, none of them a second TLS: `sentry` is taken without its `rustls` feature, which would put
//!   aws-lc into the lock file.

mod errors;
mod lines;
mod redact;
#[cfg(test)]
mod tests;
mod traces;
mod wire;

use std::{
    io, panic,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Dispatch, Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{ParseError, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use errors::{ErrorSettings, is_dsn};
pub use lines::Lines;
pub use redact::{NEVER_LOG, cleaned, masked_url};
pub use traces::{RequestTraces, TraceSettings};

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `2026-11-21T10:00:00.000Z INFO almoner_app: listening listen=127.0.0.1:8080`.
    #[default]
    Text,
    /// One JSON object per line: `timestamp`, `level`, `target`, `message`, `request_id` when there
    /// is one, `span` (names, outermost first), `fields` (those of the spans and of the event).
    Json,
}

/// Where spans and errors go beside the log.
#[derive(Default)]
pub struct Outlets {
    traces: Option<SdkTracerProvider>,
    errors: Option<Arc<sentry::Client>>,
}

impl Outlets {
    /// Those that are configured. Each has a thread, which connects when it has something to send.
    ///
    /// # Errors
    /// When what was configured is refused after all.
    pub fn open(
        traces: Option<&TraceSettings>,
        errors: Option<&ErrorSettings>,
    ) -> Result<Self, TelemetryError> {
        Ok(Self {
            traces: traces.map(traces::provider).transpose()?,
            errors: errors.map(errors::client).transpose()?,
        })
    }

    /// Sends what is left, for two seconds at most: what cannot be reached keeps nobody from going.
    pub fn close(self) {
        let (done, sent) = mpsc::channel();
        let mut awaited = 0;
        let mut send = |name: &str, send: Box<dyn FnOnce() -> bool + Send>| {
            let done = done.clone();
            let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
                // Nobody waits any more when it took too long.
                done.send(send()).ok();
            });
            match thread {
                Ok(_) => awaited += 1,
                Err(error) => tracing::warn!(%error, "the last of {name} could not be sent"),
            }
        };
        if let Some(traces) = self.traces {
            send("traces", Box::new(move || traces.shutdown_with_timeout(CLOSE_WITHIN).is_ok()));
        }
        if let Some(errors) = self.errors {
            send("errors", Box::new(move || errors.flush(Some(CLOSE_WITHIN))));
        }
        let deadline = Instant::now() + CLOSE_WITHIN;
        for _ in 0..awaited {
            let left = deadline.saturating_duration_since(Instant::now());
            if sent.recv_timeout(left) != Ok(true) {
                tracing::warn!("not all traces and errors could be sent before the end");
                return;
            }
        }
    }

    const fn is_empty(&self) -> bool {
        self.traces.is_none() && self.errors.is_none()
    }
}

const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Looks whether a filter can be read.
///
/// # Errors
/// When it cannot: what is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), ParseError> {
    EnvFilter::try_new(filter).map(|_| ())
}

/// Starts logging to stderr, for the whole process. Events of the `log` crate come along, and panics
/// are logged with the request they happened in.
///
/// # Errors
/// When the filter cannot be read, or logging was started before.
pub fn init(filter: &str, format: LogFormat, outlets: &Outlets) -> Result<(), TelemetryError> {
    let dispatch = dispatch_to(filter, format, io::stderr, outlets)?;
    dispatch.try_init().map_err(|_| TelemetryError::Started)?;
    log_panics();
    Ok(())
}

/// The same for any writer, without making it the process's own: for tests.
///
/// # Errors
/// When the filter cannot be read.
pub fn dispatch<W>(filter: &str, format: LogFormat, writer: W) -> Result<Dispatch, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    dispatch_to(filter, format, writer, &Outlets::default())
}

fn dispatch_to<W>(
    filter: &str,
    format: LogFormat,
    writer: W,
    outlets: &Outlets,
) -> Result<Dispatch, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter)?;
    let lines = Lines::new(format, writer);
    if outlets.is_empty() {
        return Ok(Dispatch::new(Registry::default().with(filter).with(lines)));
    }
    // What is logged does not decide about what is traced, so each layer has a filter of its own.
    let traces = outlets.traces.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(traces::tracer(provider))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            // Nobody asks for OpenTelemetry's own current context.
            .with_context_activation(false)
            .with_filter(filter_fn(is_ours))
    });
    let errors = outlets
        .errors
        .as_ref()
        .map(|client| errors::Errors(Arc::clone(client)).with_filter(filter_fn(is_ours)));
    let registry = Registry::default().with(lines.with_filter(filter)).with(traces).with(errors);
    Ok(Dispatch::new(registry))
}

/// Ours are the spans and events known to hold no statement, header or address.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("almoner") && *metadata.level() <= Level::INFO
}

/// After what Rust prints itself. Texts in quotes are left out: they are values more often than not.
fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        log_panic(info);
    }));
}

fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no text");
    let message = redact::scrubbed(&redact::unquoted(message));
    let at = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(panic = message, at, "the program panicked");
}

/// Lets the metrics of the outlets be seen before there is anything to count.
pub fn expose_metrics(traces: Option<&TraceSettings>, errors: Option<&ErrorSettings>) {
    if traces.is_some() {
        metrics::counter!(traces::SENT).increment(0);
        metrics::counter!(traces::FAILURES).increment(0);
        for reason in ["queue_full", "not_sent"] {
            metrics::counter!(traces::DROPPED, "reason" => reason).increment(0);
        }
    }
    if errors.is_some() {
        metrics::counter!(errors::FAILURES).increment(0);
    }
}

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("the log filter cannot be read")]
    Filter(#[from] ParseError),
    /// Logging was started before.
    #[error("logging was started before")]
    Started,
    /// Traces cannot be sent as configured.
    #[error("traces cannot be sent: {0}")]
    Traces(String),
    /// Errors cannot be sent as configured.
    #[error("errors cannot be sent: {0}")]
    Errors(String),
}
