//! Webhooks: other systems that are told what happens, and what was sent to them.

pub(crate) mod bodies;

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, delete, dev::Payload, get, http::StatusCode, patch, post, web::Data,
};
use almoner_kernel::{
    Context, DeliveryId, Fields, Permission, WebhookId,
    id::{DeliveryEntity, Entity, RoleEntity, WebhookEntity},
};
use almoner_records::Registry;
use almoner_webhooks::{Delivery, DeliveryQuery, EventTypes};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use self::bodies::{DeliveryBody, NewWebhookBody, WebhookBody, WebhookPatchBody};
use super::{audit, shared, words::DeliveryStateWord};
use crate::{
    Answer, Body, Cx, Domains, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam,
    ListOf, ListQuery, NoBody, NoParams, PageParams, Params, Problem, StrictQuery, kit::replay,
};

/// Whoever orders messages about records may read such records, as with topics.
fn may_be_told(cx: &Context, events: &EventTypes, registry: &Registry) -> Result<(), Problem> {
    for event in events.iter() {
        let of_kind = registry.kinds.iter().find(|kind| kind.one == event.entity());
        cx.permit(match of_kind {
            Some(kind) => kind.permissions.read,
            None if event.entity() == RoleEntity::NAME => Permission::ROLES_READ,
            None => Permission::USERS_READ,
        })?;
    }
    Ok(())
}

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(rotate_webhook)
        .service(test_webhook)
        .service(list_deliveries)
        .service(replay_delivery)
        .service(audit::get_webhook_history);
}

/// List webhooks
///
/// Every webhook, newest first: webhooks have no row scope.
#[utoipa::path(
    tag = "webhooks",
    params(PageParams),
    responses((
        status = 200,
        description = "One page of webhooks",
        body = ListOf<WebhookBody>,
        example = json!(WebhookBody::list_example()),
    )),
    extensions(("x-permission" = json!("webhooks:read"))),
)]
#[get("")]
async fn list_webhooks(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    let page = domains.webhooks.list(&cx, &list.page).await?;
    Ok(list.answer(page, |webhook| WebhookBody::of(&webhook)))
}

/// Create a webhook
///
/// Tells another system what happens from now on. A message says which record was changed and which
/// version that made, and nothing of what is in it: the receiver reads the record with its own rights.
/// The answer has the secret that messages are signed with, this once. There may be a hundred: one more
/// is a 409 with the code `webhook_limit`.
#[utoipa::path(
    tag = "webhooks",
    request_body(content = NewWebhookBody, example = json!(NewWebhookBody::example())),
    responses((
        status = 201,
        description = "The new webhook, with its secret",
        body = WebhookBody,
        example = json!(WebhookBody::secret_example()),
    )),
    extensions(
        ("x-permission" = json!("webhooks:manage")),
        ("x-not-repeatable" = json!(true)),
    ),
)]
#[post("")]
async fn create_webhook(
    cx: Cx,
    domains: Data<Domains>,
    _: StrictQuery<NoParams>,
    body: Body<NewWebhookBody>,
) -> Result<Answer, Problem> {
    let draft =
        body.value.command(body.fields, domains.registry, |url| domains.webhooks.target(url))?;
    may_be_told(&cx, &draft.events, domains.registry)?;
    let (webhook, secret) = domains.webhooks.create(&cx, draft).await?;
    let at = format!("/api/v1/webhooks/{}", webhook.id);
    Ok(Answer::created(at, webhook.version, &WebhookBody::with_secret(&webhook, &secret)))
}

/// Get a webhook
///
/// One webhook, without its secret.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id"), IfNoneMatchParam),
    responses((
        status = 200,
        description = "The webhook",
        body = WebhookBody,
        example = json!(WebhookBody::example()),
    )),
    extensions(("x-permission" = json!("webhooks:read"))),
)]
#[get("/{id}")]
async fn get_webhook(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let webhook = domains.webhooks.find(&cx, id.0).await?;
    Ok(Answer::read(&known, webhook.version, &WebhookBody::of(&webhook)))
}

/// Change a webhook
///
/// An absent field stays, `null` empties it. It takes the permission to read what the webhook is told of.
/// One that was switched off is switched on with
/// `is_active`: it is told what happens from then on, and what was given up can be replayed.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id"), IfMatchParam),
    request_body(content = WebhookPatchBody, example = json!(WebhookPatchBody::example())),
    responses((
        status = 200,
        description = "The changed webhook",
        body = WebhookBody,
        example = json!(WebhookBody::example()),
    )),
    extensions(("x-permission" = json!("webhooks:manage"))),
)]
#[patch("/{id}")]
async fn update_webhook(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    expected: IfMatch,
    body: Body<WebhookPatchBody>,
) -> Result<Answer, Problem> {
    let patch =
        body.value.command(body.fields, domains.registry, |url| domains.webhooks.target(url))?;
    if let Some(events) = &patch.events {
        may_be_told(&cx, events, domains.registry)?;
    }
    may_be_told(&cx, &domains.webhooks.events(&cx, id.0).await?, domains.registry)?;
    let webhook = domains.webhooks.update(&cx, id.0, expected.0, patch).await?;
    Ok(Answer::ok(webhook.version, &WebhookBody::of(&webhook)))
}

