//! What can go wrong with users, roles, sessions and logins.

use std::time::Duration;

use almoner_kernel::{
    Denied, Fault, FieldError, Invalid, Kind, Quota, Stale, StoreError, TooManyCollisions, Words,
    words::no_such_record,
};

use crate::{
    limits::Limited,
    ports::{BreachedListError, HashError},
    words,
};

/// Why a use case of this crate refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// Nobody is logged in, or a permission is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The request has wrong fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The record has changed since it was read.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// Absent, or outside the caller's scope.
    #[error("{}", no_such_record())]
    NotFound,
    /// Unknown address, wrong password or inactive user: never told apart.
    #[error("{}", words::invalid_credentials())]
    InvalidCredentials,
    /// The password was right, but the account is locked for this device after too many wrong ones.
    #[error("{}", words::locked())]
    Locked {
        /// Until the lock runs out.
        retry_after: Duration,
    },
    /// Too many logins, or too many wrong passwords: nothing was looked at.
    #[error("{}", words::too_many_logins())]
    RateLimited {
        /// Until the next login is let through.
        retry_after: Duration,
        /// How many are let through.
        quota: Quota,
    },
    /// Too many addresses of users outside the caller's scope.
    #[error(transparent)]
    Collisions(#[from] TooManyCollisions),
    /// Without this user nobody could administer the system.
    #[error("{}", words::last_superadmin())]
    LastSuperadmin,
    /// Nobody changes what they themselves may do.
    #[error("{}", words::own_role())]
    OwnRole,
    /// Nobody deactivates themselves.
    #[error("{}", words::own_account())]
    OwnAccount,
    /// The role lets its holder do more than the caller may do.
    #[error("{}", words::role_not_granted())]
    RoleNotGranted,
    /// The user's role lets them do more than the caller may do.
    #[error("{}", words::user_not_manageable())]
    UserNotManageable,
    /// Another user has the e-mail address; compared without case.
    #[error("{}", words::email_taken())]
    EmailTaken([FieldError; 1]),
    /// Another role, built-in or custom, has the name.
    #[error("{}", words::role_name_taken())]
    RoleNameTaken([FieldError; 1]),
    /// Users have the role.
    #[error("{}", words::role_in_use(*.users))]
    RoleInUse {
        /// How many.
        users: u64,
    },
    /// Built-in roles are part of the program.
    #[error("{}", words::role_built_in())]
    RoleBuiltIn,
    /// No mail can be sent.
    #[error("{}", words::mail_off())]
    MailOff,
    /// The user has a password.
    #[error("{}", words::not_invited())]
    NotInvited,
    /// The user is deactivated already.
    #[error("{}", words::not_active())]
    NotActive,
    /// The user was never deactivated.
    #[error("{}", words::already_active())]
    AlreadyActive,
    /// There are as many as there may be.
    #[error("{}", limit_reached(*.0))]
    TooMany(Limited),
    /// The password could not be hashed or compared.
    #[error("the password could not be checked")]
    Hash(#[from] HashError),
    /// The list of breached passwords could not be asked.
    #[error("the password could not be checked against breaches")]
    Breached(#[from] BreachedListError),
    /// Storage failed.
    #[error("storage failed")]
    Store(#[source] StoreError),
}

impl AccountsError {
    /// The refusal of an e-mail address that is taken.
    pub fn email_taken() -> Self {
        Self::EmailTaken([FieldError::new("/email", "taken", words::taken_by_another_user())])
    }

    /// The refusal of a role name that is taken.
    pub fn role_name_taken() -> Self {
        Self::RoleNameTaken([FieldError::new("/name", "taken", words::taken_by_another_role())])
    }
}

fn limit_reached(what: Limited) -> Words {
    match what {
        Limited::Users => words::user_limit(what.limit()),
        Limited::Invitations => words::invitation_limit(what.limit()),
        Limited::Roles => words::role_limit(what.limit()),
    }
}

impl From<StoreError> for AccountsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken("users.email") => Self::email_taken(),
            StoreError::Taken("roles.name") => Self::role_name_taken(),
            error => Self::Store(error),
        }
    }
}

