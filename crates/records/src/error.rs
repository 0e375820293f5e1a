//! Why something cannot be done with a record.

use std::time::Duration;

use almoner_kernel::{
    Denied, Fault, FieldError, Invalid, Kind as FaultKind, Quota, Stale, StoreError,
    TooManyCollisions, Words, words::no_such_record,
};

use crate::{
    kind::{Field, Kind},
    record::Refusal,
    summing::MAX_SUMMED,
    words,
};

/// Why something cannot be done with a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
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
    /// Destroying and restoring need the trash first.
    #[error("{}", words::not_in_trash())]
    NotInTrash,
    /// Records of another kind still name it.
    #[error("{}", words::is_still_named())]
    InUse(&'static Kind),
    /// Nothing is on file in a sealed field.
    #[error("{}", words::no_secret())]
    NoSecret(&'static Field),
    /// Another record has a value that must be unique; the field says which.
    #[error("{}", words::value_taken())]
    Taken(Vec<FieldError>),
    /// A rule of the kind.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many values of records outside the caller's scope.
    #[error(transparent)]
    Collisions(#[from] TooManyCollisions),
    /// More records than a summary looks at.
    #[error("{}", words::too_much_to_sum(MAX_SUMMED))]
    TooMuchToSum,
    /// Storage failed.
    #[error("storage failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for RecordError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl RecordError {
    /// What storage said while a record of that kind was written.
    pub(crate) fn of(kind: &'static Kind, error: StoreError) -> Self {
        let StoreError::Taken(name) = &error else { return Self::Store(error) };
        let field = kind.fields.iter().find(|field| field.is_unique && field.name == *name);
        match field {
            Some(field) => Self::Taken(vec![FieldError::new(
                field.pointer(),
                "taken",
                words::belongs_to_another(),
            )]),
            None => Self::Store(error),
        }
    }
}

impl Fault for RecordError {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Invalid(_) => FaultKind::Invalid,
            Self::Stale(_) => FaultKind::Stale,
            Self::NotFound => FaultKind::NotFound,
            Self::NotInTrash
            | Self::InUse(_)
            | Self::NoSecret(_)
            | Self::Taken(_)
            | Self::TooMuchToSum
            | Self::Refused(_) => FaultKind::Conflict,
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
            Self::NotInTrash => "not_in_trash",
            Self::InUse(kind) => kind.holds,
            Self::NoSecret(field) => field.none_code,
            Self::Taken(_) => "taken",
            Self::TooMuchToSum => "too_much_to_sum",
            Self::Refused(refusal) => refusal.code,
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
            Self::NotInTrash => words::not_in_trash(),
            Self::InUse(_) => words::is_still_named(),
            Self::NoSecret(_) => words::no_secret(),
            Self::Taken(_) => words::value_taken(),
            Self::TooMuchToSum => words::too_much_to_sum(MAX_SUMMED),
            Self::Refused(refusal) => refusal.detail.clone(),
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
