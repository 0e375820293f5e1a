//! The rules of a login, without input or output: how often strangers may guess, and what a password
//! check means for a device.
//!
//! Strangers slow each other down, and lock nobody out. A lock that anybody can set is a weapon: five
//! wrong passwords every quarter of an hour would keep the superadmin out for ever. So failures are
//! counted for each browser that an account has let in (a device: a random cookie of 400 days, stored
//! as a hash with its user; a network or a browser's name would be noise for a traveller and nothing
//! against the same network). Five lock it for 15 minutes. Everybody else is a stranger. Strangers
//! share a pause, a second after the third failure and twice as long after each further one, up to 15
//! minutes, and 100 failures a day, from however many addresses. NIST SP 800-63B allows 100; in ten
//! minutes they would be 5 million a year, in a day they are 36,500, against passwords that take 10^8
//! guesses and more (zxcvbn 3).
//!
//! - *The price*: a new browser cannot get in by password while somebody attacks. A mailed link is the
//!   way: the browser it is used in is known from then on, and the only one. `almoner admin unlock` and
//!   `POST /users/{id}/unlock` begin anew, which helps against typing errors more than against an
//!   attack.
//! - *A copied device cookie* gives five guesses in 15 minutes and can keep that one browser out. A
//!   password reset forgets all devices but the one it is done on. A new password chosen while logged
//!   in does not: the user's other browsers would be strangers.

use std::{fmt, net::IpAddr};

use almoner_kernel::{Quota, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;

use crate::session::DeviceKeyHash;

/// How many guesses somebody has.
///
/// A browser that the account has let in before is a known device, and counted for itself alone. All
/// others are strangers: they share what the account and their address have left for strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPolicy {
    /// Wrong passwords in a row that lock an account for one known device.
    pub max_failures: u32,
    /// How long the lock holds; strangers never wait longer for their next guess either.
    pub lock: Duration,
    /// Logins of strangers that may fail from one address in a window.
    pub max_per_address: u32,
    /// Logins, right or wrong, that one address or one known device may make in the same window:
    /// each costs the hash of a password.
    pub max_logins: u32,
    /// The length of the window; it slides.
    pub window: Duration,
    /// Logins of strangers that may fail for one account, from however many addresses, in a window of
    /// its own.
    pub max_per_account: u32,
    /// The length of that window; it slides.
    pub account_window: Duration,
}

impl Default for LoginPolicy {
    /// 5 failures lock for 15 minutes; 10 failures and 300 logins in 10 minutes from one address; 100
    /// failures of strangers a day for one account. NIST SP 800-63B allows 100 guesses in a row; 36,500
    /// a year are hopeless against a password that passed our rules (zxcvbn 3: 10^8 guesses and more).
    fn default() -> Self {
        Self {
            max_failures: 5,
            lock: Duration::minutes(15),
            max_per_address: 10,
            max_logins: 300,
            window: Duration::minutes(10),
            max_per_account: 100,
            account_window: Duration::days(1),
        }
    }
}

/// Wrong passwords of strangers that an account puts up with before they have to wait: as many as
/// somebody mistypes.
const FREE: u32 = 3;

impl LoginPolicy {
    /// How long strangers wait for their next guess after so many wrong ones: a second after the
    /// third, twice as long after each further one, up to the time of a lock.
    pub fn pause(&self, failed: u32) -> Duration {
        match failed.checked_sub(FREE) {
            None => Duration::zero(),
            Some(doublings) => {
                // Far beyond any lock after some forty failures, and soon beyond what a duration holds.
                let seconds = 1_i64.checked_shl(doublings).filter(|seconds| *seconds > 0);
                let pause = seconds.and_then(Duration::try_seconds);
                pause.map_or(self.lock, |pause| self.lock.min(pause))
            }
        }
    }
}

/// What a login is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Strangers at one address.
    Address,
    /// Strangers at one account, whether or not there is one.
    Account,
    /// One known device.
    Device,
}

/// Why nobody looks at a password now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// When the next one is looked at.
    pub until: Timestamp,
    /// What is used up.
    pub quota: Quota,
}

impl Limit {
    /// The length of its window.
    pub const fn window(self, policy: &LoginPolicy) -> Duration {
        match self {
            Self::Address | Self::Device => policy.window,
            Self::Account => policy.account_window,
        }
    }

