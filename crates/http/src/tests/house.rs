//! A house to test in: a server over fakes, and the words to speak with it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{
    cookie::{Cookie, CookieJar, Key},
    http::{Method, StatusCode, header::HeaderMap},
    test::{self, TestRequest},
};
use almoner_kernel::{
    Answers, Batch, Batches, Caller, Clock, Context, Epoch, Feed, Grant, Hearing, Ids, Notice,
    Permission, PermissionSet, ScopeKind, SecurityEventKind, Signal, Signals, StoreError,
    Timestamp, UserId, id::Id, trail::SavedAnswer,
};
use almoner_records::Registry;
use async_trait::async_trait;
use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::widgets;
use crate::{
    health::{Part, PartStatus, Readiness},
    live::LiveSettings,
    middleware::csrf,
    services::{Callers, Refusals, Services},
    settings::{BodySettings, HttpKeys, HttpSettings, Origin, PublicUrl, Quotas, SameSite},
    site::Server,
};

pub(super) const EPOCH: Epoch = Epoch::new(Uuid::from_u128(1));
pub(super) const CSRF_KEY: [u8; 32] = [2; 32];

pub(super) fn settings() -> HttpSettings {
    HttpSettings {
        public_url: PublicUrl::parse("http://almoner.test").unwrap(),
        is_public_url_given: false,
        same_site: SameSite::Strict,
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        cors_origins: vec![Origin::parse("https://app.test").unwrap()],
        quotas: Quotas { is_on: false, ..Quotas::default() },
        live: LiveSettings::default(),
        body_limit: HttpSettings::DEFAULT_BODY_LIMIT,
        bodies: BodySettings::default(),
        keys: HttpKeys { cookie: [1; 64], csrf: CSRF_KEY, cursor: [3; 32] },
        epoch: EPOCH,
        order: "tr".to_owned(),
        metrics_token: None,
    }
}

/// What the fakes saw, and what they say.
#[derive(Default)]
pub(super) struct World {
    pub(super) refusals: Mutex<Vec<(SecurityEventKind, String)>>,
    pub(super) kept: Mutex<HashMap<String, SavedAnswer>>,
    pub(super) is_database_away: Mutex<bool>,
    next_id: AtomicU64,
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_millis(1_700_000_000_000).unwrap()
    }
}

impl Ids for World {
    fn next(&self) -> Uuid {
        Uuid::from_u128(0x7000 + u128::from(self.next_id.fetch_add(1, Ordering::Relaxed)))
    }
}

#[async_trait]
impl Callers for World {
    /// The key is the role.
    async fn caller_of(&self, key: &str, _: Timestamp) -> Result<Option<Arc<Caller>>, StoreError> {
        if *self.is_database_away.lock().unwrap() {
            return Err(StoreError::Unavailable("connection refused".into()));
        }
        let permissions = match key {
            "admin" => PermissionSet::everything(),
            "viewer" => PermissionSet::NONE.with(Permission::new("donors:read")),
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(caller(key, permissions))))
    }

    async fn look(
        &self,
        keys: &[Arc<str>],
        at: Timestamp,
    ) -> Result<Vec<Option<Arc<Caller>>>, StoreError> {
        let mut callers = Vec::new();
        for key in keys {
            callers.push(self.caller_of(key, at).await?);
        }
        Ok(callers)
    }
}

#[async_trait]
impl Feed for World {
    async fn head(&self) -> Result<i64, StoreError> {
        Ok(0)
    }

    async fn after(&self, _: i64, _: u32) -> Result<Vec<Notice>, StoreError> {
        Ok(Vec::new())
    }

    async fn beyond(&self, _: i64) -> i64 {
        std::future::pending().await
    }
}

