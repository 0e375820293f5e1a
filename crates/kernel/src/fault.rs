//! What can go wrong, in kinds the outside can act on. HTTP turns a kind into a status; the command
//! line turns it into an exit code.

use std::time::Duration;

use crate::{Permission, Version, Words, words};

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is well-formed but wrong: correct it.
    Invalid,
    /// Nobody is logged in, or not with these credentials.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// Absent, or outside the caller's scope.
    NotFound,
    /// The state of the record, or another record, forbids it.
    Conflict,
    /// The record has changed since the caller read it.
    Stale,
    /// The account is locked.
    Locked,
    /// Too many attempts: wait.
    Limited,
    /// A part the server needs is away: try again later.
    Unavailable,
    /// Others are at it: try again in a moment. No part is away, and nobody need look.
    Busy,
    /// A fault of the program.
    Internal,
}

/// An error of a use case. `Display` says in English what went wrong, without personal data, and
/// never repeats its source.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// What the caller can do about it.
    fn kind(&self) -> Kind;

    /// Stable, lower snake_case: what a client branches on.
    fn code(&self) -> &'static str;

    /// What the caller is told, in their language: what `Display` says in English. None where it
    /// says nothing beyond the kind, as for faults of the program.
    fn detail(&self) -> Option<Words>;

    /// The fields that are wrong, all of them.
    fn fields(&self) -> &[FieldError] {
        &[]
    }

    /// What changed meanwhile, when the kind is [`Kind::Stale`].
    fn stale(&self) -> Option<&Stale> {
        None
    }

    /// How long to wait before it can work.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Which quota is used up, when the kind is [`Kind::Limited`].
    fn quota(&self) -> Option<Quota> {
        None
    }
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// So often.
    pub limit: u32,
    /// Within this time.
    pub window: Duration,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request body, such as `/donor/email`.
    pub pointer: String,
    /// Stable, lower snake_case, such as `required` or `email`.
    pub code: &'static str,
    /// What is wrong; never the value itself.
    pub detail: Words,
}

impl FieldError {
    /// A wrong field.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: Words) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}

/// A value that could not be parsed: the code and detail of a [`FieldError`] without its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Unfit {
    /// Stable, lower snake_case.
    pub code: &'static str,
    /// What is wrong; never the value itself.
    pub detail: Words,
}

impl Unfit {
    /// A value that is not fit.
    pub const fn new(code: &'static str, detail: Words) -> Self {
        Self { code, detail }
    }

    /// The same complaint, at a place in the request.
    pub fn at(self, pointer: impl Into<String>) -> FieldError {
        FieldError { pointer: pointer.into(), code: self.code, detail: self.detail }
    }
}

/// A request with wrong fields: never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    fn words(&self) -> Words {
        match self.0.len() {
            1 => words::one_field_is_wrong(),
            count => words::fields_are_wrong(count),
        }
    }

    /// A request with one wrong field.
    pub fn one(error: FieldError) -> Self {
        Self(vec![error])
    }
}

