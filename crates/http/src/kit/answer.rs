//! Answers: the body is the resource itself, its version and what is shown are its `ETag`, a new record
//! has a `Location`. A value of this type can be kept and given again for a repeated request.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
    web::Data,
};
use almoner_kernel::Version;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    kit::{
        etag::IfNoneMatch,
        problem::{Chain, Problem, registry},
    },
    site::Site,
};

/// What a handler answers with when nothing went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// Kept as the bare tag `"3"`: which epoch it is, and so the whole tag, shows when it is given.
    #[serde(rename = "etag", default, with = "bare_tag", skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Fields that are answered with the record and are no part of it, as they stand in JSON: the `ETag`
    /// knows nothing of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<String>,
    /// What the client has of a record that is read.
    #[serde(skip)]
    known: Option<IfNoneMatch>,
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

    /// 200 for a record that is read: 304 when the client has it as it would be shown.
    pub fn read(known: &IfNoneMatch, version: Version, body: &impl Serialize) -> Self {
        Self { known: Some(known.clone()), ..Self::ok(version, body) }
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

    /// The same with a field that is no part of the record.
    pub(crate) fn beside(self, name: &str, value: &impl Serialize) -> Self {
        match (serde_json::to_string(name), serde_json::to_string(value)) {
            (Ok(name), Ok(value)) => Self { beside: Some(format!("{name}:{value}")), ..self },
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(error = %Chain(&error), "a part of an answer could not be written");
                self
            }
        }
    }

    pub(crate) fn linked(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }

    pub(crate) fn replayed(self) -> Self {
        Self { is_replayed: true, ..self }
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
            version: None,
            body: None,
            beside: None,
            known: None,
            link: None,
            is_replayed: false,
        }
    }

    fn versioned(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The `ETag`, and whether the client has what it is of; none for what has no version.
    fn tag(&self, req: &HttpRequest) -> Result<Option<(String, bool)>, Problem> {
        let (Some(version), Some(body)) = (self.version, &self.body) else { return Ok(None) };
        let site = req.app_data::<Data<Site>>();
        let site = site.ok_or_else(|| Problem::new(registry::INTERNAL))?;
        let tag = site.tags.of(version, body);
        let is_known = self.known.as_ref().is_some_and(|known| known.has(&tag));
        Ok(Some((tag, is_known)))
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let Ok(status) = StatusCode::from_u16(self.status) else {
            return HttpResponse::from_error(Problem::new(registry::INTERNAL));
        };
        let (etag, is_known) = match self.tag(req) {
            Ok(Some((etag, is_known))) => (Some(etag), is_known),
            Ok(None) => (None, false),
            Err(problem) => return HttpResponse::from_error(problem),
        };
        let status = if is_known { StatusCode::NOT_MODIFIED } else { status };
        let mut answer = HttpResponse::build(status);
        let headers =
            [(header::LOCATION, self.location), (header::ETAG, etag), (header::LINK, self.link)];
        for (name, value) in headers {
            if let Some(value) = value {
                answer.insert_header((name, value));
            }
        }
        if self.is_replayed {
            answer.insert_header(("Idempotent-Replayed", "true"));
        }
        match with_beside(self.body.filter(|_| !is_known), self.beside.as_deref()) {
            Some(body) => answer.content_type(ContentType::json()).body(body),
            None => answer.finish(),
        }
    }
}

/// The body with what stands beside the record.
fn with_beside(body: Option<String>, beside: Option<&str>) -> Option<String> {
    let body = body?;
    let Some(beside) = beside else { return Some(body) };
    // A record is an object with an id in it.
    let open = body.strip_suffix('}').map(str::to_owned);
    Some(open.map_or(body, |open| format!("{open},{beside}}}")))
}

/// A version as it is kept: every version of the program reads what the others have kept.
mod bare_tag {
    use almoner_kernel::Version;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        version: &Option<Version>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match version {
            Some(version) => serializer.collect_str(&format_args!("\"{version}\"")),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Version>, D::Error> {
        let tag = Option::<String>::deserialize(deserializer)?;
        let parse = |tag: String| tag.trim_matches('"').parse().map(Version::new);
        tag.map(parse).transpose().map_err(D::Error::custom)
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
