//! The last thing before a handler: unknown addresses and wrong methods, strangers, forgers and those who
//! may not do it end here, before any extractor looks at the request.

use std::{panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
    web::Data,
};
use almoner_kernel::{FieldError, Fields, Permission, SecurityEventKind, Words};
use futures_util::FutureExt;

use crate::{
    kit::{
        accept,
        cx::{self, Arrival, DryRun, Identity},
        problem::{MAX_COMPLAINTS, Problem, registry, shown},
        query::is_well_escaped,
        words,
    },
    middleware::csrf,
    routes::{self, DRY_RUN, Lookup, Media},
    services::Services,
    site::Site,
};

pub(crate) async fn guard<B: MessageBody + 'static>(
    site: Data<Site>,
    services: Data<Services>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Err(refusal) = admit(&site, &req) {
        match &refusal {
            Refusal::Forged(reason) => {
                refused(&services, &req, SecurityEventKind::ForgeryRefused, reason).await;
            }
            Refusal::Denied(problem) => {
                let detail = at_route(req.request(), &problem.to_string());
                if let Some(cx) = cx::context(req.request()) {
                    let kind = SecurityEventKind::AccessDenied;
                    services.refusals.record(&cx, kind, detail).await;
                }
            }
            Refusal::Problem(_) => {}
        }
        return Ok(req.error_response(Problem::from(refusal)));
    }
    let Ok(result) = AssertUnwindSafe(next.call(req)).catch_unwind().await else {
        // The panic hook has logged where and why, as the error that it is.
        tracing::warn!("a handler panicked");
        return Err(Problem::new(registry::INTERNAL).into());
    };
    let answer = result?.map_into_boxed_body();
    write_down_tries(&services, answer.request());
    if answer.status() == StatusCode::FORBIDDEN {
        let error = answer.response().error();
        let detail = error.and_then(|error| error.as_error::<Problem>()).map(ToString::to_string);
        let req = answer.request().clone();
        if let Some(cx) = cx::context(&req) {
            let detail = at_route(&req, &detail.unwrap_or_default());
            services.refusals.record(&cx, SecurityEventKind::AccessDenied, detail).await;
        }
    }
    Ok(answer)
}

enum Refusal {
    Problem(Problem),
    Forged(Words),
    Denied(Problem),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Problem(problem) | Refusal::Denied(problem) => problem,
            Refusal::Forged(reason) => Self::new(registry::CSRF).detail(reason),
        }
    }
}

fn admit(site: &Site, req: &ServiceRequest) -> Result<(), Refusal> {
    let arrival = req.extensions().get::<Rc<Arrival>>().cloned();
    let route = arrival.as_ref().map_or(&Lookup::Unknown, |arrival| &arrival.route);
    if !is_well_escaped(req.path()) || !is_well_escaped(req.query_string()) {
        return Err(Refusal::Problem(Problem::bad_request(words::badly_escaped())));
    }
    let (is_public, has_query, has_dry_run, media, permissions) = match route {
        Lookup::Found { is_public, has_query, has_dry_run, media, permissions, .. } => {
            (*is_public, *has_query, *has_dry_run, *media, permissions)
        }
        Lookup::Unknown => return Err(Refusal::Problem(Problem::not_found())),
        Lookup::WrongMethod { allow, .. } => {
            let problem = Problem::new(registry::METHOD_NOT_ALLOWED);
            return Err(Refusal::Problem(problem.header(header::ALLOW, allow.clone())));
        }
    };
    if routes::is_api(req.path()) {
        accept::check(req.headers(), media).map_err(Refusal::Problem)?;
    }
    let changes = csrf::changes(req.method());
    if changes {
        csrf::check_origin(req.headers(), &site.settings).map_err(Refusal::Forged)?;
    }
    let no_query = || {
        if has_dry_run && is_dry_run(req).map_err(Refusal::Problem)? {
            req.extensions_mut().insert(DryRun);
        }
        match routes::is_api(req.path()) && !has_query {
            true => no_parameters(req, has_dry_run).map_err(Refusal::Problem),
            false => Ok(()),
        }
    };
    if is_public {
        return no_query();
    }
    let session = req.extensions().get::<Identity>().map(|identity| identity.0.session_id);
    let Some(session) = session else {
        return Err(Refusal::Problem(Problem::new(registry::UNAUTHENTICATED)));
    };
    if changes {
        let key = &site.settings.keys.csrf;
        csrf::check_token(req.headers(), key, session).map_err(Refusal::Forged)?;
    }
    may(req, permissions).map_err(Refusal::Denied)?;
    no_query()?;
    if media == Media::Socket {
        csrf::check_page(req.headers(), &site.settings).map_err(Refusal::Forged)?;
    }
    Ok(())
}

