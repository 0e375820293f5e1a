//! Answers: the body is the resource itself, the version is its `ETag`, a new record has a
//! `Location`. A value of this type can be kept and given again for a repeated request.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
};
use almoner_kernel::Version;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    etag::{self, IfNoneMatch},
    problem::{Chain, Problem, registry},
};

/// What a handler answers with when nothing went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip)]
    link: Option<String>,
    #[serde(skip)]
    is_replayed: bool,
}

impl Answer {
    /// 201 for a new record at `location` (a path such as `/api/v1/donors/019…`).
    pub fn created(location: impl Into<String>, version: Version, body: &impl Serialize) -> Self {
        let answer = Self::of(StatusCode::CREATED, body).versioned(version);
        Self { location: Some(location.into()), ..answer }
    }

    /// 200 for a record.
    pub fn ok(version: Version, body: &impl Serialize) -> Self {
        Self::of(StatusCode::OK, body).versioned(version)
    }

    /// 200 for a record that is read: 304 when the client has this version already.
    pub fn read(known: &IfNoneMatch, version: Version, body: &impl Serialize) -> Self {
        if known.has(version) {
            return Self::empty(StatusCode::NOT_MODIFIED).versioned(version);
        }
        Self::ok(version, body)
    }

    /// 200 for something that has no version.
    pub fn plain(body: &impl Serialize) -> Self {
        Self::of(StatusCode::OK, body)
    }

    /// 202 without a body: it will be done.
    pub fn accepted() -> Self {
        Self::empty(StatusCode::ACCEPTED)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    pub(crate) fn linked(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }

    pub(crate) fn replayed(self) -> Self {
        Self { is_replayed: true, ..self }
    }

    /// The bytes that are kept for a repeated request.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Strings and a number: there is nothing JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The answer that was kept.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Any status with a body that has no version.
    pub(crate) fn with(status: StatusCode, body: &impl Serialize) -> Self {
        Self::of(status, body)
    }

    /// The status, the address of a new record and the body, for an answer within another.
    pub(crate) fn into_parts(self) -> (u16, Option<String>, Option<Box<RawValue>>) {
        let body = self.body.and_then(|body| RawValue::from_string(body).ok());
        (self.status, self.location, body)
    }

    fn of(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { body: Some(body), ..Self::empty(status) },
            Err(error) => {
                tracing::error!(error = %Chain(&error), "an answer could not be written");
                // Becomes a problem on its way out.
                Self::empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            location: None,
            etag: None,
            body: None,
            link: None,
            is_replayed: false,
        }
    }

    fn versioned(self, version: Version) -> Self {
        Self { etag: Some(etag::of(version)), ..self }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Ok(status) = StatusCode::from_u16(self.status) else {
            return HttpResponse::from_error(Problem::new(registry::INTERNAL));
        };
        let mut answer = HttpResponse::build(status);
        let headers = [
            (header::LOCATION, self.location),
            (header::ETAG, self.etag),
            (header::LINK, self.link),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                answer.insert_header((name, value));
            }
        }
        if self.is_replayed {
            answer.insert_header(("Idempotent-Replayed", "true"));
        }
        match self.body {
            Some(body) => answer.content_type(ContentType::json()).body(body),
            None => answer.finish(),
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListOf<T> {
    /// The records, in the order of `sort`.
    #[schema(max_items = 200)]
    pub items: Vec<T>,
    /// Continue with `cursor` set to this and everything else unchanged; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "cursor", nullable = false)]
    pub next_cursor: Option<String>,
    /// How many records the whole list has; only with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 10_000, minimum = 0, example = 1234)]
    pub total: Option<u64>,
    /// True when there are more than `total`; only with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_is_capped: Option<bool>,
}
