//! Logging in and out, and what users see and change of their own sessions and password. No answer
//! of these is kept for an `Idempotency-Key`: a kept one would hold a token, or end a session that a
//! repetition must end again.

pub(crate) mod bodies;
mod links;

use actix_web::{HttpRequest, delete, get, post, web::Data};
use almoner_accounts::{
    authentication::{LoggedIn, LoginCommand},
    guard::CurrentPassword,
};
use almoner_kernel::{Actor, Context, Denied, Fault, id::SessionEntity};
use utoipa_actix_web::service_config::ServiceConfig;

use self::bodies::{
    CurrentSessionBody, LoginBody, PasswordChangeBody, SessionBody, SessionListBody,
    current_session_example, locked_example, raced_example, session_example,
};
use crate::{
    Answer, Body, Cx, Domains, IdPath, NoBody, NoParams, Problem, StrictQuery, health,
    kit::{body::AnyText, problem::ProblemBody},
    middleware::session::{self, NewSession},
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(login)
        .service(get_session)
        .service(logout)
        .service(list_sessions)
        .service(end_session)
        .service(end_other_sessions)
        .service(change_password)
        .service(links::request_password_reset)
        .service(links::confirm_password_reset)
        .service(links::accept_invitation);
}

/// Log in
///
/// Sets the session cookie and the readable CSRF cookie. A session the request came with is ended
/// first, whether or not the login succeeds. With `remember_me` the session lives longer and the
/// cookies outlive the browser. The answer is never kept for an `Idempotency-Key`.
///
/// A browser also gets a cookie it is known by at later logins: without it the user is told of the
/// login by mail. A browser that the account knows is locked after five wrong passwords of its own,
/// for 15 minutes, and by nothing else. All others are strangers to the account: from one address ten
/// of their logins may fail in ten minutes, and after the third wrong password each guess at one
/// e-mail address waits for twice as long as the one before, a second at first and 15 minutes at the
/// most, 100 a day, whether or not there is such an account. They are told by a 429 with
/// `Retry-After`, before any password is looked at. Whoever is kept out as a stranger chooses a new
/// password with a mailed link: the browser it is used in is known from then on.
#[utoipa::path(
    tag = "auth",
    request_body(
        content = LoginBody,
        description = "Who, and the proof",
        example = json!({
            "email": "elif.kaya@umutdernegi.org",
            "password": "kestane rengi yelkenli 84",
            "remember_me": true,
        }),
    ),
    responses(
        (
            status = 200,
            description = "Logged in",
            headers(("Set-Cookie" = String, description = "The session and the CSRF cookie.")),
            body = CurrentSessionBody,
            example = json!(current_session_example()),
        ),
        (
            status = 401,
            description = "The e-mail address or the password is wrong, or the user is not active: \
                which of them is not told",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!({
                "type": "/problems/invalid_credentials",
                "title": "The e-mail address or the password is wrong",
                "status": 401,
                "code": "invalid_credentials",
                "detail": "the e-mail address or the password is wrong",
                "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            }),
        ),
        (
            status = 409,
            description = "The password was changed at the same moment: try again",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!(raced_example()),
        ),
        (
            status = 423,
            headers(("Retry-After" = u64, description = "Seconds until the account opens again.")),
            description = "The password is right, but the account is locked for this device after too \
                many wrong ones; `Retry-After` says for how many seconds",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!(locked_example()),
        ),
    ),
    extensions(("x-not-repeatable" = json!(true))),
)]
#[post("/login")]
async fn login(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    AnyText(body): AnyText<LoginBody>,
) -> Result<Answer, Problem> {
    let device = session::device_of(&req);
    let command = LoginCommand { device, ..body.value.command(body.fields)? };
    let had_session = cx.caller().is_ok();
    if had_session {
        domains.authentication.logout(&cx).await?;
    }
    // Whoever had the device before is gone: this login is a stranger's.
    let stranger = stranger(cx);
    let logged_in = domains.authentication.login(&stranger, command).await;
    let outcome = logged_in.as_ref().map_or_else(|refused| refused.code(), |_| "logged_in");
    metrics::counter!(health::LOGINS, "outcome" => outcome).increment(1);
    let logged_in = logged_in.inspect_err(|_| {
        if had_session {
            session::end(&req);
        }
    })?;
    let LoggedIn { key, device, session, user, caller } = logged_in;
    let new = NewSession::of(&session, &key, device, stranger.at);
    let csrf_token = session::begin(&req, new)?;
    Ok(Answer::plain(&CurrentSessionBody::of(
        &user,
        &caller,
        &session,
        csrf_token,
        domains.registry,
    )))
}

