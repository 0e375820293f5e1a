//! The roles every installation has, and what they allow: the table an administrator asks about.
//!
//! `data_entry` works on donors and donations within its own scope and for 15 minutes, because those
//! are the records there are; `superagent`, `agent` and `member` have no permission until their modules
//! come. A kind without assignments treats the scope `assigned` as `own`. Campaigns and roles have no
//! row scope.

use almoner_kernel::{PermissionSet, Reaches, ScopeKind};

use super::{Access, EditWindow, RoleName};

/// The roles every installation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// Everything, destroying for good included.
    Superadmin,
    /// Everything but destroying for good.
    Admin,
    /// Donors, campaigns and donations, money included.
    Accountant,
    /// Hands out work; nothing yet in the modules that exist.
    Superagent,
    /// Works on what is assigned; nothing yet in the modules that exist.
    Agent,
    /// Records donors and donations, and corrects the own ones for 15 minutes.
    DataEntry,
    /// Sees the own records; nothing yet in the modules that exist.
    Member,
    /// Reads donors, campaigns and donations.
    Viewer,
}

impl BuiltIn {
    /// Every built-in role, the mightiest first.
    pub const ALL: [Self; 8] = [
        Self::Superadmin,
        Self::Admin,
        Self::Accountant,
        Self::Superagent,
        Self::Agent,
        Self::DataEntry,
        Self::Member,
        Self::Viewer,
    ];

    /// The name users and the API know it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superadmin => "superadmin",
            Self::Admin => "admin",
            Self::Accountant => "accountant",
            Self::Superagent => "superagent",
            Self::Agent => "agent",
            Self::DataEntry => "data_entry",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// The built-in role with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The name, as a user has it.
    pub fn role_name(self) -> RoleName {
        RoleName::from_stored(self.as_str().to_owned())
    }

    /// What people read, in English: front ends translate by name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Superadmin => "Super administrator",
            Self::Admin => "Administrator",
            Self::Accountant => "Accountant",
            Self::Superagent => "Senior agent",
            Self::Agent => "Agent",
            Self::DataEntry => "Data entry",
            Self::Member => "Member",
            Self::Viewer => "Viewer",
        }
    }

    /// What it is for.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Superadmin => "Everything, destroying records for good included",
            Self::Admin => "Everything but destroying records for good",
            Self::Accountant => "Donors, campaigns and donations, refunds included",
            Self::Superagent => "Assigns work to agents",
            Self::Agent => "Works on the records assigned to them",
            Self::DataEntry => "Records donors and donations, corrects them for 15 minutes",
            Self::Member => "Sees their own records",
            Self::Viewer => "Reads donors, campaigns and donations",
        }
    }

    /// What it lets a user do. A permission that a kind of record brings along belongs to the roles whose
    /// patterns it fits.
    pub fn access(self) -> Access {
        let own = PermissionSet::granting;
        let (permissions, scope, edit_window) = match self {
            Self::Superadmin => (PermissionSet::everything(), ScopeKind::All, None),
            Self::Admin => {
                (PermissionSet::everything().withholding(&["*:purge"]), ScopeKind::All, None)
            }
            Self::Accountant => (
                own(&[
                    "donors:read",
                    "donors:create",
                    "donors:update",
                    "donors:delete",
                    "campaigns:read",
                    "campaigns:create",
                    "campaigns:update",
                    "campaigns:delete",
                    "donations:read",
                    "donations:create",
                    "donations:update",
                    "donations:complete",
                    "donations:refund",
                    "donations:correct",
                    "donations:delete",
                ]),
                ScopeKind::All,
                None,
            ),
            Self::Superagent => (PermissionSet::NONE, ScopeKind::All, None),
            Self::Agent => (PermissionSet::NONE, ScopeKind::Assigned, None),
            Self::DataEntry => (
                own(&[
                    "donors:read",
                    "donors:create",
                    "donors:update",
                    "campaigns:read",
                    "donations:read",
                    "donations:create",
                    "donations:update",
                ]),
                ScopeKind::Own,
                Some(EditWindow::from_stored(15)),
            ),
            Self::Member => (PermissionSet::NONE, ScopeKind::Own, None),
            Self::Viewer => {
                (own(&["donors:read", "campaigns:read", "donations:read"]), ScopeKind::All, None)
            }
        };
        Access { permissions, scope, reaches: Reaches::default(), edit_window }
    }
}
