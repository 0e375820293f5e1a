//! Donations.

mod batch;
pub(crate) mod bodies;
pub(crate) mod filter;
mod steps;
pub(crate) mod summary;

use actix_web::{HttpRequest, delete, get, patch, post, web::Data};
use almoner_donations::Donation;
use almoner_kernel::{Context, id::DonationEntity};
use utoipa_actix_web::service_config::ServiceConfig;

use self::{
    bodies::{DonationBody, DonationPatchBody, NewDonationBody},
    filter::DonationFilter,
};
use super::{
    audit,
    shared::{Deletion, DeletionParams},
};
use crate::{
    Answer, Body, Cx, Domains, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam,
    ListOf, ListQuery, NoBody, PageParams, Problem, StrictQuery,
    live::list::{Follower, FollowerParam, ListAnswer},
    replay,
};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_donations)
        .service(create_donation)
        .service(batch::batch_donations)
        .service(summary::summarise_donations)
        .service(get_donation)
        .service(update_donation)
        .service(delete_donation)
        .service(restore_donation)
        .service(steps::complete_donation)
        .service(steps::refund_donation)
        .service(steps::cancel_donation)
        .service(audit::get_donation_history);
}

/// List donations
///
/// The donations within the caller's scope, newest first.
#[utoipa::path(
    tag = "donations",
    params(PageParams, DonationFilter, FollowerParam),
    responses((
        status = 200,
        description = "One page of donations",
        body = ListOf<DonationBody>,
        example = json!(DonationBody::list_example()),
    )),
    extensions(("x-permission" = json!("donations:read"))),
)]
#[get("")]
async fn list_donations(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<DonationFilter>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    list.respond(cx, domains, follower).await
}

/// Record a donation
///
/// A new donation is `pending` until it is completed or cancelled. Donor and campaign must exist
/// outside the trash, the donor within the caller's scope.
#[utoipa::path(
    tag = "donations",
    request_body(content = NewDonationBody, example = json!(NewDonationBody::example())),
    responses((
        status = 201,
        description = "The new donation",
        body = DonationBody,
        example = json!(DonationBody::example()),
    )),
    extensions(("x-permission" = json!("donations:create"))),
)]
#[post("")]
async fn create_donation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewDonationBody>,
) -> Result<Answer, Problem> {
    let draft = body.value.command(body.fields)?;
    let create = async |cx: &Context| domains.donations.create(cx, draft).await;
    replay::run(&cx, &req, create, created).await
}

fn created(donation: &Donation) -> Answer {
    let at = format!("/api/v1/donations/{}", donation.id);
    Answer::created(at, donation.version, &DonationBody::of(donation))
}

/// Get a donation
///
/// One donation, in the trash or not.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), IfNoneMatchParam),
    responses((
        status = 200,
        description = "The donation",
        body = DonationBody,
        example = json!(DonationBody::example()),
    )),
    extensions(("x-permission" = json!("donations:read"))),
)]
#[get("/{id}")]
async fn get_donation(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let donation = domains.donations.find(&cx, id.0).await?;
    Ok(Answer::read(&known, donation.version, &DonationBody::of(&donation)))
}

/// Change a donation
///
/// An absent field stays, `null` empties it. `amount` is replaced as a whole. Once the donation
/// left `pending`, changing donor, amount, method or day is a 409 with the code `settled`. Roles
/// with an edit window may only correct what was entered a short time ago.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), IfMatchParam),
    request_body(content = DonationPatchBody, example = json!(DonationPatchBody::example())),
    responses((
        status = 200,
        description = "The changed donation",
        body = DonationBody,
        example = json!(DonationBody::example()),
    )),
    extensions(("x-permission" = json!("donations:update"))),
)]
#[patch("/{id}")]
async fn update_donation(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    expected: IfMatch,
    body: Body<DonationPatchBody>,
) -> Result<Answer, Problem> {
    let patch = body.value.command(body.fields)?;
    let donation = domains.donations.update(&cx, id.0, expected.0, patch).await?;
    Ok(Answer::ok(donation.version, &DonationBody::of(&donation)))
}

/// Delete a donation
///
/// Puts the donation in the trash. A completed one stays where it is: a 409 with the code
/// `completed_stays`. With `purge=true` a donation in the trash is destroyed for good, which needs
/// the permission `donations:purge` instead.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), IfMatchParam, DeletionParams),
    responses((status = 204, description = "The donation is in the trash, or destroyed")),
    extensions(("x-permission" = json!("donations:delete"))),
)]
#[delete("/{id}")]
async fn delete_donation(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    expected: IfMatch,
    deletion: StrictQuery<DeletionParams>,
) -> Result<Answer, Problem> {
    match deletion.0 {
        Deletion::Trash => domains.donations.delete(&cx, id.0, expected.0).await?,
        Deletion::Purge => domains.donations.purge(&cx, id.0, expected.0).await?,
    }
    Ok(Answer::no_content())
}

/// Restore a donation
///
/// Brings a donation back from the trash, in the state it had.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id")),
    responses((
        status = 200,
        description = "The restored donation",
        body = DonationBody,
        headers(("ETag" = String, description = "The version of the record, for If-Match.")),
        example = json!(DonationBody::example()),
    )),
    extensions(("x-permission" = json!("donations:delete"))),
)]
#[post("/{id}/restore")]
async fn restore_donation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let restore = async |cx: &Context| domains.donations.restore(cx, id.0).await;
    replay::run(&cx, &req, restore, |donation: &Donation| {
        Answer::ok(donation.version, &DonationBody::of(donation))
    })
    .await
}
