//! That something was changed, as it happens: without what it is.

use std::sync::Arc;

use actix_web::{get, web::Data};
use almoner_kernel::{
    CampaignId, Context, DonationId, DonorId, Fields, Notice, Permission, UserId,
    fault::Unfit,
    id::{CampaignEntity, DonationEntity, DonorEntity, Entity, RoleEntity, UserEntity},
};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    Cx, Domains, Params, Problem, StrictQuery,
    live::{
        list::{Follower, FollowerParam, Following},
        stream::EventStream,
        subject::Subject,
    },
    problem::registry,
    words::{each_topic_once, must_be_some_of},
};

/// Registers the handler.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(follow_events);
}

/// A kind of record that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    /// Its plural noun.
    name: &'static str,
    /// The kind of record, as the trail names it.
    entity: &'static str,
    permission: Permission,
}

const fn topic(name: &'static str, entity: &'static str, permission: Permission) -> Topic {
    Topic { name, entity, permission }
}

/// Every topic.
const TOPICS: &[Topic] = &[
    topic("campaigns", CampaignEntity::NAME, Permission::CampaignsRead),
    topic("donations", DonationEntity::NAME, Permission::DonationsRead),
    topic("donors", DonorEntity::NAME, Permission::DonorsRead),
    topic("roles", RoleEntity::NAME, Permission::RolesRead),
    topic("users", UserEntity::NAME, Permission::UsersRead),
];

/// What to hear of.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsFilter {
    /// The kinds of records to hear of, separated by commas: `campaigns`, `donations`, `donors`,
    /// `roles` and `users`; each needs the permission to read it.
    #[param(
        required = true,
        nullable = false,
        pattern = "^[a-z]+(,[a-z]+)*$",
        min_length = 5,
        max_length = 100,
        example = "donations,donors"
    )]
    topics: Option<String>,
}

impl Params for EventsFilter {
    type Query = Vec<Topic>;

    fn read(self, fields: &mut Fields) -> Option<Vec<Topic>> {
        fields.required("topics", self.topics, |text| topics(&text))
    }
}

/// What the parameter `topics` says, for those who ask within something else.
///
/// # Errors
/// As `GET /events` answers.
pub(crate) fn parsed(topics: String) -> Result<Vec<Topic>, Problem> {
    let mut fields = Fields::default();
    let query = EventsFilter { topics: Some(topics) }.read(&mut fields);
    fields.finish(query).map_err(Problem::bad_parameters)
}

/// Parses `donations,donors`.
pub(crate) fn topics(text: &str) -> Result<Vec<Topic>, Unfit> {
    let mut topics: Vec<Topic> = Vec::new();
    for name in text.split(',') {
        let topic = TOPICS.iter().find(|topic| topic.name == name).ok_or_else(|| {
            let names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
            Unfit::new("choice", must_be_some_of(names.join(", ")))
        })?;
        if topics.contains(topic) {
            return Err(Unfit::new("choice", each_topic_once()));
        }
        topics.push(*topic);
    }
    Ok(topics)
}

/// Follow changes
///
/// A stream of server-sent events: a `change` for each record that is created, changed, deleted,
/// restored or purged, with `topic`, `id`, `action`, `version` and `at`, and nothing of what the
/// record is. It begins now; with `Last-Event-ID` behind that event. `resync` says that changes were
/// missed, because they were too many or too long ago: read again what you show. A record outside of
/// the scope of your role is never mentioned. `end` comes last when the session is over or its rights
/// have changed.
#[utoipa::path(
    tag = "events",
    params(EventsFilter, FollowerParam),
    responses((status = 200, description = "Changes, as they happen")),
    extensions(("x-permission" = json!("session"))),
)]
#[get("")]
async fn follow_events(
    cx: Cx,
    domains: Data<Domains>,
    topics: StrictQuery<EventsFilter>,
    follower: Follower,
) -> Result<EventStream, Problem> {
    follower.follow(following(&cx, domains.into_inner(), topics.0)?).await
}

/// What is followed by whoever hears of these topics.
///
/// # Errors
/// 403 without the permission of each of them.
pub(crate) fn following(
    cx: &Context,
    domains: Arc<Domains>,
    mut topics: Vec<Topic>,
) -> Result<Following, Problem> {
    for topic in &topics {
        cx.permit(topic.permission)?;
    }
    topics.sort_unstable_by_key(|topic| topic.name);
    let shape: Vec<(String, String)> =
        topics.iter().map(|topic| ("topic".to_owned(), topic.name.to_owned())).collect();
    let cx = cx.clone();
    let subject = Subject::Notices {
        topics: topics.iter().map(|topic| (topic.entity, topic.name)).collect(),
        is_visible: Box::new(move |notice| is_visible(&cx, &domains, notice)),
    };
    Ok(Following::new("events", shape, subject))
}

/// True when the caller may meet the record. One that is gone for good is met by those only who may
/// meet every record.
fn is_visible(
    cx: &Context,
    domains: &Arc<Domains>,
    notice: &Notice,
) -> BoxFuture<'static, Result<bool, Problem>> {
    let has_all = cx.caller().is_ok_and(|caller| caller.scope().creator().is_none());
    let (cx, domains) = (cx.clone(), Arc::clone(domains));
    let (entity, id) = (notice.entity.clone(), notice.entity_id);
    Box::pin(async move {
        if has_all {
            return Ok(true);
        }
        match meet(&cx, &domains, &entity, id).await {
            Ok(()) => Ok(true),
            Err(problem) if problem.code() == registry::NOT_FOUND.code => Ok(false),
            Err(problem) => Err(problem),
        }
    })
}

/// Reads a record for nothing but whether the caller may.
///
/// # Errors
/// 404 when there is none, or none in the scope; 403 without the permission to read it.
pub(crate) async fn meet(
    cx: &Context,
    domains: &Domains,
    entity: &str,
    id: Uuid,
) -> Result<(), Problem> {
    match entity {
        DonorEntity::NAME => drop(domains.donors.find(cx, DonorId::new(id)).await?),
        CampaignEntity::NAME => drop(domains.campaigns.find(cx, CampaignId::new(id)).await?),
        DonationEntity::NAME => drop(domains.donations.find(cx, DonationId::new(id)).await?),
        UserEntity::NAME => drop(domains.users.find(cx, UserId::new(id)).await?),
        // Roles have no scope: whoever may read one may read all.
        _ => {}
    }
    Ok(())
}
