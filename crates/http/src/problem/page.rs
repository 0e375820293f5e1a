//! `GET /problems/{code}`: the address in a problem's `type` explains it, to a person with a browser
//! and to a program.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, ContentType},
    web,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, registry};

/// What one kind of problem means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemExplanation {
    /// The code of the problem.
    #[schema(example = "stale")]
    code: &'static str,
    /// The HTTP status it comes with.
    #[schema(example = 412)]
    status: u16,
    /// The kind of problem, in words.
    #[schema(example = "The record has changed meanwhile")]
    title: &'static str,
    /// What happened and what to do about it.
    #[schema(example = "Read the record again, decide, and repeat with its new ETag.")]
    explanation: &'static str,
}

/// Explain a problem
///
/// What a problem code means and what to do about it. Browsers get a page, other clients JSON.
#[utoipa::path(
    tag = "operations",
    params(("code" = String, Path, description = "A problem's code", example = "stale")),
    responses((status = 200, description = "The explanation", body = ProblemExplanation)),
)]
#[get("/problems/{code}")]
pub async fn explain_problem(
    req: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = registry::find(&code).ok_or_else(Problem::not_found)?;
    let accept = req.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "Accept"));
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        return Ok(answer.json(ProblemExplanation {
            code: entry.code,
            status: entry.status.as_u16(),
            title: entry.title,
            explanation: entry.explanation,
        }));
    }
    // Every text is a constant of the registry; escaping keeps it true when one grows a `<`.
    let (code, title) = (escaped(entry.code), escaped(entry.title));
    let (status, explanation) = (entry.status.as_u16(), escaped(entry.explanation));
    answer.insert_header(ContentType::html());
    Ok(answer.body(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         </head>\n<body>\n<h1>{title}</h1>\n<p><code>{code}</code>, status {status}</p>\n\
         <p>{explanation}</p>\n</body>\n</html>\n"
    )))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
