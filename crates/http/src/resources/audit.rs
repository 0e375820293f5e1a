//! The trail: what was changed, of all records and of one, and what happened for security.

pub(crate) mod bodies;
mod recorded;

use actix_web::{
    get,
    web::{Data, Path},
};
use almoner_audit::{ChangeQuery, ChangeRecord, SecurityEventQuery};
use almoner_kernel::{
    Context, Denied, FieldError, Fields, Id, Page, PageRequest, Permission, Scope, ScopeKind,
    Timestamp, Version,
    fault::Unfit,
    id::{ChangeEntity, Entity, UserEntity, WebhookEntity},
    words::choice,
};
use almoner_records::{Kind, Registry};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::bodies::{
    ChangeBody, SecurityEventBody, change_example, role_change_example, security_event_example,
    user_change_example, webhook_change_example,
};
use super::{
    roles::role_name,
    shared,
    words::{ActionName, RecordKindName, SecurityEventKindWord, record_kinds},
};
use crate::{
    Answer, Cx, Domains, IdPath, ListOf, ListQuery, NoParams, PageParams, Params, Problem,
    live::list::{Follower, FollowerParam, ListAnswer, LiveList},
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_changes).service(list_security_events);
}

/// List changes
///
/// Every change of every record, the newest first, whatever the reach of your roles: a trail with
/// holes is none.
#[utoipa::path(
    tag = "audit",
    params(PageParams, ChangeFilter, FollowerParam),
    responses((
        status = 200,
        description = "A page of changes",
        body = ListOf<ChangeBody>,
        example = json!({ "items": [change_example()] }),
    )),
    extensions(("x-permission" = json!("audit:read"))),
)]
#[get("/changes")]
async fn list_changes(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<ChangeFilter>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    list.respond(cx, domains, follower).await
}

/// List security events
///
/// Logins, logouts, failures and refusals, the newest first.
#[utoipa::path(
    tag = "audit",
    params(PageParams, SecurityEventFilter),
    responses((
        status = 200,
        description = "A page of security events",
        body = ListOf<SecurityEventBody>,
        example = json!({ "items": [security_event_example()] }),
    )),
    extensions(("x-permission" = json!("audit:read"))),
)]
#[get("/security-events")]
async fn list_security_events(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<SecurityEventFilter>,
) -> Result<Answer, Problem> {
    let page = domains.audit.security_events(&cx, &list.query, &list.page).await?;
    Ok(list.answer(page, SecurityEventBody::of))
}

/// Get a user's history
///
/// Every change of the user, the newest first. Client address and browser are shown only with the
/// permission `audit:read`.
#[utoipa::path(
    tag = "audit",
    params(("id" = Uuid, Path, description = "The user"), PageParams),
    responses((
        status = 200,
        description = "A page of changes",
        body = ListOf<ChangeBody>,
        example = json!({ "items": [user_change_example()] }),
    )),
    extensions(("x-permission" = json!("users:read"))),
)]
#[get("/{id}/history")]
pub(super) async fn get_user_history(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    list: ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    domains.users.find(&cx, id.0).await?;
    history(&cx, &domains, Permission::USERS_READ, id, &list).await
}

/// Get a role's history
///
/// Every change of a custom role, the newest first; a built-in role is part of the program and has
/// none. Client address and browser are shown only with the permission `audit:read`.
#[utoipa::path(
    tag = "audit",
    params(
        ("name" = String, Path, description = "The name of the role", format = "role_name", example = "volunteer"),
        PageParams,
    ),
    responses((
        status = 200,
        description = "A page of changes",
        body = ListOf<ChangeBody>,
        example = json!({ "items": [role_change_example()] }),
    )),
    extensions(("x-permission" = json!("roles:read"))),
)]
#[get("/{name}/history")]
pub(super) async fn get_role_history(
    cx: Cx,
    domains: Data<Domains>,
    name: Path<String>,
    list: ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    let role = domains.roles.find(&cx, &role_name(&name)?).await?;
    match role.custom() {
        Some(custom) => {
            history(&cx, &domains, Permission::ROLES_READ, IdPath(custom.id), &list).await
        }
        None => {
            Ok(list
                .answer(Page { items: Vec::new(), next: None, total: None }, |nothing: ()| nothing))
        }
    }
}

/// Get a webhook's history
///
/// Every change of the webhook, the newest first, with the tests and replays that somebody asked for.
/// Client address and browser are shown only with the permission `audit:read`.
#[utoipa::path(
    tag = "audit",
    params(("id" = Uuid, Path, description = "The webhook"), PageParams),
    responses((
        status = 200,
        description = "A page of changes",
        body = ListOf<ChangeBody>,
        example = json!({ "items": [webhook_change_example()] }),
    )),
    extensions(("x-permission" = json!("webhooks:read"))),
)]
#[get("/{id}/history")]
pub(super) async fn get_webhook_history(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    list: ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    domains.webhooks.find(&cx, id.0).await?;
    history(&cx, &domains, Permission::WEBHOOKS_READ, id, &list).await
}

/// The trail knows no row scope: the record's own service must have found the record before.
async fn history<E: Entity>(
    cx: &Cx,
    domains: &Domains,
    permission: Permission,
    id: IdPath<E>,
    list: &ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    history_of(cx, domains, permission, E::NAME, id.0.uuid(), list).await
}

