//! Links that let whoever has one choose the password of one user: what they are for, how long they
//! are good for, and the secret in them.

use std::fmt;

use almoner_kernel::{LinkId, Timestamp, UserId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use uuid::Uuid;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A new password in place of one that was forgotten.
    PasswordReset,
    /// The first password.
    Invitation,
}

impl Purpose {
    /// The name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Invitation => "invitation",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PasswordReset, Self::Invitation].into_iter().find(|one| one.as_str() == text)
    }
}

/// A link that has not been used or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which one; no secret.
    pub id: LinkId,
    /// Whose password it is about.
    pub user_id: UserId,
    /// What it is for.
    pub purpose: Purpose,
    /// At this instant it is over.
    pub expires_at: Timestamp,
}

/// How long links are good for, and how many may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPolicy {
    /// A link to choose a new password.
    pub reset: Duration,
    /// An invitation.
    pub invitation: Duration,
    /// Links that one address may ask for in a window, known accounts or not.
    pub max_per_address: u32,
    /// Links that may be asked for one e-mail address in a window, an account's or not.
    pub max_per_mailbox: u32,
    /// The length of both windows; they slide.
    pub window: Duration,
}

impl Default for LinkPolicy {
    /// 30 minutes and 7 days; 10 an hour from one address, 3 for one e-mail address.
    fn default() -> Self {
        Self {
            reset: Duration::minutes(30),
            invitation: Duration::days(7),
            max_per_address: 10,
            max_per_mailbox: 3,
            window: Duration::hours(1),
        }
    }
}

/// Makes the secret in a link of its id, so that it is stored nowhere and can be made again when a
/// mail has to be sent a second time: HMAC-SHA256 under a key that is used for nothing else.
#[derive(Clone)]
pub struct LinkKey(Hmac<Sha256>);

/// Bytes of an id, and of what proves it.
const ID: usize = 16;
const PROOF: usize = 32;

impl LinkKey {
    /// Over a sub-key of 256 bits.
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// What stands in the link: 64 characters of base64url, its id and what proves it.
    pub fn token(&self, purpose: Purpose, id: LinkId) -> SecretString {
        let mut bytes = [0; ID + PROOF];
        bytes[..ID].copy_from_slice(id.uuid().as_bytes());
        bytes[ID..].copy_from_slice(&self.proof(purpose, id).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// The id of a token that this key made for this purpose. It is compared in constant time, and
    /// storage is not asked for what was not made here.
    pub fn read(&self, purpose: Purpose, token: &str) -> Option<LinkId> {
        let mut bytes = [0; ID + PROOF];
        if token.len() != (ID + PROOF) / 3 * 4
            || URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != ID + PROOF
        {
            return None;
        }
        let (id, proof) = bytes.split_at(ID);
        let id = LinkId::new(Uuid::from_slice(id).ok()?);
        self.proof(purpose, id).verify_slice(proof).ok()?;
        Some(id)
    }

    /// What the limit on an e-mail address counts under: nobody reads the address out of it, which may
    /// be anybody's.
    pub fn mailbox(&self, email_key: &str) -> String {
        let digest = self.0.clone().chain_update(b"mailbox\0").chain_update(email_key).finalize();
        URL_SAFE_NO_PAD.encode(digest.into_bytes())
    }

    fn proof(&self, purpose: Purpose, id: LinkId) -> Hmac<Sha256> {
        let purpose = purpose.as_str().as_bytes();
        self.0.clone().chain_update(purpose).chain_update(b"\0").chain_update(id.uuid().as_bytes())
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
