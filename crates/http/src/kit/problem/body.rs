//! What a client is told of a problem.

use std::borrow::Cow;

use almoner_kernel::FieldError;
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaFormat, Type},
};

use super::{Errors, Inner, Problem};

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
}
