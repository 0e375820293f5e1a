//! What a problem takes from the request: its ids, and the language of its answer.

use std::future::Future;

use actix_web::http::header::HeaderValue;

use crate::kit::language::Language;

/// What every problem of a request takes from it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) request_id: String,
    pub(crate) trace_id: Option<String>,
    /// `Accept-Language`, unread: most requests have no problem.
    pub(crate) languages: Vec<HeaderValue>,
}

tokio::task_local! {
    pub(super) static ASKED: Asked;
}

/// Runs a request's future so that every problem made in it carries the ids of the request and is
/// told in the language that was asked for.
pub(crate) fn in_request<F: Future>(asked: Asked, future: F) -> impl Future<Output = F::Output> {
    ASKED.scope(asked, future)
}

/// What the problems of this request take from it: for what goes on after its answer.
pub(crate) fn asked() -> Option<Asked> {
    ASKED.try_with(Asked::clone).ok()
}

/// The language of the request that is being answered.
pub(crate) fn language() -> Language {
    let found = ASKED.try_with(|asked| Language::asked_for(&asked.languages));
    found.unwrap_or_else(|_| Language::english())
}
