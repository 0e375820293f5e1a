//! What an operator's tools ask: is the process alive, can it work, how much does it do.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{StatusCode, header},
    web::Data,
};
use async_trait::async_trait;
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::{
    kit::{
        client,
        problem::{Problem, registry},
        words,
    },
    services::Services,
    settings::is_loopback,
    site::Site,
};

/// Counts requests by `method`, `route` and `status`.
pub const REQUESTS: &str = "almoner_http_requests_total";
/// Counts logins by `outcome`: `logged_in`, or the code of the refusal.
pub const LOGINS: &str = "almoner_logins_total";
/// How long requests took, in seconds, by `method` and `route`.
pub const REQUEST_SECONDS: &str = "almoner_http_request_duration_seconds";
/// Buckets for [`REQUEST_SECONDS`]: finest around 5 ms, where a read from the database lies.
pub const REQUEST_SECONDS_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// Says whether the parts the server needs can work.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Asks every part. A failing part logs its reason itself: the answer is public and holds none.
    async fn check(&self) -> Vec<Part>;
}

/// One part the server needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Part {
    /// The part: `database`, `migrations`, `queue`, `backup`, `writes`, `clock`; more may be added.
    #[schema(format = "word", value_type = String, example = "database")]
    pub name: &'static str,
    /// Whether it can work. Scheduled backups are `down` when the newest proven one is overdue, the
    /// queue of jobs when nobody looks into it or something in it has been due for long, `writes` when
    /// the disk of the database is full, broken or read-only. `clock` is told of only while it is
    /// `down`: the clock is far ahead of the last time that is known, so that nothing is destroyed by
    /// it.
    pub status: PartStatus,
    /// How old what it made last is, in seconds: of `backup`, once there is one.
    #[schema(nullable = false, minimum = 0, example = 5400)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// False when the server answers requests without it just as well: an operator has to look, a
    /// load balancer has not.
    #[serde(skip)]
    pub is_needed: bool,
}

impl Part {
    /// A part without which the server cannot answer.
    pub const fn needed(name: &'static str, status: PartStatus) -> Self {
        Self { name, status, age_seconds: None, is_needed: true }
    }

    /// A part that is only told about.
    pub const fn watched(name: &'static str, status: PartStatus, age_seconds: Option<u64>) -> Self {
        Self { name, status, age_seconds, is_needed: false }
    }
}

/// Whether something can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartStatus {
    /// It can.
    Up,
    /// It cannot.
    Down,
}

/// Whether the process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// Always `up`: a process that is not alive does not answer.
    status: PartStatus,
}

/// Whether the server can work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadinessReport {
    /// `down` as soon as one part is that requests need: any but `queue`, `backup`, `writes` and
    /// `clock`.
    status: PartStatus,
    /// Every part.
    #[schema(max_items = 16)]
    parts: Vec<Part>,
}

/// Is the process alive?
///
/// Answers as long as the process runs, whatever the state of its database.
#[utoipa::path(
    tag = "operations",
    responses((
        status = 200,
        description = "The process is alive",
        body = Liveness,
        example = json!({ "status": "up" }),
    )),
)]
#[get("/health/live")]
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: PartStatus::Up })
}

/// Can the server work?
///
/// Asks every part the server needs: the database and its migrations. A load balancer sends requests
/// only while the answer is 200. The queue of jobs and, where they are on, scheduled backups are parts
/// too; a queue that stands still and overdue backups do not make the answer 503, because no request
/// needs them. Nor does a disk that refuses what is written: reading goes on, and no other instance
/// could write either.
#[utoipa::path(
    tag = "operations",
    responses(
        (
            status = 200,
            description = "Every part can work",
            body = ReadinessReport,
            example = json!({
                "status": "up",
                "parts": [
                    { "name": "database", "status": "up" },
                    { "name": "migrations", "status": "up" },
                    { "name": "queue", "status": "up" },
                    { "name": "writes", "status": "up" },
                ],
            }),
        ),
        (
            status = 503,
            description = "A part cannot work",
            body = ReadinessReport,
            example = json!({
                "status": "down",
                "parts": [
                    { "name": "database", "status": "down" },
                    { "name": "migrations", "status": "down" },
                    { "name": "writes", "status": "down" },
                ],
            }),
        ),
    ),
)]
#[get("/health/ready")]
pub async fn get_readiness(services: Data<Services>) -> HttpResponse {
    let parts = services.readiness.check().await;
    let is_down = parts.iter().any(|part| part.is_needed && part.status == PartStatus::Down);
    let (code, status) = match is_down {
        true => (StatusCode::SERVICE_UNAVAILABLE, PartStatus::Down),
        false => (StatusCode::OK, PartStatus::Up),
    };
    HttpResponse::build(code).json(ReadinessReport { status, parts })
}

/// `GET /metrics`: for a scraper with the configured bearer token. Without one, for this machine alone,
/// and only while the server is for this machine alone: a reverse proxy on the same host makes every
/// peer loopback, and need not say that it is there.
#[get("/metrics")]
pub async fn get_metrics(
    req: HttpRequest,
    site: Data<Site>,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let may = match &site.settings.metrics_token {
        Some(token) => bearer(&req).is_some_and(|given| given.ct_eq(token.as_bytes()).into()),
        None => {
            site.settings.public_url.is_loopback()
                && !client::is_forwarded(req.headers())
                // A page of another site can have a name of its own lead to this machine.
                && named(&req).is_none_or(is_loopback)
                && req.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        }
    };
    if !may {
        return Err(Problem::new(registry::UNAUTHENTICATED).detail(words::metrics_need_a_token()));
    }
    let metrics = services.metrics.as_ref().ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render()))
}

/// The host that the client means.
fn named(req: &HttpRequest) -> Option<&str> {
    let host = req.headers().get(header::HOST)?.to_str().unwrap_or_default();
    let has_port =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|one| one.is_ascii_digit()));
    Some(has_port.map_or(host, |(name, _)| name))
}

fn bearer(req: &HttpRequest) -> Option<&[u8]> {
    req.headers().get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")
}
