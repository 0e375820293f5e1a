//! Reads a body up to the limit.

use actix_web::{
    HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header,
    web::{BytesMut, Data},
};
use futures_util::StreamExt;

use super::intake::Cut;
use crate::{
    kit::{
        cx::Identity,
        problem::{Problem, registry},
        words,
    },
    settings::HttpSettings,
    site::Site,
};

/// Every byte of the body.
///
/// # Errors
/// 413 above the limit: at once when the client announced the length, else when it is reached.
/// 400 when the connection ends too early; 408, 429 or 503 when the rest is not waited for.
pub(super) async fn whole(req: &HttpRequest, mut payload: Payload) -> Result<BytesMut, Problem> {
    let site = req.app_data::<Data<Site>>();
    let limit = site.map_or(HttpSettings::DEFAULT_BODY_LIMIT, |site| site.settings.body_limit);
    let limit = match req.extensions().contains::<Identity>() {
        true => limit,
        false => limit.min(OF_A_STRANGER),
    };
    let announced = req.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    // Whoever announces a body may never send it.
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0).min(FIRST));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match (Cut::of(&error), error) {
            (Some(cut), _) => cut.into(),
            (None, PayloadError::Overflow) => too_large(limit),
            (None, _) => Problem::bad_request(words::body_cut_off()),
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What strangers may send, bytes: a login or a new password, which have some hundred. Anybody can be
/// a stranger, many times over, and what they have sent is kept until the rest is there.
const OF_A_STRANGER: usize = 16 * 1024;

/// Room for what most bodies have, and for all that is there before anything was sent, bytes.
const FIRST: usize = 4096;

fn too_large(limit: usize) -> Problem {
    Problem::new(registry::PAYLOAD_TOO_LARGE).detail(words::body_too_large(limit))
}
