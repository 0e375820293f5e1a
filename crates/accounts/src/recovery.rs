//! Choosing a password with a link that was mailed: after an invitation, or after the old one was
//! forgotten.
//!
//! Asking for a link looks at no account. What was typed is stored, and a job finds out later whether
//! it is anybody's, and deletes it: so the answer, the time it takes and every row that is written are
//! the same for known, unknown, inactive and locked accounts, because nothing in the request could
//! differ. Rejected: dummy work for addresses that nobody has, which must be kept equal at every
//! change.
//!
//! - A link holds an id and its HMAC under a sub-key of its own (`link.rs`): nothing secret is stored
//!   or stands in a job, a mail can be written again at a second attempt, and a token that was not made
//!   here is refused without a reading. The secret stands in the fragment, which browsers send to
//!   nobody.
//! - What makes a link good for one use is its row: whoever deletes it in the transaction that sets the
//!   password has used it. A new link, a new password, a new e-mail address and a deactivation delete
//!   it too.
//! - Somebody who asks for another's link three times an hour keeps them from asking, not from getting
//!   in: each of the three came to them, and the last one works.
//! - An invited user has the hash of 256 random bits for a password, so that no rule is needed to keep
//!   them out.

use std::sync::Arc;

use almoner_kernel::{
    Action, Actor, Attempt, Context, EmailAddress, FieldError, Ids, Invalid, JobError, JobHandler,
    MailTemplate, NewJob, Origin, Progress, SecurityEvent, SecurityEventKind, Timestamp, Trail,
    mail::{id_of_payload, id_payload},
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    AccountsError, Letters,
    authentication::event,
    guard::account_key,
    letters::Letter,
    link::{Link, LinkKey, Purpose},
    live::{LiveSessions, Revoked},
    login::AddressKey,
    password::PasswordRules,
    ports::{self, Account, Accounts, Secrets},
    session::DeviceKey,
    words,
};

/// Choosing a password with a link.
#[derive(Clone)]
pub struct Recovery {
    accounts: Arc<dyn Accounts>,
    passwords: PasswordRules,
    secrets: Arc<dyn Secrets>,
    letters: Letters,
    key: LinkKey,
    ids: Arc<dyn Ids>,
    live: Arc<LiveSessions>,
}

/// Somebody asked for a link; whether the address is anybody's is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// Which one.
    pub id: Uuid,
    /// As it was typed.
    pub email: EmailAddress,
    /// When.
    pub at: Timestamp,
}

/// The kind of the jobs that find out.
const JOB: &str = "accounts.password_reset";
/// What they know.
const REQUEST: &str = "request_id";

