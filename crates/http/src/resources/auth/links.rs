//! Choosing a password with a link that was mailed.

use actix_web::{HttpRequest, post, web::Data};

use super::{
    bodies::{NewPasswordBody, PasswordResetBody, new_password_example},
    stranger,
};
use crate::{Answer, Body, Cx, Domains, Problem, middleware::session};

/// Ask for a new password
///
/// Mails a link to choose a new password, when the address is that of somebody who can log in. The
/// answer is always the same, and takes as long, because no account is looked at before it is given;
/// also where too many links were asked for, and on a server that sends no mail. The link works once,
/// for 30 minutes, until the next one is asked for.
#[utoipa::path(
    tag = "auth",
    request_body(
        content = PasswordResetBody,
        description = "Who has forgotten the password",
        example = json!({ "email": "elif.kaya@umutdernegi.org" }),
    ),
    responses((status = 202, description = "If the address is somebody's, a mail is on its way")),
    extensions(("x-not-repeatable" = json!(true))),
)]
#[post("/password-reset")]
pub(super) async fn request_password_reset(
    cx: Cx,
    domains: Data<Domains>,
    body: Body<PasswordResetBody>,
) -> Result<Answer, Problem> {
    let email = body.value.command(body.fields)?;
    domains.recovery.request(&stranger(cx), email).await?;
    Ok(Answer::accepted())
}

/// Choose a new password
///
/// With the token of a mailed link: what stands behind `#token=` in its address. Ends every session of
/// the user and every lock of the account, and forgets the devices it knew: the browser this comes
/// from is the only one it knows from then on, by a cookie that it gets if it has none. A token that is unknown, used, replaced or expired
/// is a 422 with the code `link` at `/token`; a password that does not fit leaves the token as good as
/// it was.
#[utoipa::path(
    tag = "auth",
    request_body(
        content = NewPasswordBody,
        description = "The token and the new password",
        example = json!(new_password_example()),
    ),
    responses((
        status = 204,
        headers(("Set-Cookie" = String, description = "What the browser is known by from now on.")),
        description = "The password is changed",
    )),
    extensions(("x-not-repeatable" = json!(true))),
)]
#[post("/password-reset/confirm")]
pub(super) async fn confirm_password_reset(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewPasswordBody>,
) -> Result<Answer, Problem> {
    let (token, password) = body.value.command(body.fields)?;
    let known = session::device_of(&req);
    let device = domains.recovery.reset(&stranger(cx), token, password, known.as_deref()).await?;
    session::remember_device(&req, device);
    Ok(Answer::no_content())
}

/// Accept an invitation
///
/// Chooses the first password, with the token of the mailed link: what stands behind `#token=` in its
/// address. The user can log in from then on. Refusals are those of choosing a new password.
#[utoipa::path(
    tag = "auth",
    request_body(
        content = NewPasswordBody,
        description = "The token and the first password",
        example = json!(new_password_example()),
    ),
    responses((
        status = 204,
        headers(("Set-Cookie" = String, description = "What the browser is known by from now on.")),
        description = "The user can log in",
    )),
    extensions(("x-not-repeatable" = json!(true))),
)]
#[post("/invitation/accept")]
pub(super) async fn accept_invitation(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewPasswordBody>,
) -> Result<Answer, Problem> {
    let (token, password) = body.value.command(body.fields)?;
    let known = session::device_of(&req);
    let device = domains.recovery.accept(&stranger(cx), token, password, known.as_deref()).await?;
    session::remember_device(&req, device);
    Ok(Answer::no_content())
}
