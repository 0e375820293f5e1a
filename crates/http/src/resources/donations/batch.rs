//! Many donations in one request.

use actix_web::{HttpRequest, post, web::Data};
use almoner_kernel::{Context, Id, Permission, Version, id::DonationEntity};

use super::{
    bodies::{DonationBody, DonationPatchBody, NewDonationBody},
    created,
};
use crate::{
    Answer, Body, Cx, Domains, Problem, StrictQuery,
    batch::{self, BatchBody, BatchParams, BatchResults, Batched, Items},
    services::Services,
};

struct Donations;

impl Batched for Donations {
    type Entity = DonationEntity;
    type New = NewDonationBody;
    type Patch = DonationPatchBody;
    const PERMISSIONS: [Permission; 3] =
        [Permission::DonationsCreate, Permission::DonationsUpdate, Permission::DonationsDelete];

    async fn create(
        domains: &Domains,
        cx: &Context,
        body: Body<NewDonationBody>,
    ) -> Result<Answer, Problem> {
        let draft = body.value.command(body.fields)?;
        Ok(created(&domains.donations.create(cx, draft).await?))
    }

    async fn update(
        domains: &Domains,
        cx: &Context,
        id: Id<DonationEntity>,
        expected: Version,
        body: Body<DonationPatchBody>,
    ) -> Result<Answer, Problem> {
        let patch = body.value.command(body.fields)?;
        let donation = domains.donations.update(cx, id, expected, patch).await?;
        Ok(Answer::ok(donation.version, &DonationBody::of(&donation)))
    }

    async fn delete(
        domains: &Domains,
        cx: &Context,
        id: Id<DonationEntity>,
        expected: Version,
    ) -> Result<Answer, Problem> {
        domains.donations.delete(cx, id, expected).await?;
        Ok(Answer::no_content())
    }
}

/// Change many donations
///
/// Creates, changes and deletes up to 1,000 donations in one request, in the order of `items`; each item
/// needs the permission of its operation. With `mode=atomic` all items are stored or none: when one
/// fails, the answer is a 422 with the code `batch_failed` that lists what is wrong with every item.
/// With `mode=each` the answer is a 207 that says for each item what became of it.
#[utoipa::path(
    tag = "donations",
    params(BatchParams),
    request_body(
        content = BatchBody<NewDonationBody, DonationPatchBody>,
        example = json!(batch::request_example(&NewDonationBody::example(), &DonationPatchBody::example())),
    ),
    responses(
        (
            status = 200,
            description = "Everything is stored",
            body = BatchResults<DonationBody>,
            example = json!(batch::results_example("donations", &DonationBody::example())),
        ),
        (
            status = 207,
            description = "With `mode=each`: what became of each item",
            body = BatchResults<DonationBody>,
            example = json!(batch::mixed_example("donations", &DonationBody::example())),
        ),
    ),
    extensions(("x-permission" = json!("donations:create"))),
)]
#[post("/batch")]
pub(super) async fn batch_donations(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    services: Data<Services>,
    mode: StrictQuery<BatchParams>,
    items: Items,
) -> Result<Answer, Problem> {
    batch::run::<Donations>(&cx, &req, &domains, &services, mode.0, items).await
}
