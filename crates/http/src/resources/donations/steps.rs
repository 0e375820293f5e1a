//! The steps of a donation: completed, refunded, cancelled.

use actix_web::{HttpRequest, post, web::Data};
use almoner_donations::Donation;
use almoner_kernel::{Context, id::DonationEntity};

use super::bodies::{CancellationBody, DonationBody, RefundBody};
use crate::{
    Answer, Body, Cx, Domains, IdPath, NoBody, Problem, replay,
    resources::shared::{OptionalIfMatch, OptionalIfMatchParam},
};

/// Complete a donation
///
/// Says that a pending donation arrived: from then on it counts, and donor, amount, method and day
/// are fixed. In any other state the answer is a 409 with the code `transition`.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), OptionalIfMatchParam),
    responses((
        status = 200,
        description = "The completed donation",
        body = DonationBody,
        example = json!(DonationBody::completed_example()),
    )),
    extensions(("x-permission" = json!("donations:complete"))),
)]
#[post("/{id}/complete")]
pub(super) async fn complete_donation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    expected: OptionalIfMatch,
    _: NoBody,
) -> Result<Answer, Problem> {
    let complete = async |cx: &Context| domains.donations.complete(cx, id.0, expected.0).await;
    replay::run(&cx, &req, complete, shown).await
}

/// Refund a donation
///
/// Says that a completed donation was given back: it no longer counts. In any other state the
/// answer is a 409 with the code `transition`. Send `{}` when there is no reason to note.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), OptionalIfMatchParam),
    request_body(content = RefundBody, example = json!(RefundBody::example())),
    responses((
        status = 200,
        description = "The refunded donation",
        body = DonationBody,
        example = json!(DonationBody::refunded_example()),
    )),
    extensions(("x-permission" = json!("donations:refund"))),
)]
#[post("/{id}/refund")]
pub(super) async fn refund_donation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    expected: OptionalIfMatch,
    body: Body<RefundBody>,
) -> Result<Answer, Problem> {
    let reason = body.value.command(body.fields)?;
    let refund = async |cx: &Context| domains.donations.refund(cx, id.0, expected.0, reason).await;
    replay::run(&cx, &req, refund, shown).await
}

/// Cancel a donation
///
/// Says that a pending donation will never arrive, and why. In any other state the answer is a 409
/// with the code `transition`.
#[utoipa::path(
    tag = "donations",
    params(("id" = Uuid, Path, description = "The donation's id"), OptionalIfMatchParam),
    request_body(content = CancellationBody, example = json!(CancellationBody::example())),
    responses((
        status = 200,
        description = "The cancelled donation",
        body = DonationBody,
        example = json!(DonationBody::cancelled_example()),
    )),
    extensions(("x-permission" = json!("donations:complete"))),
)]
#[post("/{id}/cancel")]
pub(super) async fn cancel_donation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<DonationEntity>,
    expected: OptionalIfMatch,
    body: Body<CancellationBody>,
) -> Result<Answer, Problem> {
    let reason = body.value.command(body.fields)?;
    let cancel = async |cx: &Context| domains.donations.cancel(cx, id.0, expected.0, reason).await;
    replay::run(&cx, &req, cancel, shown).await
}

fn shown(donation: &Donation) -> Answer {
    Answer::ok(donation.version, &DonationBody::of(donation))
}