/// Who am I?
///
/// The user of the session, what they may do, the CSRF token to send with changes, and when the
/// session ends. A frontend asks this when it starts.
#[utoipa::path(
    tag = "auth",
    responses((
        status = 200,
        description = "The session",
        body = CurrentSessionBody,
        example = json!(current_session_example()),
    )),
    extensions(("x-permission" = json!("session"))),
)]
#[get("/session")]
async fn get_session(cx: Cx, req: HttpRequest, domains: Data<Domains>) -> Result<Answer, Problem> {
    let caller = cx.caller()?;
    let user = domains.profile.me(&cx).await?;
    let own = domains.sessions.own(&cx).await?;
    let current = own.iter().find(|own| own.is_current).ok_or(Denied::Unauthenticated)?;
    let csrf_token = session::csrf_token(&req, caller.session_id)?;
    Ok(Answer::plain(&CurrentSessionBody::of(
        &user,
        caller,
        &current.session,
        csrf_token,
        domains.registry,
    )))
}

/// Log out
///
/// Ends the session on the server and takes the cookies back. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "auth",
    responses((status = 204, description = "The session is over")),
    extensions(("x-permission" = json!("session")), ("x-not-repeatable" = json!(true))),
)]
#[post("/logout")]
async fn logout(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    _: NoBody,
) -> Result<Answer, Problem> {
    domains.authentication.logout(&cx).await?;
    session::end(&req);
    Ok(Answer::no_content())
}

/// List your sessions
///
/// Every device you are logged in on, the newest login first. The list is short and has no pages.
#[utoipa::path(
    tag = "auth",
    responses((
        status = 200,
        description = "Your sessions",
        body = SessionListBody,
        example = json!({ "items": [session_example()] }),
    )),
    extensions(("x-permission" = json!("session"))),
)]
#[get("/sessions")]
async fn list_sessions(
    cx: Cx,
    domains: Data<Domains>,
    _: StrictQuery<NoParams>,
) -> Result<Answer, Problem> {
    let own = domains.sessions.own(&cx).await?;
    let items = own.into_iter().map(SessionBody::of).collect();
    Ok(Answer::plain(&SessionListBody { items }))
}

/// End one of your sessions
///
/// The device is logged out at its next request. Ending the session you are in is logging out.
#[utoipa::path(
    tag = "auth",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "The session is over")),
    extensions(("x-permission" = json!("session"))),
)]
#[delete("/sessions/{id}")]
async fn end_session(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<SessionEntity>,
) -> Result<Answer, Problem> {
    domains.sessions.end(&cx, id.0).await?;
    if cx.caller().is_ok_and(|caller| caller.session_id == id.0) {
        session::end(&req);
    }
    Ok(Answer::no_content())
}

/// End your other sessions
///
/// Logs you out everywhere but here. This session goes on with a new cookie: a copy of the old one
/// opens nothing any more.
#[utoipa::path(
    tag = "auth",
    responses((
        status = 204,
        headers(("Set-Cookie" = String, description = "The session and the CSRF cookie.")),
        description = "Only this session is left",
    )),
    extensions(("x-permission" = json!("session"))),
)]
#[delete("/sessions")]
async fn end_other_sessions(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    _: StrictQuery<NoParams>,
) -> Result<Answer, Problem> {
    let renewed = domains.sessions.end_others(&cx).await?;
    session::renew(&req, &renewed, cx.at)?;
    Ok(Answer::no_content())
}

/// Change your password
///
/// Ends your other sessions; this one goes on with a new cookie, and a copy of the old one opens
/// nothing any more. A wrong current password counts like a failed login. The answer is never kept
/// for an `Idempotency-Key`.
#[utoipa::path(
    tag = "auth",
    request_body(
        content = PasswordChangeBody,
        description = "The old and the new password",
        example = json!({
            "current_password": "kestane rengi yelkenli 84",
            "new_password": "ucuz lambada oturan martı",
        }),
    ),
    responses(
        (
            status = 204,
            headers(("Set-Cookie" = String, description = "The session and the CSRF cookie.")),
            description = "The password is changed",
        ),
        (
            status = 409,
            description = "The password was changed at the same moment: try again",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!(raced_example()),
        ),
        (
            status = 423,
            headers(("Retry-After" = u64, description = "Seconds until the account opens again.")),
            description = "The account is locked for this device after too many wrong passwords; \
                `Retry-After` says for how many seconds",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!(locked_example()),
        ),
    ),
    extensions(("x-permission" = json!("session")), ("x-not-repeatable" = json!(true))),
)]
#[post("/password")]
async fn change_password(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<PasswordChangeBody>,
) -> Result<Answer, Problem> {
    let (password, new) = body.value.command(body.fields)?;
    let current = CurrentPassword { password, device: session::device_of(&req) };
    let renewed = domains.profile.change_password(&cx, current, new).await?;
    session::renew(&req, &renewed, cx.at)?;
    Ok(Answer::no_content())
}

/// Whoever is logged in on the device has nothing to do with a link that is used there.
fn stranger(cx: Cx) -> Context {
    Context { actor: Actor::Anonymous, ..cx.0 }
}
