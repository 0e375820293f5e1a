//! Every failure is a problem, also those of other people's middlewares: CORS, sessions, the
//! compressor. What is one already passes untouched.

use actix_web::{
    Error, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
};

use crate::kit::{
    client,
    problem::{Chain, MEDIA_TYPE, Problem},
};

pub(crate) async fn rewrite<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_health = req.path().starts_with("/health/");
    let answer = match next.call(req).await {
        Ok(answer) => answer.map_into_boxed_body(),
        Err(error) if error.as_error::<Problem>().is_some() => return Err(error),
        Err(error) => {
            let status = error.as_response_error().status_code();
            if status.is_server_error() {
                tracing::error!(error = %Chain(&error), "a middleware failed");
            }
            return Err(Problem::of_status(status).into());
        }
    };
    let is_failure = answer.status().is_client_error() || answer.status().is_server_error();
    let is_problem = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
    // The readiness report says more than a problem could.
    if !is_failure || is_problem || is_health {
        return Ok(answer);
    }
    let status = answer.status();
    if status.is_server_error()
        && let Some(error) = answer.response().error()
    {
        tracing::error!(error = %Chain(error), "a middleware failed");
    }
    let problem = Problem::of_status(status).error_response();
    let (req, old) = answer.into_parts();
    let mut rewritten = ServiceResponse::new(req, problem);
    for (name, value) in old.headers() {
        let is_of_body =
            [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING].contains(name);
        if !is_of_body && name.as_str() != client::REQUEST_ID {
            rewritten.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(rewritten)
}
