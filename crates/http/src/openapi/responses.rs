//! The problems an operation can answer with, as components: one response for each kind.

use serde_json::{Map, Value, json};

use super::headers;
use crate::{
    language::Language,
    problem::{MEDIA_TYPE, registry},
};

/// The response of one kind of problem.
pub(super) fn of(entry: registry::Entry) -> Value {
    let mut example = json!({
        "type": format!("/problems/{}", entry.code),
        "title": entry.title(Language::english()),
        "status": entry.status.as_u16(),
        "code": entry.code,
        "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
    });
    for (name, value) in more(entry) {
        example[name] = value;
    }
    let mut response = Map::from_iter([
        ("description".to_owned(), json!(entry.explanation(Language::english()))),
        (
            "content".to_owned(),
            json!({ MEDIA_TYPE: {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "example": example,
            } }),
        ),
    ]);
    let more: &[&str] = match entry {
        registry::RATE_LIMITED | registry::UNAVAILABLE => &["Content-Language", "Retry-After"],
        registry::UNAUTHENTICATED => &["Content-Language", "WWW-Authenticate"],
        _ => &["Content-Language"],
    };
    headers::add(&mut response, "", more);
    Value::Object(response)
}

/// What the answers of some kinds hold beside what all have.
fn more(entry: registry::Entry) -> Vec<(&'static str, Value)> {
    match entry {
        registry::BAD_REQUEST => vec![
            ("detail", json!("query parameter: statsu")),
            (
                "errors",
                json!([{
                    "parameter": "statsu",
                    "code": "unknown_parameter",
                    "detail": "is not a known parameter",
                }]),
            ),
        ],
        registry::FORBIDDEN => vec![("detail", json!("this needs the permission donors:read"))],
        registry::STALE => {
            vec![("current_version", json!(4)), ("fields", json!(["email", "notes"]))]
        }
        registry::VALIDATION => vec![
            ("detail", json!("2 fields are not valid")),
            (
                "errors",
                json!([
                    { "pointer": "/name", "code": "required", "detail": "is required" },
                    {
                        "pointer": "/email",
                        "code": "email",
                        "detail": "is not an e-mail address",
                    },
                ]),
            ),
        ],
        registry::RATE_LIMITED => vec![("detail", json!("wait 5 seconds"))],
        _ => Vec::new(),
    }
}
