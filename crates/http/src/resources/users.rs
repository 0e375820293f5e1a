//! Users: one's own, and those an administrator looks after.

pub(crate) mod bodies;
mod steps;

use actix_web::{HttpRequest, get, patch, post, web::Data};
use almoner_accounts::{
    administration::SeenUser,
    guard::CurrentPassword,
    role::RoleName,
    user::{User, UserQuery, UserSort},
};
use almoner_kernel::{
    Context, Fields, Page, PageRequest, Version,
    id::{Entity, UserEntity},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::bodies::{
    NewUserBody, ProfilePatchBody, UserBody, UserPatchBody, created_user_example, new_user_example,
    seen_user_example, user_example,
};
use super::{audit, auth::bodies::locked_example, shared};
use crate::{
    Answer, Body, Cx, Domains, IdPath, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam,
    ListOf, ListQuery, PageParams, Params, Problem,
    kit::{problem::ProblemBody, query, replay},
    live::list::{Follower, FollowerParam, ListAnswer, LiveList},
    middleware::session,
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_me)
        .service(update_me)
        .service(list_users)
        .service(create_user)
        .service(get_user)
        .service(update_user)
        .service(steps::deactivate_user)
        .service(steps::restore_user)
        .service(steps::invite_user)
        .service(steps::unlock_user)
        .service(audit::get_user_history);
}

/// Get yourself
///
/// The user the session belongs to. `last_login_at` changes without a new version: a login is not an
/// edit.
#[utoipa::path(
    tag = "users",
    params(IfNoneMatchParam),
    responses(
        (status = 200, description = "You", body = UserBody, example = json!(user_example())),
    ),
    extensions(("x-permission" = json!("session"))),
)]
#[get("/me")]
async fn get_me(cx: Cx, domains: Data<Domains>, known: IfNoneMatch) -> Result<Answer, Problem> {
    let user = domains.profile.me(&cx).await?;
    Ok(Answer::read(&known, user.version, &UserBody::of(&user)))
}

/// Change yourself
///
/// Changes your own name, phone number, language or time zone. E-mail address and roles are an
/// administrator's to change, the password has `POST /api/v1/auth/password`.
#[utoipa::path(
    tag = "users",
    params(IfMatchParam),
    request_body(
        content = ProfilePatchBody,
        description = "The fields to change; absent ones stay",
        example = json!({ "phone": "0532 123 45 67", "time_zone": "Europe/Istanbul" }),
    ),
    responses((
        status = 200,
        description = "You, changed",
        body = UserBody,
        example = json!(user_example()),
    )),
    extensions(("x-permission" = json!("session"))),
)]
#[patch("/me")]
async fn update_me(
    cx: Cx,
    domains: Data<Domains>,
    expected: IfMatch,
    body: Body<ProfilePatchBody>,
) -> Result<Answer, Problem> {
    let patch = body.value.command(body.fields, domains.region)?;
    let user = domains.profile.update_me(&cx, expected.0, patch).await?;
    Ok(Answer::ok(user.version, &UserBody::of(&user)))
}

/// List users
///
/// The users within your scope, the newest first unless `sort` says otherwise. `locks` says whose logins
/// are kept off at the moment; like `last_login_at` it changes without a new version, and who follows
/// the list sees it with the next change of the user.
#[utoipa::path(
    tag = "users",
    params(PageParams, UserFilter, FollowerParam),
    responses((
        status = 200,
        description = "A page of users",
        body = ListOf<UserBody>,
        example = json!({ "items": [seen_user_example()] }),
    )),
    extensions(("x-permission" = json!("users:read"))),
)]
#[get("")]
async fn list_users(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<UserFilter>,
    follower: Follower,
) -> Result<ListAnswer, Problem> {
    list.respond(cx, domains, follower).await
}

