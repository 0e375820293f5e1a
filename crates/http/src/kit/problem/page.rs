//! `GET /problems/{code}`: the address in a problem's `type` explains it, to a person with a browser
//! and to a program.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, ContentType},
    web,
};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use super::{Problem, language, registry};
use crate::kit::{language::Language, words};

/// What one kind of problem means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemExplanation {
    /// The code of the problem.
    #[schema(value_type = ProblemCode)]
    code: &'static str,
    /// The HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599, example = 412)]
    status: u16,
    /// The kind of problem, in words.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        example = "The record has changed meanwhile"
    )]
    title: String,
    /// What happened and what to do about it.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 1000,
        example = "Read the record again, decide, and repeat with its new ETag."
    )]
    explanation: String,
}

/// Every code of the registry, for the document.
pub(crate) struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The kinds of problems there are. More may be added."))
            .enum_values(Some(registry::ENTRIES.iter().map(|entry| entry.code)))
            .examples([json!("stale")])
            .into()
    }
}

impl ToSchema for ProblemCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ProblemCode")
    }
}

/// Explain a problem
///
/// What a problem code means and what to do about it. Browsers get a page, other clients JSON, in the
/// language of `Accept-Language`.
#[utoipa::path(
    tag = "operations",
    params(("code" = ProblemCode, Path, description = "A problem's code", example = "stale")),
    responses((
        status = 200,
        description = "The explanation",
        body = ProblemExplanation,
        example = json!({
            "code": registry::STALE.code,
            "status": registry::STALE.status.as_u16(),
            "title": registry::STALE.title(Language::english()),
            "explanation": registry::STALE.explanation(Language::english()),
        }),
    )),
)]
#[get("/problems/{code}")]
pub async fn explain_problem(
    req: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    explained(&req, &code)
}

/// The page about a code.
pub(crate) fn explained(req: &HttpRequest, code: &str) -> Result<HttpResponse, Problem> {
    let entry = registry::find(code).ok_or_else(Problem::not_found)?;
    let language = language();
    let (title, explanation) = (entry.title(language), entry.explanation(language));
    let accept = req.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "Accept, Accept-Language"));
    answer.insert_header((header::CONTENT_LANGUAGE, language.tag()));
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        return Ok(answer.json(ProblemExplanation {
            code: entry.code,
            status: entry.status.as_u16(),
            title,
            explanation,
        }));
    }
    // Every text is our own; escaping keeps it true when one grows a `<`.
    let (code, title) = (escaped(entry.code), escaped(&title));
    let explanation = escaped(&explanation);
    let status = language.say(&words::status_of_the_answer(u32::from(entry.status.as_u16())));
    let tag = language.tag();
    answer.insert_header(ContentType::html());
    Ok(answer.body(format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         </head>\n<body>\n<h1>{title}</h1>\n<p><code>{code}</code>, {status}</p>\n\
         <p>{explanation}</p>\n</body>\n</html>\n"
    )))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
