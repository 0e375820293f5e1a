//! What administrators do with the accounts of others, and how the first of them comes to be.

mod locks;
mod superadmins;

pub use self::{locks::SeenUser, superadmins::NewSuperadmin};

use std::sync::Arc;

use almoner_kernel::{
    Action, Actor, Context, Denied, FieldError, Ids, Invalid, MailTemplate, Permission, Scope,
    SecurityEvent, SecurityEventKind, Timestamp, Trail, UserId, Version, store::must_match,
};
use secrecy::SecretString;

use crate::{
    AccountsError, Letters, addresses,
    authentication::event,
    guard::{CurrentPassword, LoginGuard, Proof},
    letters::Letter,
    limits::{Limited, require_room},
    link::Purpose,
    live::{LiveSessions, Revoked},
    password::PasswordRules,
    ports::{Accounts, AccountsTx, Secrets},
    roles::{requested_roles, require_all_held, roles_of},
    user::{NewUser, PasswordHashText, User, UserPatch},
    words,
};

/// What administrators do with the accounts of others.
pub struct Administration {
    accounts: Arc<dyn Accounts>,
    guard: LoginGuard,
    passwords: PasswordRules,
    secrets: Arc<dyn Secrets>,
    ids: Arc<dyn Ids>,
    live: Arc<LiveSessions>,
    letters: Letters,
}

