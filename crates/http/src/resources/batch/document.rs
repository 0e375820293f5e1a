//! What the contract says of the body of a batch, and examples of it and of its answers.

use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::kit::{language::Language, problem::registry};

/// Changes of many records. They are made in this order, and each sees those before it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct BatchBody<N: ToSchema, P: ToSchema> {
    /// The changes, 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<BatchItem<N, P>>,
}

/// One change; `op` says which.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) enum BatchItem<N: ToSchema, P: ToSchema> {
    Create(BatchCreate<N>),
    Update(BatchUpdate<P>),
    Delete(BatchDelete),
}

/// A new record.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct BatchCreate<N: ToSchema> {
    #[schema(inline)]
    op: CreateOp,
    /// The record.
    value: N,
}

/// A change of a record.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct BatchUpdate<P: ToSchema> {
    #[schema(inline)]
    op: UpdateOp,
    /// The record's id.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    id: uuid::Uuid,
    /// The version the change was made from.
    #[schema(minimum = 1, example = 1)]
    version: i64,
    /// What changes: an absent field stays, `null` empties it.
    value: P,
}

/// A record that goes to the trash.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct BatchDelete {
    #[schema(inline)]
    op: DeleteOp,
    /// The record's id.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    id: uuid::Uuid,
    /// The version the decision was made on.
    #[schema(minimum = 1, example = 1)]
    version: i64,
}

/// The word for a new record.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) enum CreateOp {
    Create,
}

/// The word for a change.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) enum UpdateOp {
    Update,
}

/// The word for a deletion.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) enum DeleteOp {
    Delete,
}

/// What a batch does.
pub(crate) fn about(nouns: &str) -> String {
    format!(
        "Creates, changes and deletes up to 1,000 {nouns} in one request, in the order of `items`; each item \
         needs the permission of its operation. With `mode=atomic` all items are stored or none: when one \
         fails, the answer is a 422 with the code `batch_failed` that lists what is wrong with every item. \
         With `mode=each` the answer is a 207 that says for each item what became of it. A user has one \
         batch under way at a time and a quota of items: ten for each request of the quota of requests, and \
         at least 1,000 at once; a batch beyond either is a 429. RateLimit-* tell of items when fewer of \
         them are left than of requests."
    )
}

/// What the answer looks like when everything went well.
pub(crate) fn results_example(resource: &str, record: &Value) -> Value {
    json!({ "items": [
        { "status": 201, "location": format!("/api/v1/{resource}/{ID}"), "record": record },
        { "status": 200, "record": record },
        { "status": 204 },
    ] })
}

/// What the answer looks like when not everything went well.
pub(crate) fn mixed_example(resource: &str, record: &Value) -> Value {
    json!({ "items": [
        { "status": 201, "location": format!("/api/v1/{resource}/{ID}"), "record": record },
        { "status": 412, "problem": {
            "type": "/problems/stale",
            "title": registry::STALE.title(Language::english()),
            "status": 412,
            "code": "stale",
            "detail": "the record has changed since it was read: it is at version 3 now",
            "current_version": 3,
            "fields": ["notes"],
        } },
        { "status": 204 },
    ] })
}

const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
