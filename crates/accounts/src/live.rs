//! The sessions that are in use, in memory: a request that carries a known key costs no database
//! read, and a revocation bites at the next request all the same.
//!
//! A generation counter sees to it that a load that began before a revocation never brings a dead
//! session back. On PostgreSQL, where other instances can revoke, an entry is trusted for one second.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use almoner_kernel::{Caller, SessionId, Timestamp, UserId};
use chrono::Duration;
use parking_lot::RwLock;

use crate::{
    role::RoleName,
    session::{Session, SessionKeyHash},
};

/// A session in use, with what its user may do.
#[derive(Debug)]
pub struct LiveSession {
    /// The session; its `last_seen_at` is the one of the load, see [`LiveSession::last_seen_at`].
    pub session: Session,
    /// Its user, as a use case meets them.
    pub caller: Arc<Caller>,
    loaded_at: Timestamp,
    /// Unix milliseconds; only grows.
    last_seen: AtomicI64,
    /// What storage knows of `last_seen`.
    written: AtomicI64,
}

impl LiveSession {
    /// A session that was loaded, or has just been made, at `now`.
    pub fn new(session: Session, caller: Caller, now: Timestamp) -> Self {
        let last_seen = session.last_seen_at.timestamp_millis();
        Self {
            session,
            caller: Arc::new(caller),
            loaded_at: now,
            last_seen: AtomicI64::new(last_seen),
            written: AtomicI64::new(last_seen),
        }
    }

    /// When it was last used.
    pub fn last_seen_at(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(self.last_seen.load(Ordering::Relaxed))
            .unwrap_or(self.session.last_seen_at)
    }

    /// Notes that it is used now.
    pub(crate) fn see(&self, now: Timestamp) {
        self.last_seen.fetch_max(now.timestamp_millis(), Ordering::Relaxed);
    }