/// Delete a webhook
///
/// Removes the webhook for good, with its deliveries: those that wait are not sent any more.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id"), IfMatchParam),
    responses((status = 204, description = "The webhook is gone")),
    extensions(("x-permission" = json!("webhooks:manage"))),
)]
#[delete("/{id}")]
async fn delete_webhook(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    expected: IfMatch,
) -> Result<Answer, Problem> {
    domains.webhooks.delete(&cx, id.0, expected.0).await?;
    Ok(Answer::no_content())
}

/// Rotate the secret of a webhook
///
/// Makes another secret; the answer has it, this once. It takes the permission to read what the webhook is
/// told of. For 24 hours messages are signed with the one
/// before as well, so that the receiver has time to learn the new one. Rotated twice within that time,
/// the first of the three signs no more.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses((
        status = 200,
        description = "The webhook, with its new secret",
        body = WebhookBody,
        headers(("ETag" = String, description = "The version of the record, for If-Match.")),
        example = json!(WebhookBody::secret_example()),
    )),
    extensions(
        ("x-permission" = json!("webhooks:manage")),
        ("x-not-repeatable" = json!(true)),
    ),
)]
#[post("/{id}/rotate")]
async fn rotate_webhook(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    _: StrictQuery<NoParams>,
    _: NoBody,
) -> Result<Answer, Problem> {
    may_be_told(&cx, &domains.webhooks.events(&cx, id.0).await?, domains.registry)?;
    let (webhook, secret) = domains.webhooks.rotate(&cx, id.0).await?;
    Ok(Answer::ok(webhook.version, &WebhookBody::with_secret(&webhook, &secret)))
}

/// Test a webhook
///
/// Sends a message of the type `test.ping`, signed and tried again like any other. One that is
/// switched off is a 409 with the code `webhook_disabled`.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses((
        status = 202,
        description = "The delivery, about to be made",
        body = DeliveryBody,
        example = json!(DeliveryBody::test_example()),
    )),
    extensions(("x-permission" = json!("webhooks:manage"))),
)]
#[post("/{id}/test")]
async fn test_webhook(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let test = async |cx: &Context| domains.webhooks.test(cx, id.0).await;
    replay::run(&cx, &req, test, accepted).await
}

fn accepted(delivery: &Delivery) -> Answer {
    Answer::with(StatusCode::ACCEPTED, &DeliveryBody::of(delivery))
}

/// Which deliveries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilter {
    /// Only deliveries that stand there: `failed` lists what was given up.
    #[param(inline, nullable = false, example = "failed")]
    state: Option<DeliveryStateWord>,
}

impl Params for DeliveryFilter {
    type Query = DeliveryQuery;

    fn read(self, _: &mut Fields) -> Option<DeliveryQuery> {
        Some(DeliveryQuery { state: self.state.map(|state| state.0) })
    }
}

/// List deliveries
///
/// What was sent to a webhook, or is to be, newest first. Those that came to their end are kept for 30
/// days unless the operator has decided otherwise.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The webhook's id"), PageParams, DeliveryFilter),
    responses((
        status = 200,
        description = "One page of deliveries",
        body = ListOf<DeliveryBody>,
        example = json!(DeliveryBody::list_example()),
    )),
    extensions(("x-permission" = json!("webhooks:read"))),
)]
#[get("/{id}/deliveries")]
async fn list_deliveries(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<WebhookEntity>,
    list: ListQuery<DeliveryFilter>,
) -> Result<Answer, Problem> {
    let page = domains.webhooks.deliveries(&cx, id.0, &list.query, &list.page).await?;
    Ok(list.answer(page, |delivery| DeliveryBody::of(&delivery)))
}

/// Replay a delivery
///
/// Sends a message once more that was delivered or given up, with as many attempts as a new one and
/// under the same `webhook-id`: a receiver that has seen it can tell. One that is still under way is a
/// 409 with the code `delivery_pending`. It takes the permission to read what the webhook is told of.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("id" = Uuid, Path, description = "The webhook's id"),
        ("delivery" = Uuid, Path, description = "The delivery's id"),
    ),
    responses((
        status = 202,
        description = "The delivery, about to be made",
        body = DeliveryBody,
        example = json!(DeliveryBody::example()),
    )),
    extensions(("x-permission" = json!("webhooks:manage"))),
)]
#[post("/{id}/deliveries/{delivery}/replay")]
async fn replay_delivery(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    path: DeliveryPath,
    _: NoBody,
) -> Result<Answer, Problem> {
    may_be_told(&cx, &domains.webhooks.events(&cx, path.webhook).await?, domains.registry)?;
    let again = async |cx: &Context| domains.webhooks.replay(cx, path.webhook, path.delivery).await;
    replay::run(&cx, &req, again, accepted).await
}

/// A delivery in its webhook's address.
struct DeliveryPath {
    webhook: WebhookId,
    delivery: DeliveryId,
}

impl FromRequest for DeliveryPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let webhook = IdPath::<WebhookEntity>::from_request(req, payload).into_inner();
        let delivery = req.match_info().get("delivery").unwrap_or_default().to_owned();
        let delivery = shared::id::<DeliveryEntity>(delivery).map_err(|_| Problem::not_found());
        ready(webhook.and_then(|IdPath(webhook)| Ok(Self { webhook, delivery: delivery? })))
    }
}
