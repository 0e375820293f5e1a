//! How many users, invitations and roles there may be. Nobody comes near these numbers by working; a
//! program in a loop does, and each user and each role is carried along for ever. Those that are made at
//! the same moment do not see each other: a few more are no harm.
//!
//! They are refused with 409, as webhooks are; of sessions the oldest ends when there is one too many.

use crate::{AccountsError, ports::AccountsTx};

/// What there is a limit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Users, active or not.
    Users,
    /// Invitations that nobody has accepted yet: each is a mail to an address somebody typed.
    Invitations,
    /// Custom roles.
    Roles,
}

impl Limited {
    /// How many there may be.
    pub const fn limit(self) -> u64 {
        match self {
            // The largest charities have some thousand people who work with such a system.
            Self::Users => 10_000,
            // More than anybody invites before the first ones have answered.
            Self::Invitations => 500,
            // Permissions are a few dozen: more roles than that are not told apart by anybody.
            Self::Roles => 100,
        }
    }
}

/// Refuses one more than there may be.
pub(crate) async fn require_room(
    tx: &mut dyn AccountsTx,
    what: Limited,
) -> Result<(), AccountsError> {
    match tx.count(what).await? < what.limit() {
        true => Ok(()),
        false => Err(AccountsError::TooMany(what)),
    }
}
