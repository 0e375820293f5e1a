//! Many campaigns in one request.

use actix_web::{HttpRequest, post, web::Data};
use almoner_kernel::{Context, Id, Permission, Version, id::CampaignEntity};

use super::{
    bodies::{CampaignBody, CampaignPatchBody, NewCampaignBody},
    created,
};
use crate::{
    Answer, Body, Cx, Domains, Problem, StrictQuery,
    batch::{self, BatchBody, BatchParams, BatchResults, Batched, Items},
    services::Services,
};

struct Campaigns;

impl Batched for Campaigns {
    type Entity = CampaignEntity;
    type New = NewCampaignBody;
    type Patch = CampaignPatchBody;
    const PERMISSIONS: [Permission; 3] =
        [Permission::CampaignsCreate, Permission::CampaignsUpdate, Permission::CampaignsDelete];

    async fn create(
        domains: &Domains,
        cx: &Context,
        body: Body<NewCampaignBody>,
    ) -> Result<Answer, Problem> {
        let draft = body.value.command(body.fields)?;
        Ok(created(&domains.campaigns.create(cx, draft).await?))
    }

    async fn update(
        domains: &Domains,
        cx: &Context,
        id: Id<CampaignEntity>,
        expected: Version,
        body: Body<CampaignPatchBody>,
    ) -> Result<Answer, Problem> {
        let patch = body.value.command(body.fields)?;
        let campaign = domains.campaigns.update(cx, id, expected, patch).await?;
        Ok(Answer::ok(campaign.version, &CampaignBody::of(&campaign)))
    }

    async fn delete(
        domains: &Domains,
        cx: &Context,
        id: Id<CampaignEntity>,
        expected: Version,
    ) -> Result<Answer, Problem> {
        domains.campaigns.delete(cx, id, expected).await?;
        Ok(Answer::no_content())
    }
}

/// Change many campaigns
///
/// Creates, changes and deletes up to 1,000 campaigns in one request, in the order of `items`; each item
/// needs the permission of its operation. With `mode=atomic` all items are stored or none: when one
/// fails, the answer is a 422 with the code `batch_failed` that lists what is wrong with every item.
/// With `mode=each` the answer is a 207 that says for each item what became of it.
#[utoipa::path(
    tag = "campaigns",
    params(BatchParams),
    request_body(
        content = BatchBody<NewCampaignBody, CampaignPatchBody>,
        example = json!(batch::request_example(&NewCampaignBody::example(), &CampaignPatchBody::example())),
    ),
    responses(
        (
            status = 200,
            description = "Everything is stored",
            body = BatchResults<CampaignBody>,
            example = json!(batch::results_example("campaigns", &CampaignBody::example())),
        ),
        (
            status = 207,
            description = "With `mode=each`: what became of each item",
            body = BatchResults<CampaignBody>,
            example = json!(batch::mixed_example("campaigns", &CampaignBody::example())),
        ),
    ),
    extensions(("x-permission" = json!("campaigns:create"))),
)]
#[post("/batch")]
pub(super) async fn batch_campaigns(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    services: Data<Services>,
    mode: StrictQuery<BatchParams>,
    items: Items,
) -> Result<Answer, Problem> {
    batch::run::<Campaigns>(&cx, &req, &domains, &services, mode.0, items).await
}