/// Create a user
///
/// Creates an active user. Without `password` they are invited by mail to choose one, and cannot log in
/// before; `invitation_pending` says so. A server that sends no mail refuses that with the code
/// `mail_off`. With `password` they can log in at once and change it. Each permission of their roles is one
/// that a role of yours gives, with as much reach and time.
#[utoipa::path(
    tag = "users",
    request_body(
        content = NewUserBody,
        description = "The new user",
        example = json!(new_user_example()),
    ),
    responses((
        status = 201,
        description = "The new user",
        body = UserBody,
        example = json!(created_user_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[post("")]
async fn create_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewUserBody>,
) -> Result<Answer, Problem> {
    let named = body.value.names_roles();
    let (new, password) = body.value.command(body.fields, domains.region)?;
    let create = async |cx: &Context| {
        domains.users.create(cx, new, password).await.map_err(|error| named.refused(error))
    };
    replay::run(&cx, &req, create, |user: &User| {
        Answer::created(format!("/api/v1/users/{}", user.id), user.version, &UserBody::of(user))
    })
    .await
}

/// Get a user
///
/// `last_login_at` and `locks` change without a new version: a login is not an edit.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user"), IfNoneMatchParam),
    responses((
        status = 200,
        description = "The user",
        body = UserBody,
        example = json!(seen_user_example()),
    )),
    extensions(("x-permission" = json!("users:read"))),
)]
#[get("/{id}")]
async fn get_user(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let seen = domains.users.find(&cx, id.0).await?;
    Ok(Answer::read(&known, seen.user.version, &UserBody::seen(&seen)))
}

/// Change a user
///
/// Changes a user whose roles allow no more than yours. New roles or a new e-mail address end all of
/// their sessions. Nobody changes their own roles, and the last active superadmin stays one. A new
/// e-mail address of your own needs your `current_password`; a wrong one counts like a failed login.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user"), IfMatchParam),
    request_body(
        content = UserPatchBody,
        description = "The fields to change; absent ones stay",
        example = json!({ "role": "accountant", "phone": null }),
    ),
    responses((
        status = 200,
        description = "The changed user",
        body = UserBody,
        example = json!(user_example()),
    ), (
        status = 423,
        headers(("Retry-After" = u64, description = "Seconds until the account opens again.")),
        description = "The `current_password` is right, but the account is locked for this device after \
            too many wrong ones",
        body = ProblemBody,
        content_type = "application/problem+json",
        example = json!(locked_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[patch("/{id}")]
async fn update_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    expected: IfMatch,
    body: Body<UserPatchBody>,
) -> Result<Answer, Problem> {
    let named = body.value.names_roles();
    let (patch, password) = body.value.command(body.fields, domains.region)?;
    let device = session::device_of(&req);
    let current = password.map(|password| CurrentPassword { password, device });
    let user = domains
        .users
        .update(&cx, id.0, expected.0, patch, current.as_ref())
        .await
        .map_err(|error| named.refused(error))?;
    Ok(Answer::ok(user.version, &UserBody::of(&user)))
}

/// Which users to list, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserFilter {
    /// Only active users, or only deactivated ones.
    #[param(example = true)]
    active: Option<bool>,
    /// Only users who have this role, alone or beside others.
    #[param(format = "role_name", min_length = 3, max_length = 40, example = "data_entry")]
    role: Option<String>,
    /// Words to find in name, e-mail address or phone number, whatever the case and accents; the
    /// last word may be a beginning.
    #[param(format = "line", min_length = 1, max_length = 200, example = "kaya")]
    q: Option<String>,
    /// The order; with `-` in front descending.
    #[param(
        pattern = "^-?(created_at|name|email|last_login_at)$",
        default = "-created_at",
        example = "name"
    )]
    sort: Option<String>,
}

impl Params for UserFilter {
    type Query = UserQuery;

    fn read(self, fields: &mut Fields) -> Option<UserQuery> {
        let offered = UserSort::ALL.map(|field| (field.as_str(), field));
        let sort = fields.optional("sort", self.sort, |sort| query::sort(&sort, &offered));
        Some(UserQuery {
            active: self.active,
            role: fields.optional("role", self.role, |name| RoleName::parse(&name)),
            q: fields.optional("q", self.q, shared::words),
            sort: sort.unwrap_or(UserQuery::default().sort),
        })
    }
}

impl LiveList for UserFilter {
    const PATH: &'static str = "/api/v1/users";
    const ENTITY: &'static str = UserEntity::NAME;
    const OTHERS: Option<&'static [&'static str]> = Some(&[]);
    type Record = SeenUser;
    type Body = UserBody;

    async fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> Result<Page<SeenUser>, Problem> {
        Ok(domains.users.list(cx, query, page).await?)
    }

    fn body(seen: SeenUser) -> Result<UserBody, Problem> {
        Ok(UserBody::seen(&seen))
    }

    fn version(seen: &SeenUser) -> Version {
        seen.user.version
    }

    fn shows(seen: &SeenUser) -> Vec<Uuid> {
        vec![seen.user.id.uuid()]
    }
}
