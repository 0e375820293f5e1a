//! Logging in and out.

use std::{sync::Arc, time::Duration};

use almoner_kernel::{
    Action, Caller, Context, EmailAddress, Ids, MailTemplate, SecurityEvent, SecurityEventKind,
    SessionId, StoreError, Timestamp, Trail, UserId, text,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    AccountsError, Letters,
    guard::{Judgement, LoginGuard},
    letters::Letter,
    live::{LiveSessions, Revoked},
    ports::{Account, Accounts, AccountsTx, Meeting, Secrets},
    role::Role,
    roles::roles_of,
    session::{DeviceKey, Session, SessionKey, SessionPolicy, masked_address},
    user::{PasswordHashText, User},
};

/// Logging in and out.
pub struct Authentication {
    accounts: Arc<dyn Accounts>,
    guard: LoginGuard,
    secrets: Arc<dyn Secrets>,
    ids: Arc<dyn Ids>,
    live: Arc<LiveSessions>,
    letters: Letters,
    session_policy: SessionPolicy,
}

/// What somebody gives to be let in; without `Debug`, so that no log line can have it.
pub struct LoginCommand {
    /// As it was typed: a text that is no address is treated like an unknown one.
    pub email: String,
    /// As it was typed.
    pub password: SecretString,
    /// True for longer time-outs.
    pub remember_me: bool,
    /// What the browser kept of an earlier login, as it came. It proves nothing, but a browser that the
    /// account knows is not kept out by what strangers do.
    pub device: Option<String>,
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct LoggedIn {
    /// The secret for the cookie; it exists nowhere else.
    pub key: SessionKey,
    /// What the browser is to keep, when it had nothing of the kind.
    pub device: Option<DeviceKey>,
    /// The new session.
    pub session: Session,
    /// Who it is.
    pub user: User,
    /// What they may do.
    pub caller: Arc<Caller>,
}

/// An account whose password has been compared, outside any transaction.
struct Compared {
    account: Option<Account>,
    is_right: bool,
    /// The right password under today's parameters, when the stored hash has weaker ones.
    rehashed: Option<PasswordHashText>,
}

impl Authentication {
    /// The service, over its ports and policies.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        guard: LoginGuard,
        secrets: Arc<dyn Secrets>,
        ids: Arc<dyn Ids>,
        live: Arc<LiveSessions>,
        letters: Letters,
        session_policy: SessionPolicy,
    ) -> Self {
        Self { accounts, guard, secrets, ids, live, letters, session_policy }
    }

    /// Lets somebody in, and makes their session.
    ///
    /// A browser that the account has let in before has failures and a lock of its own. All others are
    /// strangers: they have a few failures from one address, and wait longer for each further guess at
    /// one account, whether or not there is one. A refused login is committed as well (counters,
    /// security event), and takes the same steps whether or not the account exists.
    ///
    /// # Errors
    /// [`AccountsError::InvalidCredentials`] for an unknown address, a wrong password and an inactive
    /// user alike; [`AccountsError::Locked`] for the right password on a locked device;
    /// [`AccountsError::RateLimited`] before any password is looked at, while too much was guessed.
    #[tracing::instrument(skip_all)]
    pub async fn login(
        &self,
        cx: &Context,
        command: LoginCommand,
    ) -> Result<LoggedIn, AccountsError> {
        // No address has a NUL, and storage may not be asked for one: it counts like any other guess.
        // Whatever was typed is looked up: nobody is told what an address looks like.
        let typed = text::visible(&command.email).trim().to_owned();
        let email_key = EmailAddress::from_stored(typed).key().replace('\0', "\u{fffd}");
        let account = self.accounts.account_by_email(&email_key).await?;
        let device = command.device.as_deref();
        let guess = self.guard.admit(cx, &email_key, account.as_ref(), device).await?;
        let compared = self.compare(account, &command.password).await?;

        let tx = self.accounts.begin().await?;
        let mut tx = self.guard.enter(cx, tx, &guess).await?;
        let known = compared.account.as_ref().map(|account| account.user.id);
        let account = self.reload(tx.as_mut(), &email_key, &compared).await?;
        let is_right = compared.is_right && account.is_some();
        let judgement = self.guard.judge(cx, tx.as_mut(), &guess, is_right).await?;
        let failed = || event(SecurityEventKind::LoginFailed, known);
        match (judgement, account) {
            (Judgement::Right, Some(account)) => {
                self.let_in(cx, tx, account, compared.rehashed, &command).await
            }
            (Judgement::Locked { until }, Some(_)) => {
                let trail = Trail::of(cx).security(event(SecurityEventKind::LoginLocked, known));
                tx.commit(trail).await?;
                Err(AccountsError::Locked { retry_after: wait(cx.at, until) })
            }
            (Judgement::Wrong { has_locked: true }, Some(_)) => {
                let locked = event(SecurityEventKind::AccountLocked, known);
                tx.commit(Trail::of(cx).security(failed()).security(locked)).await?;
                Err(AccountsError::InvalidCredentials)
            }
            _ => {
                tx.commit(Trail::of(cx).security(failed())).await?;
                Err(AccountsError::InvalidCredentials)
            }
        }
    }

