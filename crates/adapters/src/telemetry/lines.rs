//! The layer that turns events into lines. It keeps the fields of each span as values, cleaned the
//! moment they are recorded, so that no later formatting can meet a secret.

use std::{
    fmt::{self, Write as _},
    io::Write as _,
};

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context, registry::LookupSpan};

use super::{LogFormat, redact::cleaned};

/// Writes one line per event.
pub struct Lines<W> {
    format: LogFormat,
    writer: W,
}

impl<W> Lines<W> {
    /// Lines of that format, to that writer.
    pub const fn new(format: LogFormat, writer: W) -> Self {
        Self { format, writer }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        Fields::remember(attributes, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        Fields::remember_more(id, values, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        if is_no_http(event.metadata(), &own) {
            return;
        }
        let extensions: Vec<_> =
            context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()).collect();
        let extensions: Vec<_> =
            extensions.iter().map(|span| (span.name(), span.extensions())).collect();
        let mut line = Line::new(event.metadata());
        for (name, extensions) in &extensions {
            line.span(name);
            for (name, value) in extensions.get::<Fields>().into_iter().flat_map(Fields::iter) {
                // A span may carry a field named `message`; it is not this event's.
                if name != MESSAGE {
                    line.field(name, value);
                }
            }
        }
        for (name, value) in own.iter() {
            line.field(name, value);
        }
        let text = match self.format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        };
        // There is nowhere left to complain when stderr is gone; the program serves on.
        drop(self.writer.make_writer_for(event.metadata()).write_all(text.as_bytes()));
    }
}

/// True for what actix says when somebody sends bytes that are no HTTP, as an error: anybody could fill
/// the log, and whoever watches for errors would be called. It is counted instead
/// (`almoner_http_malformed_requests_total`).
fn is_no_http(metadata: &Metadata<'_>, fields: &Fields) -> bool {
    const BEGIN: &str = "stream error: request parse error: ";

    let message =
        || fields.iter().find(|(name, _)| *name == MESSAGE).and_then(|(_, value)| value.as_str());
    metadata.target() == "actix_http::h1::dispatcher"
        && message().is_some_and(|message| message.starts_with(BEGIN))
}

pub(super) const MESSAGE: &str = "message";
const REQUEST_ID: &str = "request_id";
const TRACE_ID: &str = "trace_id";

/// One event, ready to be written: its own fields and those of its spans, by name.
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    target: &'a str,
    message: Option<&'a Value>,
    request_id: Option<&'a Value>,
    trace_id: Option<&'a Value>,
    spans: String,
    /// In the order of their names.
    fields: Vec<(&'static str, &'a Value)>,
}

impl<'a> Line<'a> {
    fn new(metadata: &Metadata<'a>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a log line says when it was written")]
        let now = Utc::now();
        Self {
            timestamp: now.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: metadata.level().as_str(),
            target: metadata.target(),
            message: None,
            request_id: None,
            trace_id: None,
            spans: String::new(),
            fields: Vec::new(),
        }
    }

    fn span(&mut self, name: &str) {
        if !self.spans.is_empty() {
            self.spans.push(':');
        }
        self.spans.push_str(name);
    }

    /// Takes a field; an inner one replaces an outer one of its name.
    fn field(&mut self, name: &'static str, value: &'a Value) {
        match name {
            MESSAGE => self.message = Some(value),
            REQUEST_ID => self.request_id = Some(value),
            TRACE_ID => self.trace_id = Some(value),
            // Events of the `log` crate carry their origin in fields.
            "log.target" => self.target = value.as_str().unwrap_or(self.target),
            name if name.starts_with("log.") => {}
            name => match self.fields.binary_search_by_key(&name, |(name, _)| name) {
                Ok(at) => self.fields[at].1 = value,
                Err(at) => self.fields.insert(at, (name, value)),
            },
        }
    }

    fn json(self) -> String {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), self.timestamp.into());
        line.insert("level".to_owned(), self.level.into());
        line.insert("target".to_owned(), self.target.into());
        if let Some(message) = self.message {
            line.insert(MESSAGE.to_owned(), message.clone());
        }
        if let Some(request_id) = self.request_id {
            line.insert(REQUEST_ID.to_owned(), request_id.clone());
        }
        if let Some(trace_id) = self.trace_id {
            line.insert(TRACE_ID.to_owned(), trace_id.clone());
        }
        if !self.spans.is_empty() {
            line.insert("span".to_owned(), self.spans.into());
        }
        if !self.fields.is_empty() {
            let fields = self.fields.iter().map(|(name, value)| (*name, (*value).clone()));
            line.insert("fields".to_owned(), fields.collect());
        }
        let mut text = Value::from(line).to_string();
        text.push('\n');
        text
    }

    fn text(self) -> String {
        let mut text = format!("{} {:>5} {}:", self.timestamp, self.level, self.target);
        if let Some(message) = self.message {
            text.push(' ');
            push_plain(&mut text, message, Quoting::Never);
        }
        let request_id = self.request_id.map(|value| (REQUEST_ID, value));
        let trace_id = self.trace_id.map(|value| (TRACE_ID, value));
        for (name, value) in request_id.into_iter().chain(trace_id).chain(self.fields) {
            text.push(' ');
            text.push_str(name);
            text.push('=');
            push_plain(&mut text, value, Quoting::WhenNeeded);
        }
        if !self.spans.is_empty() {
            text.push_str(" span=");
            text.push_str(&self.spans);
        }
        text.push('\n');
        text
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Never,
    WhenNeeded,
}

/// Appends a value on one line: whoever controls it can neither begin a new line nor move a
/// terminal's cursor.
fn push_plain(line: &mut String, value: &Value, quoting: Quoting) {
    let Value::String(text) = value else {
        line.push_str(&value.to_string());
        return;
    };
    let is_ambiguous = |char: char| char.is_whitespace() || matches!(char, '"' | '=');
    let is_quoted =
        quoting == Quoting::WhenNeeded && (text.is_empty() || text.contains(is_ambiguous));
    if is_quoted {
        line.push('"');
    }
    for char in text.chars() {
        match char {
            '"' if is_quoted => line.push_str("\\\""),
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') => {
                line.extend(char.escape_default());
            }
            char => line.push(char),
        }
    }
    if is_quoted {
        line.push('"');
    }
}

/// The fields of a span or event, cleaned; a field recorded again replaces its value.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Keeps the fields of a new span with it, unless another layer has done so.
    pub(super) fn remember<S>(attributes: &Attributes<'_>, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        if let Some(span) = context.span(id)
            && span.extensions().get::<Self>().is_none()
        {
            let mut fields = Self::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    /// Keeps what is recorded later.
    pub(super) fn remember_more<S>(id: &Id, values: &Record<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Self>()
        {
            values.record(fields);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Takes all fields of another, which replace those of their names.
    pub(super) fn extend(&mut self, other: &Self) {
        other.iter().for_each(|(name, value)| self.set(name, value.clone()));
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn keep(&mut self, field: &Field, value: Value) {
        let name = field.name();
        let name = name.strip_prefix("r#").unwrap_or(name);
        self.set(name, cleaned(name, value));
    }

    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.keep(field, value.to_string().into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.keep(field, value.to_string().into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        // The whole chain, because no error of ours repeats its source.
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        self.keep(field, text.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        if write!(text, "{value:?}").is_ok() {
            self.keep(field, text.into());
        }
    }
}
