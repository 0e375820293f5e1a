//! What users do with their own account: look at it, edit it, choose a new password.

use std::sync::Arc;

use almoner_kernel::{
    Action, Context, FieldError, Invalid, MailTemplate, Scope, SecurityEvent, SecurityEventKind,
    StoreError, Trail, Version, store::must_match,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    AccountsError, Letters,
    authentication::{event, wait},
    letters::Letter,
    live::{LiveSessions, Revoked},
    login::{LoginPolicy, Verdict, decide},
    password::PasswordRules,
    ports::{Account, Accounts, PasswordHasher},
    user::{Failures, ProfilePatch, User},
    words,
};

/// What users do with their own account.
pub struct Profile {
    accounts: Arc<dyn Accounts>,
    hasher: Arc<dyn PasswordHasher>,
    passwords: PasswordRules,
    live: Arc<LiveSessions>,
    letters: Letters,
    login_policy: LoginPolicy,
}

impl Profile {
    /// The service, over its ports and rules.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        hasher: Arc<dyn PasswordHasher>,
        passwords: PasswordRules,
        live: Arc<LiveSessions>,
        letters: Letters,
        login_policy: LoginPolicy,
    ) -> Self {
        Self { accounts, hasher, passwords, live, letters, login_policy }
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

    /// Replaces the caller's password, and ends their other sessions. A wrong current password counts
    /// like a failed login: a stolen session must not be a way to guess it.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] at `/new_password` for one that does not fit (`unchanged` when it is
    /// the current one), at `/current_password` (`wrong_password`) for a wrong one;
    /// [`AccountsError::Locked`] for the right one of a locked account.
    #[tracing::instrument(skip_all)]
    pub async fn change_password(
        &self,
        cx: &Context,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), AccountsError> {
        let caller = cx.caller()?;
        let account =
            self.accounts.account(caller.user_id).await?.ok_or(AccountsError::NotFound)?;
        if new.expose_secret() == current.expose_secret() {
            return Err(Invalid::one(FieldError::new(
                "/new_password",
                "unchanged",
                words::same_password(),
            ))
            .into());
        }
        let new = self.passwords.check("/new_password", new, &account.user.known_words()).await?;
        let compared = account.credentials.password_hash;
        let is_right = self.hasher.verify(&current, Some(&compared)).await?;
        let hash = if is_right { Some(self.passwords.hash(&new).await?) } else { None };

        let mut tx = self.accounts.begin().await?;
        let Account { user, credentials } =
            tx.account(caller.user_id).await?.ok_or(AccountsError::NotFound)?;
        if credentials.password_hash != compared {
            return Err(StoreError::Raced.into());
        }
        let verdict = decide(credentials.failures, is_right, cx.at, &self.login_policy);
        let (Verdict::Accepted, Some(hash)) = (verdict, hash) else {
            let mut trail =
                Trail::of(cx).security(event(SecurityEventKind::PasswordRefused, Some(user.id)));
            let refusal = match verdict {
                Verdict::Locked { until } => {
                    AccountsError::Locked { retry_after: wait(cx.at, until) }
                }
                Verdict::Refused { failures, has_locked } => {
                    tx.set_failures(user.id, failures).await?;
                    if has_locked {
                        trail =
                            trail.security(event(SecurityEventKind::AccountLocked, Some(user.id)));
                    }
                    wrong_password()
                }
                Verdict::Accepted => wrong_password(),
            };
            tx.commit(trail).await?;
            return Err(refusal);
        };
        tx.set_password(user.id, &hash).await?;
        tx.set_failures(user.id, Failures::default()).await?;
        tx.end_links(user.id).await?;
        let ended = tx.end_sessions(user.id, Some(caller.session_id)).await?;
        let mut trail = Trail::of(cx)
            .noted(Action::PasswordChanged, &user, None)
            .security(event(SecurityEventKind::PasswordChanged, Some(user.id)))
            .answering(cx, &());
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
        Ok(())
    }
}

fn wrong_password() -> AccountsError {
    Invalid::one(FieldError::new("/current_password", "wrong_password", words::not_your_password()))
        .into()
}
