//! `Idempotency-Key`: a POST that may be repeated without being done twice. The answer is kept in
//! the same transaction as the change; here it is looked up, given again, or refused.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{HttpMessage, HttpRequest, web::Data};
use almoner_kernel::{Context, Fault, Replay, StoreError, UserId, trail::SavedAnswer};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{
    answer::Answer,
    body::BodyDigest,
    cursor::hash_text,
    problem::{Problem, registry},
    services::Services,
    site::Site,
    words,
};

/// `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Runs a use case and renders what it made; with an `Idempotency-Key`, a repeated request is
/// answered as the first one was. A handler of a POST returns what this returns:
///
/// ```text
/// replay::run(&cx, &req, async |cx| donors.create(cx, command).await, |donor: &Donor| {
///     Answer::created(format!("/api/v1/donors/{}", donor.id), donor.version, &DonorBody::of(donor))
/// }).await
/// ```
///
/// # Errors
/// 400 for a key that is not 1 to 255 visible ASCII characters, 409 while a twin is running, 422
/// when the key belongs to another request; otherwise what the use case says.
pub async fn run<T, E, F>(
    cx: &Context,
    req: &HttpRequest,
    use_case: F,
    render: impl Fn(&T) -> Answer + Send + Sync + 'static,
) -> Result<Answer, Problem>
where
    T: 'static,
    E: Into<Problem>,
    F: AsyncFnOnce(&Context) -> Result<T, E>,
{
    // A dry run leaves nothing behind, so there is nothing to protect from being done twice.
    let key = key_of(req)?.filter(|_| !cx.dry_run);
    let (Some(key), Some(user)) = (key, cx.user_id()) else {
        return use_case(cx).await.map(|made| render(&made)).map_err(Into::into);
    };
    let (Some(site), Some(services)) =
        (req.app_data::<Data<Site>>(), req.app_data::<Data<Services>>())
    else {
        return Err(Problem::new(registry::INTERNAL));
    };
    let fingerprint = fingerprint(&site.settings.keys.cursor, req);
    let _running = site.running.enter(user, &key).ok_or_else(twin_is_running)?;
    let kept = async || services.answers.find(user, &key, cx.at).await;
    if let Some(answer) = kept().await? {
        return again(&answer, fingerprint);
    }
    let render = Arc::new(render);
    let saved = Arc::clone(&render);
    let replay = Replay::new(key.clone(), fingerprint, move |made: &T| saved(made).to_bytes());
    let with_key = Context { replay: Some(replay), ..cx.clone() };
    match use_case(&with_key).await {
        Ok(made) => Ok(render(&made)),
        Err(error) => {
            let problem = error.into();
            if problem.code() != StoreError::Replayed.code() {
                return Err(problem);
            }
            // A twin on another instance was faster.
            match kept().await? {
                Some(answer) => again(&answer, fingerprint),
                None => Err(twin_is_running()),
            }
        }
    }
}

/// Requests with a key that are running in this process.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashSet<(UserId, String)>>);

impl Running {
    /// Notes a request; none while its twin is running.
    fn enter(&self, user: UserId, key: &str) -> Option<Guard<'_>> {
        let twin = (user, key.to_owned());
        let is_new = self.lock().insert(twin.clone());
        is_new.then_some(Guard { running: self, twin })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(UserId, String)>> {
        // Inserting and removing cannot leave the set half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Also released when the client goes away and the request is dropped.
struct Guard<'a> {
    running: &'a Running,
    twin: (UserId, String),
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.running.lock().remove(&self.twin);
    }
}

fn twin_is_running() -> Problem {
    Problem::new(registry::CONFLICT).detail(words::twin_is_running())
}

fn key_of(req: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut keys = req.headers().get_all(IDEMPOTENCY_KEY);
    let Some(key) = keys.next() else { return Ok(None) };
    let is_visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if is_visible && (1..=255).contains(&key.len()) && keys.next().is_none() => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Problem::bad_request(words::idempotency_key_malformed())),
    }
}

/// Keyed, because it is stored: a body may hold a password, and a plain hash of it could be guessed
/// at by whoever reads the database.
fn fingerprint(key: &[u8; 32], req: &HttpRequest) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in [req.method().as_str(), req.path(), req.query_string()] {
        hash_text(&mut hash, text);
    }
    if let Some(BodyDigest(digest)) = req.extensions().get() {
        hash.update(digest);
    }
    // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let keyed = Hmac::<Sha256>::new(&block.into());
    keyed.chain_update(b"idempotency").chain_update(hash.finalize()).finalize().into_bytes().into()
}

fn again(kept: &SavedAnswer, fingerprint: [u8; 32]) -> Result<Answer, Problem> {
    if kept.fingerprint != fingerprint {
        return Err(Problem::new(registry::IDEMPOTENCY_KEY_REUSED)
            .detail(words::idempotency_key_elsewhere()));
    }
    Answer::from_bytes(&kept.body).map(Answer::replayed).map_err(|error| Problem::internal(&error))
}
