//! The roles an installation has, and the custom ones administrators make.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use almoner_kernel::{
    Action, Actor, Context, Denied, FieldError, Fields, Ids, Permission, SecurityEvent,
    SecurityEventKind, StoreError, Trail, Version, id::RoleId, store::must_match,
};

use crate::{
    AccountsError,
    limits::{Limited, require_room},
    live::{LiveSessions, Revoked},
    ports::{Accounts, AccountsTx},
    role::{Access, BuiltIn, CustomRole, NewRole, Role, RoleName, RoleNames, RolePatch},
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
            .chain(custom.into_iter().map(Role::from))
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
                custom.map(Role::from).ok_or(AccountsError::NotFound)
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
        require_held(cx, &new.access)?;
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
            require_held(cx, &after.access)?;
            if cx.caller().is_ok_and(|caller| caller.has_role(name.as_str())) {
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
        require_held(cx, &role.access)?;
        must_match::<_, _, AccountsError>(tx.as_mut(), &role, expected).await?;
        Ok((tx, role))
    }
}

/// Refuses an access that is more than the actor's own.
pub(crate) fn require_held(cx: &Context, access: &Access) -> Result<(), AccountsError> {
    match &cx.actor {
        Actor::System(_) => Ok(()),
        Actor::User(caller) if access.is_held_by(caller) => Ok(()),
        Actor::User(_) => Err(AccountsError::RoleNotGranted),
        Actor::Anonymous => Err(Denied::Unauthenticated.into()),
    }
}

/// The same of several roles: each of them, since none gives another one more than it has.
pub(crate) fn require_all_held(cx: &Context, roles: &[Role]) -> Result<(), AccountsError> {
    roles.iter().try_for_each(|role| require_held(cx, &role.access()))
}

/// The roles a stored user has, in their order; custom ones are locked.
pub(crate) async fn roles_of(
    tx: &mut dyn AccountsTx,
    names: &RoleNames,
) -> Result<Vec<Role>, AccountsError> {
    let found = find_roles(tx, names).await?;
    let known = |(name, role): (&RoleName, Option<Role>)| {
        role.ok_or_else(|| StoreError::Damaged(format!("no role {name}, but users have it")).into())
    };
    names.iter().zip(found).map(known).collect()
}

/// The roles a request names at `/roles`, in their order; custom ones are locked.
pub(crate) async fn requested_roles(
    tx: &mut dyn AccountsTx,
    names: &RoleNames,
) -> Result<Vec<Role>, AccountsError> {
    let found = find_roles(tx, names).await?;
    let mut fields = Fields::default();
    for (at, _) in found.iter().enumerate().filter(|(_, role)| role.is_none()) {
        let pointer = format!("/roles/{at}");
        fields.wrong(FieldError::new(pointer, "unknown_role", words::not_a_role()));
    }
    Ok(fields.finish(Some(found.into_iter().flatten().collect()))?)
}

/// The roles with these names. They are locked in the order of their names, so that two who name the same
/// ones do not wait for each other.
async fn find_roles(
    tx: &mut dyn AccountsTx,
    names: &RoleNames,
) -> Result<Vec<Option<Role>>, AccountsError> {
    let sorted: BTreeSet<&RoleName> = names.iter().collect();
    let mut found = BTreeMap::new();
    for name in sorted {
        let role = match name.built_in() {
            Some(role) => Some(Role::BuiltIn(role)),
            None => tx.role(name).await?.map(Role::from),
        };
        found.insert(name, role);
    }
    Ok(names.iter().map(|name| found.get(name).cloned().flatten()).collect())
}
