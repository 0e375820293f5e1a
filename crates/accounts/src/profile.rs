//! What users do with their own account: look at it, edit it, choose a new password.

use std::sync::Arc;

use almoner_kernel::{
    Action, Context, Denied, FieldError, Invalid, MailTemplate, Scope, SecurityEvent,
    SecurityEventKind, StoreError, Trail, Version, store::must_match,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    AccountsError, Letters,
    authentication::event,
    guard::{CurrentPassword, LoginGuard},
    letters::Letter,
    live::{LiveSessions, Revoked},
    password::PasswordRules,
    ports::{Accounts, Secrets},
    session::Renewed,
    user::{ProfilePatch, User},
    words,
};

/// What users do with their own account.
pub struct Profile {
    accounts: Arc<dyn Accounts>,
    guard: LoginGuard,
    passwords: PasswordRules,
    secrets: Arc<dyn Secrets>,
    live: Arc<LiveSessions>,
    letters: Letters,
}

impl Profile {
    /// The service, over its ports and rules.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        guard: LoginGuard,
        passwords: PasswordRules,
        secrets: Arc<dyn Secrets>,
        live: Arc<LiveSessions>,
        letters: Letters,
    ) -> Self {
        Self { accounts, guard, passwords, secrets, live, letters }
    }

    /// The caller.
    ///
    /// # Errors
    /// When nobody is logged in.
    #[tracing::instrument(skip_all)]
    pub async fn me(&self, cx: &Context) -> Result<User, AccountsError> {
        let caller = cx.caller()?;
        self.accounts.user(caller.user_id, Scope::All).await?.ok_or(AccountsError::NotFound)
    }

    /// Edits the caller's own name, phone, language or time zone.
    ///
    /// # Errors
    /// [`AccountsError::Stale`] when the user has changed since `expected`.
    #[tracing::instrument(skip_all)]
    pub async fn update_me(
        &self,
        cx: &Context,
        expected: Version,
        patch: ProfilePatch,
    ) -> Result<User, AccountsError> {
        let caller = cx.caller()?;
        let mut tx = self.accounts.begin().await?;
        let before = tx.user(caller.user_id, Scope::All).await?.ok_or(AccountsError::NotFound)?;
        must_match::<_, _, AccountsError>(tx.as_mut(), &before, expected).await?;
        let after = before.with_profile(patch, cx.at);
        if after == before {
            return Ok(before);
        }
        tx.update_user(&after).await?;
        tx.commit(Trail::of(cx).changed(&before, &after).answering(cx, &after)).await?;
        Ok(after)
    }

    /// Replaces the caller's password, and ends their other sessions; the one that stays gets a new key,
    /// so that a copy of its cookie opens nothing any more. A wrong current password counts like a
    /// failed login.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] at `/new_password` for one that does not fit (`unchanged` when it is
    /// the current one), at `/current_password` (`wrong_password`) for a wrong one;
    /// [`AccountsError::Locked`] for the right one on a locked device; [`AccountsError::RateLimited`]
    /// while too much was guessed.
    #[tracing::instrument(skip_all)]
    pub async fn change_password(
        &self,
        cx: &Context,
        current: CurrentPassword,
        new: SecretString,
    ) -> Result<Renewed, AccountsError> {
        let caller = cx.caller()?;
        let account =
            self.accounts.account(caller.user_id).await?.ok_or(AccountsError::NotFound)?;
        if new.expose_secret() == current.password.expose_secret() {
            return Err(Invalid::one(FieldError::new(
                "/new_password",
                "unchanged",
                words::same_password(),
            ))
            .into());
        }
        let new = self.passwords.check("/new_password", new, &account.user.known_words()).await?;
        let proof = self.guard.compare(cx, &account, &current).await?;
        let hash = if proof.is_right { Some(self.passwords.hash(&new).await?) } else { None };
        let key = self.secrets.session_key()?;

        let tx = self.accounts.begin().await?;
        let tx = self.guard.enter(cx, tx, &proof.guess).await?;
        let mut tx = self.guard.settle(cx, tx, &proof).await?;
        let user = account.user;
        let hash = hash.ok_or(StoreError::Raced)?;
        tx.set_password(user.id, &hash).await?;
        tx.end_links(user.id).await?;
        let session = tx.rekey_session(caller.session_id, user.id, &key.hash()).await?;
        // Ended by somebody else at this moment.
        let session = session.ok_or(Denied::Unauthenticated)?;
        let ended = tx.end_sessions(user.id, Some(session.id)).await?;
        let mut trail = Trail::of(cx)
            .noted(Action::PasswordChanged, &user, None)
            .security(event(SecurityEventKind::PasswordChanged, Some(user.id)));
        if ended > 0 {
            trail = trail.security(SecurityEvent {
                kind: SecurityEventKind::SessionEnded,
                user_id: Some(user.id),
                detail: Some("password changed".to_owned()),
            });
        }
        let letter = Letter::to(user.id, MailTemplate::PasswordChanged);
        trail = self.letters.post(cx, tx.as_mut(), trail, letter).await?;
        let revocation = self.live.revoking(vec![Revoked::User(user.id)], cx.at);
        tx.commit(trail).await?;
        revocation.done();
        Ok(Renewed { key, session })
    }
}
