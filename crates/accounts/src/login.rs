//! The rules of a login, without input or output: how often an address may try, and what a password
//! check means for an account.

use std::{fmt, net::IpAddr};

use almoner_kernel::Timestamp;
use chrono::Duration;

use crate::user::Failures;

/// How many guesses somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPolicy {
    /// Wrong passwords in a row that lock an account.
    pub max_failures: u32,
    /// How long the lock holds.
    pub lock: Duration,
    /// Logins, right or wrong, that one address may make in a window.
    pub max_per_address: u32,
    /// The length of the window; it slides.
    pub window: Duration,
}

impl Default for LoginPolicy {
    /// 5 failures lock for 15 minutes; 10 logins in 10 minutes from one address.
    fn default() -> Self {
        Self {
            max_failures: 5,
            lock: Duration::minutes(15),
            max_per_address: 10,
            window: Duration::minutes(10),
        }
    }
}

/// Whom the limit of an address counts: one IPv4 address, or one IPv6 network of 64 bits, because
/// that is what one customer gets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AddressKey(String);

impl AddressKey {
    /// The key of an address; an IPv4 address in IPv6 clothing is an IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.to_string()),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(format!("{}/64", IpAddr::from([a, b, c, d, 0, 0, 0, 0])))
            }
        }
    }

    /// The key of an address that asks for links to choose a new password: counted apart from its
    /// logins.
    pub fn of_reset(address: IpAddr) -> Self {
        Self(format!("reset {}", Self::of(address).0))
    }

    /// The key of an e-mail address that links are asked for, by its keyed hash.
    pub fn of_mailbox(hash: &str) -> Self {
        Self(format!("reset mailbox {hash}"))
    }

    /// `203.0.113.7` or `2001:db8:1:2::/64`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a password check means for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let in; the failure counter starts anew.
    Accepted,
    /// Refused, without saying why.
    Refused {
        /// The counter and the lock from now on.
        failures: Failures,
        /// True when this very failure locked the account.
        has_locked: bool,
    },
    /// The password is right, the account is locked.
    Locked {
        /// When the lock runs out.
        until: Timestamp,
    },
}

/// Decides about an active account. A lock that has run out counts for nothing, and one that would
/// hold for twice its time neither: it was set before the clock was set back, and would keep its user
/// out for as long as that.
///
/// Whoever knows the password is told about the lock, which would let a guesser go on guessing behind
/// it. So failures go on counting while the lock holds, and once they are twice the limit the right
/// password is refused like a wrong one until the lock runs out: a lock never gives more guesses than
/// the account had before it. Guessing does not prolong a lock, or anybody could keep a user out.
pub fn decide(failures: Failures, is_right: bool, at: Timestamp, policy: &LoginPolicy) -> Verdict {
    let lock = failures.locked_until.filter(|until| at < *until && *until - at < policy.lock * 2);
    match (lock, is_right) {
        (None, true) => Verdict::Accepted,
        (None, false) => {
            let before = if failures.locked_until.is_some() { 0 } else { failures.failed_logins };
            let failed_logins = before.saturating_add(1);
            let has_locked = failed_logins >= policy.max_failures;
            let locked_until = has_locked.then(|| at + policy.lock);
            Verdict::Refused { failures: Failures { failed_logins, locked_until }, has_locked }
        }
        (Some(until), true) if failures.failed_logins < policy.max_failures.saturating_mul(2) => {
            Verdict::Locked { until }
        }
        (Some(_), true) => Verdict::Refused { failures, has_locked: false },
        (Some(_), false) => {
            let failed_logins = failures.failed_logins.saturating_add(1);
            Verdict::Refused { failures: Failures { failed_logins, ..failures }, has_locked: false }
        }
    }
}
