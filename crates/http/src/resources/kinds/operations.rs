//! The handlers.

use actix_web::{Either, HttpRequest, web::Data};
use almoner_kernel::{Context, Page};
use almoner_records::{AnyRecord, Made};

use super::{
    ThisServed, ThisStep, address,
    body::KindBody,
    chosen::Chosen,
    live,
    query::KindList,
    show::{POSSIBLE_DUPLICATES, Seen, Twin},
};
use crate::{
    Answer, Cx, Domains, IdPath, IfMatch, IfNoneMatch, ListOf, ListQuery, NoBody, Problem,
    StrictQuery,
    kit::{query::NoParams, replay},
    live::list::{Follower, ListAnswer},
    resources::{
        audit,
        shared::{Deletion, DeletionParams, OptionalIfMatch},
    },
};

/// What an id in an address is of: the kind says so.
pub(crate) enum AnyEntity {}

type Id = IdPath<AnyEntity>;

pub(super) async fn list(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
    domains: Data<Domains>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    let list = KindList::of(&req, &*served)?;
    if follower.is_wanted() {
        let following = live::of(list, cx.0, served.0, domains.registry)?;
        return follower.follow(following).await.map(Either::Right);
    }
    let Page { items, next, total } = served.list(&cx, &list.query, &list.page).await?;
    let seen = |record| Seen::chosen(record, &list.chosen);
    let items: Vec<Seen<'_>> = items.iter().map(|record| seen(&**record)).collect();
    Ok(Either::Left(list.address.answer(items, next.as_ref(), total)))
}

pub(super) async fn create(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
    body: KindBody,
) -> Result<Answer, Problem> {
    let reads = served.reads();
    let create = async |cx: &Context| served.create_among(cx, body.fields, body.wrong).await;
    replay::run_any(&cx, &req, reads, create, created).await
}

pub(crate) fn created(record: &dyn Made) -> Answer {
    let at = address(record.kind(), record.id());
    let created = Answer::created(at, record.version(), &Seen::whole(record));
    match record.alike() {
        [] => created,
        alike => {
            let alike: Vec<Twin<'_>> = alike.iter().map(Twin::of).collect();
            created.beside(POSSIBLE_DUPLICATES, &alike)
        }
    }
}

pub(crate) fn shown(record: &dyn Made) -> Answer {
    Answer::ok(record.version(), &Seen::whole(record))
}

pub(super) async fn lookup(cx: Cx, served: ThisServed, body: KindBody) -> Result<Answer, Problem> {
    let found: Vec<AnyRecord> = served.lookup(&cx, body.fields, body.wrong).await?;
    Ok(Answer::plain(&ListOf {
        items: found.iter().map(|record| Seen::whole(&**record)).collect(),
        next_cursor: None,
        total: None,
        total_is_capped: None,
    }))
}

pub(super) async fn get(
    cx: Cx,
    served: ThisServed,
    id: Id,
    known: IfNoneMatch,
    chosen: Chosen,
) -> Result<Answer, Problem> {
    let record = served.find(&cx, id.0.uuid()).await?;
    Ok(Answer::read(&known, record.version(), &Seen::chosen(&*record, &chosen)))
}

pub(super) async fn update(
    cx: Cx,
    served: ThisServed,
    id: Id,
    expected: IfMatch,
    body: KindBody,
) -> Result<Answer, Problem> {
    let record = served.update(&cx, id.0.uuid(), expected.0, body.fields, body.wrong).await?;
    Ok(shown(&*record))
}

pub(super) async fn delete(
    cx: Cx,
    served: ThisServed,
    id: Id,
    expected: IfMatch,
    deletion: StrictQuery<DeletionParams>,
) -> Result<Answer, Problem> {
    match deletion.0 {
        Deletion::Trash => served.delete(&cx, id.0.uuid(), expected.0).await?,
        Deletion::Purge => served.purge(&cx, id.0.uuid(), expected.0).await?,
    }
    Ok(Answer::no_content())
}

pub(super) async fn restore(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
    id: Id,
    _: NoBody,
) -> Result<Answer, Problem> {
    let reads = served.reads();
    let restore = async |cx: &Context| served.restore(cx, id.0.uuid()).await;
    replay::run_any(&cx, &req, reads, restore, shown).await
}

pub(super) async fn step(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
    id: Id,
    expected: OptionalIfMatch,
    body: StepBody,
) -> Result<Answer, Problem> {
    let Some(&ThisStep(step)) = req.app_data::<ThisStep>() else {
        return Err(Problem::not_found());
    };
    let reads = served.reads();
    let StepBody(body) = body;
    let take = async |cx: &Context| {
        let id = id.0.uuid();
        served.step(cx, id, step, expected.0, body.fields, body.wrong).await
    };
    replay::run_any(&cx, &req, reads, take, shown).await
}

/// The body of a step: a step that takes nothing has none, or an empty one.
pub(super) struct StepBody(KindBody);

impl actix_web::FromRequest for StepBody {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let has_body = req.app_data::<ThisStep>().is_some_and(|ThisStep(step)| step.has_body());
        if has_body {
            let body = KindBody::from_request(req, payload);
            return Box::pin(async move { Ok(Self(body.await?)) });
        }
        let nothing = NoBody::from_request(req, payload);
        Box::pin(async move {
            nothing.await?;
            Ok(Self(KindBody::of(serde_json::Value::Null)))
        })
    }
}

pub(super) async fn history(
    cx: Cx,
    served: ThisServed,
    domains: Data<Domains>,
    id: Id,
    list: ListQuery<NoParams>,
) -> Result<Answer, Problem> {
    let kind = served.kind();
    // The trail knows no row scope: the record must have been found before.
    served.find(&cx, id.0.uuid()).await?;
    let entity = kind.one;
    audit::history_of(&cx, &domains, kind.permissions.read, entity, id.0.uuid(), &list).await
}