    /// Ends the session the request came with. Ending it twice is no error.
    ///
    /// # Errors
    /// When nobody is logged in.
    #[tracing::instrument(skip_all)]
    pub async fn logout(&self, cx: &Context) -> Result<(), AccountsError> {
        let caller = cx.caller()?;
        let revocation = self.live.revoking(vec![Revoked::Session(caller.session_id)], cx.at);
        let mut tx = self.accounts.begin().await?;
        if tx.end_session(caller.session_id, caller.user_id).await? {
            let event = event(SecurityEventKind::LoggedOut, Some(caller.user_id));
            tx.commit(Trail::of(cx).security(event)).await?;
        }
        revocation.done();
        Ok(())
    }

    /// Compares the password. There is always one comparison, and it always takes the same time: an
    /// unknown or inactive account is compared with a dummy.
    async fn compare(
        &self,
        account: Option<Account>,
        password: &SecretString,
    ) -> Result<Compared, AccountsError> {
        let hasher = self.guard.hasher();
        let hash = account
            .as_ref()
            .filter(|account| account.user.active)
            .map(|account| &account.credentials.password_hash);
        let is_right = hasher.verify(password, hash).await? && hash.is_some();
        let rehashed = match hash {
            Some(hash) if is_right && hasher.needs_rehash(hash) => {
                Some(hasher.hash(password).await?)
            }
            _ => None,
        };
        Ok(Compared { account, is_right, rehashed })
    }

    /// The account again, locked; none when it is unknown, inactive, or has another address by now.
    /// An unknown one is looked for as well, so that it takes as long.
    async fn reload(
        &self,
        tx: &mut dyn AccountsTx,
        email_key: &str,
        compared: &Compared,
    ) -> Result<Option<Account>, AccountsError> {
        let before = compared.account.as_ref();
        let id = before.map_or(UserId::new(Uuid::nil()), |account| account.user.id);
        let now = tx.account(id).await?;
        let Some(before) = before else { return Ok(None) };
        match now.filter(|now| now.user.active && now.user.email.key() == email_key) {
            // The password was changed during the comparison, which therefore says nothing.
            Some(now)
                if compared.is_right
                    && now.credentials.password_hash != before.credentials.password_hash =>
            {
                Err(StoreError::Raced.into())
            }
            // Activated during the comparison, which was with a dummy.
            Some(_) if !before.user.active => Ok(None),
            now => Ok(now),
        }
    }

