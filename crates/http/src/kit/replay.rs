//! `Idempotency-Key`: a POST that may be repeated without being done twice. The answer is kept in
//! the same transaction as the change; here it is looked up, given again, or refused.
//!
//! A kept answer lives where its change does. One that came with a backup is true of the epoch that began
//! with it: the change it tells of is there too, and its `ETag` is made anew. What was answered after
//! the backup was made is not kept any more, as little as its change: the same request is carried out
//! once more, which is what its client wants. So answers need no epoch of their own, and the fingerprint
//! of a request, which is compared with those that came along, knows none either.
//!
//! An answer that showed a record which was destroyed since is gone, and so is one for whoever has another
//! permissions or reach now than when it was given: then the key is refused, and nothing is done twice.
//! Whoever merely belongs to the record no more is given what they were given before, and nothing newer.
//!
//! Answers are rendered before the commit and stored in it: the use case calls `Trail::answering(cx,
//! &made)`, and the HTTP layer put the rendering into the `Context`. So the first answer is repeated
//! byte for byte, also after a crash. What holds secrets (`/auth/*`, `reveal`) is not kept. The
//! fingerprint of the request is keyed: a body may hold a password, and a plain hash of it could be
//! guessed at.

use std::{
    any::Any,
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{HttpMessage, HttpRequest, web::Data};
use almoner_kernel::{
    Context, Fault, Permission, Replay, ScopeKind, StoreError, UserId, trail::SavedAnswer,
};
use almoner_records::{AnyRecord, Made, Registry};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    domains::Domains,
    kit::{
        answer::Answer,
        body::BodyDigest,
        cursor::hash_text,
        problem::{Problem, registry},
        words,
    },
    services::Services,
    site::Site,
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
/// 400 for a key that is not 1 to 255 visible ASCII characters, 409 while a twin is running and when the
/// answer is gone, 422 when the key belongs to another request; otherwise what the use case says.
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
    let render = Arc::new(render);
    let saved = Arc::clone(&render);
    let saved = move |made: &dyn Any| made.downcast_ref::<T>().map(|made| saved(made));
    once(cx, req, use_case, saved, |made| render(made)).await
}

/// `saved` is what is kept of what the use case commits, `render` what is answered for what it returns.
async fn once<T, E, F>(
    cx: &Context,
    req: &HttpRequest,
    use_case: F,
    saved: impl Fn(&dyn Any) -> Option<Answer> + Send + Sync + 'static,
    render: impl Fn(&T) -> Answer,
) -> Result<Answer, Problem>
where
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
    let reach = reach(cx, req)?;
    let _running = site.running.enter(user, &key).ok_or_else(twin_is_running)?;
    let kept = async || services.answers.find(user, &key, cx.at).await;
    if let Some(answer) = kept().await? {
        return again(&answer, fingerprint, reach);
    }
    let saved = move |made: &dyn Any| {
        let kept = saved(made).map(|answer| KeptAnswer { reach: Some(reach), answer });
        kept.map(|kept| kept.to_bytes())
    };
    let replay = Replay::of_any(key.clone(), fingerprint, saved);
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
                Some(answer) => again(&answer, fingerprint, reach),
                None => Err(twin_is_running()),
            }
        }
    }
}

/// [`run`] for a use case of a kind of record: `reads` finds in what it has made the record that is shown.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_any<E, F>(
    cx: &Context,
    req: &HttpRequest,
    reads: fn(&dyn Any) -> Option<&dyn Made>,
    use_case: F,
    render: fn(&dyn Made) -> Answer,
) -> Result<Answer, Problem>
where
    E: Into<Problem>,
    F: AsyncFnOnce(&Context) -> Result<AnyRecord, E>,
{
    let saved = move |made: &dyn Any| reads(made).map(render);
    let rendered = |made: &AnyRecord| render(&**made);
    once(cx, req, use_case, saved, rendered).await
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

/// What the caller may see: whoever may see less than at the first time is not shown it again.
fn reach(cx: &Context, req: &HttpRequest) -> Result<u64, Problem> {
    let domains = req.app_data::<Data<Domains>>();
    let registry = domains.map_or(&Registry::EMPTY, |domains| domains.registry);
    let caller = cx.caller().map_err(Problem::from)?;
    let mut hash = Sha256::new();
    let all = registry.all_permissions();
    let has = |permission: Permission| Some((permission, caller.reach_of(permission)?));
    let rights: Vec<_> = all.into_iter().filter_map(has).collect();
    // Whoever reaches as far everywhere is told as before there were reaches: answers that were kept then
    // are given again.
    let everywhere = rights.first().map(|(_, reach)| *reach);
    let everywhere = everywhere.filter(|first| rights.iter().all(|(_, reach)| reach == first));
    hash_text(&mut hash, everywhere.map_or("", ScopeKind::as_str));
    for (permission, reach) in rights {
        hash_text(&mut hash, permission.as_str());
        if everywhere.is_none() {
            hash_text(&mut hash, reach.as_str());
        }
    }
    let hash = hash.finalize();
    Ok(hash.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte)))
}

/// What stands in storage: an answer, and what whoever was given it could see.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    /// Absent from answers of programs that did not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reach: Option<u64>,
    #[serde(flatten)]
    answer: Answer,
}

impl KeptAnswer {
    fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers: there is nothing JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn again(kept: &SavedAnswer, fingerprint: [u8; 32], reach: u64) -> Result<Answer, Problem> {
    if kept.fingerprint != fingerprint {
        return Err(Problem::new(registry::IDEMPOTENCY_KEY_REUSED)
            .detail(words::idempotency_key_elsewhere()));
    }
    let gone = |why| Err(Problem::new(registry::ANSWER_GONE).detail(why));
    if kept.body.is_empty() {
        return gone(words::shown_record_destroyed());
    }
    let kept: KeptAnswer =
        serde_json::from_slice(&kept.body).map_err(|error| Problem::internal(&error))?;
    match kept.reach {
        Some(then) if then != reach => gone(words::rights_changed()),
        _ => Ok(kept.answer.replayed()),
    }
}
