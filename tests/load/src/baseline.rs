//! What the server is compared with over HTTP: an actix server that does as little as possible behind
//! the same check of the session, as a process of its own.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, RwLock},
};

use actix_session::{
    Session, SessionExt, SessionMiddleware,
    config::{BrowserSession, CookieContentSecurity},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    App, Error, HttpResponse, HttpServer,
    body::{BoxBody, MessageBody},
    cookie::{Key, SameSite, time::Duration},
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorInternalServerError, ErrorUnauthorized},
    middleware::{Next, from_fn},
    web::{self, Bytes, Data},
};
use anyhow::{Context, ensure};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::process::Process;

/// How the baseline is started.
#[derive(Args, Clone, Debug)]
pub struct Baseline {
    /// JSON list of the donations that `/rows/{n}` serialises.
    #[arg(long, value_name = "FILE")]
    rows: PathBuf,
    /// Sizes of the bodies under `/static/{n}`.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    sizes: Vec<usize>,
}

/// A running baseline; dropping it ends it.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    pub process: Process,
}

impl Running {
    /// Starts this program a second time, as a baseline.
    pub fn start(rows: &Path, sizes: &BTreeSet<usize>) -> anyhow::Result<Self> {
        let sizes: Vec<_> = sizes.iter().map(ToString::to_string).collect();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["baseline", "--sizes", &sizes.join(","), "--rows"])
            .arg(rows)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let process = Process::new(child.id());
        let address = line.trim().parse().context("the baseline did not start")?;
        Ok(Self { child, address, process })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed; prints the address first. As many workers as the server has: one for
/// each processor.
pub async fn serve(order: Baseline) -> anyhow::Result<()> {
    let values: Vec<Value> = serde_json::from_slice(&fs::read(&order.rows)?)?;
    let rows: Vec<Row> = values
        .iter()
        .map(|row| serde_json::from_value(row.clone()))
        .collect::<Result<_, _>>()
        .context("a donation has a field that the baseline does not know")?;
    for (row, value) in rows.iter().zip(&values) {
        let again = serde_json::to_value(row)?;
        ensure!(again == *value, "a donation is serialised as {again} instead of {value}");
    }
    let bodies = order.sizes.iter().map(|size| (*size, filler(*size))).collect();
    let state = Data::new(State { bodies, rows, sessions: RwLock::default() });
    let server = HttpServer::new(move || {
        let sessions = SessionMiddleware::builder(KeyOnly, Key::from(&[7; 64]))
            .cookie_name("session".to_owned())
            .cookie_secure(false)
            .cookie_same_site(SameSite::Strict)
            .cookie_content_security(CookieContentSecurity::Signed)
            .session_lifecycle(BrowserSession::default())
            .build();
        let guarded = web::scope("/in")
            .wrap(from_fn(check))
            .wrap(sessions)
            .route("/login", web::post().to(log_in))
            .route("/static/{size}", web::get().to(fixed))
            .route("/static/{size}", web::post().to(fixed_after_body))
            .route("/rows/{count}", web::get().to(serialised));
        App::new()
            .app_data(state.clone())
            .service(guarded)
            .route("/static/{size}", web::get().to(fixed))
            .route("/static/{size}", web::post().to(fixed_after_body))
    })
    .bind("127.0.0.1:0")?;
    let address = *server.addrs().first().context("no address")?;
    let mut out = std::io::stdout();
    writeln!(out, "{address}")?;
    out.flush()?;
    server.run().await?;
    Ok(())
}

struct State {
    bodies: HashMap<usize, Bytes>,
    rows: Vec<Row>,
    sessions: RwLock<HashMap<[u8; 32], Arc<Caller>>>,
}

/// Who a session belongs to.
struct Caller(Uuid);

/// JSON of exactly that many bytes.
fn filler(size: usize) -> Bytes {
    Bytes::from(format!("\"{}\"", "x".repeat(size.saturating_sub(2))))
}

/// The check of a session: the cookie's signature, and its key's hash among the live ones.
async fn check<B: MessageBody + 'static>(
    state: Data<State>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !req.path().ends_with("/login") {
        let key: Option<String> = req.get_session().get(KEY)?;
        let caller = key.and_then(|key| {
            let sessions = state.sessions.read().ok()?;
            sessions.get(&hash(&key)).cloned()
        });
        if caller.is_none_or(|caller| caller.0.is_nil()) {
            return Err(ErrorUnauthorized("no session"));
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

async fn log_in(state: Data<State>, session: Session) -> Result<HttpResponse, Error> {
    let key = "a-session-key-of-forty-three-characters-xxx";
    session.insert(KEY, key)?;
    let mut sessions =
        state.sessions.write().map_err(|_| ErrorInternalServerError("a worker has failed"))?;
    sessions.insert(hash(key), Arc::new(Caller(Uuid::max())));
    Ok(HttpResponse::Ok().json(serde_json::json!({ "csrf_token": "none" })))
}

async fn fixed(state: Data<State>, size: web::Path<usize>) -> HttpResponse {
    match state.bodies.get(&size) {
        Some(body) => HttpResponse::Ok().content_type("application/json").body(body.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn fixed_after_body(state: Data<State>, size: web::Path<usize>, body: Bytes) -> HttpResponse {
    if body.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    fixed(state, size).await
}

async fn serialised(state: Data<State>, count: web::Path<usize>) -> HttpResponse {
    let rows = state.rows[..(*count).min(state.rows.len())].to_vec();
    match rows.as_slice() {
        [row] => HttpResponse::Ok().json(row),
        _ => HttpResponse::Ok().json(Page { items: rows }),
    }
}

#[derive(Serialize)]
struct Page {
    items: Vec<Row>,
}

/// A donation as it comes out of storage: every field of a type of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    donor_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    donor_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_name: Option<String>,
    amount: Amount,
    method: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    donated_on: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Uuid>,
    created_at: Instant,
    updated_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Instant>,
    version: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Amount {
    amount: String,
    currency: String,
}

/// An instant, written with milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Instant(DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

const KEY: &str = "key";

/// A session store that stores nothing: the key in the cookie is the whole state, as in the server.
#[derive(Clone, Copy)]
struct KeyOnly;

impl SessionStore for KeyOnly {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        let json = serde_json::to_string(key.as_ref());
        let json = json.map_err(|error| LoadError::Other(error.into()))?;
        Ok(Some(HashMap::from([(KEY.to_owned(), json)])))
    }

    async fn save(
        &self,
        state: HashMap<String, String>,
        _: &Duration,
    ) -> Result<SessionKey, SaveError> {
        key_in(&state).map_err(SaveError::Other)
    }

    async fn update(
        &self,
        _: SessionKey,
        state: HashMap<String, String>,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        key_in(&state).map_err(UpdateError::Other)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, _: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(())
    }
}

fn key_in(state: &HashMap<String, String>) -> anyhow::Result<SessionKey> {
    let json = state.get(KEY).context("no key")?;
    Ok(SessionKey::try_from(serde_json::from_str::<String>(json)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_body_is_json_of_its_size() {
        for size in [2, 3, 600] {
            let body = filler(size);
            assert_eq!(body.len(), size);
            assert!(serde_json::from_slice::<String>(&body).is_ok());
        }
    }

    #[test]
    fn an_instant_is_written_as_the_server_writes_it() {
        let text = "\"2026-03-14T09:26:53.500Z\"";
        let instant: Instant = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&instant).unwrap(), text);
    }
}
