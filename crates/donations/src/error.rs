//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, FieldError, Invalid, Kind, Stale, StoreError};

use crate::State;

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum DonationsError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Fields are wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The record has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// Absent, or outside the caller's scope.
    #[error("there is no such record")]
    NotFound,
    /// The state of the donation does not allow the step.
    #[error("a donation that is {from} cannot become {to}")]
    Transition {
        /// The state it is in.
        from: State,
        /// The state that was asked for.
        to: State,
    },
    /// Fields that are fixed once the donation left the state `pending`.
    #[error("a donation that is {state} keeps its {}", .fields.join(", "))]
    Settled {
        /// The state it is in.
        state: State,
        /// The fields that cannot change any more.
        fields: Vec<&'static str>,
    },
    /// A completed donation cannot go to the trash: it must be refunded first.
    #[error("a completed donation cannot be deleted: refund it first")]
    CompletedStays,
    /// Destroying and restoring need the trash first.
    #[error("the record is not in the trash")]
    NotInTrash,
    /// Something still refers to the record.
    #[error("the record still has donations")]
    HasDonations,
    /// Another record has a value that must be unique; the field says which.
    #[error("another record has this value")]
    Taken(Vec<FieldError>),
    /// The record has no identity number to show.
    #[error("no identity number is on file")]
    NoIdentity,
    /// Storage failed.
    #[error("storage failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for DonationsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken("donors.identity") => Self::Taken(vec![FieldError::new(
                "/identity/number",
                "taken",
                "belongs to another donor",
            )]),
            StoreError::Taken("campaigns.name") => Self::Taken(vec![FieldError::new(
                "/name",
                "taken",
                "is the name of another campaign",
            )]),
            error => Self::Store(error),
        }
    }
}

impl Fault for DonationsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Invalid(_) => Kind::Invalid,
            Self::Stale(_) => Kind::Stale,
            Self::NotFound => Kind::NotFound,
            Self::Transition { .. }
            | Self::Settled { .. }
            | Self::CompletedStays
            | Self::NotInTrash
            | Self::HasDonations
            | Self::Taken(_)
            | Self::NoIdentity => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Invalid(_) => "validation",
            Self::Stale(_) => "stale",
            Self::NotFound => "not_found",
            Self::Transition { .. } => "transition",
            Self::Settled { .. } => "settled",
            Self::CompletedStays => "completed_stays",
            Self::NotInTrash => "not_in_trash",
            Self::HasDonations => "has_donations",
            Self::Taken(_) => "taken",
            Self::NoIdentity => "no_identity",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(invalid) => &invalid.0,
            Self::Taken(fields) => fields,
            _ => &[],
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
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
