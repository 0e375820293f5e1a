//! Completes every operation with what all of them have in common: the name, security, the problems
//! it can answer with, the headers of optimistic concurrency and of repeatable requests.

use std::collections::BTreeMap;

use almoner_records::Registry;
use serde_json::{Map, Value, json};

use super::{headers, limits, links, responses, schemas, sorts};
use crate::{
    kit::problem::registry,
    live::socket::document as socket,
    routes::{self, EVENT_STREAM},
};

/// The name of the cookie scheme.
pub(super) const SESSION: &str = "session";
/// The name of the token scheme.
pub(super) const CSRF: &str = "csrf";

/// The address of the socket.
const SOCKET: &str = "/api/v1/socket";

/// Marks a POST whose answer is never kept for an `Idempotency-Key`, because it holds a secret or
/// because it only reads: `extensions(("x-not-repeatable" = json!(true)))`.
const NOT_REPEATABLE: &str = "x-not-repeatable";

/// Completes a collected document.
pub(super) fn complete(mut document: Value, registry: &Registry) -> Value {
    schemas::refer(&mut document);
    let mut used = BTreeMap::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                Operation { path, method, fields: operation, registry }.complete(&mut used);
            }
        }
    }
    let responses: Map<String, Value> =
        used.into_iter().map(|(name, entry)| (name, responses::of(entry))).collect();
    document["components"]["responses"] = Value::Object(responses);
    document["components"]["headers"] = headers::components();
    // The documents of tests have none.
    let has_socket = document["paths"][SOCKET].is_object();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut().filter(|_| has_socket)
    {
        schemas.append(&mut socket::components(registry));
    }
    // What the API is to everybody: a server for whoever has an account.
    document["servers"][0]["x-internal"] = json!(false);
    sorts::name(&mut document);
    links::complete(&mut document);
    limits::complete(&mut document);
    document
}

type Used = BTreeMap<String, registry::Entry>;

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    fields: &'a mut Map<String, Value>,
    registry: &'a Registry,
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
        if self.is_rehearsable() {
            self.add_parameter(dry_run());
        }
        self.complete_parameters();
        self.offer_stream();
        self.describe_socket();
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

    fn creates(&self) -> bool {
        self.fields.get("responses").is_some_and(|responses| responses["201"].is_object())
    }

    fn is_repeatable(&self) -> bool {
        self.method == "post" && !self.is_public() && !self.fields.contains_key(NOT_REPEATABLE)
    }

    /// Every change of a record can be rehearsed; logging in and what is only shown cannot.
    fn is_rehearsable(&self) -> bool {
        let is_auth = self.path.starts_with("/api/v1/auth/");
        let is_api = self.is_api() && self.changes() && !is_auth;
        is_api && !self.fields.contains_key(NOT_REPEATABLE)
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
        // Two kinds have the same status: the first one is described.
        add(self.is_socket(), &[registry::CSRF, registry::UPGRADE_REQUIRED]);
        add(!self.path.starts_with("/health/"), &[registry::RATE_LIMITED]);
        add(self.is_api() && !self.is_socket(), &[registry::NOT_ACCEPTABLE]);
        add(self.is_api(), &[registry::UNAVAILABLE]);
        add(!self.is_public(), &[registry::UNAUTHENTICATED, registry::FORBIDDEN]);
        add(self.is_api() && self.changes(), &[registry::CSRF]);
        add(self.path.contains('{'), &[registry::NOT_FOUND]);
        add(has_body, &[registry::PAYLOAD_TOO_LARGE, registry::UNSUPPORTED_MEDIA_TYPE]);
        add(has_body, &[registry::REQUEST_TIMEOUT, registry::VALIDATION]);
        add(self.is_repeatable(), &[registry::CONFLICT, registry::VALIDATION]);
        // Of what can be made there may be too many already.
        add(self.is_api() && self.creates(), &[registry::CONFLICT]);
        // What a summary would look at may be too much.
        let sums_up = self.path.ends_with("/summary") && self.has_parameter("deleted");
        add(sums_up, &[registry::CONFLICT]);
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

    /// What can be followed answers with events as well, or with nothing else.
    fn offer_stream(&mut self) {
        if !self.has_parameter("Last-Event-ID") {
            return;
        }
        let ok = self.responses().and_then(|responses| responses.get_mut("200"));
        let Some(ok) = ok.and_then(Value::as_object_mut) else { return };
        let content = ok.entry("content").or_insert_with(|| json!({}));
        let list = content["application/json"]["example"].clone();
        content[EVENT_STREAM] = json!({
            "schema": {
                "type": "string",
                "description": "Server-sent events (WHATWG HTML, 9.2), without end.",
                "contentMediaType": EVENT_STREAM,
                "pattern": "^retry: ",
                "maxLength": i64::from(i32::MAX),
            },
            "example": stream_example(&list),
        });
    }

    /// What is said over a socket.
    fn describe_socket(&mut self) {
        let registry = self.registry;
        let opened = self.responses().and_then(|responses| responses.get_mut("101"));
        if let Some(opened) = opened.and_then(Value::as_object_mut) {
            opened.insert("content".to_owned(), socket::content(registry));
        }
    }

    fn is_socket(&self) -> bool {
        self.fields.get("responses").is_some_and(|responses| responses["101"].is_object())
    }

    fn complete_parameters(&mut self) {
        let parameters = self.fields.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            complete_parameter(parameter);
        }
    }

    fn add_success_headers(&mut self) {
        let reads = self.has_parameter("If-None-Match");
        let versioned = reads || self.has_parameter("If-Match");
        let is_list = self.has_parameter("cursor");
        let is_repeatable = self.is_repeatable();
        if reads {
            let description = "The record would be shown as the client has it";
            if let Some(responses) = self.responses() {
                responses.entry("304").or_insert_with(|| json!({ "description": description }));
            }
        }
        let path = self.path.to_owned();
        for (status, response) in self.responses().into_iter().flatten() {
            let Some(response) = response.as_object_mut() else { continue };
            let is_new = status == "201";
            let has_version =
                response.get("headers").is_some_and(|headers| headers["ETag"].is_object());
            if is_new || has_version || (versioned && ["200", "304"].contains(&status.as_str())) {
                headers::set(response, &["ETag"]);
            }
            if is_new {
                headers::set(response, &["Location"]);
            }
            if response.get("headers").is_some_and(|headers| headers["Set-Cookie"].is_object()) {
                headers::set(response, &["Set-Cookie"]);
            }
            let is_success = status.starts_with('2');
            let link: &[&str] = if is_list && is_success { &["Link"] } else { &[] };
            let replayed: &[&str] =
                if is_repeatable && is_success { &["Idempotent-Replayed"] } else { &[] };
            headers::add(response, &path, &[link, replayed].concat());
        }
    }
}

