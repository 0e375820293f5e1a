//! Completes every operation with what all of them have in common: the name, security, the problems
//! it can answer with, the headers of optimistic concurrency and of repeatable requests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    problem::{MEDIA_TYPE, registry},
    routes,
};

/// The name of the cookie scheme.
pub(super) const SESSION: &str = "session";
/// The name of the token scheme.
pub(super) const CSRF: &str = "csrf";

/// Marks a POST whose answer is never kept for an `Idempotency-Key`, because it holds a secret or
/// because it only reads: `extensions(("x-not-repeatable" = json!(true)))`.
const NOT_REPEATABLE: &str = "x-not-repeatable";

/// Completes a collected document.
pub(super) fn complete(mut document: Value) -> Value {
    let mut used = BTreeMap::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                Operation { path, method, fields: operation }.complete(&mut used);
            }
        }
    }
    let responses: Map<String, Value> =
        used.into_iter().map(|(name, entry)| (name, response(entry))).collect();
    document["components"]["responses"] = Value::Object(responses);
    document
}

type Used = BTreeMap<String, registry::Entry>;

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    fields: &'a mut Map<String, Value>,
}

impl Operation<'_> {
    fn complete(mut self, used: &mut Used) {
        if let Some(name) = self.fields.get("operationId").and_then(Value::as_str) {
            let name = camel_case(name);
            self.fields.insert("operationId".to_owned(), Value::String(name));
        }
        self.fields.insert("security".to_owned(), self.security());
        if self.is_repeatable() {
            self.add_parameter(idempotency_key());
        }
        self.accept_merge_patch();
        self.add_success_headers();
        for entry in self.problems() {
            let status = entry.status.as_str().to_owned();
            let name = pascal_case(entry.code);
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            if let Some(responses) = self.responses()
                && !responses.contains_key(&status)
            {
                responses.insert(status, reference);
                used.insert(name, entry);
            }
        }
    }

    fn is_api(&self) -> bool {
        routes::is_api(self.path)
    }

    fn is_public(&self) -> bool {
        routes::is_public(&self.method.to_uppercase(), self.path)
    }

    fn changes(&self) -> bool {
        self.method != "get"
    }

    fn is_repeatable(&self) -> bool {
        self.method == "post" && !self.is_public() && !self.fields.contains_key(NOT_REPEATABLE)
    }

    fn security(&self) -> Value {
        match (self.is_public(), self.changes()) {
            (true, _) => json!([]),
            (false, true) => json!([{ SESSION: [], CSRF: [] }]),
            (false, false) => json!([{ SESSION: [] }]),
        }
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        let parameters = self.fields.get("parameters").and_then(Value::as_array);
        parameters.into_iter().flatten().find(|parameter| parameter["name"] == name)
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.parameter(name).is_some()
    }

    fn add_parameter(&mut self, parameter: Value) {
        let parameters = self.fields.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(parameter);
        }
    }

    fn responses(&mut self) -> Option<&mut Map<String, Value>> {
        self.fields.entry("responses").or_insert_with(|| json!({})).as_object_mut()
    }

    fn problems(&self) -> Vec<registry::Entry> {
        let mut problems = vec![registry::BAD_REQUEST, registry::INTERNAL];
        let mut add = |applies: bool, more: &[registry::Entry]| {
            if applies {
                problems.extend_from_slice(more);
            }
        };
        // A POST without a body reads one all the same, to refuse it.
        let is_action = self.method == "post" && !self.is_public();
        let has_body = is_action || self.fields.contains_key("requestBody");
        add(!self.path.starts_with("/health/"), &[registry::RATE_LIMITED]);
        add(self.is_api(), &[registry::NOT_ACCEPTABLE, registry::UNAVAILABLE]);
        add(!self.is_public(), &[registry::UNAUTHENTICATED, registry::FORBIDDEN]);
        add(self.is_api() && self.changes(), &[registry::CSRF]);
        add(self.path.contains('{'), &[registry::NOT_FOUND]);
        add(has_body, &[registry::PAYLOAD_TOO_LARGE, registry::UNSUPPORTED_MEDIA_TYPE]);
        add(has_body, &[registry::VALIDATION]);
        add(self.is_repeatable(), &[registry::CONFLICT, registry::VALIDATION]);
        let version = self.parameter("If-Match");
        add(version.is_some(), &[registry::STALE, registry::CONFLICT]);
        let must_have_version = version.is_some_and(|parameter| parameter["required"] == true);
        add(must_have_version, &[registry::PRECONDITION_REQUIRED]);
        problems
    }

    fn accept_merge_patch(&mut self) {
        if self.method != "patch" {
            return;
        }
        let content = self.fields.get_mut("requestBody").and_then(|body| body.get_mut("content"));
        if let Some(content) = content.and_then(Value::as_object_mut)
            && let Some(schema) = content.get("application/json").cloned()
        {
            content.entry("application/merge-patch+json").or_insert(schema);
        }
    }

    fn add_success_headers(&mut self) {
        let reads = self.has_parameter("If-None-Match");
        let versioned = reads || self.has_parameter("If-Match");
        if reads {
            let description = "The record has not changed since the version in If-None-Match";
            let unchanged = json!({ "description": description, "headers": { "ETag": etag() } });
            if let Some(responses) = self.responses() {
                responses.entry("304").or_insert(unchanged);
            }
        }
        for (status, response) in self.responses().into_iter().flatten() {
            let is_new = status == "201";
            let has_resource = is_new || (versioned && status == "200");
            let Some(response) = response.as_object_mut().filter(|_| has_resource) else {
                continue;
            };
            let headers = response.entry("headers").or_insert_with(|| json!({}));
            if let Some(headers) = headers.as_object_mut() {
                headers.entry("ETag").or_insert_with(etag);
                if is_new {
                    headers.entry("Location").or_insert_with(location);
                }
            }
        }
    }
}

fn response(entry: registry::Entry) -> Value {
    let mut response = json!({
        "description": entry.explanation,
        "content": { MEDIA_TYPE: {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": {
                "type": format!("/problems/{}", entry.code),
                "title": entry.title,
                "status": entry.status.as_u16(),
                "code": entry.code,
                "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            },
        } },
    });
    let seconds = |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
    if entry == registry::RATE_LIMITED {
        response["headers"] = json!({
            "Retry-After": seconds("Seconds until a request is answered again."),
            "RateLimit-Limit": seconds("The size of the quota, in requests per minute."),
            "RateLimit-Remaining": seconds("Requests that are left."),
            "RateLimit-Reset": seconds("Seconds until the whole quota is there again."),
        });
    }
    if entry == registry::UNAVAILABLE {
        response["headers"] = json!({ "Retry-After": seconds("Seconds to wait.") });
    }
    response
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "Makes the request repeatable for 24 hours: a repetition is answered as the \
                        first one was, with `Idempotent-Replayed: true`. Use a fresh random key for \
                        each request.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        "example": "7b0c1b1e-2f7a-4d8e-9a53-0a1f5d9c3e42",
    })
}

fn etag() -> Value {
    json!({
        "description": "The version of the record, for If-Match and If-None-Match.",
        "schema": { "type": "string" },
        "example": "\"1\"",
    })
}

fn location() -> Value {
    json!({
        "description": "The address of the new record.",
        "schema": { "type": "string", "format": "uri-reference" },
    })
}

/// `list_donors` → `listDonors`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capital(word))
}

/// `not_found` → `NotFound`.
fn pascal_case(name: &str) -> String {
    name.split('_').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
