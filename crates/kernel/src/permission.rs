//! What a role may do, as `<module>:<verb>`. The registry of permissions is this file.

use std::{fmt, str::FromStr};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// One thing a role may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $($(#[$doc])* $variant,)+
        }

        impl Permission {
            /// Every permission, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// `<module>:<verb>`, as in the API and in a custom role.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl FromStr for Permission {
            type Err = UnknownPermission;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownPermission),
                }
            }
        }
    };
}

permissions! {
    /// See users within the scope.
    UsersRead = "users:read";
    /// Create, change, deactivate and restore users.
    UsersManage = "users:manage";
    /// See roles and what they may do.
    RolesRead = "roles:read";
    /// Create, change and delete custom roles.
    RolesManage = "roles:manage";
    /// See donors within the scope.
    DonorsRead = "donors:read";
    /// Create donors.
    DonorsCreate = "donors:create";
    /// Change donors within the scope.
    DonorsUpdate = "donors:update";
    /// Put donors in the trash and bring them back.
    DonorsDelete = "donors:delete";
    /// Destroy a donor for good.
    DonorsPurge = "donors:purge";
    /// See a donor's identity number in full, with a reason that is recorded.
    DonorsReveal = "donors:reveal";
    /// See campaigns.
    CampaignsRead = "campaigns:read";
    /// Create campaigns.
    CampaignsCreate = "campaigns:create";
    /// Change campaigns.
    CampaignsUpdate = "campaigns:update";
    /// Put campaigns in the trash and bring them back.
    CampaignsDelete = "campaigns:delete";
    /// Destroy a campaign for good.
    CampaignsPurge = "campaigns:purge";
    /// See donations within the scope.
    DonationsRead = "donations:read";
    /// Record donations.
    DonationsCreate = "donations:create";
    /// Change donations within the scope.
    DonationsUpdate = "donations:update";
    /// Say that a donation arrived, or cancel one that never will.
    DonationsComplete = "donations:complete";
    /// Give a completed donation back.
    DonationsRefund = "donations:refund";
    /// Put donations in the trash and bring them back.
    DonationsDelete = "donations:delete";
    /// Destroy a donation for good.
    DonationsPurge = "donations:purge";
    /// Read the change trail and the security events.
    AuditRead = "audit:read";
    /// See jobs, their runs and the schedules.
    JobsRead = "jobs:read";
    /// Retry, cancel and hasten jobs; run, pause and resume schedules.
    JobsManage = "jobs:manage";
    /// See which mails were sent, and what they look like.
    MailRead = "mail:read";
    /// Have a mail that failed sent again.
    MailManage = "mail:manage";
    /// See webhooks and their deliveries.
    WebhooksRead = "webhooks:read";
    /// Create, change, test and delete webhooks, and repeat deliveries.
    WebhooksManage = "webhooks:manage";
}

/// The text is not one of [`Permission::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known permission")]
pub struct UnknownPermission;

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Every permission there is.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// True when the set has the permission.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// True when every permission of `other` is in this set.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The set with one more permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission as u8))
    }

    /// The set without some permissions.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The permissions in the order of the registry.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}
