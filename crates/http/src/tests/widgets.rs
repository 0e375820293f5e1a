//! A resource made for the tests, written as a real one is.

use std::{cell::RefCell, sync::Arc, time::Duration};

use actix_web::{HttpRequest, delete, get, patch, post};
use almoner_kernel::{
    Context, Denied, Fault, Fields, Id, Invalid, Kind, Page, Patch, Permission, Position,
    SessionId, SortKey, Stale, StoreError, Total, Version, Words, fault::Unfit, id::Entity,
    trail::SavedAnswer, words::too_long,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::house::World;
use crate::{
    Answer, Body, Cx, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam, ListOf,
    ListQuery, NoBody, PageParams, Params, Problem, StrictQuery, patch, query, replay,
    session::{self, NewSession, SecretKey},
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

#[derive(Serialize, ToSchema)]
struct WidgetBody {
    id: Uuid,
    name: String,
}

impl WidgetBody {
    fn of(widget: &Widget) -> Self {
        Self { id: widget.id.uuid(), name: widget.name.clone() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWidgetBody {
    name: Option<String>,
    size: Option<i64>,
    colour: Option<Colour>,
    parts: Option<Vec<PartBody>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartBody {
    weight: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    Blue,
}

impl NewWidgetBody {
    fn command(self, mut fields: Fields) -> Result<String, Invalid> {
        let _ = (self.colour.map(|colour| matches!(colour, Colour::Red | Colour::Blue)), self.size);
        let weights = self.parts.into_iter().flatten().filter_map(|part| part.weight);
        assert!(weights.sum::<u32>() < 1000);
        let name = fields.required("/name", self.name, |name| match name.len() {
            0..=10 => Ok(name),
            _ => Err(Unfit::new("too_long", too_long(10_u32))),
        });
        fields.finish(name)
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WidgetPatchBody {
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>)]
    note: Patch<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WidgetFilter {
    /// Only widgets of this size.
    size: Option<i64>,
    /// Colour.
    #[param(inline)]
    colour: Option<Shade>,
    /// The order.
    sort: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Shade {
    Light,
    Dark,
}

impl Params for WidgetFilter {
    type Query = String;

    fn read(self, fields: &mut Fields) -> Option<String> {
        let sort = fields.optional("sort", self.sort, |sort| query::sort(&sort, &[("name", 1)]));
        let shade = matches!(self.colour, Some(Shade::Light | Shade::Dark));
        Some(format!("{:?} {shade} {sort:?}", self.size))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeleteParams {
    /// Destroy it.
    purge: Option<bool>,
}

impl Params for DeleteParams {
    type Query = bool;

    fn read(self, _: &mut Fields) -> Option<bool> {
        Some(self.purge.unwrap_or_default())
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum WidgetsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error("the widget is locked")]
    Locked,
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for WidgetsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Stale(stale) => stale.kind(),
            Self::Locked => Kind::Locked,
            Self::Store(store) => store.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Stale(stale) => stale.code(),
            Self::Locked => "locked",
            Self::Store(store) => store.code(),
        }
    }
    fn detail(&self) -> Option<Words> {
        match self {
            Self::Denied(denied) => denied.detail(),
            Self::Stale(stale) => stale.detail(),
            Self::Locked => None,
            Self::Store(store) => store.detail(),
        }
    }
    fn stale(&self) -> Option<&Stale> {
        match self {
            Self::Stale(stale) => Some(stale),
            _ => None,
        }
    }
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked => Some(Duration::from_millis(1500)),
            Self::Store(store) => store.retry_after(),
            _ => None,
        }
    }
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RoleParams {
    /// The role.
    role: Option<String>,
    /// Remember.
    remember: Option<bool>,
}

impl Params for RoleParams {
    type Query = (String, Option<Duration>);

    fn read(self, fields: &mut Fields) -> Option<Self::Query> {
        let remember = self.remember.unwrap_or_default();
        let for_ = remember.then(|| Duration::from_secs(600));
        fields.required("role", self.role, Ok).map(|role| (role, for_))
    }
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
    cx.permit(Permission::DonorsRead)?;
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
        cx.permit(Permission::DonorsCreate)?;
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
        let stale = Stale { current: Version::new(3), fields: vec!["note".into()] };
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
    let permission = if query.0 { Permission::DonorsPurge } else { Permission::DonorsDelete };
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
        "failed" => Err(WidgetsError::Store(StoreError::Failed(secret())).into()),
        _ => Ok(Answer::no_content()),
    }
}
