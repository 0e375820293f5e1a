//! Sessions in use: who a request's key belongs to, and what users see and end of their own.

use std::{collections::HashMap, sync::Arc};

use almoner_kernel::{
    Context, Denied, SecurityEvent, SecurityEventKind, SessionId, StoreError, Timestamp, Trail,
};
use chrono::Duration;

use crate::{
    AccountsError,
    authentication::event,
    live::{LiveSession, LiveSessions, Revoked},
    ports::{Accounts, Secrets, StoredSession},
    role::{CustomRole, Role, RoleName},
    session::{Renewed, Session, SessionKey, SessionKeyHash},
    user::User,
};

/// Storage hears of the use of a session this often, or four times in its idle time-out.
const WRITE_BACK: Duration = Duration::minutes(1);

/// Sessions in use.
#[derive(Clone)]
pub struct Sessions {
    accounts: Arc<dyn Accounts>,
    secrets: Arc<dyn Secrets>,
    live: Arc<LiveSessions>,
}

/// A session as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// The session.
    pub session: Session,
    /// True for the one the request came with.
    pub is_current: bool,
}

impl Sessions {
    /// The service, over storage, fresh keys and the memory of live sessions.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        secrets: Arc<dyn Secrets>,
        live: Arc<LiveSessions>,
    ) -> Self {
        Self { accounts, secrets, live }
    }

    /// Whom a key belongs to, if its session is alive; the session counts as used now. In steady state
    /// this reads memory only, and writes storage about once a minute and session.
    ///
    /// # Errors
    /// When storage is needed and away.
    pub async fn resolve(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Arc<LiveSession>>, StoreError> {
        let key = key.hash();
        let live = match self.live.find(&key, now) {
            Some(live) => live,
            None => match self.load(&[key], now).await?.remove(&key) {
                Some(live) => live,
                None => return Ok(None),
            },
        };
        live.see(now);
        let interval = WRITE_BACK.min(live.session.idle_timeout / 4);
        if live.claims_write(now, interval) {
            match self.accounts.touch_session(live.session.id, now).await {
                Ok(true) => {}
                Ok(false) => {
                    // Another process has ended it.
                    self.live.forget_session(live.session.id);
                    return Ok(None);
                }
                // A full disk, or a file that somebody keeps, is no reason not to read. The session
                // was looked up as it always is; only its time of use is written later.
                Err(error @ StoreError::Unavailable(_)) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the use of a session could not be written");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(live))
    }

    /// The sessions of some keys that are alive, by the hashes of their keys; they do not count as
    /// used. For those who listen for long: a session that does nothing else times out. What memory
    /// does not know is read at once.
    ///
    /// # Errors
    /// When storage is needed and away.
    pub async fn look(
        &self,
        keys: impl IntoIterator<Item = SessionKeyHash>,
        now: Timestamp,
    ) -> Result<HashMap<SessionKeyHash, Arc<LiveSession>>, StoreError> {
        let (mut alive, mut unknown) = (HashMap::new(), Vec::new());
        for key in keys {
            match self.live.peek(&key, now) {
                Some(live) => drop(alive.insert(key, live)),
                None => unknown.push(key),
            }
        }
        match self.load(&unknown, now).await {
            Ok(loaded) => alive.extend(loaded),
            // One damaged row must not end what all the others hear.
            Err(StoreError::Damaged(_)) => {
                for key in unknown {
                    alive.extend(self.load_sound(key, now).await?);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(alive)
    }

    /// The session of a key, if it is alive and not damaged.
    async fn load_sound(
        &self,
        key: SessionKeyHash,
        now: Timestamp,
    ) -> Result<HashMap<SessionKeyHash, Arc<LiveSession>>, StoreError> {
        match self.load(&[key], now).await {
            Err(error @ StoreError::Damaged(_)) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a session cannot be read");
                Ok(HashMap::new())
            }
            loaded => loaded,
        }
    }

    /// Calls `ring` whenever sessions end or their rights change in this process. It must return at
    /// once.
    pub fn when_forgotten(&self, ring: impl Fn() + Send + Sync + 'static) {
        self.live.when_forgotten(ring);
    }

    /// The caller's own sessions that are alive, the newest login first.
    ///
    /// # Errors
    /// When nobody is logged in.
    #[tracing::instrument(skip_all)]
    pub async fn own(&self, cx: &Context) -> Result<Vec<OwnSession>, AccountsError> {
        let caller = cx.caller()?;
        let sessions = self.accounts.sessions(caller.user_id).await?;
        Ok(sessions
            .into_iter()
            .map(|mut session| {
                let is_current = session.id == caller.session_id;
                if is_current {
                    session.last_seen_at = cx.at;
                }
                OwnSession { session, is_current }
            })
            .filter(|own| own.session.is_alive(cx.at))
            .collect())
    }

    /// Ends one of the caller's own sessions.
    ///
    /// # Errors
    /// [`AccountsError::NotFound`] when the caller has no such session.
    #[tracing::instrument(skip_all)]
    pub async fn end(&self, cx: &Context, id: SessionId) -> Result<(), AccountsError> {
        let caller = cx.caller()?;
        let mut tx = self.accounts.begin().await?;
        if !tx.end_session(id, caller.user_id).await? {
            return Err(AccountsError::NotFound);
        }
        let revocation = self.live.revoking(vec![Revoked::Session(id)], cx.at);
        let event = event(SecurityEventKind::SessionEnded, Some(caller.user_id));
        tx.commit(Trail::of(cx).security(event)).await?;
        revocation.done();
        Ok(())
    }

    /// Ends all of the caller's sessions but the one the request came with, which gets a new key: a
    /// copy of its cookie is another device too.
    ///
    /// # Errors
    /// When nobody is logged in.
    #[tracing::instrument(skip_all)]
    pub async fn end_others(&self, cx: &Context) -> Result<Renewed, AccountsError> {
        let caller = cx.caller()?;
        let key = self.secrets.session_key()?;
        let mut tx = self.accounts.begin().await?;
        // First the user, as every change of all their sessions does: two that each hold their own
        // session would wait for one another's.
        tx.account(caller.user_id).await?;
        let session = tx.rekey_session(caller.session_id, caller.user_id, &key.hash()).await?;
        // Ended by somebody else at this moment.
        let session = session.ok_or(Denied::Unauthenticated)?;
        let ended = tx.end_sessions(caller.user_id, Some(session.id)).await?;
        let revocation = self.live.revoking(vec![Revoked::User(caller.user_id)], cx.at);
        let event = SecurityEvent {
            kind: SecurityEventKind::SessionEnded,
            user_id: Some(caller.user_id),
            detail: (ended == 0).then(|| "copies of the session that stays".to_owned()),
        };
        tx.commit(Trail::of(cx).security(event)).await?;
        revocation.done();
        Ok(Renewed { key, session })
    }

    /// Reads those that are alive, and keeps them in memory.
    async fn load(
        &self,
        keys: &[SessionKeyHash],
        now: Timestamp,
    ) -> Result<HashMap<SessionKeyHash, Arc<LiveSession>>, StoreError> {
        let ticket = self.live.ticket();
        let mut alive = HashMap::new();
        if keys.is_empty() {
            return Ok(alive);
        }
        for (key, stored) in self.accounts.sessions_by_key(keys).await? {
            let StoredSession { session, user, custom_roles } = stored;
            if !user.active || !session.is_alive(now) {
                continue;
            }
            let roles = roles(&user, &custom_roles)?;
            let caller = Role::caller(&roles, user.id, session.id);
            let live = Arc::new(LiveSession::new(session, caller, now));
            self.live.insert(ticket, key, &live);
            alive.insert(key, live);
        }
        Ok(alive)
    }
}

/// The roles of a user, those that are custom among the ones that came with the session.
fn roles(user: &User, custom: &[CustomRole]) -> Result<Vec<Role>, StoreError> {
    let role = |name: &RoleName| match name.built_in() {
        Some(role) => Ok(Role::BuiltIn(role)),
        None => {
            let role = custom.iter().find(|role| role.name == *name).cloned().map(Role::from);
            role.ok_or_else(|| {
                StoreError::Damaged(format!("user {} has a role that does not exist", user.id))
            })
        }
    };
    user.roles.iter().map(role).collect()
}
