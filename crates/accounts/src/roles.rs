//! The roles an installation has, and the custom ones administrators make.

use std::sync::Arc;

use almoner_kernel::{
    Action, Context, Denied, FieldError, Ids, Invalid, Permission, SecurityEvent,
    SecurityEventKind, StoreError, Trail, Version, id::RoleId, store::must_match,
};

use crate::{
    AccountsError,
    limits::{Limited, require_room},
    live::{LiveSessions, Revoked},
    ports::{Accounts, AccountsTx},
    role::{Access, BuiltIn, CustomRole, NewRole, Role, RoleName, RolePatch},
    words,
};

/// The roles an installation has.
pub struct Roles {
    accounts: Arc<dyn Accounts>,
    ids: Arc<dyn Ids>,
    live: Arc<LiveSessions>,
}

impl Roles {
    /// The service, over its ports.
    pub fn new(accounts: Arc<dyn Accounts>, ids: Arc<dyn Ids>, live: Arc<LiveSessions>) -> Self {
        Self { accounts, ids, live }
    }

    /// Every role: the built-in ones, the mightiest first, then the custom ones by name.
    ///
    /// # Errors
    /// Without `roles:read`.
    #[tracing::instrument(skip_all)]
    pub async fn list(&self, cx: &Context) -> Result<Vec<Role>, AccountsError> {
        cx.permit(Permission::ROLES_READ)?;
        let custom = self.accounts.roles().await?;
        Ok(BuiltIn::ALL
            .into_iter()
            .map(Role::BuiltIn)
            .chain(custom.into_iter().map(Role::Custom))
            .collect())
    }

    /// One role.
    ///
    /// # Errors
    /// Without `roles:read`; [`AccountsError::NotFound`].
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, name: &RoleName) -> Result<Role, AccountsError> {
        cx.permit(Permission::ROLES_READ)?;
        match name.built_in() {
            Some(role) => Ok(Role::BuiltIn(role)),
            None => {
                let custom = self.accounts.role(name).await?;
                custom.map(Role::Custom).ok_or(AccountsError::NotFound)
            }
        }
    }

    /// Makes a custom role that allows no more than its maker may do.
    ///
    /// # Errors
    /// Without `roles:manage`; [`AccountsError::RoleNotGranted`], [`AccountsError::RoleNameTaken`],
    /// [`AccountsError::TooMany`].
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, cx: &Context, new: NewRole) -> Result<CustomRole, AccountsError> {
        cx.permit(Permission::ROLES_MANAGE)?;
        require_covered(cx, &new.access)?;
        if new.name.built_in().is_some() {
            return Err(AccountsError::role_name_taken());
        }
        let mut tx = self.accounts.begin().await?;
        require_room(tx.as_mut(), Limited::Roles).await?;
        let role = CustomRole::created(RoleId::new(self.ids.next()), new, cx.at);
        tx.insert_role(&role).await?;
        tx.commit(Trail::of(cx).created(&role).answering(cx, &role)).await?;
        Ok(role)
    }

    /// Changes a custom role. When it allows something else afterwards, the sessions of the users who
    /// have it end.
    ///
    /// # Errors
    /// Without `roles:manage`; [`AccountsError::RoleBuiltIn`], [`AccountsError::NotFound`],
    /// [`AccountsError::Stale`]; [`AccountsError::RoleNotGranted`] when it allows, before or after,
    /// more than the caller may do; [`AccountsError::OwnRole`].
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        name: &RoleName,
        expected: Version,
        patch: RolePatch,
    ) -> Result<CustomRole, AccountsError> {
        cx.permit(Permission::ROLES_MANAGE)?;
        let (mut tx, before) = self.load(cx, name, expected).await?;
        let after = before.patched(patch, cx.at);
        if after == before {
            return Ok(before);
        }
        let changes_access = after.access != before.access;
        if changes_access {
            require_covered(cx, &after.access)?;
            if cx.caller().is_ok_and(|caller| caller.role == name.as_str()) {
                return Err(AccountsError::OwnRole);
            }
        }
        tx.update_role(&after).await?;
        let mut trail = Trail::of(cx).changed(&before, &after).answering(cx, &after);
        let mut revoked = Vec::new();
        if changes_access {
            if tx.end_sessions_of_role(name).await? > 0 {
                trail = trail.security(SecurityEvent {
                    kind: SecurityEventKind::SessionEnded,
                    user_id: None,
                    detail: Some(format!("role changed: {name}")),
                });
            }
            revoked.push(Revoked::Role(name.clone()));
        }
        let revocation = self.live.revoking(revoked, cx.at);
        tx.commit(trail).await?;
        revocation.done();
        Ok(after)
    }

    /// Deletes a custom role that no user has.
    ///
    /// # Errors
    /// As [`Roles::update`], and [`AccountsError::RoleInUse`].
    #[tracing::instrument(skip_all)]
    pub async fn delete(
        &self,
        cx: &Context,
        name: &RoleName,
        expected: Version,
    ) -> Result<(), AccountsError> {
        cx.permit(Permission::ROLES_MANAGE)?;
        let (mut tx, role) = self.load(cx, name, expected).await?;
        let users = tx.count_users_with_role(name).await?;
        if users > 0 {
            return Err(AccountsError::RoleInUse { users });
        }
        tx.delete_role(&role).await?;
        tx.commit(Trail::of(cx).noted(Action::Purged, &role, None)).await?;
        Ok(())
    }

    /// A custom role of that version, locked, which the caller may change.
    async fn load(
        &self,
        cx: &Context,
        name: &RoleName,
        expected: Version,
    ) -> Result<(Box<dyn AccountsTx>, CustomRole), AccountsError> {
        if name.built_in().is_some() {
            return Err(AccountsError::RoleBuiltIn);
        }
        let mut tx = self.accounts.begin().await?;
        let role = tx.role(name).await?.ok_or(AccountsError::NotFound)?;
        require_covered(cx, &role.access)?;
        must_match::<_, _, AccountsError>(tx.as_mut(), &role, expected).await?;
        Ok((tx, role))
    }
}

/// Refuses an access that is more than the actor's own.
pub(crate) fn require_covered(cx: &Context, access: &Access) -> Result<(), AccountsError> {
    match Access::of(cx) {
        Some(own) if own.covers(access) => Ok(()),
        Some(_) => Err(AccountsError::RoleNotGranted),
        None => Err(Denied::Unauthenticated.into()),
    }
}

/// The role a stored user has, locked when it is a custom one.
pub(crate) async fn role_of(
    tx: &mut dyn AccountsTx,
    name: &RoleName,
) -> Result<Role, AccountsError> {
    match find_role(tx, name).await? {
        Some(role) => Ok(role),
        None => Err(StoreError::Damaged(format!("no role {name}, but users have it")).into()),
    }
}

/// The role a request names at `/role`, locked when it is a custom one.
pub(crate) async fn requested_role(
    tx: &mut dyn AccountsTx,
    name: &RoleName,
) -> Result<Role, AccountsError> {
    match find_role(tx, name).await? {
        Some(role) => Ok(role),
        None => {
            Err(Invalid::one(FieldError::new("/role", "unknown_role", words::not_a_role())).into())
        }
    }
}

async fn find_role(
    tx: &mut dyn AccountsTx,
    name: &RoleName,
) -> Result<Option<Role>, AccountsError> {
    Ok(match name.built_in() {
        Some(role) => Some(Role::BuiltIn(role)),
        None => tx.role(name).await?.map(Role::Custom),
    })
}
