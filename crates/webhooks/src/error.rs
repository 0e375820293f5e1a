//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, Kind, Stale, StoreError, Words, words::no_such_record};

use crate::{service::MAX_WEBHOOKS, words};

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The record has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// There is no such webhook or delivery.
    #[error("{}", no_such_record())]
    NotFound,
    /// Nothing is sent to a webhook that is switched off.
    #[error("{}", words::webhook_disabled())]
    Disabled,
    /// The delivery has not come to its end.
    #[error("{}", words::delivery_pending())]
    Pending,
    /// There are as many webhooks as there may be.
    #[error("{}", words::webhook_limit(MAX_WEBHOOKS))]
    TooMany,
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for WebhooksError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Stale(_) => Kind::Stale,
            Self::NotFound => Kind::NotFound,
            Self::Disabled | Self::Pending | Self::TooMany => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Stale(_) => "stale",
            Self::NotFound => "not_found",
            Self::Disabled => "webhook_disabled",
            Self::Pending => "delivery_pending",
            Self::TooMany => "webhook_limit",
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        Some(match self {
            Self::Denied(denied) => return denied.detail(),
            Self::Stale(stale) => return stale.detail(),
            Self::NotFound => no_such_record(),
            Self::Disabled => words::webhook_disabled(),
            Self::Pending => words::delivery_pending(),
            Self::TooMany => words::webhook_limit(MAX_WEBHOOKS),
            Self::Store(error) => return error.detail(),
        })
    }

    fn stale(&self) -> Option<&Stale> {
        match self {
            Self::Stale(stale) => Some(stale),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