    /// What keeps the next login off, by what has been counted in the window; nothing when it may be
    /// looked at.
    pub fn hold(self, counted: &LoginWindow, at: Timestamp, policy: &LoginPolicy) -> Option<Hold> {
        let window = self.window(policy);
        let full = |count: u32, limit: u32, oldest: Option<Timestamp>| {
            (count >= limit)
                .then(|| Hold { until: oldest.unwrap_or(at) + window, quota: quota(limit, window) })
        };
        match self {
            Self::Device => full(counted.counted, policy.max_logins, counted.oldest),
            Self::Address => full(counted.failed, policy.max_per_address, counted.oldest_failed)
                .or_else(|| full(counted.counted, policy.max_logins, counted.oldest)),
            Self::Account => {
                full(counted.failed, policy.max_per_account, counted.oldest_failed).or_else(|| {
                    let pause = policy.pause(counted.failed);
                    let until = counted.last_failed? + pause;
                    // One that would hold for twice its time began before the clock was set back.
                    let holds = at < until && until - at < pause * 2;
                    holds.then(|| Hold { until, quota: quota(1, pause) })
                })
            }
        }
    }
}

fn quota(limit: u32, window: Duration) -> Quota {
    Quota { limit, window: window.to_std().unwrap_or_default() }
}

/// What one limit has counted lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginWindow {
    /// Logins that were let through to the password check.
    pub counted: u32,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// Those of them that failed.
    pub failed: u32,
    /// The oldest of those.
    pub oldest_failed: Option<Timestamp>,
    /// The newest of those.
    pub last_failed: Option<Timestamp>,
    /// True when a refusal has been recorded in the window.
    pub refusal_recorded: bool,
}

/// What keeps logins of a user off, as those see it who look after users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Whose.
    pub kind: LockKind,
    /// Until when.
    pub until: Timestamp,
}

/// Whose logins are kept off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Those of a known device: too many wrong passwords were typed there.
    Device,
    /// Those of strangers: every browser the account does not know.
    Strangers,
}

impl LockKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Device, Self::Strangers];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Strangers => "strangers",
        }
    }
}

/// What was counted about a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// When the last one of the locked devices opens.
    pub device_locked_until: Option<Timestamp>,
    /// The guesses of strangers.
    pub strangers: LoginWindow,
}

impl Counted {
    /// What that keeps off now.
    pub fn locks(&self, at: Timestamp, policy: &LoginPolicy) -> Vec<Lock> {
        let device = self.device_locked_until.filter(|until| holds(*until, at, policy));
        let strangers = Limit::Account.hold(&self.strangers, at, policy).map(|hold| hold.until);
        [(LockKind::Device, device), (LockKind::Strangers, strangers)]
            .into_iter()
            .filter_map(|(kind, until)| Some(Lock { kind, until: until? }))
            .collect()
    }
}

/// A lock that would hold for twice its time was set before the clock was set back, and would keep its
/// user out for as long as that.
fn holds(until: Timestamp, at: Timestamp, policy: &LoginPolicy) -> bool {
    at < until && until - at < policy.lock * 2
}

/// Whom a limit counts: one IPv4 address, or one IPv6 network of 64 bits, because that is what one
/// customer gets; or an account or a device, by hashes that nobody reads them out of.
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

    /// The key of an account that strangers log in to, by the keyed hash of what they typed: nobody
    /// knows yet whether there is one.
    pub fn of_account(hash: &str) -> Self {
        Self(format!("login account {hash}"))
    }

    /// The key of a known device of an account.
    pub fn of_device(device: &DeviceKeyHash) -> Self {
        Self(format!("login device {}", URL_SAFE_NO_PAD.encode(device.0)))
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

/// Wrong passwords in a row on one known device, and the lock they lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Since the last right password, or since the last lock ran out.
    pub failed_logins: u32,
    /// No login before this instant; absent when the device was never locked since the last right
    /// password.
    pub locked_until: Option<Timestamp>,
}

/// What a password check means for a known device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let in; the failure counter starts anew.
    Accepted,
    /// Refused, without saying why.
    Refused {
        /// The counter and the lock from now on.
        failures: Failures,
        /// True when this very failure locked the device.
        has_locked: bool,
    },
    /// The password is right, the device is locked.
    Locked {
        /// When the lock runs out.
        until: Timestamp,
    },
}

/// Decides about a known device of an active account. A lock that has run out counts for nothing.
///
/// Whoever knows the password is told about the lock, which would let a guesser go on guessing behind
/// it. So failures go on counting while the lock holds, and once they are twice the limit the right
/// password is refused like a wrong one until the lock runs out: a lock never gives more guesses than
/// the device had before it. Guessing does not prolong a lock.
pub fn decide(failures: Failures, is_right: bool, at: Timestamp, policy: &LoginPolicy) -> Verdict {
    let lock = failures.locked_until.filter(|until| holds(*until, at, policy));
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