impl Recovery {
    /// The service, over its ports and rules.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        passwords: PasswordRules,
        secrets: Arc<dyn Secrets>,
        letters: Letters,
        key: LinkKey,
        ids: Arc<dyn Ids>,
        live: Arc<LiveSessions>,
    ) -> Self {
        Self { accounts, passwords, secrets, letters, key, ids, live }
    }

    /// Notes that somebody wants a link. Too many of them, from one address or for one e-mail
    /// address, are answered alike and lead to no mail; so is everything where no mail can be sent.
    ///
    /// # Errors
    /// Only when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn request(&self, cx: &Context, email: EmailAddress) -> Result<(), AccountsError> {
        if !self.letters.is_on() {
            return Ok(());
        }
        let policy = self.letters.policy();
        let (since, until) = (cx.at - policy.window, cx.at + policy.window);
        let address = cx.origin.address.map(AddressKey::of_reset);
        let mailbox = AddressKey::of_mailbox(&self.key.mailbox(&email.key()));
        // Always in this order, so that two requests cannot wait for each other.
        let limits = [(address, policy.max_per_address), (Some(mailbox), policy.max_per_mailbox)];
        let limits = limits.into_iter().filter_map(|(key, max)| Some((key?, max)));

        let mut tx = self.accounts.begin().await?;
        let (mut within, mut unrecorded) = (Vec::new(), Vec::new());
        let mut is_refused = false;
        for (key, max) in limits {
            let window = tx.lock_login_window(&key, since, until).await?;
            if window.counted < max {
                within.push(key);
            } else {
                is_refused = true;
                // Once in a window, so that hammering does not fill the trail.
                unrecorded.extend((!window.refusal_recorded).then_some(key));
            }
        }
        if is_refused {
            if unrecorded.is_empty() {
                return Ok(());
            }
            for key in &unrecorded {
                tx.insert_login_attempt(key, cx.at, ports::Attempt::Refused).await?;
            }
            let refused = event(SecurityEventKind::PasswordResetLimited, None);
            return Ok(tx.commit(Trail::of(cx).security(refused)).await?);
        }
        for key in &within {
            tx.insert_login_attempt(key, cx.at, ports::Attempt::Counted).await?;
        }
        let request = ResetRequest { id: self.ids.next(), email, at: cx.at };
        tx.insert_reset_request(&request).await?;
        let trail = Trail::of(cx)
            .security(event(SecurityEventKind::PasswordResetRequested, None))
            .enqueue(NewJob::new(JOB, id_payload(REQUEST, request.id)));
        Ok(tx.commit(trail).await?)
    }

    /// Sends the link that was asked for, when the address is that of somebody who can log in; a
    /// lock after too many wrong passwords does not matter. A request that was answered already, or
    /// that has waited for longer than its link would be good for, is left alone.
    ///
    /// # Errors
    /// When storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn answer(&self, cx: &Context, request: Uuid) -> Result<(), AccountsError> {
        let Some(request) = self.accounts.reset_request(request).await? else { return Ok(()) };
        let key = request.email.key();
        let known = self.accounts.account_by_email(&key).await?;
        let mut tx = self.accounts.begin().await?;
        if !tx.end_reset_request(request.id).await? {
            return Ok(());
        }
        let known = match known {
            Some(account) => tx.account(account.user.id).await?,
            None => None,
        };
        let is_timely = cx.at < request.at + self.letters.policy().reset;
        let user = known.map(|account| account.user).filter(|user| {
            is_timely && user.active && user.invited_at.is_none() && user.email.key() == key
        });
        let trail = Trail::of(cx);
        let trail = match user {
            Some(user) => {
                let sent = event(SecurityEventKind::PasswordResetSent, Some(user.id));
                // Its time began when it was asked for.
                let asked = Context { at: request.at, ..cx.clone() };
                let trail = trail.security(sent);
                let reset = Purpose::PasswordReset;
                self.letters.post_link(&asked, tx.as_mut(), trail, user.id, reset).await?
            }
            None => trail.security(event(SecurityEventKind::PasswordResetIgnored, None)),
        };
        Ok(tx.commit(trail).await?)
    }

    /// Chooses a new password with a link. It unlocks the account, ends every session of the user, and
    /// spends the link; two who use it at once get one password. The browser it is used in is the only
    /// device that the account knows from then on: so whoever is kept out as a stranger has a way in
    /// that strangers cannot close. It says what the browser is to keep, when it had nothing of the
    /// kind.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] at `/token` (`link`) for a link that is unknown, used, replaced or
    /// expired: never told apart; at `/new_password` for a password that does not fit, in which case
    /// the link can be used again.
    #[tracing::instrument(skip_all)]
    pub async fn reset(
        &self,
        cx: &Context,
        token: SecretString,
        new: SecretString,
        device: Option<&str>,
    ) -> Result<Option<DeviceKey>, AccountsError> {
        self.choose(cx, Purpose::PasswordReset, &token, new, device).await
    }

    /// Chooses the first password with an invitation; the user can log in from now on.
    ///
    /// # Errors
    /// As [`Recovery::reset`].
    #[tracing::instrument(skip_all)]
    pub async fn accept(
        &self,
        cx: &Context,
        token: SecretString,
        new: SecretString,
        device: Option<&str>,
    ) -> Result<Option<DeviceKey>, AccountsError> {
        self.choose(cx, Purpose::Invitation, &token, new, device).await
    }

    async fn choose(
        &self,
        cx: &Context,
        purpose: Purpose,
        token: &SecretString,
        new: SecretString,
        device: Option<&str>,
    ) -> Result<Option<DeviceKey>, AccountsError> {
        let Some(id) = self.key.read(purpose, token.expose_secret()) else {
            return Err(not_a_link());
        };
        let fits = |link: &Link| link.purpose == purpose && cx.at < link.expires_at;
        let Some(link) = self.accounts.link(id).await?.filter(fits) else {
            return self.refuse(cx).await;
        };
        let Some(account) = self.accounts.account(link.user_id).await? else {
            return self.refuse(cx).await;
        };
        let known = account.user.known_words();
        let new = self.passwords.check("/new_password", new, &known).await?;
        let hash = self.passwords.hash(&new).await?;
        let (device, fresh) = match device.and_then(DeviceKey::parse) {
            Some(device) => (device, None),
            None => {
                let device = self.secrets.device_key()?;
                (device.clone(), Some(device))
            }
        };

        let mut tx = self.accounts.begin().await?;
        let Some(Account { user, .. }) = tx.account(link.user_id).await? else {
            drop(tx);
            return self.refuse(cx).await;
        };
        if !user.active || !tx.end_link(id).await? {
            drop(tx);
            return self.refuse(cx).await;
        }
        tx.end_links(user.id).await?;
        tx.set_password(user.id, &hash).await?;
        tx.forget_devices(user.id).await?;
        tx.unlock(user.id, &account_key(&self.key, &user.email.key())).await?;
        tx.meet_device(user.id, &device.hash(user.id), cx.at).await?;
        let ended = tx.end_sessions(user.id, None).await?;
        let mut trail = Trail::of(cx);
        match purpose {
            Purpose::PasswordReset => {
                let letter = Letter::to(user.id, MailTemplate::PasswordChanged);
                trail = trail
                    .noted(Action::PasswordChanged, &user, None)
                    .security(event(SecurityEventKind::PasswordReset, Some(user.id)));
                trail = self.letters.post(cx, tx.as_mut(), trail, letter).await?;
            }
            Purpose::Invitation => {
                let after = user.joined(cx.at);
                tx.update_user(&after).await?;
                trail = trail
                    .acted(Action::PasswordChanged, &user, &after, None)
                    .security(event(SecurityEventKind::InvitationAccepted, Some(user.id)));
            }
        }
        if ended > 0 {
            trail = trail.security(SecurityEvent {
                kind: SecurityEventKind::SessionEnded,
                user_id: Some(user.id),
                detail: Some("password reset".to_owned()),
            });
        }
        let revocation = self.live.revoking(vec![Revoked::User(user.id)], cx.at);
        tx.commit(trail).await?;
        revocation.done();
        Ok(fresh)
    }

    /// Refuses a link that was good once.
    async fn refuse<T>(&self, cx: &Context) -> Result<T, AccountsError> {
        let tx = self.accounts.begin().await?;
        tx.commit(Trail::of(cx).security(event(SecurityEventKind::LinkRefused, None))).await?;
        Err(not_a_link())
    }
}

#[async_trait]
impl JobHandler for Recovery {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, attempt: &Attempt, _: &dyn Progress) -> Result<(), JobError> {
        let request = id_of_payload(REQUEST, &attempt.payload)
            .ok_or_else(|| JobError::give_up("the job does not say which request it is about"))?;
        let cx = Context {
            actor: Actor::System(JOB),
            at: attempt.at,
            origin: Origin::default(),
            replay: None,
            dry_run: false,
            suspicions: almoner_kernel::Suspicions::default(),
        };
        self.answer(&cx, request).await.map_err(|error| match error {
            AccountsError::Store(error) => error.into(),
            error => JobError::Retry {
                reason: error.to_string(),
                after: None,
                source: Some(Box::new(error)),
            },
        })
    }
}

fn not_a_link() -> AccountsError {
    Invalid::one(FieldError::new("/token", "link", words::not_a_link())).into()
}
