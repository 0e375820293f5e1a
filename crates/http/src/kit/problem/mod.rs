//! RFC 9457 problems: the one shape of every failure. Any domain error becomes a [`Problem`] through
//! one `From`; a 5xx is logged there, once, with its whole chain, and tells the client nothing but
//! the request id. What is told is put into words where a problem becomes an answer, in the language
//! of the request.

mod answer;
mod body;
pub mod page;
pub mod registry;
mod request;

use std::{fmt, time::Duration};

use actix_web::{
    ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use almoner_kernel::{Fault, FieldError, Invalid, Kind, Quota, Stale, Words};

use self::request::ASKED;
pub use self::{
    answer::MEDIA_TYPE,
    body::{ProblemBody, ProblemField},
};
pub(crate) use self::{
    answer::whole_seconds,
    body::{MAX_COMPLAINTS, shown},
    request::{Asked, asked, in_request, language},
};
use registry::Entry;

use crate::kit::{language::Language, spent::Spent, words};

/// Why a request failed, as the client is told.
pub struct Problem(Box<Inner>);

struct Inner {
    code: &'static str,
    status: StatusCode,
    entry: Entry,
    language: Language,
    request_id: Option<String>,
    trace_id: Option<String>,
    detail: Option<Words>,
    errors: Errors,
    stale: Option<Stale>,
    retry_after: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong, by where it stands.
enum Errors {
    Fields(Vec<FieldError>),
    Parameters(Vec<FieldError>),
}

impl Problem {
    /// A problem of this kind.
    pub fn new(entry: Entry) -> Self {
        Self::with(entry.code, entry.status, entry)
    }

    /// 400 with a text that names what cannot be understood, never its value.
    pub fn bad_request(detail: Words) -> Self {
        Self::new(registry::BAD_REQUEST).detail(detail)
    }

    /// 400 that lists query parameters; the pointer of each error is the parameter's name.
    pub fn bad_parameters(invalid: Invalid) -> Self {
        let names: Vec<&str> = invalid.0.iter().map(|error| error.pointer.as_str()).collect();
        let mut problem = Self::bad_request(words::query_parameters(names.join(", ")));
        problem.0.errors = Errors::Parameters(invalid.0);
        problem
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(registry::NOT_FOUND)
    }

    /// 500, logged with the whole chain of its source.
    pub fn internal(source: &dyn std::error::Error) -> Self {
        tracing::error!(error = %Chain(source), "the server failed");
        Self::new(registry::INTERNAL)
    }

    /// What an answer that is no problem yet becomes: the kind is guessed from its status.
    pub fn of_status(status: StatusCode) -> Self {
        let found = registry::ENTRIES.iter().find(|entry| entry.status == status);
        let entry = match found {
            Some(entry) => *entry,
            None if status.is_server_error() => registry::INTERNAL,
            None => registry::BAD_REQUEST,
        };
        Self::with(entry.code, status, entry)
    }

    /// Says what went wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: Words) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// Says when to try again; answered in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Tells of the quota that is used up.
    #[must_use]
    pub(crate) fn spent(self, spent: Spent) -> Self {
        spent.headers().into_iter().fold(self, |problem, (name, value)| problem.header(name, value))
    }

    /// The same problem with a part of a larger request: its pointers begin at `pointer`.
    #[must_use]
    pub(crate) fn within(mut self, pointer: &str) -> Self {
        if let Errors::Fields(errors) = &mut self.0.errors {
            errors.iter_mut().for_each(|error| error.pointer.insert_str(0, pointer));
        }
        self
    }

    /// Lists wrong fields.
    #[must_use]
    pub(crate) fn fields(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = Errors::Fields(errors);
        self
    }

    /// What is wrong with a part of a larger request: its fields, or the part at `pointer` itself.
    pub(crate) fn as_fields(&self, pointer: &str) -> Vec<FieldError> {
        match &self.0.errors {
            Errors::Fields(errors) if !errors.is_empty() => errors.clone(),
            _ => {
                let detail = self.0.detail.clone().unwrap_or_else(words::could_not_be_done);
                vec![FieldError::new(pointer, self.0.code, detail)]
            }
        }
    }

    /// True when it is no fault of the request.
    pub(crate) fn is_of_server(&self) -> bool {
        self.status_code().is_server_error()
    }

    /// When to try again, in whole seconds; none when waiting does not help.
    pub(crate) fn seconds_to_wait(&self) -> Option<u64> {
        self.0.retry_after.map(whole_seconds)
    }

    /// What a client branches on.
    pub fn code(&self) -> &str {
        self.0.code
    }

    /// `entry` only brings the title.
    fn with(code: &'static str, status: StatusCode, entry: Entry) -> Self {
        // Here and not only in the answer: what escapes a middleware as an error becomes an answer
        // outside of the request's future.
        Self(Box::new(Inner {
            code,
            status,
            entry,
            language: language(),
            request_id: ASKED.try_with(|asked| asked.request_id.clone()).ok(),
            trace_id: ASKED.try_with(|asked| asked.trace_id.clone()).ok().flatten(),
            detail: None,
            errors: Errors::Fields(Vec::new()),
            stale: None,
            retry_after: None,
            headers: Vec::new(),
        }))
    }
}

impl<E: Fault> From<E> for Problem {
    fn from(fault: E) -> Self {
        let kind = fault.kind();
        let generic = of_kind(kind);
        if generic.status.is_server_error() {
            match kind {
                Kind::Busy => tracing::warn!(error = %Chain(&fault), "a use case had no turn"),
                _ => {
                    tracing::error!(code = fault.code(), error = %Chain(&fault), "a use case failed");
                }
            }
            let problem = Self::new(generic);
            return match (kind, fault.retry_after()) {
                (Kind::Unavailable | Kind::Busy, wait) => {
                    problem.retry_after(wait.unwrap_or(RETRY_AFTER))
                }
                _ => problem,
            };
        }
        // The kind decides about the status; an entry of the registry only brings its title.
        let entry = registry::find(fault.code()).copied().unwrap_or(generic);
        let mut problem = Self::with(fault.code(), generic.status, entry);
        let inner = &mut *problem.0;
        inner.detail = fault.detail();
        inner.retry_after = fault.retry_after();
        inner.errors = Errors::Fields(fault.fields().to_vec());
        inner.stale = fault.stale().cloned();
        match fault.quota() {
            Some(Quota { limit, window }) => problem.spent(Spent::wholly(limit, window)),
            None => problem,
        }
    }
}

/// What somebody is given who may come back at once, to another instance.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// What an unavailable part is given when it does not say itself how long it will be away.
const RETRY_AFTER: Duration = Duration::from_secs(5);

const fn of_kind(kind: Kind) -> Entry {
    match kind {
        Kind::Invalid => registry::VALIDATION,
        Kind::Unauthenticated => registry::UNAUTHENTICATED,
        Kind::Forbidden => registry::FORBIDDEN,
        Kind::NotFound => registry::NOT_FOUND,
        Kind::Conflict => registry::CONFLICT,
        Kind::Stale => registry::STALE,
        Kind::Locked => registry::LOCKED,
        Kind::Limited => registry::RATE_LIMITED,
        Kind::Unavailable | Kind::Busy => registry::UNAVAILABLE,
        Kind::Internal => registry::INTERNAL,
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body(), f)
    }
}

/// In English, for the log and the trail.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.detail {
            Some(detail) => detail.fmt(f),
            None => f.write_str(&self.0.entry.title(Language::english())),
        }
    }
}

/// An error with all its sources, for the log: `storage failed: the database refused a statement: …`.
pub(crate) struct Chain<'a>(pub &'a dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