    async fn let_in(
        &self,
        cx: &Context,
        mut tx: Box<dyn AccountsTx>,
        account: Account,
        rehashed: Option<PasswordHashText>,
        command: &LoginCommand,
    ) -> Result<LoggedIn, AccountsError> {
        let key = self.secrets.session_key()?;
        let user = User { last_login_at: Some(cx.at), ..account.user };
        let roles = roles_of(tx.as_mut(), &user.roles).await?;
        let session = self.new_session(cx, user.id, command.remember_me);
        let caller = Arc::new(Role::caller(&roles, user.id, session.id));

        tx.set_last_login(user.id, cx.at).await?;
        let mut trail = Trail::of(cx).security(event(SecurityEventKind::LoggedIn, Some(user.id)));
        if let Some(hash) = rehashed {
            tx.set_password(user.id, &hash).await?;
            // The row is another one than the trail knows: without a change it would look altered.
            trail = trail.noted(Action::Updated, &user, None);
        }
        let ending = surplus(tx.sessions(user.id).await?, cx.at, self.session_policy.max_per_user);
        for old in &ending {
            tx.end_session(old.id, user.id).await?;
            // A session that had timed out ended by itself.
            if old.is_alive(cx.at) {
                trail = trail.security(SecurityEvent {
                    kind: SecurityEventKind::SessionEnded,
                    user_id: Some(user.id),
                    detail: Some("more sessions than a user may have".to_owned()),
                });
            }
        }
        tx.insert_session(&session, &key.hash()).await?;
        let kept = command.device.as_deref().and_then(DeviceKey::parse);
        let (device, is_fresh) = match kept {
            Some(device) => (device, false),
            None => (self.secrets.device_key()?, true),
        };
        if tx.meet_device(user.id, &device.hash(user.id), cx.at).await? == Meeting::New {
            let letter = Letter {
                about: Some(session.id.uuid()),
                ..Letter::to(user.id, MailTemplate::NewDevice)
            };
            trail = trail.security(event(SecurityEventKind::NewDevice, Some(user.id)));
            trail = self.letters.post(cx, tx.as_mut(), trail, letter).await?;
        }
        let revocation = self
            .live
            .revoking(ending.into_iter().map(|old| Revoked::Session(old.id)).collect(), cx.at);
        tx.commit(trail).await?;
        revocation.done();
        Ok(LoggedIn { key, device: is_fresh.then_some(device), session, user, caller })
    }

    fn new_session(&self, cx: &Context, user_id: UserId, remembered: bool) -> Session {
        let (idle_timeout, lifetime) = self.session_policy.lifetimes(remembered);
        Session {
            id: SessionId::new(self.ids.next()),
            user_id,
            created_at: cx.at,
            last_seen_at: cx.at,
            expires_at: cx.at + lifetime,
            idle_timeout,
            remembered,
            address: cx.origin.address.map(masked_address),
            user_agent: cx.origin.user_agent.clone(),
        }
    }
}

/// An event without detail.
pub(crate) const fn event(kind: SecurityEventKind, user_id: Option<UserId>) -> SecurityEvent {
    SecurityEvent { kind, user_id, detail: None }
}

/// From `now` until an instant, whole seconds rounded up, one at the least.
pub(crate) fn wait(now: Timestamp, until: Timestamp) -> Duration {
    let millis = u64::try_from((until - now).num_milliseconds()).unwrap_or_default();
    Duration::from_secs(millis.div_ceil(1000).max(1))
}

/// The sessions that make room for one more: those that have timed out, then the oldest.
fn surplus(mut sessions: Vec<Session>, now: Timestamp, max: usize) -> Vec<Session> {
    sessions.sort_by_key(|session| (session.created_at, session.id));
    let (alive, mut ending): (Vec<Session>, Vec<Session>) =
        sessions.into_iter().partition(|session| session.is_alive(now));
    let too_many = (alive.len() + 1).saturating_sub(max.max(1));
    ending.extend(alive.into_iter().take(too_many));
    ending
}
