//! What can go wrong with a widget.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, Kind, Stale, StoreError, Words};

#[derive(Debug, thiserror::Error)]
pub(super) enum WidgetsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error("the widget is locked")]
    Locked,
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for WidgetsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Stale(stale) => stale.kind(),
            Self::Locked => Kind::Locked,
            Self::Store(store) => store.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Stale(stale) => stale.code(),
            Self::Locked => "locked",
            Self::Store(store) => store.code(),
        }
    }
    fn detail(&self) -> Option<Words> {
        match self {
            Self::Denied(denied) => denied.detail(),
            Self::Stale(stale) => stale.detail(),
            Self::Locked => None,
            Self::Store(store) => store.detail(),
        }
    }
    fn stale(&self) -> Option<&Stale> {
        match self {
            Self::Stale(stale) => Some(stale),
            _ => None,
        }
    }
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked => Some(Duration::from_millis(1500)),
            Self::Store(store) => store.retry_after(),
            _ => None,
        }
    }
}
