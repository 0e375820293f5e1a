//! Logs: one line per event on stderr, as text for people or JSON for collectors, with the fields of
//! the request's span, and without what must never be logged.

mod lines;
mod redact;
#[cfg(test)]
mod tests;

use std::io;

use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter, Registry, filter::ParseError, fmt::MakeWriter, layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use lines::Lines;
pub use redact::{NEVER_LOG, cleaned};

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

/// Starts logging to stderr, for the whole process. Events of the `log` crate come along.
///
/// # Errors
/// When the filter cannot be read, or logging was started before.
pub fn init(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    dispatch(filter, format, io::stderr)?.try_init().map_err(|_| TelemetryError::Started)
}

/// The same for any writer, without making it the process's own: for tests.
///
/// # Errors
/// When the filter cannot be read.
pub fn dispatch<W>(filter: &str, format: LogFormat, writer: W) -> Result<Dispatch, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter)?;
    Ok(Dispatch::new(Registry::default().with(filter).with(Lines::new(format, writer))))
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
}
