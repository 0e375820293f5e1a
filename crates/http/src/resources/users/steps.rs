//! What is done to a user beside changing fields: deactivating, restoring, inviting, unlocking.

use actix_web::{HttpRequest, post, web::Data};
use almoner_accounts::user::User;
use almoner_kernel::{Context, id::UserEntity};

use super::bodies::{UserBody, inactive_user_example, invited_user_example, user_example};
use crate::{
    Answer, Cx, Domains, IdPath, NoBody, Problem,
    kit::replay,
    resources::shared::{OptionalIfMatch, OptionalIfMatchParam},
};

/// Deactivate a user
///
/// Takes away the user's login and ends all of their sessions. Users are never deleted: the trail
/// names them. Nobody deactivates themselves, nor the last active superadmin.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user")),
    responses((
        status = 200,
        description = "The user, no longer active",
        headers(("ETag" = String, description = "The version of the user, for If-Match.")),
        body = UserBody,
        example = json!(inactive_user_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[post("/{id}/deactivate")]
pub(super) async fn deactivate_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let deactivate = async |cx: &Context| domains.users.deactivate(cx, id.0).await;
    replay::run(&cx, &req, deactivate, answer).await
}

/// Restore a user
///
/// Gives a deactivated user their login back, with the roles and the password they had.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user")),
    responses((
        status = 200,
        description = "The user, active again",
        headers(("ETag" = String, description = "The version of the user, for If-Match.")),
        body = UserBody,
        example = json!(user_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[post("/{id}/restore")]
pub(super) async fn restore_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let restore = async |cx: &Context| domains.users.restore(cx, id.0).await;
    replay::run(&cx, &req, restore, answer).await
}

/// Invite a user again
///
/// Mails a new link to a user who has not accepted the invitation; the link of the one before leads
/// nowhere from then on. Somebody who has a password already is a 409 with the code `not_invited`.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user")),
    responses((
        status = 200,
        description = "The user, invited again",
        headers(("ETag" = String, description = "The version of the user, for If-Match.")),
        body = UserBody,
        example = json!(invited_user_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[post("/{id}/invite")]
pub(super) async fn invite_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let invite = async |cx: &Context| domains.users.invite(cx, id.0).await;
    replay::run(&cx, &req, invite, answer).await
}

/// Unlock a user
///
/// Ends whatever keeps logins of the user off: the locks of their devices after wrong passwords, and
/// the waiting and the limit that strangers' guesses have led to. It is no error when there was
/// nothing. While strangers go on guessing, a browser that the account does not know soon waits again;
/// a mailed link to choose a new password makes it known.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The user"), OptionalIfMatchParam),
    responses((
        status = 200,
        description = "The user, whose logins nothing keeps off",
        headers(("ETag" = String, description = "The version of the user, for If-Match.")),
        body = UserBody,
        example = json!(user_example()),
    )),
    extensions(("x-permission" = json!("users:manage"))),
)]
#[post("/{id}/unlock")]
pub(super) async fn unlock_user(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<UserEntity>,
    expected: OptionalIfMatch,
    _: NoBody,
) -> Result<Answer, Problem> {
    let unlock = async |cx: &Context| domains.users.unlock(cx, id.0, expected.0).await;
    replay::run(&cx, &req, unlock, answer).await
}

fn answer(user: &User) -> Answer {
    Answer::ok(user.version, &UserBody::of(user))
}