#[async_trait]
impl Signals for World {
    async fn tell(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    fn hear(&self) -> Box<dyn Hearing> {
        Box::new(Silence)
    }
}

struct Silence;

#[async_trait]
impl Hearing for Silence {
    async fn next(&mut self) -> Signal {
        std::future::pending().await
    }
}

pub(super) fn caller(role: &str, permissions: PermissionSet) -> Caller {
    Caller {
        user_id: UserId::new(Uuid::from_u128(role.len() as u128)),
        session_id: Id::new(Uuid::from_u128(77)),
        grants: vec![Grant::new(role, permissions, ScopeKind::All)],
    }
}

#[async_trait]
impl Answers for World {
    async fn find(
        &self,
        _: UserId,
        key: &str,
        _: Timestamp,
    ) -> Result<Option<SavedAnswer>, StoreError> {
        Ok(self.kept.lock().unwrap().get(key).cloned())
    }
}

#[async_trait]
impl Batches for World {
    async fn open(&self) -> Result<Box<dyn Batch>, StoreError> {
        Err(StoreError::Unavailable("nothing here can be changed in batches".into()))
    }
}

#[async_trait]
impl Refusals for World {
    async fn record(&self, _: &Context, kind: SecurityEventKind, detail: String) {
        self.refusals.lock().unwrap().push((kind, detail));
    }
}

#[async_trait]
impl Readiness for World {
    async fn check(&self) -> Vec<Part> {
        let status = match *self.is_database_away.lock().unwrap() {
            true => PartStatus::Down,
            false => PartStatus::Up,
        };
        vec![Part::needed("database", status)]
    }
}

pub(super) fn world() -> Arc<World> {
    Arc::default()
}

pub(super) fn server(settings: HttpSettings, world: &Arc<World>) -> Server {
    let services = Services {
        clock: world.clone(),
        ids: world.clone(),
        callers: world.clone(),
        answers: world.clone(),
        feed: world.clone(),
        signals: world.clone(),
        batches: world.clone(),
        refusals: world.clone(),
        readiness: world.clone(),
        metrics: None,
        traces: None,
    };
    widgets::KEPT.with(|kept| *kept.borrow_mut() = Some(Arc::clone(world)));
    Server::with_resources(
        settings,
        Arc::new(services),
        Arc::new(widgets::routes),
        &Registry::EMPTY,
    )
    .unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").map(|value| value.to_str().unwrap()).collect()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the problem, once everything else about it is right.
    #[track_caller]
    pub(super) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["request_id"], self.header("x-request-id").unwrap());
        let code = body["code"].as_str().unwrap().to_owned();
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert!(self.header("content-language").is_some(), "{self:?}");
        let mut vary = self
            .headers
            .get_all("vary")
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        assert!(
            vary.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"accept-language")),
            "{self:?}"
        );
        code
    }

    /// Pointer (or parameter) and code of every error.
    pub(super) fn errors(&self) -> Vec<(String, String)> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let mut errors: Vec<(String, String)> = errors
            .iter()
            .map(|error| {
                let place = error.get("pointer").or(error.get("parameter")).unwrap();
                (place.as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
            })
            .collect();
        errors.sort();
        errors
    }
}

/// A request of a logged-in user, with the token where one is needed.
pub(super) fn by(role: &str, method: Method, uri: &str) -> TestRequest {
    let session = caller(role, PermissionSet::NONE).session_id;
    let request = stranger(method.clone(), uri).cookie(session_cookie(role));
    match csrf::changes(&method) {
        true => request.insert_header(("X-CSRF-Token", csrf::token(&CSRF_KEY, session))),
        false => request,
    }
}

pub(super) fn stranger(method: Method, uri: &str) -> TestRequest {
    TestRequest::default().method(method).uri(uri).peer_addr(SocketAddr::from(([192, 0, 2, 9], 4)))
}

pub(super) fn session_cookie(key: &str) -> Cookie<'static> {
    let mut jar = CookieJar::new();
    let name = "almoner_session";
    jar.signed_mut(&Key::from(&[1; 64])).add(Cookie::new(name, key.to_owned()));
    jar.get(name).unwrap().clone()
}

/// Sends a request to a fresh worker of the server.
pub(super) async fn hear(server: &Server, request: TestRequest) -> Heard {
    let app = test::init_service(server.app()).await;
    match test::try_call_service(&app, request.to_request()).await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = test::read_body(answer).await.to_vec();
            Heard { status, headers, body }
        }
        // What the server makes of an error that no middleware turned into an answer.
        Err(error) => {
            let answer = error.error_response();
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap().to_vec();
            Heard { status, headers, body }
        }
    }
}
