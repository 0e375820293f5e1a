//! The outermost middleware: names the request, reads the time, looks up its route, and writes down
//! what became of it. The span and the metrics never hold a query, a body, a cookie or a whole
//! address.
//!
//! A span is made for each request and each use case (`#[tracing::instrument(skip_all)]`: no argument
//! is ever recorded). Metrics are labelled by route pattern, never by address.

use std::{rc::Rc, sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use almoner_accounts::session::masked_address;
use almoner_kernel::{Origin, Suspicions};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    health,
    kit::{
        body::intake::{Attendance, Attended},
        client,
        cx::{Arrival, Identity},
        problem,
    },
    middleware::with_headers,
    services::Services,
    site::Site,
};

pub(crate) async fn arrive<B: MessageBody + 'static>(
    site: Data<Site>,
    services: Data<Services>,
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Attended>, Error> {
    let began = Instant::now();
    let trusted = &site.settings.trusted_proxies;
    let request_id = client::handed_on_request_id(&req, trusted)
        .unwrap_or_else(|| services.ids.next().to_string());
    let route = site.routes.find(req.method(), req.path());
    let origin = Origin {
        request_id: Some(request_id.clone()),
        address: client::address(&req, trusted),
        user_agent: client::user_agent(&req),
        operation: route.operation().cloned(),
        // What only reads changes nothing.
        change_set: (!req.method().is_safe()).then(|| services.ids.next()),
    };
    let arrival = Arrival {
        at: services.clock.now(),
        route,
        origin,
        is_head: *req.method() == Method::HEAD,
        suspicions: Suspicions::default(),
    };
    let method = method_label(req.method());
    let route = arrival.route.pattern().cloned().unwrap_or_else(|| Arc::from("unmatched"));
    let span = tracing::info_span!(
        "request",
        method,
        route = &*route,
        request_id,
        trace_id = Empty,
        client = arrival.origin.address.map(masked_address),
        user_id = Empty,
    );
    let trace_id = services
        .traces
        .as_ref()
        .and_then(|traces| traces.begin(&span, client::handed_on_trace(&req, trusted)));
    if let Some(trace_id) = &trace_id {
        span.record("trace_id", trace_id);
    }
    if arrival.is_head {
        // Answered as GET; the server leaves the body out.
        req.head_mut().method = Method::GET;
    }
    let attendance = site.intake.attend(&mut req, arrival.origin.address, &arrival.route);
    let attendance = Rc::new(attendance);
    req.extensions_mut().insert(Rc::new(arrival));

    attendance.look().await;
    let languages = req.headers().get_all(header::ACCEPT_LANGUAGE).cloned().collect();
    let answering = problem::in_request(
        problem::Asked { request_id: request_id.clone(), trace_id, languages },
        next.call(req),
    );
    let result = answering.instrument(span.clone()).await;

    let status = match &result {
        Ok(answer) => answer.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if let Ok(answer) = &result
        && let Some(identity) = answer.request().extensions().get::<Identity>()
    {
        span.record("user_id", identity.0.user_id.to_string());
    }
    let latency = began.elapsed();
    record(&span, status.as_u16(), latency.as_secs_f64() * 1000.0, &route);
    let labels = [("method", method.to_owned()), ("route", route.to_string())];
    metrics::histogram!(health::REQUEST_SECONDS, &labels).record(latency.as_secs_f64());
    let [method, route] = labels;
    let labels = [method, route, ("status", status.as_str().to_owned())];
    metrics::counter!(health::REQUESTS, &labels).increment(1);

    let result = with_headers(result, move |headers| {
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            headers.insert(HeaderName::from_static(client::REQUEST_ID), value);
        }
    });
    attended(result, attendance)
}

/// Holds what the request holds until its answer has gone, also that of an error.
fn attended<B: MessageBody + 'static>(
    result: Result<ServiceResponse<B>, Error>,
    attendance: Rc<Attendance>,
) -> Result<ServiceResponse<Attended>, Error> {
    match result {
        Ok(answer) => Ok(answer.map_body(|_, body| Attended::new(body.boxed(), attendance))),
        Err(mut error) => {
            error.add_response_mapper(move |answer| {
                let attendance = Rc::clone(&attendance);
                answer.map_body(|_, body| Attended::new(body, attendance)).map_into_boxed_body()
            });
            Err(error)
        }
    }
}

/// Probes and scrapes come every few seconds and would drown the rest.
fn record(span: &Span, status: u16, latency_ms: f64, route: &str) {
    let _entered = span.enter();
    if route.starts_with("/health/") || route == "/metrics" {
        tracing::debug!(status, latency_ms, "answered");
    } else {
        tracing::info!(status, latency_ms, "answered");
    }
}

/// A method somebody made up must not become a label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
