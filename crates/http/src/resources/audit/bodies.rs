//! Changes and security events, as they are shown.

use std::borrow::Cow;

use almoner_audit::{ActorOnRecord, ChangeRecord, SecurityEventRecord};
use almoner_kernel::Id;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, SchemaType, Type},
    },
};
use uuid::Uuid;

use crate::resources::{
    shared,
    words::{ActionWord, RecordKindWord, SecurityEventKindWord},
};

/// One change of one record.
#[derive(Serialize, ToSchema)]
#[schema(as = Change)]
pub(crate) struct ChangeBody {
    /// Which one.
    #[schema(example = "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa")]
    id: Uuid,
    /// The place in the trail: 1, 2, 3, … in the order in which the changes were made.
    #[schema(minimum = 1, example = 48213)]
    position: i64,
    /// When the change was asked for.
    #[schema(format = DateTime, example = "2026-03-14T10:07:54.320Z")]
    at: String,
    /// Who did it.
    actor: ActorBody,
    /// What was done.
    #[schema(value_type = ActionWord)]
    action: String,
    /// The kind of the record.
    #[schema(value_type = RecordKindWord)]
    entity: String,
    /// The record.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    entity_id: Uuid,
    /// Its version after the change.
    #[schema(minimum = 1, example = 4)]
    version: i64,
    /// The changed fields as they were.
    before: RecordedFields,
    /// The changed fields as they are since.
    after: RecordedFields,
    /// Why, where a reason is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "The donor asked for it by phone"
    )]
    reason: Option<String>,
    /// `X-Request-Id` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "request_id",
        nullable = false,
        example = "019cec2f-77ac-7e02-b8d1-33c9f20a6e5d"
    )]
    request_id: Option<String>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "ip", nullable = false, example = "203.0.113.42")]
    address: Option<String>,
    /// The client's browser, as it named itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "header",
        nullable = false,
        max_length = 512,
        example = "Mozilla/5.0 (X11; Linux x86_64)"
    )]
    user_agent: Option<String>,
}

impl ChangeBody {
    pub(crate) fn of(change: ChangeRecord) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: change.id.uuid(),
            position: change.position,
            at: shared::instant(change.at),
            actor: ActorBody::of(&change.actor),
            action: change.action,
            entity: change.entity,
            entity_id: change.entity_id,
            version: change.version.number(),
            before: RecordedFields::read(change.before)?,
            after: RecordedFields::read(change.after)?,
            reason: change.reason,
            request_id: change.request_id,
            address: change.address,
            user_agent: change.user_agent,
        })
    }
}

/// Fields of a record by their names, exactly as they were sealed.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct RecordedFields(Box<RawValue>);

impl RecordedFields {
    fn read(sealed: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(sealed).map(Self)
    }
}

impl PartialSchema for RecordedFields {
    fn schema() -> RefOr<Schema> {
        // What `FieldValue` of the kernel can be.
        let value = [Type::String, Type::Integer, Type::Boolean, Type::Null];
        ObjectBuilder::new()
            .description(Some(
                "Fields of a record by their names: texts, whole numbers, yes or no, `null` for \
                 empty. Money is a text such as `1250.00 TRY`; sensitive values are masked.",
            ))
            .additional_properties(Some(
                ObjectBuilder::new()
                    .schema_type(SchemaType::Array(value.into()))
                    // As long as the longest text of a record: its notes.
                    .max_length(Some(4000))
                    .pattern(Some(r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$")),
            ))
            .examples([json!({ "email": "ayse.yilmaz@example.org", "contact_consent": true })])
            .into()
    }
}

impl ToSchema for RecordedFields {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecordedFields")
    }
}

/// Who acted. Users may have been renamed since: only their id is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedActor)]
pub(crate) struct ActorBody {
    /// A stranger, a logged-in user, or the program itself.
    kind: ActorKind,
    /// The user, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Option<Uuid>,
    /// The part of the program, when it was one: `cli`, `seed`, a job's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "word", nullable = false, example = "cli")]
    system: Option<String>,
}

/// Who can act. More may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActorKind {
    Anonymous,
    User,
    System,
}

impl ActorBody {
    fn of(actor: &ActorOnRecord) -> Self {
        let kind = match actor {
            ActorOnRecord::Anonymous => ActorKind::Anonymous,
            ActorOnRecord::User(_) => ActorKind::User,
            ActorOnRecord::System(_) => ActorKind::System,
        };
        let user_id = actor.user_id().map(Id::uuid);
        Self { kind, user_id, system: actor.system().map(str::to_owned) }
    }
}

