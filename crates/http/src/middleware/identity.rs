//! Who is asking: the cookie's key is judged once, and the cookies of a login or logout are written.

use actix_session::SessionExt;
use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
    web::Data,
};

use crate::{
    kit::{
        cx::{self, Identity},
        problem::Problem,
    },
    middleware::session,
    routes,
    services::Services,
    site::Site,
};

/// Inside the session middleware: finds out who is asking. A key that is not alive is a stranger.
pub(crate) async fn identify<B: MessageBody + 'static>(
    services: Data<Services>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let key = cx::key_of(&req.get_session()).filter(|_| routes::is_api(req.path()));
    let at = cx::context(req.request()).map(|cx| cx.at);
    if let (Some(key), Some(at)) = (key, at) {
        match services.callers.caller_of(&key, at).await {
            Ok(Some(caller)) => {
                req.extensions_mut().insert(Identity(caller));
            }
            Ok(None) => {}
            Err(error) => return Ok(req.error_response(Problem::from(error))),
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// Outside the session middleware: completes the cookies it wrote.
pub(crate) async fn cookies<B: MessageBody + 'static>(
    site: Data<Site>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // BREACH: an answer with the CSRF token in it is never compressed.
    let holds_token = req.path().starts_with(AUTH);
    let mut answer = next.call(req).await?;
    let cookies = answer.request().extensions_mut().remove::<session::Cookies>();
    if let Some(cookies) = cookies {
        cookies.write(&site.settings, answer.headers_mut());
    }
    if holds_token {
        let identity = HeaderValue::from_static("identity");
        answer.headers_mut().insert(header::CONTENT_ENCODING, identity);
    }
    Ok(answer)
}

const AUTH: &str = "/api/v1/auth/";
