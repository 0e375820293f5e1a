//! What is wrong with a configuration: everything at once, each with the names of its key.

use std::fmt;

use super::schema::Key;

/// The configuration cannot be used. The text names every problem and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    subject: String,
    source: Option<String>,
    detail: String,
}

impl Problem {
    /// A wrong value; `source` is where it was written.
    pub(super) fn of_key(key: &Key, source: Option<String>, detail: impl Into<String>) -> Self {
        Self { subject: format!("{} ({})", key.path, key.variable), source, detail: detail.into() }
    }

    /// A source that cannot be read.
    pub(super) fn of_source(source: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self { subject: source.to_string(), source: None, detail: detail.into() }
    }

    /// A name that no key has.
    pub(super) fn unknown(what: &str, name: &str, meant: Option<&str>) -> Self {
        let detail = match meant {
            Some(meant) => format!("no such {what}; did you mean {meant}?"),
            None => format!("no such {what}"),
        };
        Self { subject: name.to_owned(), source: None, detail }
    }

    /// The same problem, found in that source.
    #[must_use]
    pub(super) fn found_in(self, source: impl fmt::Display) -> Self {
        Self { source: Some(source.to_string()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        if let Some(source) = &self.source {
            write!(f, " from {source}")?;
        }
        write!(f, ": {}", self.detail)
    }
}