    /// True for one caller, when storage lags behind by `interval` or more: that caller writes.
    pub(crate) fn claims_write(&self, now: Timestamp, interval: Duration) -> bool {
        let now = now.timestamp_millis();
        let written = self.written.load(Ordering::Relaxed);
        now - written >= interval.num_milliseconds()
            && self
                .written
                .compare_exchange(written, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// How many sessions are kept in memory, and how long they are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LivePolicy {
    /// At most this many; about 1 kB each. The least recently used make room.
    pub capacity: usize,
    /// Ask storage again after this time. None when this process is the only one that can end a
    /// session; otherwise the longest time for which another process's revocation goes unnoticed.
    pub revalidate_after: Option<Duration>,
}

impl Default for LivePolicy {
    /// 20,000 sessions, and no other process.
    fn default() -> Self {
        Self { capacity: 20_000, revalidate_after: None }
    }
}

/// How long a unit of work may still commit after the caller that waited for it has gone away.
const UNSURE: Duration = Duration::minutes(2);

/// The sessions that are in use.
#[derive(Debug)]
pub struct LiveSessions {
    policy: LivePolicy,
    state: RwLock<State>,
    bell: Bell,
}

/// Who wants to know at once that sessions were forgotten.
#[derive(Default)]
struct Bell(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl Bell {
    fn ring(&self) {
        if let Some(ring) = self.0.get() {
            ring();
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}

#[derive(Debug, Default)]
struct State {
    /// Grows with every revocation.
    generation: u64,
    by_key: HashMap<SessionKeyHash, Arc<LiveSession>>,
    by_session: HashMap<SessionId, SessionKeyHash>,
    by_user: HashMap<UserId, HashSet<SessionKeyHash>>,
    /// Whose revocation may or may not have been committed, and until when that is unsure: their
    /// sessions are read from storage meanwhile.
    unsure: Vec<(Revoked, Timestamp)>,
}

/// Whose sessions a change ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// One session.
    Session(SessionId),
    /// Every session of a user.
    User(UserId),
    /// Every session of the users who have a role.
    Role(RoleName),
}

impl Revoked {
    fn meets(&self, live: &LiveSession) -> bool {
        match self {
            Self::Session(id) => live.session.id == *id,
            Self::User(id) => live.session.user_id == *id,
            Self::Role(name) => live.caller.has_role(name.as_str()),
        }
    }
}

/// The moment before a load: what it brings is kept only when nothing was revoked since.
#[derive(Clone, Copy, Debug)]
pub struct LoadTicket {
    generation: u64,
}

impl LiveSessions {
    /// No session yet.
    pub fn new(policy: LivePolicy) -> Self {
        Self { policy, state: RwLock::default(), bell: Bell::default() }
    }

    /// Calls `ring` whenever sessions are forgotten, because they ended or their rights changed. It
    /// must return at once. Only the first one that is given is called.
    pub fn when_forgotten(&self, ring: impl Fn() + Send + Sync + 'static) {
        // The first one stays.
        let _ = self.bell.0.set(Box::new(ring));
    }

    /// The session of a key, if it is known, alive and fresh enough; it counts as used now.
    pub fn find(&self, key: &SessionKeyHash, now: Timestamp) -> Option<Arc<LiveSession>> {
        let live = self.peek(key, now)?;
        live.see(now);
        Some(live)
    }

    /// The same, without using the session.
    pub fn peek(&self, key: &SessionKeyHash, now: Timestamp) -> Option<Arc<LiveSession>> {
        let live = Arc::clone(self.state.read().by_key.get(key)?);
        // A load in the future was before the clock was set back.
        let age = (now - live.loaded_at).abs();
        let is_fresh = self.policy.revalidate_after.is_none_or(|trusted| age < trusted);
        if !is_fresh || !live.session.is_alive_when_seen(live.last_seen_at(), now) {
            return None;
        }
        Some(live)
    }

    /// To be taken before storage is asked for a session.
    pub fn ticket(&self) -> LoadTicket {
        LoadTicket { generation: self.state.read().generation }
    }

    /// Keeps a loaded session, unless a session was revoked after the ticket was taken: then what was
    /// loaded may be dead already, and the next request loads it again. Says whether it was kept.
    pub fn insert(&self, ticket: LoadTicket, key: SessionKeyHash, live: &Arc<LiveSession>) -> bool {
        let mut state = self.state.write();
        let now = live.loaded_at;
        state.unsure.retain(|(_, until)| now < *until);
        if state.generation != ticket.generation
            || self.policy.capacity == 0
            || state.unsure.iter().any(|(revoked, _)| revoked.meets(live))
        {
            return false;
        }
        if let Some(known) = state.by_key.get(&key) {
            // Storage lags behind what this process has seen.
            live.last_seen.fetch_max(known.last_seen.load(Ordering::Relaxed), Ordering::Relaxed);
        } else if state.by_key.len() >= self.policy.capacity {
            state.make_room(self.policy.capacity);
        }
        state.by_session.insert(live.session.id, key);
        state.by_user.entry(live.session.user_id).or_default().insert(key);
        state.by_key.insert(key, Arc::clone(live));
        true
    }

    /// Forgets one session: the next request asks storage.
    pub fn forget_session(&self, id: SessionId) {
        self.forget(&Revoked::Session(id));
    }

    /// Forgets every session of a user.
    pub fn forget_user(&self, id: UserId) {
        self.forget(&Revoked::User(id));
    }

    /// Forgets every session of the users who have a role.
    pub fn forget_role(&self, name: &RoleName) {
        self.forget(&Revoked::Role(name.clone()));
    }

    fn forget(&self, revoked: &Revoked) {
        self.state.write().forget(revoked);
        self.bell.ring();
    }

    /// Announces a change that ends sessions, before it is committed. Whatever becomes of the commit,
    /// and of the future that waits for it, the sessions are forgotten.
    #[must_use = "without it a cancelled request leaves dead sessions in memory"]
    pub fn revoking(&self, revoked: Vec<Revoked>, at: Timestamp) -> Revocation<'_> {
        Revocation { live: self, revoked, at }
    }

    /// How many sessions are kept.
    pub fn len(&self) -> usize {
        self.state.read().by_key.len()
    }

    /// True when no session is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl State {
    fn forget(&mut self, revoked: &Revoked) {
        self.generation += 1;
        let keys: Vec<SessionKeyHash> = match revoked {
            Revoked::Session(id) => self.by_session.get(id).copied().into_iter().collect(),
            Revoked::User(id) => self.by_user.get(id).into_iter().flatten().copied().collect(),
            Revoked::Role(_) => self
                .by_key
                .iter()
                .filter(|(_, live)| revoked.meets(live))
                .map(|(key, _)| *key)
                .collect(),
        };
        for key in keys {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &SessionKeyHash) {
        let Some(live) = self.by_key.remove(key) else { return };
        self.by_session.remove(&live.session.id);
        if let Some(keys) = self.by_user.get_mut(&live.session.user_id) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_user.remove(&live.session.user_id);
            }
        }
    }

    /// Drops a sixteenth at once, so that a full cache does not look for the least recently used
    /// session at every insertion.
    fn make_room(&mut self, capacity: usize) {
        let mut ages: Vec<(i64, SessionKeyHash)> = self
            .by_key
            .iter()
            .map(|(key, live)| (live.last_seen.load(Ordering::Relaxed), *key))
            .collect();
        let leaving = (capacity / 16).max(1).min(ages.len());
        if leaving < ages.len() {
            ages.select_nth_unstable_by_key(leaving, |(age, _)| *age);
        }
        for (_, key) in &ages[..leaving] {
            self.remove(key);
        }
    }
}

/// A change that ends sessions, from before its commit on.
#[derive(Debug)]
pub struct Revocation<'a> {
    live: &'a LiveSessions,
    revoked: Vec<Revoked>,
    at: Timestamp,
}

impl Revocation<'_> {
    /// The change is committed.
    pub fn done(mut self) {
        let mut state = self.live.state.write();
        for revoked in self.revoked.drain(..) {
            state.forget(&revoked);
        }
        drop(state);
        self.live.bell.ring();
    }
}

impl Drop for Revocation<'_> {
    /// The commit failed, or nobody waits for it any more: it may yet arrive, so until it must have,
    /// these sessions are read from storage.
    fn drop(&mut self) {
        if self.revoked.is_empty() {
            return;
        }
        let mut state = self.live.state.write();
        for revoked in self.revoked.drain(..) {
            state.forget(&revoked);
            state.unsure.push((revoked, self.at + UNSURE));
        }
        drop(state);
        self.live.bell.ring();
    }
}