/// Collects the wrong fields of a request, so that a caller learns of all of them at once.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// Starts with what is known to be wrong already.
    pub fn with(errors: Vec<FieldError>) -> Self {
        let mut fields = Self::default();
        errors.into_iter().for_each(|error| fields.wrong(error));
        fields
    }

    /// Adds a wrong field, unless its pointer has a complaint already.
    pub fn wrong(&mut self, error: FieldError) {
        if !self.errors.iter().any(|known| known.pointer == error.pointer) {
            self.errors.push(error);
        }
    }

    /// Parses a field that must be there.
    pub fn required<T, U>(
        &mut self,
        pointer: &str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, Unfit>,
    ) -> Option<U> {
        match value {
            Some(value) => self.parsed(pointer, parse(value)),
            None => {
                self.wrong(FieldError::new(pointer, "required", words::is_required()));
                None
            }
        }
    }

    /// Parses a field that may be absent.
    pub fn optional<T, U>(
        &mut self,
        pointer: &str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, Unfit>,
    ) -> Option<U> {
        value.and_then(|value| self.parsed(pointer, parse(value)))
    }

    /// Parses a field of a partial update that may be emptied.
    pub fn patch<T, U>(
        &mut self,
        pointer: &str,
        value: crate::Patch<T>,
        parse: impl FnOnce(T) -> Result<U, Unfit>,
    ) -> crate::Patch<U> {
        match value {
            crate::Patch::Keep => crate::Patch::Keep,
            crate::Patch::Clear => crate::Patch::Clear,
            crate::Patch::Set(value) => {
                self.parsed(pointer, parse(value)).map_or(crate::Patch::Keep, crate::Patch::Set)
            }
        }
    }

    /// Parses a field of a partial update that must keep a value: `null` is refused.
    pub fn patch_required<T, U>(
        &mut self,
        pointer: &str,
        value: crate::Patch<T>,
        parse: impl FnOnce(T) -> Result<U, Unfit>,
    ) -> Option<U> {
        match value {
            crate::Patch::Keep => None,
            crate::Patch::Clear => {
                self.wrong(FieldError::new(pointer, "required", words::cannot_be_emptied()));
                None
            }
            crate::Patch::Set(value) => self.parsed(pointer, parse(value)),
        }
    }

    /// What was read, or everything that is wrong with it. `value` is the reading, `None` when a
    /// required field failed.
    ///
    /// # Errors
    /// [`Invalid`] with every complaint.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Invalid> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ if self.errors.is_empty() => {
                Err(Invalid::one(FieldError::new("", "invalid", words::is_not_complete())))
            }
            _ => Err(Invalid(self.errors)),
        }
    }

    fn parsed<U>(&mut self, pointer: &str, parsed: Result<U, Unfit>) -> Option<U> {
        match parsed {
            Ok(value) => Some(value),
            Err(unfit) => {
                self.wrong(unfit.at(pointer));
                None
            }
        }
    }
}

/// The caller may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is logged in.
    #[error("{}", words::log_in_first())]
    Unauthenticated,
    /// The caller's role lacks a permission.
    #[error("{}", words::permission_missing(.0.as_str()))]
    Missing(Permission),
    /// The record can no longer be changed by a role with an edit window.
    #[error("{}", words::edit_window_closed())]
    EditWindowClosed,
}

impl Fault for Denied {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthenticated => Kind::Unauthenticated,
            Self::Missing(_) | Self::EditWindowClosed => Kind::Forbidden,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Missing(_) => "forbidden",
            Self::EditWindowClosed => "edit_window_closed",
        }
    }

    fn detail(&self) -> Option<Words> {
        Some(match self {
            Self::Unauthenticated => words::log_in_first(),
            Self::Missing(permission) => words::permission_missing(permission.as_str()),
            Self::EditWindowClosed => words::edit_window_closed(),
        })
    }
}

/// The record has changed since the caller read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Stale {
    /// The version the record has now.
    pub current: Version,
    /// The fields that changed since the caller's version, in alphabetical order.
    pub fields: Vec<String>,
    /// True when the caller has read it on another time line: what has changed since nobody can say.
    pub is_of_another_time: bool,
}

impl Stale {
    fn words(&self) -> Words {
        match self.is_of_another_time {
            true => words::read_before_a_restore(self.current.number()),
            false => words::changed_meanwhile(self.current.number()),
        }
    }
}

impl Fault for Invalid {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "validation"
    }

    fn detail(&self) -> Option<Words> {
        Some(self.words())
    }

    fn fields(&self) -> &[FieldError] {
        &self.0
    }
}

impl Fault for Stale {
    fn kind(&self) -> Kind {
        Kind::Stale
    }

    fn code(&self) -> &'static str {
        "stale"
    }

    fn detail(&self) -> Option<Words> {
        Some(self.words())
    }

    fn stale(&self) -> Option<&Stale> {
        Some(self)
    }
}