impl Administration {
    /// The service, over its ports and rules.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        guard: LoginGuard,
        passwords: PasswordRules,
        secrets: Arc<dyn Secrets>,
        ids: Arc<dyn Ids>,
        live: Arc<LiveSessions>,
        letters: Letters,
    ) -> Self {
        Self { accounts, guard, passwords, secrets, ids, live, letters }
    }

    /// Creates a user with a password the administrator chose; without one the user is invited by mail
    /// to choose it, and cannot log in before.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::Invalid`] at `/password` or `/roles`,
    /// [`AccountsError::RoleNotGranted`], [`AccountsError::EmailTaken`]; [`AccountsError::MailOff`]
    /// when nobody can be invited; [`AccountsError::TooMany`].
    #[tracing::instrument(skip_all)]
    pub async fn create(
        &self,
        cx: &Context,
        new: NewUser,
        password: Option<SecretString>,
    ) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        let is_invited = password.is_none();
        let hash = match password {
            Some(password) => self.hashed(&new, password).await?,
            None if !self.letters.is_on() => return Err(AccountsError::MailOff),
            None => self.passwords.unknowable(&self.secrets.session_key()?).await?,
        };
        let mut tx = self.accounts.begin().await?;
        let met = addresses::met(cx, scope, tx.as_mut()).await?;
        let roles = requested_roles(tx.as_mut(), &new.roles).await?;
        require_all_held(cx, &roles)?;
        require_room(tx.as_mut(), Limited::Users).await?;
        if is_invited {
            require_room(tx.as_mut(), Limited::Invitations).await?;
        }
        if !is_invited {
            return self.insert(cx, scope, tx, &met, new, &hash).await;
        }
        let user = User::created(UserId::new(self.ids.next()), new, cx.at);
        let user = User { invited_at: Some(cx.at), ..user };
        let (mut tx, stored) = addresses::claimed(cx, scope, tx, &met, &user).await?;
        tx.insert_user(&stored, &hash).await?;
        let trail = Trail::of(cx)
            .created(&user)
            .security(event(SecurityEventKind::UserInvited, Some(user.id)))
            .answering(cx, &user);
        let invitation = Purpose::Invitation;
        let trail = self.letters.post_link(cx, tx.as_mut(), trail, user.id, invitation).await?;
        tx.commit(trail).await?;
        Ok(user)
    }

    /// Invites a user again who has not chosen a password yet: the link of the invitation before
    /// leads nowhere from now on.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::NotFound`], [`AccountsError::UserNotManageable`],
    /// [`AccountsError::NotActive`], [`AccountsError::NotInvited`], [`AccountsError::MailOff`].
    #[tracing::instrument(skip_all)]
    pub async fn invite(&self, cx: &Context, id: UserId) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        if !self.letters.is_on() {
            return Err(AccountsError::MailOff);
        }
        let mut tx = self.accounts.begin().await?;
        let before = tx.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        require_manageable(cx, tx.as_mut(), &before).await?;
        if !before.active {
            return Err(AccountsError::NotActive);
        }
        if before.invited_at.is_none() {
            return Err(AccountsError::NotInvited);
        }
        let after = before.invited(cx.at);
        if after != before {
            tx.update_user(&after).await?;
        }
        let trail = Trail::of(cx)
            .acted(Action::Invited, &before, &after, None)
            .security(event(SecurityEventKind::UserInvited, Some(id)))
            .answering(cx, &after);
        let trail = self.letters.post_link(cx, tx.as_mut(), trail, id, Purpose::Invitation).await?;
        tx.commit(trail).await?;
        Ok(after)
    }

    /// Edits a user. New roles or a new e-mail address end their sessions. A new address of the caller's own
    /// needs their current password: links to choose a password go there, and a copied session must
    /// not be a way to keep the account.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::NotFound`], [`AccountsError::Stale`],
    /// [`AccountsError::UserNotManageable`], [`AccountsError::OwnRole`],
    /// [`AccountsError::RoleNotGranted`], [`AccountsError::LastSuperadmin`],
    /// [`AccountsError::EmailTaken`], [`AccountsError::Invalid`] at `/roles`.
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        id: UserId,
        expected: Version,
        patch: UserPatch,
        current: Option<&CurrentPassword>,
    ) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        let proof = self.proof(cx, id, &patch, current).await?;
        let mut tx = self.accounts.begin().await?;
        if let Some(proof) = &proof {
            tx = self.guard.enter(cx, tx, &proof.guess).await?;
        }
        let met = match patch.email {
            Some(_) => addresses::met(cx, scope, tx.as_mut()).await?,
            None => Vec::new(),
        };
        let superadmins = match patch.roles {
            Some(_) => tx.lock_active_superadmins().await?,
            None => u64::MAX,
        };
        let before = tx.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        require_manageable(cx, tx.as_mut(), &before).await?;
        must_match::<_, _, AccountsError>(tx.as_mut(), &before, expected).await?;
        let after = before.patched(patch, cx.at);
        if after == before {
            return Ok(before);
        }
        if after.roles != before.roles {
            if cx.user_id() == Some(id) {
                return Err(AccountsError::OwnRole);
            }
            let roles = requested_roles(tx.as_mut(), &after.roles).await?;
            require_all_held(cx, &roles)?;
            require_superadmin_left(&before, &after, superadmins)?;
        }
        match &proof {
            Some(proof) => tx = self.guard.settle(cx, tx, proof).await?,
            None if after.email != before.email && cx.user_id() == Some(id) => {
                return Err(current_password_missing());
            }
            None => {}
        }
        if after.email == before.email {
            tx.update_user(&after).await?;
        } else {
            let stored;
            (tx, stored) = addresses::claimed(cx, scope, tx, &met, &after).await?;
            tx.update_user(&stored).await?;
        }
        let mut trail = Trail::of(cx).changed(&before, &after).answering(cx, &after);
        if after.email != before.email {
            // What was sent to the old address must not open the account any more.
            tx.end_links(id).await?;
            // An address that nobody has answered from may be a stranger's.
            if before.invited_at.is_none() {
                let letter = Letter {
                    address: Some(before.email.clone()),
                    ..Letter::to(id, MailTemplate::EmailChanged)
                };
                trail = self.letters.post(cx, tx.as_mut(), trail, letter).await?;
            }
        }
        let reason = match () {
            () if after.roles != before.roles => Some("role changed"),
            () if after.email != before.email => Some("e-mail address changed"),
            () => None,
        };
        self.commit(cx, tx, trail, id, reason).await?;
        Ok(after)
    }

    /// Compares the current password, when a change needs it.
    async fn proof(
        &self,
        cx: &Context,
        id: UserId,
        patch: &UserPatch,
        current: Option<&CurrentPassword>,
    ) -> Result<Option<Proof>, AccountsError> {
        let (Some(email), true) = (&patch.email, cx.user_id() == Some(id)) else { return Ok(None) };
        let account = self.accounts.account(id).await?.ok_or(AccountsError::NotFound)?;
        if account.user.email == *email {
            return Ok(None);
        }
        let current = current.ok_or_else(current_password_missing)?;
        Ok(Some(self.guard.compare(cx, &account, current).await?))
    }

    /// Takes away a user's login, and ends their sessions.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::NotFound`], [`AccountsError::OwnAccount`],
    /// [`AccountsError::UserNotManageable`], [`AccountsError::NotActive`],
    /// [`AccountsError::LastSuperadmin`].
    #[tracing::instrument(skip_all)]
    pub async fn deactivate(&self, cx: &Context, id: UserId) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        if cx.user_id() == Some(id) {
            return Err(AccountsError::OwnAccount);
        }
        let mut tx = self.accounts.begin().await?;
        let superadmins = tx.lock_active_superadmins().await?;
        let before = tx.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        require_manageable(cx, tx.as_mut(), &before).await?;
        if !before.active {
            return Err(AccountsError::NotActive);
        }
        let after = before.deactivated(cx.at);
        require_superadmin_left(&before, &after, superadmins)?;
        tx.update_user(&after).await?;
        tx.end_links(id).await?;
        let trail =
            Trail::of(cx).acted(Action::Deactivated, &before, &after, None).answering(cx, &after);
        self.commit(cx, tx, trail, id, Some("deactivated")).await?;
        Ok(after)
    }

    /// Gives a deactivated user their login back, with the roles and the password they had.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::NotFound`], [`AccountsError::UserNotManageable`],
    /// [`AccountsError::AlreadyActive`].
    #[tracing::instrument(skip_all)]
    pub async fn restore(&self, cx: &Context, id: UserId) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        let mut tx = self.accounts.begin().await?;
        let before = tx.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        require_manageable(cx, tx.as_mut(), &before).await?;
        if before.active {
            return Err(AccountsError::AlreadyActive);
        }
        let after = before.restored(cx.at);
        tx.update_user(&after).await?;
        let trail =
            Trail::of(cx).acted(Action::Restored, &before, &after, None).answering(cx, &after);
        tx.commit(trail).await?;
        Ok(after)
    }

    async fn hashed(
        &self,
        new: &NewUser,
        password: SecretString,
    ) -> Result<PasswordHashText, AccountsError> {
        let password = self.passwords.check("/password", password, &new.known_words()).await?;
        self.passwords.hash(&password).await
    }

    async fn insert(
        &self,
        cx: &Context,
        scope: Scope,
        tx: Box<dyn AccountsTx>,
        met: &[Timestamp],
        new: NewUser,
        hash: &PasswordHashText,
    ) -> Result<User, AccountsError> {
        let user = User::created(UserId::new(self.ids.next()), new, cx.at);
        let (mut tx, stored) = addresses::claimed(cx, scope, tx, met, &user).await?;
        tx.insert_user(&stored, hash).await?;
        tx.commit(Trail::of(cx).created(&user).answering(cx, &user)).await?;
        Ok(user)
    }

    /// Commits a change of a user that, for a reason, ends their sessions.
    async fn commit(
        &self,
        cx: &Context,
        mut tx: Box<dyn AccountsTx>,
        mut trail: Trail,
        id: UserId,
        reason: Option<&str>,
    ) -> Result<(), AccountsError> {
        let mut revoked = Vec::new();
        if let Some(reason) = reason {
            if tx.end_sessions(id, None).await? > 0 {
                trail = trail.security(SecurityEvent {
                    kind: SecurityEventKind::SessionEnded,
                    user_id: Some(id),
                    detail: Some(reason.to_owned()),
                });
            }
            revoked.push(Revoked::User(id));
        }
        let revocation = self.live.revoking(revoked, cx.at);
        tx.commit(trail).await?;
        revocation.done();
        Ok(())
    }
}

fn current_password_missing() -> AccountsError {
    Invalid::one(FieldError::new("/current_password", "required", words::own_email())).into()
}

fn require_system(cx: &Context) -> Result<(), Denied> {
    match cx.actor {
        Actor::System(_) => Ok(()),
        Actor::Anonymous => Err(Denied::Unauthenticated),
        Actor::User(_) => Err(Denied::Missing(Permission::USERS_MANAGE)),
    }
}

/// Refuses to touch a user whose roles allow more than the actor's own.
async fn require_manageable(
    cx: &Context,
    tx: &mut dyn AccountsTx,
    user: &User,
) -> Result<(), AccountsError> {
    let roles = roles_of(tx, &user.roles).await?;
    require_all_held(cx, &roles).map_err(|error| match error {
        AccountsError::RoleNotGranted => AccountsError::UserNotManageable,
        error => error,
    })
}

/// Refuses to take the last superadmin; `active` counts them before the change, under lock.
fn require_superadmin_left(before: &User, after: &User, active: u64) -> Result<(), AccountsError> {
    if before.is_active_superadmin() && !after.is_active_superadmin() && active <= 1 {
        return Err(AccountsError::LastSuperadmin);
    }
    Ok(())
}