/// One login, logout, failure or refusal.
#[derive(Serialize, ToSchema)]
#[schema(as = SecurityEvent)]
pub(crate) struct SecurityEventBody {
    /// Which one.
    #[schema(example = "019cec06-2f75-7b51-8c0e-6d4f9a1b2e37")]
    id: Uuid,
    /// When.
    #[schema(format = DateTime, example = "2026-03-14T09:26:53.589Z")]
    at: String,
    /// What happened.
    #[schema(value_type = SecurityEventKindWord)]
    kind: String,
    /// Whom it is about, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Option<Uuid>,
    /// Who acted.
    actor: ActorBody,
    /// What exactly, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 1000,
        nullable = false,
        example = "POST /api/v1/users: this needs the permission users:manage"
    )]
    detail: Option<String>,
    /// `X-Request-Id` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "request_id",
        nullable = false,
        example = "019cec06-2f70-7a90-9d3b-1e8c5f72b604"
    )]
    request_id: Option<String>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "ip", nullable = false, example = "203.0.113.42")]
    address: Option<String>,
    /// The client's browser, as it named itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "header",
        nullable = false,
        max_length = 512,
        example = "Mozilla/5.0 (X11; Linux x86_64)"
    )]
    user_agent: Option<String>,
}

impl SecurityEventBody {
    pub(crate) fn of(event: SecurityEventRecord) -> Self {
        Self {
            id: event.id.uuid(),
            at: shared::instant(event.at),
            kind: event.kind,
            user_id: event.user_id.map(Id::uuid),
            actor: ActorBody::of(&event.actor),
            detail: event.detail,
            request_id: event.request_id,
            address: event.address,
            user_agent: event.user_agent,
        }
    }
}

pub(super) fn change_example() -> Value {
    json!({
        "id": "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa",
        "position": 48213,
        "at": "2026-03-14T10:07:54.320Z",
        "actor": { "kind": "user", "user_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11" },
        "action": "updated",
        "entity": "donor",
        "entity_id": "019b8d10-1c9a-7e66-8f3d-52a7b4c0d9e8",
        "version": 4,
        "before": { "email": null, "contact_consent": false },
        "after": { "email": "ayse.yilmaz@example.org", "contact_consent": true },
        "request_id": "019cec2f-77ac-7e02-b8d1-33c9f20a6e5d",
        "address": "203.0.113.42",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    })
}

pub(super) fn campaign_change_example() -> Value {
    json!({
        "id": "019cec31-0c44-7a08-9b72-cf15d3e8a640",
        "position": 48214,
        "at": "2026-03-14T10:09:37.860Z",
        "actor": { "kind": "user", "user_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11" },
        "action": "updated",
        "entity": "campaign",
        "entity_id": "019b2c71-93d8-7b15-a0e4-6f8d2c5b1a97",
        "version": 2,
        "before": { "name": "Ramazan kolisi" },
        "after": { "name": "Ramazan kolisi 2026" },
        "request_id": "019cec31-0c3f-7d51-8a26-7b40e9f1c8d3",
    })
}

pub(super) fn donation_change_example() -> Value {
    json!({
        "id": "019cec33-d5e2-7c90-8e1b-40a96f7d2b35",
        "position": 48220,
        "at": "2026-03-14T10:12:40.610Z",
        "actor": { "kind": "user", "user_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11" },
        "action": "cancelled",
        "entity": "donation",
        "entity_id": "019cdb02-5a7e-7f44-b6c9-18e3d0a52f7c",
        "version": 2,
        "before": { "state": "pending" },
        "after": { "state": "cancelled" },
        "reason": "The cheque was not honoured",
        "request_id": "019cec33-d5dd-7b27-91f0-a2c8564e7d10",
    })
}

pub(super) fn user_change_example() -> Value {
    json!({
        "id": "019cec35-3f18-7e4d-a7c2-d90b5186e3f4",
        "position": 48226,
        "at": "2026-03-14T10:14:13.080Z",
        "actor": { "kind": "system", "system": "cli" },
        "action": "created",
        "entity": "user",
        "entity_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        "version": 1,
        "before": {},
        "after": { "name": "Elif Kaya", "role": "superadmin", "active": true },
    })
}

pub(super) fn role_change_example() -> Value {
    json!({
        "id": "019cec41-7c05-7d8a-b6e3-4f2a90c1d855",
        "position": 48231,
        "at": "2026-03-14T10:31:02.417Z",
        "actor": { "kind": "user", "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55" },
        "action": "updated",
        "entity": "role",
        "entity_id": "019cec40-1e92-7b66-93a1-5d0e8c7f2b19",
        "version": 2,
        "before": { "permissions": "donors:read" },
        "after": { "permissions": "donors:read campaigns:read" },
    })
}

pub(super) fn webhook_change_example() -> Value {
    json!({
        "id": "019cec44-52d8-7f0b-8e17-3b96c1a40d72",
        "position": 48239,
        "at": "2026-03-14T10:33:59.128Z",
        "actor": { "kind": "user", "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55" },
        "action": "updated",
        "entity": "webhook",
        "entity_id": "019cec43-0b6e-7d35-a1f8-92c5d7e0438b",
        "version": 2,
        "before": { "description": null },
        "after": { "description": "Bookkeeping" },
    })
}

pub(super) fn security_event_example() -> Value {
    json!({
        "id": "019cec06-2f75-7b51-8c0e-6d4f9a1b2e37",
        "at": "2026-03-14T09:26:53.589Z",
        "kind": "access_denied",
        "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55",
        "actor": { "kind": "user", "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55" },
        "detail": "POST /api/v1/users: this needs the permission users:manage",
        "request_id": "019cec06-2f70-7a90-9d3b-1e8c5f72b604",
        "address": "203.0.113.42",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    })
}
