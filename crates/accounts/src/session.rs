//! One login of one user on one device, and the secret that proves it.
//!
//! The cookie holds a 256-bit key, storage its SHA-256. The login use case makes the key and stores the
//! session in the same transaction as the event; actix-session signs and carries it. A copied cookie is
//! another device: a new password, and ending all other sessions, give the session that stays a new
//! key, and the old one opens nothing. A new e-mail address of one's own needs the current password,
//! because links to choose a password go there.

use std::{fmt, net::IpAddr};

use almoner_kernel::{SessionId, Timestamp, UserId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use sha2::{Digest, Sha256};

/// One login of one user on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one; not a secret.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it was last used. Storage lags behind by about a minute.
    pub last_seen_at: Timestamp,
    /// It ends at this instant, whatever happens.
    pub expires_at: Timestamp,
    /// It ends after this time without use; stored in whole seconds.
    pub idle_timeout: Duration,
    /// True when the user asked to be remembered: longer time-outs, and a cookie that outlives the
    /// browser.
    pub remembered: bool,
    /// Where the login came from, shortened by [`masked_address`].
    pub address: Option<String>,
    /// The `User-Agent` of the login, at most 512 bytes.
    pub user_agent: Option<String>,
}

impl Session {
    /// True while neither time-out has passed: at the very instant of a time-out it is over.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.is_alive_when_seen(self.last_seen_at, now)
    }

    /// The same, for a session that was last used at `last_seen_at`. A use in the future was before
    /// the clock was set back: when it is further away than the idle time-out, nobody knows how long
    /// ago it was.
    pub fn is_alive_when_seen(&self, last_seen_at: Timestamp, now: Timestamp) -> bool {
        now < self.expires_at && (now - last_seen_at).abs() < self.idle_timeout
    }
}

/// A session with a new key: the old one opens nothing any more.
#[derive(Debug)]
pub struct Renewed {
    /// The secret for the cookie; it exists nowhere else.
    pub key: SessionKey,
    /// The session, the same as before.
    pub session: Session,
}

/// How long sessions live, and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Ends after this time without use.
    pub idle: Duration,
    /// Ends after this time, used or not.
    pub absolute: Duration,
    /// The same as `idle`, for a user who asked to be remembered.
    pub remembered_idle: Duration,
    /// The same as `absolute`, for a user who asked to be remembered.
    pub remembered_absolute: Duration,
    /// Sessions one user may have; one more login ends the oldest.
    pub max_per_user: usize,
}

impl SessionPolicy {
    /// How long a new session lives: without use, and at all.
    pub const fn lifetimes(&self, remembered: bool) -> (Duration, Duration) {
        if remembered {
            (self.remembered_idle, self.remembered_absolute)
        } else {
            (self.idle, self.absolute)
        }
    }
}

impl Default for SessionPolicy {
    /// 30 minutes idle and 12 hours at all; remembered 14 and 30 days; 10 per user. ASVS 7.3 leaves
    /// the figures to the organisation.
    fn default() -> Self {
        Self {
            idle: Duration::minutes(30),
            absolute: Duration::hours(12),
            remembered_idle: Duration::days(14),
            remembered_absolute: Duration::days(30),
            max_per_user: 10,
        }
    }
}

/// The secret of a session: 256 random bits that stand in the cookie and nowhere else.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// A fresh key from the `Secrets` port.
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key a cookie carries; none when the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Some(Self(bytes)),
            Ok(_) | Err(_) => None,
        }
    }

    /// The text for the cookie: 43 characters of base64url.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What storage and the cache know the session by.
    pub fn hash(&self) -> SessionKeyHash {
        SessionKeyHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The SHA-256 of a [`SessionKey`]: who reads the database cannot make a cookie of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKeyHash(pub [u8; 32]);

impl fmt::Debug for SessionKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secret a browser keeps to be known again: 256 random bits in a cookie that outlives sessions.
/// It proves nothing; without it a login is worth a notice to its user, and a guess
/// at a password is a stranger's.
#[derive(Clone)]
pub struct DeviceKey([u8; 32]);

impl DeviceKey {
    /// A fresh key from the `Secrets` port.
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key a cookie carries; none when the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        SessionKey::parse(text).map(|key| Self(key.0))
    }

    /// The text for the cookie: 43 characters of base64url.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What storage knows the device by: another hash for each user, so that nobody reads out of it
    /// who shares one.
    pub fn hash(&self, user: UserId) -> DeviceKeyHash {
        let digest = Sha256::new().chain_update(user.uuid()).chain_update(self.0);
        DeviceKeyHash(digest.finalize().into())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The SHA-256 of a user and a [`DeviceKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKeyHash(pub [u8; 32]);

/// An address that shows the network but not the device: the last octet of IPv4 and the last 80 bits
/// of IPv6 are zero.
pub fn masked_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::from([a, b, c, 0]).to_string()
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0]).to_string()
        }
    }
}