/// The history of a record whose kind is not known by a type.
pub(crate) async fn history_of(
    cx: &Cx,
    domains: &Domains,
    permission: Permission,
    entity: &'static str,
    id: Uuid,
    list: &ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    let page = domains.audit.history(cx, permission, entity, id, &list.page).await?;
    let Page { items, next, total } = page;
    let sight = move |kind: &Kind| Ok(kind.sight(cx.permit(permission)?));
    let seen = items.into_iter().map(|change| Seen::by(cx, domains, change, sight)?.body());
    let items = seen.collect::<Result<Vec<_>, _>>()?;
    Ok(list.answer(Page { items, next, total }, |change| change))
}

/// A change, and what of it somebody may not see: fields with a right of their own that they lack, whatever
/// they may see of the trail.
pub(crate) struct Seen {
    change: ChangeRecord,
    withheld: Vec<&'static str>,
}

impl Seen {
    fn by(
        cx: &Context,
        domains: &Domains,
        change: ChangeRecord,
        sight: impl Fn(&Kind) -> Result<ScopeKind, Denied>,
    ) -> Result<Self, Problem> {
        let kind = domains.registry.kinds.iter().find(|kind| kind.one == change.entity);
        let withheld = |kind: &&Kind| -> Result<_, Denied> {
            Ok(kind.recorded_names(&kind.hidden_from(cx, sight(kind)?)))
        };
        let withheld = kind.as_ref().map(|kind| withheld(kind)).transpose()?;
        Ok(Self { change, withheld: withheld.unwrap_or_default() })
    }

    fn body(self) -> Result<ChangeBody, Problem> {
        // Somebody has been at the row: `almoner audit verify` names it.
        ChangeBody::of(self.change, &self.withheld).map_err(|error| Problem::internal(&error))
    }
}

/// Which changes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangeFilter {
    /// Only changes of this kind of record.
    #[param(inline, example = "donation")]
    entity: Option<RecordKindName>,
    /// Only changes of this record.
    #[param(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    entity_id: Option<String>,
    /// Only changes of this kind.
    #[param(inline, example = "refunded")]
    action: Option<ActionName>,
    /// Only changes by this user.
    #[param(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    actor_id: Option<String>,
    /// Only changes at this instant or later.
    #[param(format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<String>,
    /// Only changes before this instant.
    #[param(format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<String>,
    /// Words to find in the values before and after and in the reason, whatever the case and accents; the
    /// last word may be a beginning. Personal values, such as names and notes, and those that take a right
    /// of their own are not searched.
    #[param(format = "line", min_length = 1, max_length = 200, example = "ramazan koli")]
    q: Option<String>,
}

impl Params for ChangeFilter {
    type Query = ChangeQuery;

    fn read(self, fields: &mut Fields) -> Option<ChangeQuery> {
        let entity_id = fields.optional("entity_id", self.entity_id, shared::id::<()>);
        Some(ChangeQuery {
            entity: self.entity.map(|kind| kind.0),
            entity_id: entity_id.map(Id::uuid),
            action: self.action.map(|action| action.0),
            actor: fields.optional("actor_id", self.actor_id, shared::id),
            from: fields.optional("from", self.from, instant),
            to: fields.optional("to", self.to, instant),
            q: fields.optional("q", self.q, shared::words),
        })
    }

    fn among(query: &ChangeQuery, registry: &Registry, fields: &mut Fields) {
        let kinds = record_kinds(registry);
        if query.entity.as_deref().is_some_and(|entity| !kinds.contains(&entity)) {
            fields.wrong(FieldError::new("entity", "choice", choice(&kinds)));
        }
        let actions = registry.all_actions();
        if query.action.as_deref().is_some_and(|action| !actions.contains(&action)) {
            fields.wrong(FieldError::new("action", "choice", choice(&actions)));
        }
    }
}

/// Which security events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SecurityEventFilter {
    /// Only events of this kind.
    #[param(inline, example = "login_failed")]
    kind: Option<SecurityEventKindWord>,
    /// Only events about this user.
    #[param(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Option<String>,
    /// Only events at this instant or later.
    #[param(format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<String>,
    /// Only events before this instant.
    #[param(format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<String>,
}

impl Params for SecurityEventFilter {
    type Query = SecurityEventQuery;

    fn read(self, fields: &mut Fields) -> Option<SecurityEventQuery> {
        Some(SecurityEventQuery {
            kind: self.kind.map(|kind| kind.0),
            user_id: fields.optional("user_id", self.user_id, shared::id),
            from: fields.optional("from", self.from, instant),
            to: fields.optional("to", self.to, instant),
        })
    }
}

/// Reads an instant with its time zone.
fn instant(text: String) -> Result<Timestamp, Unfit> {
    almoner_records::values::sent_instant(&text)
}

impl LiveList for ChangeFilter {
    const PATH: &'static str = "/api/v1/audit/changes";
    const ENTITY: &'static str = ChangeEntity::NAME;
    const OTHERS: Option<&'static [&'static str]> = None;
    type Record = Seen;
    type Body = ChangeBody;

    async fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> Result<Page<Seen>, Problem> {
        let Page { items, next, total } = domains.audit.changes(cx, query, page).await?;
        // The trail shows every row, whatever the reach of who reads it: a right to a field has to reach as far.
        let sight = |kind: &Kind| Ok(kind.sight(Scope::All));
        let seen = items.into_iter().map(|change| Seen::by(cx, domains, change, sight));
        let items = seen.collect::<Result<_, Problem>>()?;
        Ok(Page { items, next, total })
    }

    fn body(seen: Seen) -> Result<ChangeBody, Problem> {
        seen.body()
    }

    fn version(seen: &Seen) -> Version {
        seen.change.version
    }

    fn shows(seen: &Seen) -> Vec<Uuid> {
        // The feed names records, not their changes.
        vec![seen.change.id.uuid(), seen.change.entity_id]
    }
}
