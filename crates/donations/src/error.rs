//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{
    Denied, Fault, FieldError, Invalid, Kind, Quota, Stale, StoreError, TooManyCollisions, Words,
    words::no_such_record,
};

use crate::{State, words};

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
    #[error("{}", no_such_record())]
    NotFound,
    /// The state of the donation does not allow the step.
    #[error("{}", words::transition(.from.as_str(), .to.as_str()))]
    Transition {
        /// The state it is in.
        from: State,
        /// The state that was asked for.
        to: State,
    },
    /// Fields that are fixed once the donation left the state `pending`.
    #[error("{}", words::settled(.state.as_str(), .fields.join(", ")))]
    Settled {
        /// The state it is in.
        state: State,
        /// The fields that cannot change any more.
        fields: Vec<&'static str>,
    },
    /// A completed donation cannot go to the trash: it must be refunded first.
    #[error("{}", words::completed_stays())]
    CompletedStays,
    /// Destroying and restoring need the trash first.
    #[error("{}", words::not_in_trash())]
    NotInTrash,
    /// Something still refers to the record.
    #[error("{}", words::has_donations())]
    HasDonations,
    /// Another record has a value that must be unique; the field says which.
    #[error("{}", words::value_taken())]
    Taken(Vec<FieldError>),
    /// Too many values of records outside the caller's scope.
    #[error(transparent)]
    Collisions(#[from] TooManyCollisions),
    /// The record has no identity number to show.
    #[error("{}", words::no_identity())]
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
                words::taken_by_another_donor(),
            )]),
            StoreError::Taken("campaigns.name") => Self::Taken(vec![FieldError::new(
                "/name",
                "taken",
                words::taken_by_another_campaign(),
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
            Self::Collisions(refusal) => refusal.kind(),
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
            Self::Collisions(refusal) => refusal.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        Some(match self {
            Self::Denied(denied) => return denied.detail(),
            Self::Invalid(invalid) => return invalid.detail(),
            Self::Stale(stale) => return stale.detail(),
            Self::NotFound => no_such_record(),
            Self::Transition { from, to } => words::transition(from.as_str(), to.as_str()),
            Self::Settled { state, fields } => words::settled(state.as_str(), fields.join(", ")),
            Self::CompletedStays => words::completed_stays(),
            Self::NotInTrash => words::not_in_trash(),
            Self::HasDonations => words::has_donations(),
            Self::Taken(_) => words::value_taken(),
            Self::NoIdentity => words::no_identity(),
            Self::Collisions(refusal) => return refusal.detail(),
            Self::Store(error) => return error.detail(),
        })
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
            Self::Collisions(refusal) => refusal.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }

    fn quota(&self) -> Option<Quota> {
        match self {
            Self::Collisions(refusal) => refusal.quota(),
            _ => None,
        }
    }
}
