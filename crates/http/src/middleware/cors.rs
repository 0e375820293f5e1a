//! Which foreign pages may call the API: those of the allow-list, with credentials.

use actix_cors::Cors;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
};

use crate::{client, csrf, middleware::with_headers, replay, settings::HttpSettings};

pub(crate) fn cors(settings: &HttpSettings) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([header::ACCEPT, header::CONTENT_TYPE, header::IF_MATCH])
        .allowed_headers([header::IF_NONE_MATCH])
        .allowed_headers([csrf::CSRF_TOKEN, replay::IDEMPOTENCY_KEY])
        .expose_headers([header::ETAG, header::LOCATION, header::LINK, header::RETRY_AFTER])
        .expose_headers(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"])
        .expose_headers([client::REQUEST_ID, "Idempotent-Replayed"])
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

/// How long a browser remembers a preflight: two hours is the most any of them does.
const MAX_AGE_SECONDS: usize = 7200;
