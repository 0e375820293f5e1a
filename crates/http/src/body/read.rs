//! Reads a body up to the limit.

use actix_web::{
    HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header,
    web::{BytesMut, Data},
};
use futures_util::StreamExt;

use crate::{
    problem::{Problem, registry},
    settings::HttpSettings,
    site::Site,
    words,
};

/// Every byte of the body.
///
/// # Errors
/// 413 above the limit: at once when the client announced the length, else when it is reached.
/// 400 when the connection ends too early.
pub(super) async fn whole(req: &HttpRequest, mut payload: Payload) -> Result<BytesMut, Problem> {
    let site = req.app_data::<Data<Site>>();
    let limit = site.map_or(HttpSettings::DEFAULT_BODY_LIMIT, |site| site.settings.body_limit);
    let announced = req.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => too_large(limit),
            _ => Problem::bad_request(words::body_cut_off()),
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> Problem {
    Problem::new(registry::PAYLOAD_TOO_LARGE).detail(words::body_too_large(limit))
}