/// Who may not do something at all learns that before anything of the request is read.
fn may(req: &ServiceRequest, permissions: &[Permission]) -> Result<(), Problem> {
    let cx = cx::context(req.request()).ok_or_else(|| Problem::new(registry::INTERNAL))?;
    let mut refused = Ok(());
    for permission in permissions {
        match cx.permit(*permission) {
            Ok(_) => return Ok(()),
            // The first one is what the operation is documented with.
            Err(denied) => refused = refused.and(Err(denied)),
        }
    }
    refused.map_err(Problem::from)
}

/// Complains about every parameter of an operation that has none of its own.
fn no_parameters(req: &ServiceRequest, has_dry_run: bool) -> Result<(), Problem> {
    let unknown = form_urlencoded::parse(req.query_string().as_bytes())
        .filter(|(name, _)| !(has_dry_run && name == DRY_RUN))
        .take(MAX_COMPLAINTS)
        .map(|(name, _)| {
            let detail = words::not_a_known_parameter();
            FieldError::new(shown(&name), "unknown_parameter", detail)
        });
    Fields::with(unknown.collect()).finish(Some(())).map_err(Problem::bad_parameters)
}

/// True for `dry_run=true`.
fn is_dry_run(req: &ServiceRequest) -> Result<bool, Problem> {
    let mut fields = Fields::default();
    let mut found = None;
    for (name, value) in form_urlencoded::parse(req.query_string().as_bytes()) {
        match &*value {
            _ if name != DRY_RUN => {}
            _ if found.is_some() => {
                fields.wrong(FieldError::new(
                    name,
                    "repeated_parameter",
                    words::may_stand_only_once(),
                ));
            }
            "true" => found = Some(true),
            "false" => found = Some(false),
            _ => fields.wrong(FieldError::new(name, "choice", words::must_be_true_or_false())),
        }
    }
    fields.finish(Some(found.unwrap_or_default())).map_err(Problem::bad_parameters)
}

async fn refused(
    services: &Services,
    req: &ServiceRequest,
    kind: SecurityEventKind,
    reason: &Words,
) {
    if let Some(cx) = cx::context(req.request()) {
        let detail = at_route(req.request(), &reason.to_string());
        services.refusals.record(&cx, kind, detail).await;
    }
}

/// Writes down what dry runs noticed; what else is noticed is stored before it is told. It is written
/// beside the answer: the time that takes would tell what the dry run does not.
fn write_down_tries(services: &Data<Services>, req: &HttpRequest) {
    let Some(cx) = cx::context(req) else { return };
    let noted = cx.suspicions.take();
    let Some(kind) = noted.first().copied() else { return };
    let count = i64::try_from(noted.len()).unwrap_or(i64::MAX);
    let detail = at_route(req, &words::values_out_of_scope(count).to_string());
    let services = services.clone();
    actix_web::rt::spawn(async move { services.refusals.record(&cx, kind, detail).await });
}

/// The reason and the operation, never the address itself.
pub(crate) fn at_route(req: &HttpRequest, reason: &str) -> String {
    let extensions = req.extensions();
    let pattern = extensions.get::<Rc<Arrival>>().and_then(|arrival| arrival.route.pattern());
    format!("{} {}: {reason}", req.method(), pattern.map_or("", |pattern| pattern))
}
