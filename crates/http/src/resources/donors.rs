//! Donors.

mod batch;
pub(crate) mod bodies;
pub(crate) mod personal;

use actix_web::{HttpRequest, delete, get, patch, post, web::Data};
use almoner_donations::{Donor, DonorQuery, DonorSort};
use almoner_kernel::{
    Context, Fields, Page, PageRequest, Sort, Version,
    id::{DonorEntity, Entity},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::bodies::{DonorBody, DonorPatchBody, NewDonorBody};
use super::{
    audit,
    shared::{self, Deletion, DeletionParams},
    words::DonorKindWord,
};
use crate::{
    Answer, Body, Cx, Domains, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam,
    ListOf, ListQuery, NoBody, PageParams, Params, Problem, StrictQuery,
    live::list::{Follower, FollowerParam, ListAnswer, LiveList},
    query::{self, Deleted},
    replay,
};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_donors)
        .service(create_donor)
        .service(batch::batch_donors)
        .service(personal::lookup_donors)
        .service(get_donor)
        .service(update_donor)
        .service(delete_donor)
        .service(restore_donor)
        .service(personal::reveal_donor)
        .service(audit::get_donor_history);
}

/// Which donors a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DonorFilter {
    /// Only this kind.
    #[param(inline, nullable = false, example = "person")]
    kind: Option<DonorKindWord>,
    /// Only donors who did, or did not, agree to be contacted.
    #[param(nullable = false, example = true)]
    contact_consent: Option<bool>,
    /// Only donors entered by this user.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    created_by: Option<String>,
    /// Words to find in name, e-mail, phone, address or notes, all of them; the last one may be the
    /// beginning of a word. Case and Turkish letters do not matter.
    #[param(
        format = "line",
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "yilmaz ank"
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

impl Params for DonorFilter {
    type Query = DonorQuery;

    fn read(self, fields: &mut Fields) -> Option<DonorQuery> {
        let sorts = [("created_at", DonorSort::CreatedAt), ("name", DonorSort::Name)];
        let sort = fields.optional("sort", self.sort, |text| query::sort(&text, &sorts));
        Some(DonorQuery {
            kind: self.kind.map(|kind| kind.0),
            contact_consent: self.contact_consent,
            created_by: fields.optional("created_by", self.created_by, shared::id),
            q: fields.optional("q", self.q, shared::words),
            trash: Deleted::trash(self.deleted),
            sort: sort.unwrap_or(Sort::down(DonorSort::CreatedAt)),
        })
    }
}

impl LiveList for DonorFilter {
    const PATH: &'static str = "/api/v1/donors";
    const ENTITY: &'static str = DonorEntity::NAME;
    const OTHERS: Option<&'static [&'static str]> = Some(&[]);
    type Record = Donor;
    type Body = DonorBody;

    async fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> Result<Page<Donor>, Problem> {
        Ok(domains.donors.list(cx, query, page).await?)
    }

    fn body(donor: Donor) -> Result<DonorBody, Problem> {
        Ok(DonorBody::of(&donor))
    }

    fn version(donor: &Donor) -> Version {
        donor.version
    }

    fn shows(donor: &Donor) -> Vec<Uuid> {
        vec![donor.id.uuid()]
    }
}

/// List donors
///
/// The donors within the caller's scope, newest first. Words are searched for in name, e-mail,
/// phone, address and notes; to find a donor by an exact address or number, use
/// `POST /api/v1/donors/lookup`, which keeps personal data out of addresses and logs.
#[utoipa::path(
    tag = "donors",
    params(PageParams, DonorFilter, FollowerParam),
    responses((
        status = 200,
        description = "One page of donors",
        body = ListOf<DonorBody>,
        example = json!(DonorBody::list_example()),
    )),
    extensions(("x-permission" = json!("donors:read"))),
)]
#[get("")]
async fn list_donors(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<DonorFilter>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    list.respond(cx, domains, follower).await
}

