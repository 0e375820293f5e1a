//! The headers of answers: each is described once, and every response says which it has.

use serde_json::{Map, Value, json};

/// What every answer can have.
const ALWAYS: &[&str] = &[
    "X-Request-Id",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Access-Control-Allow-Origin",
];

/// What is only counted, or only let through from other pages, outside of `/health/`.
const NOT_OF_HEALTH: &[&str] = &["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

/// Every header, as `components.headers` describes it.
pub(super) fn components() -> Value {
    json!({
        "ETag": {
            "description": "The version of the record, and a mark of how it is shown here: for If-Match, \
                            which compares the version, and If-None-Match, which compares all of it. \
                            After the database was restored nothing from before it matches.",
            "schema": { "type": "string", "format": "etag" },
            "example": "\"1.q7Jx0cWn4Zk1VfYt8LmR2g\"",
        },
        "Location": {
            "description": "The address of the new record.",
            "schema": { "type": "string", "format": "uri-reference", "minLength": 1, "maxLength": 200 },
            "example": "/api/v1/donors/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        },
        "Link": {
            "description": "The address of the next page, with `rel=\"next\"`; absent on the last \
                            one. `next_cursor` says the same.",
            // As long as the address of the page, encoded, and its cursor.
            "schema": {
                "type": "string",
                "pattern": "^<[^<>]+>; rel=\"next\"$",
                "minLength": 1,
                "maxLength": 524_288,
            },
            "example": "</api/v1/donors?limit=50&cursor=AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM>; \
                        rel=\"next\"",
        },
        "Idempotent-Replayed": {
            "description": "`true` when the answer was kept from the first request with the same \
                            `Idempotency-Key`; absent otherwise.",
            "schema": { "type": "string", "enum": ["true"] },
            "example": "true",
        },
        "Set-Cookie": {
            "description": "The session, and the CSRF token that pages can read; one header each.",
            // The most a browser keeps (RFC 6265, 6.1).
            "schema": {
                "type": "string",
                "pattern": "^(__Host-)?almoner_(session|csrf)=",
                "minLength": 1,
                "maxLength": 4096,
            },
            "example": "almoner_csrf=o0n1Hf3kq1c2m8s5wT7pX9yB4vL6dR2eZ0aQ8uJ5iKg; SameSite=Strict; \
                        Path=/",
        },
        "WWW-Authenticate": {
            "description": "The scheme: a session cookie.",
            "schema": { "type": "string", "enum": ["Session realm=\"almoner\""] },
            "example": "Session realm=\"almoner\"",
        },
        "Content-Language": {
            "description": "The language of the texts: the one Accept-Language asked for, else English.",
            "schema": { "type": "string", "format": "language" },
            "example": "en",
        },
        "Retry-After": {
            "description": "Seconds until it is worth trying again.",
            "schema": seconds(),
            "example": 5,
        },
        "X-Request-Id": {
            "description": "What the operator finds the request by.",
            "schema": { "type": "string", "format": "request_id" },
            "example": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        },
        "RateLimit-Limit": {
            "description": "The size of the quota: requests per minute, or items of batches where \
                            fewer of these are left; absent when the operator has switched quotas \
                            off.",
            "schema": count(),
            "example": 600,
        },
        "RateLimit-Remaining": {
            "description": "Requests, or items of batches, that are left.",
            "schema": count(),
            "example": 599,
        },
        "RateLimit-Reset": {
            "description": "Seconds until the whole quota is there again.",
            "schema": seconds(),
            "example": 1,
        },
        "Access-Control-Allow-Origin": {
            "description": "The page that asked, when the operator allows its origin; absent \
                            otherwise.",
            // A scheme, a host of at most 253 characters and a port.
            "schema": {
                "type": "string",
                "pattern": "^https?://[^/]+$",
                "minLength": 8,
                "maxLength": 267,
            },
            "example": "https://panel.example.org",
        },
    })
}

fn seconds() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0 })
}

fn count() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX })
}

/// Says that a response has these headers beside those that every response can have. What the
/// resource says of a header itself stays.
pub(super) fn add(response: &mut Map<String, Value>, path: &str, more: &[&str]) {
    let is_health = path.starts_with("/health/");
    let always = ALWAYS.iter().filter(|name| !(is_health && NOT_OF_HEALTH.contains(name)));
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    let Some(headers) = headers.as_object_mut() else { return };
    for name in always.chain(more) {
        headers.entry(*name).or_insert_with(|| reference(name));
    }
}

/// Says that a response has these headers exactly as they are everywhere.
pub(super) fn set(response: &mut Map<String, Value>, names: &[&str]) {
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    for name in names {
        headers[*name] = reference(name);
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
