//! A problem as the answer to a request.

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};

use super::{Chain, Problem};

/// The media type of every failure.
pub const MEDIA_TYPE: &str = "application/problem+json";

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut answer = HttpResponse::build(status);
        answer.content_type(MEDIA_TYPE);
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.insert_header((header::CONTENT_LANGUAGE, self.0.language.tag()));
        answer.insert_header((header::VARY, "Accept-Language"));
        for (name, value) in &self.0.headers {
            answer.insert_header((name.clone(), value.clone()));
        }
        if let Some(wait) = self.0.retry_after {
            answer.insert_header((header::RETRY_AFTER, whole_seconds(wait)));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 asks for a challenge with every 401; the scheme names our cookie.
            answer.insert_header((header::WWW_AUTHENTICATE, "Session realm=\"almoner\""));
        }
        match serde_json::to_vec(&self.body()) {
            Ok(bytes) => answer.body(bytes),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "a problem could not be written");
                answer.finish()
            }
        }
    }
}

/// Whole seconds, rounded up: a client that waits so long never comes too early.
pub(crate) const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + if wait.subsec_nanos() > 0 { 1 } else { 0 }
}
