//! Many donors in one request.

use actix_web::{HttpRequest, post, web::Data};
use almoner_kernel::{Context, Id, Permission, Version, id::DonorEntity};

use super::{
    bodies::{DonorBody, DonorPatchBody, NewDonorBody},
    created,
};
use crate::{
    Answer, Body, Cx, Domains, Problem, StrictQuery,
    batch::{self, BatchBody, BatchParams, BatchResults, Batched, Items},
    services::Services,
};

struct Donors;

impl Batched for Donors {
    type Entity = DonorEntity;
    type New = NewDonorBody;
    type Patch = DonorPatchBody;
    const PERMISSIONS: [Permission; 3] =
        [Permission::DonorsCreate, Permission::DonorsUpdate, Permission::DonorsDelete];

    async fn create(
        domains: &Domains,
        cx: &Context,
        body: Body<NewDonorBody>,
    ) -> Result<Answer, Problem> {
        let draft = body.value.command(body.fields, domains.region)?;
        Ok(created(&domains.donors.create(cx, draft).await?))
    }

    async fn update(
        domains: &Domains,
        cx: &Context,
        id: Id<DonorEntity>,
        expected: Version,
        body: Body<DonorPatchBody>,
    ) -> Result<Answer, Problem> {
        let patch = body.value.command(body.fields, domains.region)?;
        let donor = domains.donors.update(cx, id, expected, patch).await?;
        Ok(Answer::ok(donor.version, &DonorBody::of(&donor)))
    }

    async fn delete(
        domains: &Domains,
        cx: &Context,
        id: Id<DonorEntity>,
        expected: Version,
    ) -> Result<Answer, Problem> {
        domains.donors.delete(cx, id, expected).await?;
        Ok(Answer::no_content())
    }
}

/// Change many donors
///
/// Creates, changes and deletes up to 1,000 donors in one request, in the order of `items`; each item
/// needs the permission of its operation. With `mode=atomic` all items are stored or none: when one
/// fails, the answer is a 422 with the code `batch_failed` that lists what is wrong with every item.
/// With `mode=each` the answer is a 207 that says for each item what became of it.
#[utoipa::path(
    tag = "donors",
    params(BatchParams),
    request_body(
        content = BatchBody<NewDonorBody, DonorPatchBody>,
        example = json!(batch::request_example(&NewDonorBody::example(), &DonorPatchBody::example())),
    ),
    responses(
        (
            status = 200,
            description = "Everything is stored",
            body = BatchResults<DonorBody>,
            example = json!(batch::results_example("donors", &DonorBody::example())),
        ),
        (
            status = 207,
            description = "With `mode=each`: what became of each item",
            body = BatchResults<DonorBody>,
            example = json!(batch::mixed_example("donors", &DonorBody::example())),
        ),
    ),
    extensions(("x-permission" = json!("donors:create"))),
)]
#[post("/batch")]
pub(super) async fn batch_donors(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    services: Data<Services>,
    mode: StrictQuery<BatchParams>,
    items: Items,
) -> Result<Answer, Problem> {
    batch::run::<Donors>(&cx, &req, &domains, &services, mode.0, items).await
}
