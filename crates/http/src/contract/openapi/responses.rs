//! The problems an operation can answer with, as components: one response for each kind.

use almoner_kernel::words as common;
use serde_json::{Map, Value, json};

use super::headers;
use crate::kit::{
    language::Language,
    problem::{MEDIA_TYPE, registry},
    words,
};

/// The `X-Request-Id` of examples.
pub(crate) const REQUEST_ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

/// One kind of problem, as it is told in a language.
pub(crate) fn example(entry: registry::Entry, language: Language) -> Value {
    let mut example = json!({
        "type": format!("/problems/{}", entry.code),
        "title": entry.title(language),
        "status": entry.status.as_u16(),
        "code": entry.code,
        "request_id": REQUEST_ID,
    });
    for (name, value) in more(entry, language) {
        example[name] = value;
    }
    example
}

/// The response of one kind of problem.
pub(super) fn of(entry: registry::Entry) -> Value {
    let example = example(entry, Language::english());
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
fn more(entry: registry::Entry, language: Language) -> Vec<(&'static str, Value)> {
    let say = |words| json!(language.say(&words));
    match entry {
        registry::BAD_REQUEST => vec![
            ("detail", say(words::query_parameters("statsu"))),
            (
                "errors",
                json!([{
                    "parameter": "statsu",
                    "code": "unknown_parameter",
                    "detail": say(words::not_a_known_parameter()),
                }]),
            ),
        ],
        registry::NOT_ACCEPTABLE => vec![("detail", say(words::answers_with("application/json")))],
        registry::FORBIDDEN => vec![("detail", say(common::permission_missing("donors:read")))],
        registry::STALE => {
            vec![("current_version", json!(4)), ("fields", json!(["email", "notes"]))]
        }
        registry::VALIDATION => vec![
            ("detail", say(common::fields_are_wrong(2_u32))),
            (
                "errors",
                json!([
                    { "pointer": "/name", "code": "required", "detail": say(common::is_required()) },
                    {
                        "pointer": "/email",
                        "code": "email",
                        "detail": say(common::not_an_email_address()),
                    },
                ]),
            ),
        ],
        registry::RATE_LIMITED => vec![("detail", say(words::wait(5_u32)))],
        _ => Vec::new(),
    }
}
