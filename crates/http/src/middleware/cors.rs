//! Which foreign pages may call the API: those of the allow-list, with credentials.

use actix_cors::Cors;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
};

use crate::{
    kit::{client, replay},
    middleware::{csrf, with_headers},
    settings::HttpSettings,
};

pub(crate) fn cors(settings: &HttpSettings) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers(ASKED)
        .expose_headers(ANSWERED)
        .supports_credentials()
        .max_age(MAX_AGE_SECONDS);
    settings.cors_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin.as_str()))
}

/// Outside of the CORS middleware, which writes some of its headers whoever asks: where no origin is
/// allowed they say nothing, and in another order each time the server starts.
pub(crate) async fn tidy<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    with_headers(next.call(req).await, |headers| {
        if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
            headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        }
    })
}

/// Every header of requests that the contract knows or the server reads of all of them. A browser asks
/// for each that a page sets, and sends nothing when one is missing.
const ASKED: [&str; 10] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    csrf::CSRF_TOKEN,
    replay::IDEMPOTENCY_KEY,
    client::REQUEST_ID,
    client::TRACE_PARENT,
];

/// Every header of answers that the contract knows, beside those that browsers show by themselves.
const ANSWERED: [&str; 12] = [
    "Allow",
    "Content-Language",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
    client::REQUEST_ID,
];

/// How long a browser remembers a preflight: two hours is the most any of them does.
const MAX_AGE_SECONDS: usize = 7200;