/// Create a donor
///
/// Records a person or an organisation that gives. No two donors have the same identity number:
/// the second one is a 409 with the code `taken`.
#[utoipa::path(
    tag = "donors",
    request_body(content = NewDonorBody, example = json!(NewDonorBody::example())),
    responses((
        status = 201,
        description = "The new donor",
        body = DonorBody,
        example = json!(DonorBody::example()),
    )),
    extensions(("x-permission" = json!("donors:create"))),
)]
#[post("")]
async fn create_donor(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewDonorBody>,
) -> Result<Answer, Problem> {
    let draft = body.value.command(body.fields, domains.region)?;
    let create = async |cx: &Context| domains.donors.create(cx, draft).await;
    replay::run(&cx, &req, create, created).await
}

fn created(donor: &Donor) -> Answer {
    let at = format!("/api/v1/donors/{}", donor.id);
    Answer::created(at, donor.version, &DonorBody::of(donor))
}

/// Get a donor
///
/// One donor, in the trash or not.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The donor's id"), IfNoneMatchParam),
    responses((
        status = 200,
        description = "The donor",
        body = DonorBody,
        example = json!(DonorBody::example()),
    )),
    extensions(("x-permission" = json!("donors:read"))),
)]
#[get("/{id}")]
async fn get_donor(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonorEntity>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let donor = domains.donors.find(&cx, id.0).await?;
    Ok(Answer::read(&known, donor.version, &DonorBody::of(&donor)))
}

/// Change a donor
///
/// An absent field stays, `null` empties it. `identity` is replaced as a whole. Roles with an edit
/// window may only correct what was entered a short time ago.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The donor's id"), IfMatchParam),
    request_body(content = DonorPatchBody, example = json!(DonorPatchBody::example())),
    responses((
        status = 200,
        description = "The changed donor",
        body = DonorBody,
        example = json!(DonorBody::example()),
    )),
    extensions(("x-permission" = json!("donors:update"))),
)]
#[patch("/{id}")]
async fn update_donor(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonorEntity>,
    expected: IfMatch,
    body: Body<DonorPatchBody>,
) -> Result<Answer, Problem> {
    let patch = body.value.command(body.fields, domains.region)?;
    let donor = domains.donors.update(&cx, id.0, expected.0, patch).await?;
    Ok(Answer::ok(donor.version, &DonorBody::of(&donor)))
}

/// Delete a donor
///
/// Puts the donor in the trash; their donations stay and keep the name. With `purge=true` a donor
/// in the trash who has no donations is destroyed for good, which needs the permission
/// `donors:purge` instead.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The donor's id"), IfMatchParam, DeletionParams),
    responses((status = 204, description = "The donor is in the trash, or destroyed")),
    extensions(("x-permission" = json!("donors:delete"))),
)]
#[delete("/{id}")]
async fn delete_donor(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonorEntity>,
    expected: IfMatch,
    deletion: StrictQuery<DeletionParams>,
) -> Result<Answer, Problem> {
    match deletion.0 {
        Deletion::Trash => domains.donors.delete(&cx, id.0, expected.0).await?,
        Deletion::Purge => domains.donors.purge(&cx, id.0, expected.0).await?,
    }
    Ok(Answer::no_content())
}

/// Restore a donor
///
/// Brings a donor back from the trash. When another donor has taken the identity number meanwhile,
/// the answer is a 409 with the code `taken`.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The donor's id")),
    responses((
        status = 200,
        description = "The restored donor",
        body = DonorBody,
        headers(("ETag" = String, description = "The version of the record, for If-Match.")),
        example = json!(DonorBody::example()),
    )),
    extensions(("x-permission" = json!("donors:delete"))),
)]
#[post("/{id}/restore")]
async fn restore_donor(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<DonorEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let restore = async |cx: &Context| domains.donors.restore(cx, id.0).await;
    replay::run(&cx, &req, restore, |donor: &Donor| {
        Answer::ok(donor.version, &DonorBody::of(donor))
    })
    .await
}
