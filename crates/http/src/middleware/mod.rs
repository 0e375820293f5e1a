//! What every request passes, outermost first: arrival (request id, span, metrics) → headers →
//! problems → CORS → compression → cookies → session → identity → quotas → gate.

pub(crate) mod arrival;
pub(crate) mod cors;
pub mod csrf;
pub(crate) mod gate;
pub(crate) mod headers;
pub(crate) mod identity;
pub(crate) mod problems;
pub(crate) mod quotas;
pub mod session;

use actix_web::{Error, dev::ServiceResponse, http::header::HeaderMap};

/// Changes the headers of an answer, also of one that is still an error.
pub(crate) fn with_headers<B>(
    result: Result<ServiceResponse<B>, Error>,
    change: impl Fn(&mut HeaderMap) + 'static,
) -> Result<ServiceResponse<B>, Error> {
    match result {
        Ok(mut answer) => {
            change(answer.headers_mut());
            Ok(answer)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut answer| {
                change(answer.headers_mut());
                answer
            });
            Err(error)
        }
    }
}
