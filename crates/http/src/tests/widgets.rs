//! A resource made for the tests, written as a real one is.

mod bodies;
mod error;
mod params;

use std::{cell::RefCell, sync::Arc, time::Duration};

use actix_web::{HttpRequest, delete, get, patch, post};
use almoner_kernel::{
    Context, Id, Page, Permission, Position, SessionId, SortKey, Stale, StoreError, Total, Version,
    fault::Unfit, id::Entity, trail::SavedAnswer,
};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::{
    bodies::{NewWidgetBody, WidgetBody, WidgetPatchBody},
    error::WidgetsError,
    params::{DeleteParams, RoleParams, WidgetFilter},
};
use super::house::World;
use crate::{
    Answer, Body, Cx, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam, ListOf,
    ListQuery, NoBody, PageParams, Problem, StrictQuery,
    kit::replay,
    middleware::session::{self, NewSession, SecretKey},
};

thread_local! {
    /// Stands for storage: each test has a thread of its own.
    pub(super) static KEPT: RefCell<Option<Arc<World>>> = const { RefCell::new(None) };
}

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(log_in)
        .service(log_out)
        .service(list_widgets)
        .service(create_widget)
        .service(summarise_widgets)
        .service(get_widget)
        .service(update_widget)
        .service(delete_widget)
        .service(break_widget);
}

#[derive(Debug)]
pub(super) enum WidgetEntity {}
impl Entity for WidgetEntity {
    const NAME: &'static str = "widget";
}

pub(super) struct Widget {
    id: Id<WidgetEntity>,
    name: String,
    version: Version,
}

/// Log in
///
/// As the role that is named.
#[utoipa::path(
    tag = "auth",
    params(
        ("role" = Option<String>, Query, description = "The role"),
        ("remember" = Option<bool>, Query, description = "Remember"),
    ),
    responses((status = 200, description = "Welcome")),
)]
#[post("/auth/login")]
async fn log_in(req: HttpRequest, query: StrictQuery<RoleParams>) -> Result<Answer, Problem> {
    let (role, remember_for) = query.0;
    let id = SessionId::new(Uuid::from_u128(77));
    let key = SecretKey(role);
    let token = session::begin(&req, NewSession { key, id, remember_for, device: None })?;
    Ok(Answer::plain(&json!({ "csrf_token": token, "long": "x".repeat(4000) })))
}

/// Log out
///
/// Ends the session.
#[utoipa::path(
    tag = "auth",
    responses((status = 204, description = "Bye")),
    extensions(("x-permission" = json!("session"))),
)]
#[post("/auth/logout")]
async fn log_out(req: HttpRequest, _: NoBody) -> Answer {
    session::end(&req);
    Answer::no_content()
}

/// List widgets
///
/// In two pages.
#[utoipa::path(
    tag = "donors",
    params(PageParams, WidgetFilter),
    responses((status = 200, description = "One page", body = ListOf<WidgetBody>)),
    extensions(("x-permission" = json!("donors:read"))),
)]
#[get("/widgets")]
async fn list_widgets(cx: Cx, list: ListQuery<WidgetFilter>) -> Result<Answer, Problem> {
    cx.permit(Permission::new("donors:read"))?;
    let end = Position { key: Some(SortKey::Text("ız".into())), id: Uuid::from_u128(5) };
    let is_first = list.page.after.is_none();
    if let Some(after) = &list.page.after {
        assert_eq!(*after, end);
    }
    let page = Page {
        items: vec![Widget {
            id: Id::new(Uuid::from_u128(5)),
            name: list.query.clone(),
            version: Version::FIRST,
        }],
        next: is_first.then_some(end),
        total: list.page.count.then(|| Total::capped(20_000)),
    };
    Ok(list.answer(page, |widget| WidgetBody::of(&widget)))
}

/// Create a widget
///
/// With a name.
#[utoipa::path(
    tag = "donors",
    request_body = NewWidgetBody,
    responses((status = 201, description = "The new widget", body = WidgetBody)),
    extensions(("x-permission" = json!("donors:create"))),
)]
#[post("/widgets")]
async fn create_widget(
    cx: Cx,
    req: HttpRequest,
    body: Body<NewWidgetBody>,
) -> Result<Answer, Problem> {
    let name = body.value.command(body.fields)?;
    let create = async |cx: &Context| {
        cx.permit(Permission::new("donors:create"))?;
        store(cx, name).await
    };
    replay::run(&cx, &req, create, |widget: &Widget| {
        let at = format!("/api/v1/widgets/{}", widget.id);
        Answer::created(at, widget.version, &WidgetBody::of(widget))
    })
    .await
}

