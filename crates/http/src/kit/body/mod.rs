//! Request bodies: read up to the limit, parsed strictly, and every structural error found at once,
//! so that a caller learns of all wrong fields in one answer.

pub(crate) mod intake;
mod read;
mod recover;
mod storable;
mod strict;

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
};
use almoner_kernel::{FieldError, Fields, Invalid};
use mime::Mime;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::kit::{
    problem::{Problem, registry},
    words,
};

/// A JSON body. `T` derives `Deserialize` with `#[serde(deny_unknown_fields)]`, and each of its
/// fields is an `Option` or a `Patch`, so that a missing field is the handler's complaint.
///
/// # Errors
/// 400 for broken JSON, 413, 415; 422 at once when nothing of the body can be read.
#[derive(Debug)]
pub struct Body<T> {
    /// What could be read.
    pub value: T,
    /// What is wrong already: go on with it, and finish it.
    pub fields: Fields,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move {
            let mut value = object(&req, payload).await?;
            let mut errors = storable::without_nul(&mut value);
            let (value, unreadable) = recover::read(value)?;
            errors.extend(unreadable);
            Ok(Self { value, fields: Fields::with(errors) })
        })
    }
}

/// A body whose texts the handler looks at itself, NUL and all: a login with one is a login that
/// failed, and each item of a batch is refused for itself.
#[derive(Debug)]
pub(crate) struct AnyText<T>(pub(crate) Body<T>);

impl<T: DeserializeOwned + 'static> FromRequest for AnyText<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move {
            let (value, errors) = recover::read(object(&req, payload).await?)?;
            Ok(Self(Body { value, fields: Fields::with(errors) }))
        })
    }
}

/// The object that a body is.
async fn object(req: &HttpRequest, payload: Payload) -> Result<Value, Problem> {
    must_be_json(req)?;
    let bytes = read::whole(req, payload).await?;
    req.extensions_mut().insert(BodyDigest(Sha256::digest(&bytes).into()));
    let value = strict::parse(&bytes)?;
    if !value.is_object() {
        let error = FieldError::new("", "type", words::must_be_a_json_object());
        return Err(Invalid::one(error).into());
    }
    Ok(value)
}

/// A JSON object that is read field by field.
#[derive(Debug)]
pub(crate) struct JsonObject(pub(crate) Value);

impl FromRequest for JsonObject {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move { object(&req, payload).await.map(Self) })
    }
}

/// A request that has no body: an empty one or `{}` is let through, anything else is 422.
#[derive(Debug)]
pub struct NoBody;

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read::whole(&req, payload).await?;
            if bytes.is_empty() {
                return Ok(Self);
            }
            must_be_json(&req)?;
            match strict::parse(&bytes)? {
                Value::Object(fields) if fields.is_empty() => Ok(Self),
                _ => {
                    let error = FieldError::new("", "unknown_field", words::has_no_body());
                    Err(Invalid::one(error).into())
                }
            }
        })
    }
}

/// Reads a part of a body: what could be read of it, and what could not.
///
/// # Errors
/// Every complaint, when nothing of it can be read.
pub(crate) fn recovered<T: DeserializeOwned>(
    value: Value,
) -> Result<(T, Vec<FieldError>), Invalid> {
    recover::read(value)
}

/// Takes out what no text may hold; says where it stood.
pub(crate) fn without_nul(value: &mut Value) -> Vec<FieldError> {
    storable::without_nul(value)
}

/// JSON, as strictly as a body is read.
///
/// # Errors
/// 400 when it is broken or has a key twice.
pub(crate) fn parsed(bytes: &[u8]) -> Result<Value, Problem> {
    strict::parse(bytes)
}

/// SHA-256 of the body that was read, for the fingerprint of a repeatable request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyDigest(pub(crate) [u8; 32]);

/// Refuses a body that does not say that it is JSON.
///
/// # Errors
/// 415.
pub(crate) fn must_be_json(req: &HttpRequest) -> Result<(), Problem> {
    let unsupported = |detail| Err(Problem::new(registry::UNSUPPORTED_MEDIA_TYPE).detail(detail));
    let text = |name| req.headers().get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return unsupported(words::body_encoded());
    }
    let mime = text(header::CONTENT_TYPE).and_then(|value| value.parse::<Mime>().ok());
    let Some(mime) = mime else {
        return unsupported(words::content_type_must_be_json());
    };
    let is_json = mime.essence_str() == "application/json";
    let is_patch = mime.essence_str() == "application/merge-patch+json";
    if mime.get_param(mime::CHARSET).is_some_and(|charset| charset != mime::UTF_8) {
        return unsupported(words::body_not_utf8());
    }
    match req.method() == Method::PATCH {
        true if is_json || is_patch => Ok(()),
        true => unsupported(words::content_type_must_be_a_patch()),
        false if is_json => Ok(()),
        false => unsupported(words::content_type_must_be_json()),
    }
}
