//! RFC 9457 problems: the one shape of every failure. Any domain error becomes a [`Problem`] through
//! one `From`; a 5xx is logged there, once, with its whole chain, and tells the client nothing but
//! the request id. What is told is put into words where a problem becomes an answer, in the language
//! of the request.

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
use almoner_kernel::{Fault, FieldError, Invalid, Kind, Quota, Stale, Words};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaFormat, Type},
};

use registry::Entry;

use crate::{language::Language, spent::Spent, words};

/// The media type of every failure.
pub const MEDIA_TYPE: &str = "application/problem+json";

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

/// RFC 9457 problem details.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Address of the explanation of this kind of problem: `/problems/{code}`.
    #[serde(rename = "type")]
    #[schema(
        pattern = "^/problems/[a-z][a-z0-9_]*$",
        min_length = 11,
        max_length = 74,
        example = "/problems/validation"
    )]
    pub type_: String,
    /// The kind of problem, in words.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        example = "The request is not valid"
    )]
    pub title: Cow<'static, str>,
    /// The HTTP status, again.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// The kind of problem, for programs. Stable; more may be added.
    #[schema(format = "word", example = "validation")]
    pub code: Cow<'static, str>,
    /// What went wrong this time, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 8192, example = "2 fields are not valid")]
    pub detail: Option<Cow<'static, str>>,
    /// `X-Request-Id`: what the operator finds the request by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "request_id",
        nullable = false,
        example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11"
    )]
    pub request_id: Option<String>,
    /// The trace of the request (W3C Trace Context), where the server is traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "trace_id", nullable = false, example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    pub trace_id: Option<String>,
    /// Every wrong field or parameter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 65_536, required = false)]
    pub errors: Vec<ProblemField>,
    /// With the code `stale`: the version the record has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, example = 4)]
    pub current_version: Option<i64>,
    /// With the code `stale`: the fields that changed since the version in `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, schema_with = field_names)]
    pub fields: Option<Vec<String>>,
}

/// Names of fields, none twice; no record has more.
fn field_names() -> Array {
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("word".to_owned())));
    ArrayBuilder::new()
        .description(Some(
            "With the code `stale`: the fields that changed since the version in `If-Match`.",
        ))
        .items(name)
        .max_items(Some(64))
        .examples([json!(["email", "notes"])])
        .build()
}

/// Complaints about the form of one body, or about one query; the rest is left to the next attempt.
pub(crate) const MAX_COMPLAINTS: usize = 50;

/// Characters of an unknown name that are told back. No name of ours is as long.
const MAX_NAME: usize = 100;

/// The name of a field or parameter that a client made up, at a length fit to be told back.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// One wrong field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON Pointer (RFC 6901) into the request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "json-pointer",
        max_length = 400,
        nullable = false,
        example = "/donor/email"
    )]
    pub pointer: Option<String>,
    /// Name of the query parameter, where it is not the body that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 101, example = "status")]
    pub parameter: Option<String>,
    /// What is wrong, for programs. Stable; more may be added.
    #[schema(format = "word", example = "email")]
    pub code: Cow<'static, str>,
    /// What is wrong, in words.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 4000,
        example = "is not an e-mail address"
    )]
    pub detail: Cow<'static, str>,
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

    /// What the client is told, in its language.
    pub fn body(&self) -> ProblemBody {
        let Inner {
            code,
            status,
            entry,
            language,
            request_id,
            trace_id,
            detail,
            errors,
            stale,
            ..
        } = &*self.0;
        let field = |error: &FieldError| ProblemField {
            pointer: None,
            parameter: None,
            code: Cow::Borrowed(error.code),
            detail: language.say(&error.detail).into(),
        };
        let errors = match errors {
            Errors::Fields(errors) => errors
                .iter()
                .map(|error| ProblemField { pointer: Some(error.pointer.clone()), ..field(error) })
                .collect(),
            Errors::Parameters(errors) => errors
                .iter()
                .map(|error| ProblemField {
                    parameter: Some(error.pointer.clone()),
                    ..field(error)
                })
                .collect(),
        };
        ProblemBody {
            type_: format!("/problems/{code}"),
            title: entry.title(*language).into(),
            status: status.as_u16(),
            code: Cow::Borrowed(code),
            detail: detail.as_ref().map(|detail| language.say(detail).into()),
            request_id: request_id.clone(),
            trace_id: trace_id.clone(),
            errors,
            current_version: stale.as_ref().map(|stale| stale.current.number()),
            fields: stale.as_ref().map(|stale| stale.fields.clone()),
        }
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
            tracing::error!(code = fault.code(), error = %Chain(&fault), "a use case failed");
            let problem = Self::new(generic);
            return match (kind, fault.retry_after()) {
                (Kind::Unavailable, wait) => problem.retry_after(wait.unwrap_or(RETRY_AFTER)),
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
        Kind::Unavailable => registry::UNAVAILABLE,
        Kind::Internal => registry::INTERNAL,
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut answer = HttpResponse::build(status);
        answer.content_type(MEDIA_TYPE);
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.insert_header((header::CONTENT_LANGUAGE, self.0.language.tag()));
        answer.insert_header((header::VARY, "Accept-Language"));
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
        match serde_json::to_vec(&self.body()) {
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

/// What every problem of a request takes from it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) request_id: String,
    pub(crate) trace_id: Option<String>,
    /// `Accept-Language`, unread: most requests have no problem.
    pub(crate) languages: Vec<HeaderValue>,
}

tokio::task_local! {
    static ASKED: Asked;
}

/// Runs a request's future so that every problem made in it carries the ids of the request and is
/// told in the language that was asked for.
pub(crate) fn in_request<F: Future>(asked: Asked, future: F) -> impl Future<Output = F::Output> {
    ASKED.scope(asked, future)
}

/// What the problems of this request take from it: for what goes on after its answer.
pub(crate) fn asked() -> Option<Asked> {
    ASKED.try_with(Asked::clone).ok()
}

/// The language of the request that is being answered.
fn language() -> Language {
    let found = ASKED.try_with(|asked| Language::asked_for(&asked.languages));
    found.unwrap_or_else(|_| Language::english())
}