/// How a stream begins, and goes on.
fn stream_example(list: &Value) -> String {
    let begin = format!("retry: 1000\n\nid: 4711-{EXAMPLE_TAG}\n");
    if list.is_null() {
        let change = json!({
            "topic": "donations",
            "id": ID,
            "action": "created",
            "version": 1,
            "at": "2026-03-14T09:26:53.000Z",
        });
        return format!("{begin}event: change\ndata: {change}\n\n");
    }
    let gone = json!({ "id": ID });
    format!(
        "{begin}event: snapshot\ndata: {list}\n\n\
         id: 4712-{EXAMPLE_TAG}\nevent: remove\ndata: {gone}\n\n",
    )
}

/// The second half of an event's id in examples.
const EXAMPLE_TAG: &str = "9f3c2a7b";

/// The example of an id that has none of its own.
const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

/// A parameter is there or not, never `null`; the order of a list is one of a few words.
fn complete_parameter(parameter: &mut Value) {
    let is_sort = parameter["name"] == "sort";
    let has_example = parameter.get("example").is_some();
    let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) else { return };
    if let Some(types) = schema.get("type").and_then(Value::as_array) {
        let types: Vec<&Value> = types.iter().filter(|name| *name != "null").collect();
        if let [only] = types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let offered = schema.get("pattern").and_then(Value::as_str).filter(|_| is_sort);
    let offered = offered.and_then(|text| text.strip_prefix("^-?(")?.strip_suffix(")$"));
    if let Some(words) = offered {
        let words: Vec<String> =
            words.split('|').flat_map(|word| [word.to_owned(), format!("-{word}")]).collect();
        schema.remove("pattern");
        schema.insert("enum".to_owned(), json!(words));
    }
    if !has_example && schema.get("format").is_some_and(|format| format == "uuid") {
        parameter["example"] = json!(ID);
    }
}

fn dry_run() -> Value {
    json!({
        "name": routes::DRY_RUN,
        "in": "query",
        "required": false,
        "description": "Only say what would happen: `true` checks everything and answers like the \
            change itself, but nothing is stored, no idempotency key is used, and ids and versions \
            of the answer are not kept. To a role whose scope is not `all` it does not say whether a \
            value that must be unique is taken.",
        "schema": { "type": "boolean", "default": false },
        "example": false,
    })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "Makes the request repeatable for 24 hours: a repetition is answered as the \
                        first one was, with `Idempotent-Replayed: true`. Use a fresh random key for \
                        each request.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        "example": "7b0c1b1e-2f7a-4d8e-9a53-0a1f5d9c3e42",
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