impl Fault for AccountsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Invalid(_) => Kind::Invalid,
            Self::Stale(_) => Kind::Stale,
            Self::NotFound => Kind::NotFound,
            Self::InvalidCredentials => Kind::Unauthenticated,
            Self::Locked { .. } => Kind::Locked,
            Self::RateLimited { .. } | Self::Collisions(_) => Kind::Limited,
            Self::RoleNotGranted | Self::UserNotManageable => Kind::Forbidden,
            Self::LastSuperadmin
            | Self::OwnRole
            | Self::OwnAccount
            | Self::EmailTaken(_)
            | Self::RoleNameTaken(_)
            | Self::RoleInUse { .. }
            | Self::RoleBuiltIn
            | Self::MailOff
            | Self::NotInvited
            | Self::NotActive
            | Self::AlreadyActive
            | Self::TooMany(_) => Kind::Conflict,
            Self::Hash(HashError::Busy { .. }) => Kind::Busy,
            Self::Breached(_) => Kind::Unavailable,
            Self::Hash(HashError::Failed(_)) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Invalid(_) => "validation",
            Self::Stale(_) => "stale",
            Self::NotFound => "not_found",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Locked { .. } => "locked",
            Self::RateLimited { .. } | Self::Collisions(_) => "rate_limited",
            Self::LastSuperadmin => "last_superadmin",
            Self::OwnRole => "own_role",
            Self::OwnAccount => "own_account",
            Self::RoleNotGranted => "role_not_granted",
            Self::UserNotManageable => "user_not_manageable",
            Self::EmailTaken(_) => "email_taken",
            Self::RoleNameTaken(_) => "role_name_taken",
            Self::RoleInUse { .. } => "role_in_use",
            Self::RoleBuiltIn => "role_built_in",
            Self::MailOff => "mail_off",
            Self::NotInvited => "not_invited",
            Self::NotActive => "not_active",
            Self::AlreadyActive => "already_active",
            Self::TooMany(Limited::Users) => "user_limit",
            Self::TooMany(Limited::Invitations) => "invitation_limit",
            Self::TooMany(Limited::Roles) => "role_limit",
            Self::Hash(HashError::Busy { .. }) | Self::Breached(_) => "unavailable",
            Self::Hash(HashError::Failed(_)) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        Some(match self {
            Self::Denied(denied) => return denied.detail(),
            Self::Invalid(invalid) => return invalid.detail(),
            Self::Stale(stale) => return stale.detail(),
            Self::NotFound => no_such_record(),
            Self::InvalidCredentials => words::invalid_credentials(),
            Self::Locked { .. } => words::locked(),
            Self::RateLimited { .. } => words::too_many_logins(),
            Self::Collisions(refusal) => return refusal.detail(),
            Self::LastSuperadmin => words::last_superadmin(),
            Self::OwnRole => words::own_role(),
            Self::OwnAccount => words::own_account(),
            Self::RoleNotGranted => words::role_not_granted(),
            Self::UserNotManageable => words::user_not_manageable(),
            Self::EmailTaken(_) => words::email_taken(),
            Self::RoleNameTaken(_) => words::role_name_taken(),
            Self::RoleInUse { users } => words::role_in_use(*users),
            Self::RoleBuiltIn => words::role_built_in(),
            Self::MailOff => words::mail_off(),
            Self::NotInvited => words::not_invited(),
            Self::NotActive => words::not_active(),
            Self::AlreadyActive => words::already_active(),
            Self::TooMany(what) => limit_reached(*what),
            Self::Hash(_) | Self::Breached(_) => return None,
            Self::Store(error) => return error.detail(),
        })
    }

    fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(invalid) => &invalid.0,
            Self::EmailTaken(fields) | Self::RoleNameTaken(fields) => fields,
            _ => &[],
        }
    }

    fn stale(&self) -> Option<&Stale> {
        match self {
            Self::Stale(stale) => Some(stale),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked { retry_after } | Self::RateLimited { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::Collisions(refusal) => refusal.retry_after(),
            Self::Hash(HashError::Busy { retry_after }) => Some(*retry_after),
            // The list is a file on disk: an administrator has to act.
            Self::Breached(_) => Some(Duration::from_secs(60)),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }

    fn quota(&self) -> Option<Quota> {
        match self {
            Self::RateLimited { quota, .. } => Some(*quota),
            Self::Collisions(refusal) => refusal.quota(),
            _ => None,
        }
    }
}
