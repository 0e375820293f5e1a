//! RFC 9457 problems: the one shape of every failure. Any domain error becomes a [`Problem`] through
//! one `From`; a 5xx is logged there, once, with its whole chain, and tells the client nothing but
//! the request id.

pub mod page;
pub mod registry;

use std::{borrow::Cow, fmt, future::Future, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use almoner_kernel::{Fault, FieldError, Invalid, Kind};
use serde::Serialize;
use utoipa::ToSchema;

use registry::Entry;

/// The media type of every failure.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request failed, as the client is told.
pub struct Problem(Box<Inner>);

struct Inner {
    body: ProblemBody,
    retry_after: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// RFC 9457 problem details.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Address of the explanation of this kind of problem: `/problems/{code}`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation")]
    pub type_: String,
    /// The kind of problem, in words.
    #[schema(example = "The request is not valid")]
    pub title: Cow<'static, str>,
    /// The HTTP status, again.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// The kind of problem, for programs. Stable; more may be added.
    #[schema(example = "validation")]
    pub code: Cow<'static, str>,
    /// What went wrong this time, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2 fields are not valid")]
    pub detail: Option<Cow<'static, str>>,
    /// `X-Request-Id`: what the operator finds the request by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub request_id: Option<String>,
    /// Every wrong field or parameter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<ProblemField>,
    /// With the code `stale`: the version the record has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i64>,
    /// With the code `stale`: the fields that changed since the version in `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
}

/// One wrong field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON Pointer (RFC 6901) into the request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/donor/email")]
    pub pointer: Option<String>,
    /// Name of the query parameter, where it is not the body that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong, for programs. Stable; more may be added.
    #[schema(example = "email")]
    pub code: Cow<'static, str>,
    /// What is wrong, in words.
    #[schema(example = "is not an e-mail address")]
    pub detail: Cow<'static, str>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(entry: Entry) -> Self {
        Self::with(entry.code, entry.status, entry.title)
    }

    /// 400 with a text that names what cannot be understood, never its value.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(registry::BAD_REQUEST).detail(detail)
    }

    /// 400 that lists query parameters; the pointer of each error is the parameter's name.
    pub fn bad_parameters(invalid: Invalid) -> Self {
        let names: Vec<&str> = invalid.0.iter().map(|error| error.pointer.as_str()).collect();
        let problem = Self::bad_request(format!("query parameter: {}", names.join(", ")));
        let errors = invalid.0.into_iter().map(ProblemField::of_parameter).collect();
        problem.errors(errors)
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
        match found {
            Some(entry) => Self::new(*entry),
            None if status.is_server_error() => {
                Self::with(registry::INTERNAL.code, status, registry::INTERNAL.title)
            }
            None => Self::with(registry::BAD_REQUEST.code, status, registry::BAD_REQUEST.title),
        }
    }

    /// Says what went wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.body.detail = Some(detail.into());
        self
    }

    /// Lists wrong fields.
    #[must_use]
    pub fn errors(mut self, errors: Vec<ProblemField>) -> Self {
        self.0.body.errors = errors;
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

    /// What a client branches on.
    pub fn code(&self) -> &str {
        &self.0.body.code
    }

    /// What the client is told.
    pub fn body(&self) -> &ProblemBody {
        &self.0.body
    }

    fn with(code: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self(Box::new(Inner {
            body: ProblemBody {
                type_: format!("/problems/{code}"),
                title: Cow::Borrowed(title),
                status: status.as_u16(),
                code: Cow::Borrowed(code),
                detail: None,
                // Here and not only in the answer: what escapes a middleware as an error becomes an
                // answer outside of the request's future.
                request_id: request_id(),
                errors: Vec::new(),
                current_version: None,
                fields: None,
            },
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
            tracing::error!(code = fault.code(), error = %Chain(&fault), "a use case failed");
            let problem = Self::new(generic);
            return match (kind, fault.retry_after()) {
                (Kind::Unavailable, wait) => problem.retry_after(wait.unwrap_or(RETRY_AFTER)),
                _ => problem,
            };
        }
        // The kind decides about the status; an entry of the registry only brings its title.
        let title = registry::find(fault.code()).map_or(generic.title, |entry| entry.title);
        let mut problem = Self::with(fault.code(), generic.status, title).detail(fault.to_string());
        problem.0.retry_after = fault.retry_after();
        let body = &mut problem.0.body;
        body.errors = fault.fields().iter().cloned().map(ProblemField::of_body).collect();
        if let Some(stale) = fault.stale() {
            body.current_version = Some(stale.current.number());
            body.fields = Some(stale.fields.clone());
        }
        problem
    }
}

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
        Kind::Unavailable => registry::UNAVAILABLE,
        Kind::Internal => registry::INTERNAL,
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut answer = HttpResponse::build(status);
        answer.content_type(MEDIA_TYPE);
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.0.headers {
            answer.insert_header((name.clone(), value.clone()));
        }
        if let Some(wait) = self.0.retry_after {
            answer.insert_header((header::RETRY_AFTER, whole_seconds(wait)));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 asks for a challenge with every 401; the scheme names our cookie.
            answer.insert_header((header::WWW_AUTHENTICATE, "Session realm=\"almoner\""));
        }
        match serde_json::to_vec(&self.0.body) {
            Ok(bytes) => answer.body(bytes),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "a problem could not be written");
                answer.finish()
            }
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.body, f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.body.detail.as_ref().unwrap_or(&self.0.body.title))
    }
}

impl ProblemField {
    fn of_body(error: FieldError) -> Self {
        Self {
            pointer: Some(error.pointer),
            parameter: None,
            code: Cow::Borrowed(error.code),
            detail: error.detail,
        }
    }

    fn of_parameter(error: FieldError) -> Self {
        Self {
            pointer: None,
            parameter: Some(error.pointer),
            code: Cow::Borrowed(error.code),
            detail: error.detail,
        }
    }
}

/// Whole seconds, rounded up: a client that waits so long never comes too early.
pub(crate) const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + if wait.subsec_nanos() > 0 { 1 } else { 0 }
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

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Runs a request's future so that every problem made in it carries the request id.
pub(crate) fn in_request<F: Future>(
    request_id: String,
    future: F,
) -> impl Future<Output = F::Output> {
    REQUEST_ID.scope(request_id, future)
}

fn request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
