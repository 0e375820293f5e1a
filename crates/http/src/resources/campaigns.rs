//! Campaigns.

mod batch;
pub(crate) mod bodies;

use actix_web::{HttpRequest, delete, get, patch, post, web::Data};
use almoner_donations::{Campaign, CampaignQuery, CampaignSort};
use almoner_kernel::{
    Context, Fields, Page, PageRequest, Sort, Version,
    id::{CampaignEntity, Entity},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::bodies::{CampaignBody, CampaignPatchBody, NewCampaignBody};
use super::{
    audit,
    shared::{self, Deletion, DeletionParams},
};
use crate::{
    Answer, Body, Cx, Domains, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam,
    ListOf, ListQuery, NoBody, PageParams, Params, Problem, StrictQuery,
    live::list::{Follower, FollowerParam, ListAnswer, LiveList},
    query::{self, Deleted},
    replay,
};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_campaigns)
        .service(create_campaign)
        .service(batch::batch_campaigns)
        .service(get_campaign)
        .service(update_campaign)
        .service(delete_campaign)
        .service(restore_campaign)
        .service(audit::get_campaign_history);
}

/// Which campaigns a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignFilter {
    /// Only campaigns that run on this day. A campaign without a first or last day is open there.
    #[param(value_type = Option<NaiveDate>, nullable = false, example = "2026-03-01")]
    running_on: Option<String>,
    /// Words to find in name or description, all of them; the last one may be the beginning of a
    /// word. Case and Turkish letters do not matter.
    #[param(
        format = "line",
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "ramadan par"
    )]
    q: Option<String>,
    /// `only` lists the trash instead.
    #[param(inline, nullable = false, example = "only")]
    deleted: Option<Deleted>,
    /// The order: `created_at` or `name`, with `-` in front for descending.
    #[param(
        nullable = false,
        pattern = "^-?(created_at|name)$",
        default = "-created_at",
        example = "name"
    )]
    sort: Option<String>,
}

impl Params for CampaignFilter {
    type Query = CampaignQuery;

    fn read(self, fields: &mut Fields) -> Option<CampaignQuery> {
        let sorts = [("created_at", CampaignSort::CreatedAt), ("name", CampaignSort::Name)];
        let sort = fields.optional("sort", self.sort, |text| query::sort(&text, &sorts));
        Some(CampaignQuery {
            running_on: fields.optional("running_on", self.running_on, shared::day),
            q: fields.optional("q", self.q, shared::words),
            trash: Deleted::trash(self.deleted),
            sort: sort.unwrap_or(Sort::down(CampaignSort::CreatedAt)),
        })
    }
}

impl LiveList for CampaignFilter {
    const PATH: &'static str = "/api/v1/campaigns";
    const ENTITY: &'static str = CampaignEntity::NAME;
    const OTHERS: Option<&'static [&'static str]> = Some(&[]);
    type Record = Campaign;
    type Body = CampaignBody;

    async fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> Result<Page<Campaign>, Problem> {
        Ok(domains.campaigns.list(cx, query, page).await?)
    }

    fn body(campaign: Campaign) -> Result<CampaignBody, Problem> {
        Ok(CampaignBody::of(&campaign))
    }

    fn version(campaign: &Campaign) -> Version {
        campaign.version
    }

    fn shows(campaign: &Campaign) -> Vec<Uuid> {
        vec![campaign.id.uuid()]
    }
}

/// List campaigns
///
/// Every campaign of the organisation, newest first: campaigns have no row scope.
#[utoipa::path(
    tag = "campaigns",
    params(PageParams, CampaignFilter, FollowerParam),
    responses((
        status = 200,
        description = "One page of campaigns",
        body = ListOf<CampaignBody>,
        example = json!(CampaignBody::list_example()),
    )),
    extensions(("x-permission" = json!("campaigns:read"))),
)]
#[get("")]
async fn list_campaigns(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<CampaignFilter>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    list.respond(cx, domains, follower).await
}

