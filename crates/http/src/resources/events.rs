//! That something was changed, as it happens: without what it is.

use std::sync::Arc;

use actix_web::{get, web::Data};
use almoner_kernel::{
    Context, FieldError, Fields, Invalid, Notice, Permission, Scope, UserId,
    fault::Unfit,
    id::{Entity, RoleEntity, UserEntity},
};
use almoner_records::Registry;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    Cx, Domains, Params, Problem, StrictQuery,
    kit::{
        problem::registry,
        words::{each_topic_once, must_be_some_of},
    },
    live::{
        list::{Follower, FollowerParam, Following},
        stream::EventStream,
        subject::Subject,
    },
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

/// The topics that are of no kind of record.
const OTHERS: &[Topic] = &[
    topic("roles", RoleEntity::NAME, Permission::ROLES_READ),
    topic("users", UserEntity::NAME, Permission::USERS_READ),
];

/// What to hear of.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsFilter {
    /// The kinds of records to hear of, separated by commas; each needs the permission to read it.
    // `describe` says which there are.
    #[param(required = true, nullable = false, example = "roles,users")]
    topics: Option<String>,
}

impl Params for EventsFilter {
    type Query = String;

    fn read(self, fields: &mut Fields) -> Option<String> {
        fields.required("topics", self.topics, Ok)
    }
}

/// What the parameter `topics` says, for those who ask within something else.
///
/// # Errors
/// As `GET /events` answers.
pub(crate) fn parsed(text: &str, registry: &'static Registry) -> Result<Vec<Topic>, Problem> {
    topics(text, registry).map_err(|unfit| {
        let wrong =
            FieldError { pointer: "topics".to_owned(), code: unfit.code, detail: unfit.detail };
        Problem::bad_parameters(Invalid::one(wrong))
    })
}

/// Every topic, in alphabetical order.
fn all(registry: &Registry) -> Vec<Topic> {
    let of_kinds =
        registry.kinds.iter().map(|kind| topic(kind.many, kind.one, kind.permissions.read));
    let mut all: Vec<Topic> = of_kinds.chain(OTHERS.iter().copied()).collect();
    all.sort_unstable_by_key(|topic| topic.name);
    all
}

/// Says in the document which topics there are.
pub(crate) fn describe(parameter: &mut Value, registry: &Registry) {
    let names: Vec<&str> = all(registry).iter().map(|topic| topic.name).collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let about = parameter["description"].as_str().unwrap_or_default().trim_end_matches('.');
    parameter["description"] = json!(format!("{about}: {}.", quoted.join(", ")));
    let one = names.join("|");
    parameter["schema"] = json!({
        "type": "string",
        "pattern": format!("^({one})(,({one}))*$"),
        "minLength": names.iter().map(|name| name.len()).min(),
        "maxLength": names.join(",").len(),
    });
}

/// Parses names of topics with commas between them.
pub(crate) fn topics(text: &str, registry: &'static Registry) -> Result<Vec<Topic>, Unfit> {
    let all = all(registry);
    let mut topics: Vec<Topic> = Vec::new();
    for name in text.split(',') {
        let topic = all.iter().find(|topic| topic.name == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|topic| topic.name).collect();
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
/// the reach of your roles is never mentioned. `end` comes last when the session is over or its rights
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
    let topics = parsed(&topics.0, domains.registry)?;
    follower.follow(following(&cx, domains.into_inner(), topics)?).await
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
        is_visible: Box::new(move |notice| {
            let topic = topics.iter().find(|topic| topic.entity == notice.entity);
            is_visible(&cx, &domains, topic.map(|topic| topic.permission), notice)
        }),
    };
    Ok(Following::new("events", shape, subject))
}

/// True when the caller may meet the record. One that is gone for good is met by those only who may
/// meet every record.
fn is_visible(
    cx: &Context,
    domains: &Arc<Domains>,
    permission: Option<Permission>,
    notice: &Notice,
) -> BoxFuture<'static, Result<bool, Problem>> {
    let reach = permission.map(|permission| cx.permit(permission));
    let has_all = reach.is_some_and(|reach| reach.is_ok_and(Scope::is_all));
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
    if let Some(served) = domains.kinds.iter().find(|served| served.kind().one == entity) {
        served.find(cx, id).await?;
        return Ok(());
    }
    // Roles have no scope: whoever may read one may read all.
    if entity == UserEntity::NAME {
        domains.users.find(cx, UserId::new(id)).await?;
    }
    Ok(())
}