/// Commits a widget and its answer, as storage does.
async fn store(cx: &Context, name: String) -> Result<Widget, WidgetsError> {
    if name == "slow" {
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    let widget = Widget { id: Id::new(Uuid::from_u128(9)), name, version: Version::FIRST };
    let kept = KEPT.with(|kept| kept.borrow().clone());
    if let (Some(replay), Some(world)) = (&cx.replay, kept) {
        let answer = SavedAnswer {
            key: replay.key.clone(),
            fingerprint: replay.fingerprint,
            body: replay.answer(&widget).unwrap(),
        };
        world.kept.lock().unwrap().insert(replay.key.clone(), answer);
        if widget.name == "raced" {
            return Err(StoreError::Replayed.into());
        }
    }
    Ok(widget)
}

/// Summarise widgets
///
/// A word in the place of an id.
#[utoipa::path(
    tag = "donors",
    responses((status = 200, description = "The sum")),
    extensions(("x-permission" = json!("donors:read"))),
)]
#[get("/widgets/summary")]
async fn summarise_widgets() -> Answer {
    Answer::plain(&json!({ "sum": 1 }))
}

/// Get a widget
///
/// By its id.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The widget"), IfNoneMatchParam),
    responses((status = 200, description = "The widget", body = WidgetBody)),
    extensions(("x-permission" = json!("donors:read"))),
)]
#[get("/widgets/{id}")]
async fn get_widget(id: IdPath<WidgetEntity>, known: IfNoneMatch) -> Answer {
    let widget = Widget { id: id.0, name: "one".into(), version: Version::new(3) };
    Answer::read(&known, widget.version, &WidgetBody::of(&widget))
}

/// Change a widget
///
/// Its note.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The widget"), IfMatchParam),
    request_body = WidgetPatchBody,
    responses((status = 200, description = "The changed widget", body = WidgetBody)),
    extensions(("x-permission" = json!("donors:update"))),
)]
#[patch("/widgets/{id}")]
async fn update_widget(
    id: IdPath<WidgetEntity>,
    expected: IfMatch,
    body: Body<WidgetPatchBody>,
) -> Result<Answer, Problem> {
    let Body { value, mut fields } = body;
    let note = fields.patch("/note", value.note, |note| Ok::<_, Unfit>(note.to_uppercase()));
    let note = fields.finish(Some(note))?;
    if expected.0 != Version::new(3) {
        let stale = Stale {
            current: Version::new(3),
            fields: vec!["note".into()],
            is_of_another_time: false,
        };
        return Err(WidgetsError::Stale(stale).into());
    }
    let widget = Widget { id: id.0, name: format!("{note:?}"), version: Version::new(4) };
    Ok(Answer::ok(widget.version, &WidgetBody::of(&widget)))
}

/// Delete a widget
///
/// Or purge it.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The widget"), IfMatchParam, DeleteParams),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("donors:delete"))),
)]
#[delete("/widgets/{id}")]
async fn delete_widget(
    cx: Cx,
    _id: IdPath<WidgetEntity>,
    _expected: IfMatch,
    query: StrictQuery<DeleteParams>,
) -> Result<Answer, Problem> {
    let permission =
        if query.0 { Permission::new("donors:purge") } else { Permission::new("donors:delete") };
    cx.permit(permission)?;
    Ok(Answer::no_content())
}

/// Break a widget
///
/// In the way that is named.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The widget"), RoleParams),
    responses((status = 204, description = "Never")),
    extensions(("x-permission" = json!("donors:delete"))),
)]
#[post("/widgets/{id}/break")]
async fn break_widget(
    _id: IdPath<WidgetEntity>,
    how: StrictQuery<RoleParams>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let secret = || "secret of the store".into();
    match how.0.0.as_str() {
        "panic" => panic!("on purpose"),
        "locked" => Err(WidgetsError::Locked.into()),
        "away" => Err(WidgetsError::Store(StoreError::Unavailable(secret())).into()),
        "busy" => Err(WidgetsError::Store(StoreError::Busy("others are at it")).into()),
        "failed" => Err(WidgetsError::Store(StoreError::Failed(secret())).into()),
        _ => Ok(Answer::no_content()),
    }
}
