//! Why a use case of this domain refuses.

use std::time::Duration;

use crate::Finding;
use almoner_kernel::{Denied, Fault, Kind, StoreError, Words};

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What should go from the trail is not what was sealed; all of it stays.
    #[error("the trail is not intact: {0}")]
    Tampered(Finding),
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for AuditError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Tampered(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Tampered(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        match self {
            Self::Denied(denied) => denied.detail(),
            Self::Tampered(_) => None,
            Self::Store(error) => error.detail(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Denied(denied) => denied.retry_after(),
            Self::Tampered(_) => None,
            Self::Store(error) => error.retry_after(),
        }
    }
}