/// Create a campaign
///
/// Starts a purpose that donations are collected for. A name that another campaign has is a 409
/// with the code `taken`.
#[utoipa::path(
    tag = "campaigns",
    request_body(content = NewCampaignBody, example = json!(NewCampaignBody::example())),
    responses((
        status = 201,
        description = "The new campaign",
        body = CampaignBody,
        example = json!(CampaignBody::example()),
    )),
    extensions(("x-permission" = json!("campaigns:create"))),
)]
#[post("")]
async fn create_campaign(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewCampaignBody>,
) -> Result<Answer, Problem> {
    let draft = body.value.command(body.fields)?;
    let create = async |cx: &Context| domains.campaigns.create(cx, draft).await;
    replay::run(&cx, &req, create, created).await
}

fn created(campaign: &Campaign) -> Answer {
    let at = format!("/api/v1/campaigns/{}", campaign.id);
    Answer::created(at, campaign.version, &CampaignBody::of(campaign))
}

/// Get a campaign
///
/// One campaign, in the trash or not.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = Uuid, Path, description = "The campaign's id"), IfNoneMatchParam),
    responses((
        status = 200,
        description = "The campaign",
        body = CampaignBody,
        example = json!(CampaignBody::example()),
    )),
    extensions(("x-permission" = json!("campaigns:read"))),
)]
#[get("/{id}")]
async fn get_campaign(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<CampaignEntity>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let campaign = domains.campaigns.find(&cx, id.0).await?;
    Ok(Answer::read(&known, campaign.version, &CampaignBody::of(&campaign)))
}

/// Change a campaign
///
/// An absent field stays, `null` empties it. `goal` is replaced as a whole. Roles with an edit
/// window may only correct what was entered a short time ago.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = Uuid, Path, description = "The campaign's id"), IfMatchParam),
    request_body(content = CampaignPatchBody, example = json!(CampaignPatchBody::example())),
    responses((
        status = 200,
        description = "The changed campaign",
        body = CampaignBody,
        example = json!(CampaignBody::example()),
    )),
    extensions(("x-permission" = json!("campaigns:update"))),
)]
#[patch("/{id}")]
async fn update_campaign(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<CampaignEntity>,
    expected: IfMatch,
    body: Body<CampaignPatchBody>,
) -> Result<Answer, Problem> {
    let patch = body.value.command(body.fields)?;
    let campaign = domains.campaigns.update(&cx, id.0, expected.0, patch).await?;
    Ok(Answer::ok(campaign.version, &CampaignBody::of(&campaign)))
}

/// Delete a campaign
///
/// Puts the campaign in the trash; its donations stay and keep the name. With `purge=true` a
/// campaign in the trash that has no donations is destroyed for good, which needs the permission
/// `campaigns:purge` instead.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = Uuid, Path, description = "The campaign's id"), IfMatchParam, DeletionParams),
    responses((status = 204, description = "The campaign is in the trash, or destroyed")),
    extensions(("x-permission" = json!("campaigns:delete"))),
)]
#[delete("/{id}")]
async fn delete_campaign(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<CampaignEntity>,
    expected: IfMatch,
    deletion: StrictQuery<DeletionParams>,
) -> Result<Answer, Problem> {
    match deletion.0 {
        Deletion::Trash => domains.campaigns.delete(&cx, id.0, expected.0).await?,
        Deletion::Purge => domains.campaigns.purge(&cx, id.0, expected.0).await?,
    }
    Ok(Answer::no_content())
}

/// Restore a campaign
///
/// Brings a campaign back from the trash. When another campaign has taken the name meanwhile, the
/// answer is a 409 with the code `taken`.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = Uuid, Path, description = "The campaign's id")),
    responses((
        status = 200,
        description = "The restored campaign",
        body = CampaignBody,
        headers(("ETag" = String, description = "The version of the record, for If-Match.")),
        example = json!(CampaignBody::example()),
    )),
    extensions(("x-permission" = json!("campaigns:delete"))),
)]
#[post("/{id}/restore")]
async fn restore_campaign(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<CampaignEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let restore = async |cx: &Context| domains.campaigns.restore(cx, id.0).await;
    replay::run(&cx, &req, restore, |campaign: &Campaign| {
        Answer::ok(campaign.version, &CampaignBody::of(campaign))
    })
    .await
}
