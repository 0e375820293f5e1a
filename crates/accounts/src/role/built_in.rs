//! The roles every installation has, and what they allow: the table an administrator asks about.

use almoner_kernel::{Permission, PermissionSet, ScopeKind};

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

    pub(super) const EVERYTHING: PermissionSet = set(Permission::ALL);

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

    /// What it lets a user do.
    pub const fn access(self) -> Access {
        use Permission as P;
        const PURGES: PermissionSet = set(&[P::DonorsPurge, P::CampaignsPurge, P::DonationsPurge]);
        let (permissions, scope, edit_window) = match self {
            Self::Superadmin => (Self::EVERYTHING, ScopeKind::All, None),
            Self::Admin => (Self::EVERYTHING.without(PURGES), ScopeKind::All, None),
            Self::Accountant => (
                set(&[
                    P::DonorsRead,
                    P::DonorsCreate,
                    P::DonorsUpdate,
                    P::DonorsDelete,
                    P::CampaignsRead,
                    P::CampaignsCreate,
                    P::CampaignsUpdate,
                    P::CampaignsDelete,
                    P::DonationsRead,
                    P::DonationsCreate,
                    P::DonationsUpdate,
                    P::DonationsComplete,
                    P::DonationsRefund,
                    P::DonationsDelete,
                ]),
                ScopeKind::All,
                None,
            ),
            Self::Superagent => (PermissionSet::NONE, ScopeKind::All, None),
            Self::Agent => (PermissionSet::NONE, ScopeKind::Assigned, None),
            Self::DataEntry => (
                set(&[
                    P::DonorsRead,
                    P::DonorsCreate,
                    P::DonorsUpdate,
                    P::CampaignsRead,
                    P::DonationsRead,
                    P::DonationsCreate,
                    P::DonationsUpdate,
                ]),
                ScopeKind::Own,
                Some(EditWindow::from_stored(15)),
            ),
            Self::Member => (PermissionSet::NONE, ScopeKind::Own, None),
            Self::Viewer => {
                (set(&[P::DonorsRead, P::CampaignsRead, P::DonationsRead]), ScopeKind::All, None)
            }
        };
        Access { permissions, scope, edit_window }
    }
}

const fn set(permissions: &[Permission]) -> PermissionSet {
    let mut set = PermissionSet::NONE;
    let mut at = 0;
    while at < permissions.len() {
        set = set.with(permissions[at]);
        at += 1;
    }
    set
}
