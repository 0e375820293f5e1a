//! A logged-in user: what each of their roles lets them do, to which rows, and for how long.
//!
//! A user has the rights of all of their roles. A right counts with the reach and the edit window of a role
//! that gives it: whoever reads every donor by one role and changes the own ones by another does not change
//! every donor.

use std::collections::BTreeMap;

use chrono::Duration;

use crate::{Permission, PermissionSet, Scope, ScopeKind, SessionId, Timestamp, UserId};

/// A logged-in user, as the session knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub user_id: UserId,
    /// The session the request came with.
    pub session_id: SessionId,
    /// What each of their roles gives, in the order the user has them.
    pub grants: Vec<Grant>,
}

/// What one role gives whoever has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The name of the role: built-in or custom.
    pub role: String,
    /// What it may do.
    pub permissions: PermissionSet,
    /// Which rows it may meet, where `reaches` says nothing else.
    pub scope: ScopeKind,
    /// Which rows it may meet, by the noun of the permissions.
    pub reaches: Reaches,
    /// How long after creating a record it may still change it; no limit when absent.
    pub edit_window: Option<Duration>,
}

impl Grant {
    /// What a role gives that reaches as far everywhere, and may always edit.
    pub fn new(role: &str, permissions: PermissionSet, scope: ScopeKind) -> Self {
        let reaches = Reaches::default();
        Self { role: role.to_owned(), permissions, scope, reaches, edit_window: None }
    }

    /// Which rows it may meet of what has this plural noun.
    pub fn reach(&self, noun: &str) -> ScopeKind {
        self.reaches.of(noun).unwrap_or(self.scope)
    }

    /// True while it lets somebody change a record that was created at `created_at`. What was created
    /// further in the future than its window was created before the clock was set back, nobody knows how
    /// long ago.
    fn is_open(&self, created_at: Timestamp, now: Timestamp) -> bool {
        self.edit_window.is_none_or(|window| (now - created_at).abs() <= window)
    }
}

/// How far a role reaches where it reaches further, or less far, than elsewhere: by the plural noun, which
/// is the module of the permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaches(BTreeMap<String, ScopeKind>);

impl Reaches {
    /// What it says of a noun.
    pub fn of(&self, noun: &str) -> Option<ScopeKind> {
        self.0.get(noun).copied()
    }

    /// All that it says, by noun in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ScopeKind)> {
        self.0.iter().map(|(noun, reach)| (noun.as_str(), *reach))
    }

    /// True when the role reaches as far everywhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, ScopeKind)> for Reaches {
    fn from_iter<I: IntoIterator<Item = (String, ScopeKind)>>(reaches: I) -> Self {
        Self(reaches.into_iter().collect())
    }
}

impl Caller {
    /// True when one of the roles gives the permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.giving(permission).next().is_some()
    }

    /// True when the user has the role.
    pub fn has_role(&self, name: &str) -> bool {
        self.grants.iter().any(|grant| grant.role == name)
    }

    /// The names of the roles with commas between them, as a change keeps them.
    pub fn role_names(&self) -> String {
        self.grants.iter().map(|grant| grant.role.as_str()).collect::<Vec<_>>().join(",")
    }

    /// How far the permission reaches: as far as the widest of the roles that give it. None without it.
    pub fn reach_of(&self, permission: Permission) -> Option<ScopeKind> {
        self.giving(permission).map(|grant| grant.reach(permission.module())).max()
    }

    /// The rows that the permission opens; none without it.
    pub fn scope_for(&self, permission: Permission) -> Option<Scope> {
        self.reach_of(permission).map(|reach| self.within(reach))
    }

    /// How far the permission reaches among records created at `created_at`, of the roles that give it and
    /// whose edit window is open. None when it is none of them.
    pub fn open_reach_of(
        &self,
        permission: Permission,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Option<ScopeKind> {
        let open = self.giving(permission).filter(|grant| grant.is_open(created_at, now));
        open.map(|grant| grant.reach(permission.module())).max()
    }

    /// How far the user may name records with this plural noun while doing something: what may be read can
    /// be named, and so can what a role reaches that lets them do it, there and here. `edited` is when the
    /// record was created that is changed, and when that is.
    pub fn reach_to_name(
        &self,
        doing: Permission,
        edited: Option<(Timestamp, Timestamp)>,
        noun: &str,
        read: Option<Permission>,
    ) -> Option<ScopeKind> {
        let is_open =
            |grant: &&Grant| edited.is_none_or(|(created_at, now)| grant.is_open(created_at, now));
        let by_doing = self
            .giving(doing)
            .filter(is_open)
            .map(|grant| grant.reach(doing.module()).min(grant.reach(noun)))
            .max();
        by_doing.max(read.and_then(|read| self.reach_of(read)))
    }

    /// True when no rule of their roles can keep a row from them.
    pub fn reaches_everything(&self) -> bool {
        let is_all = |reach| reach == ScopeKind::All;
        self.grants.iter().all(|grant| {
            is_all(grant.scope) && grant.reaches.iter().all(|(_, reach)| is_all(reach))
        })
    }

    /// The rows of that kind of scope.
    pub const fn within(&self, reach: ScopeKind) -> Scope {
        match reach {
            ScopeKind::All => Scope::All,
            ScopeKind::Assigned => Scope::Assigned(self.user_id),
            ScopeKind::Own => Scope::Own(self.user_id),
        }
    }

    /// What the roles give that have the permission.
    fn giving(&self, permission: Permission) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| grant.permissions.has(permission))
    }
}
