//! Forged requests: the token that belongs to a session, and the origins a change may come from.

use actix_web::http::{
    Method,
    header::{self, HeaderMap},
};
use almoner_kernel::{SessionId, Words};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::Mac;
use subtle::ConstantTimeEq;

use crate::{
    kit::{cursor::hmac, words},
    settings::HttpSettings,
};

/// `X-CSRF-Token`.
pub const CSRF_TOKEN: &str = "x-csrf-token";

/// The token of a session: HMAC-SHA256 of its id, base64url. It lives as long as the session and
/// needs no storage.
pub fn token(key: &[u8; 32], session: SessionId) -> String {
    let mac = hmac(key).chain_update(session.uuid().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// True for a method that changes something.
pub fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Refuses a request whose origin is foreign, whatever its token. A client that is no browser sends
/// neither header.
///
/// # Errors
/// Why.
pub(crate) fn check_origin(headers: &HeaderMap, settings: &HttpSettings) -> Result<(), Words> {
    let origin = headers.get(header::ORIGIN);
    let is_allowed =
        origin.is_some_and(|origin| origin.to_str().is_ok_and(|text| settings.allows_origin(text)));
    if origin.is_some() && !is_allowed {
        return Err(words::foreign_origin());
    }
    let site = headers.get("sec-fetch-site").map(header::HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) if is_allowed => Ok(()),
        Some(_) => Err(words::foreign_site()),
    }
}

/// Refuses whoever does not say which page it comes from. Any page may open a WebSocket to any server,
/// with the cookies of its user, and read all of it: what keeps pages from reading answers is not
/// asked there. Browsers say the origin of every WebSocket; other clients have to.
///
/// # Errors
/// Why.
pub(crate) fn check_page(headers: &HeaderMap, settings: &HttpSettings) -> Result<(), Words> {
    match headers.contains_key(header::ORIGIN) {
        true => check_origin(headers, settings),
        false => Err(words::origin_missing()),
    }
}

/// Compares the token of a request with its session's.
///
/// # Errors
/// Why.
pub(crate) fn check_token(
    headers: &HeaderMap,
    key: &[u8; 32],
    session: SessionId,
) -> Result<(), Words> {
    let given = headers.get(CSRF_TOKEN).ok_or_else(words::csrf_token_missing)?;
    let is_right = given.as_bytes().ct_eq(token(key, session).as_bytes());
    if bool::from(is_right) { Ok(()) } else { Err(words::csrf_token_foreign()) }
}
