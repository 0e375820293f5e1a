//! Changes and security events, as they are shown.

use almoner_accounts::role::RoleNames;
use almoner_audit::{ActorOnRecord, ChangeRecord, SecurityEventRecord};
use almoner_kernel::{Action, Id};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::recorded::RecordedFields;
use crate::resources::{
    shared,
    users::bodies::RoleNameBody,
    words::{ActionName, RecordKindName, SecurityEventKindWord},
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
    #[schema(value_type = ActionName)]
    action: String,
    /// The kind of the record.
    #[schema(value_type = RecordKindName)]
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
    /// Changed fields that are withheld from the caller, who lacks a right to them; absent when everything
    /// is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldName>, min_items = 1, max_items = 100, required = false)]
    hidden: Vec<&'static str>,
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
    /// What the changes of one request, or of one run of a command or job, have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019cec2f-77ad-7b60-9e0c-5a1d7c38f2b4")]
    change_set: Option<Uuid>,
    /// The change of another record that this one is an effect of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019cec2f-77af-7a02-8d4f-61b0c9e5a7d3")]
    cause_id: Option<Uuid>,
    /// What was asked: the id of an operation of this document, or the name of a command or job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "line", max_length = 64, nullable = false, example = "updateDonor")]
    operation: Option<String>,
}

/// The name of a field.
#[derive(ToSchema)]
#[schema(value_type = String, format = "word", example = "notes")]
#[allow(dead_code, reason = "only its documentation is used")]
struct FieldName(&'static str);

impl ChangeBody {
    /// A change of a record of a kind.
    pub(crate) fn example_of(entity: &str) -> Value {
        let mut example = change_example();
        example["entity"] = json!(entity);
        example
    }

    /// A change as somebody sees who may not see the values of the fields `withheld`.
    pub(crate) fn of(
        change: ChangeRecord,
        withheld: &[&'static str],
    ) -> Result<Self, serde_json::Error> {
        let before = RecordedFields::read(change.before, withheld)?;
        let after = RecordedFields::read(change.after, withheld)?;
        // Of a new record what is absent is left out: whether something hidden is would be told by that.
        let is_new = change.action == Action::Created.as_str();
        let is_hidden =
            |name: &&&'static str| is_new || before.1.contains(name) || after.1.contains(name);
        Ok(Self {
            hidden: withheld.iter().filter(is_hidden).copied().collect(),
            id: change.id.uuid(),
            position: change.position,
            at: shared::instant(change.at),
            actor: ActorBody {
                name: change.user_name,
                ..ActorBody::of(&change.actor).having(change.actor_role.as_deref())
            },
            action: change.action,
            entity: change.entity,
            entity_id: change.entity_id,
            version: change.version.number(),
            before: before.0,
            after: after.0,
            reason: change.reason,
            request_id: change.request_id,
            address: change.address,
            user_agent: change.user_agent,
            change_set: change.change_set,
            cause_id: change.cause.map(Id::uuid),
            operation: change.operation,
        })
    }
}

/// Who acted. Users may have been renamed since: only their id is kept, and their present name is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedActor)]
pub(crate) struct ActorBody {
    /// A stranger, a logged-in user, or the program itself.
    kind: ActorKind,
    /// The user, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Option<Uuid>,
    /// What the user is called now, for those who may read the whole trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "line", max_length = 200, nullable = false, example = "Elif Kaya")]
    name: Option<String>,
    /// The part of the program, when it was one: `cli`, `seed`, a job's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "word", nullable = false, example = "cli")]
    system: Option<String>,
    /// The name of the role that the user had then, where that is kept: in changes. Absent when they had
    /// several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "role_name", nullable = false, example = "director")]
    role: Option<String>,
    /// The names of all roles that the user had then, where they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 8, example = json!(["director"]))]
    roles: Vec<RoleNameBody>,
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
        let system = actor.system().map(str::to_owned);
        Self { kind, user_id, system, name: None, role: None, roles: Vec::new() }
    }

    /// With the roles that a change keeps.
    fn having(self, roles: Option<&str>) -> Self {
        let roles = roles.map(RoleNames::from_stored);
        let only = roles.as_ref().and_then(RoleNames::only);
        Self {
            role: only.map(|role| role.as_str().to_owned()),
            roles: roles.iter().flat_map(RoleNames::iter).map(RoleNameBody::of).collect(),
            ..self
        }
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
        "actor": {
            "kind": "user",
            "user_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            "name": "Elif Kaya",
            "role": "director",
            "roles": ["director"],
        },
        "action": "updated",
        "entity": "donor",
        "entity_id": "019b8d10-1c9a-7e66-8f3d-52a7b4c0d9e8",
        "version": 4,
        "before": { "email": null, "contact_consent": false },
        "after": { "email": "ayse.yilmaz@example.org", "contact_consent": true },
        "request_id": "019cec2f-77ac-7e02-b8d1-33c9f20a6e5d",
        "address": "203.0.113.42",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "change_set": "019cec2f-77ad-7b60-9e0c-5a1d7c38f2b4",
        "operation": "updateDonor",
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
