//! Instants as the API writes and reads them: RFC 3339, and in answers always UTC with milliseconds.

use almoner_kernel::{Timestamp, fault::Unfit};
use chrono::{DateTime, SecondsFormat, Utc};

/// `2026-03-14T09:26:53.589Z`.
pub(crate) fn text(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads a parameter.
///
/// # Errors
/// `instant` when it is not RFC 3339 with a time zone.
pub(crate) fn parse(text: &str) -> Result<Timestamp, Unfit> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| Unfit::new("instant", "must be an instant such as 2026-03-14T09:26:53Z"))
}
