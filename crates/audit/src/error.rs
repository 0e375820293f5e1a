//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, Kind, StoreError, Words};

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for AuditError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        match self {
            Self::Denied(denied) => denied.detail(),
            Self::Store(error) => error.detail(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Denied(denied) => denied.retry_after(),
            Self::Store(error) => error.retry_after(),
        }
    }
}
