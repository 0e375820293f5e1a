//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, Kind, StoreError, Words, words::no_such_record};

use crate::words;

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such mail.
    #[error("{}", no_such_record())]
    NotFound,
    /// The mail was sent, or is about to be.
    #[error("{}", words::mail_not_failed())]
    NotFailed,
    /// No mail can be sent.
    #[error("{}", words::mail_is_off())]
    Off,
    /// A template cannot be rendered: a mistake in the program.
    #[error("a mail could not be written")]
    Template(#[from] minijinja::Error),
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for MailError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => Kind::NotFound,
            Self::NotFailed | Self::Off => Kind::Conflict,
            Self::Template(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NotFound => "not_found",
            Self::NotFailed => "mail_not_failed",
            Self::Off => "mail_off",
            Self::Template(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        match self {
            Self::Denied(denied) => denied.detail(),
            Self::NotFound => Some(no_such_record()),
            Self::NotFailed => Some(words::mail_not_failed()),
            Self::Off => Some(words::mail_is_off()),
            Self::Template(_) => None,
            Self::Store(error) => error.detail(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Denied(denied) => denied.retry_after(),
            Self::Store(error) => error.retry_after(),
            Self::NotFound | Self::NotFailed | Self::Off | Self::Template(_) => None,
        }
    }
}
