//! The seal of a change: an HMAC over the row and the seal of the row before it, so that no row can
//! be altered, taken out, put in or moved without the key.
//!
//! `mac_n = HMAC-SHA256(key, mac_{n-1} || canonical(row n))`, and `mac_0` is 32 zero bytes.
//! Whoever has the key and may write to the database can still seal a new history from scratch:
//! against that, an operator keeps a [`Mark`] elsewhere and hands it to the verification.
//!
//! The key is a sub-key of the signing key: who can write to the database but has no key cannot forge a
//! row. A trail whose end and head were both put back is found only by a mark that was kept elsewhere:
//! `audit verify` prints one, `--expect-head` takes it. An emptied trail, with both ends put back to
//! nothing, is found by the records that no change made: there is always a user.

use std::{borrow::Cow, fmt, str::FromStr};

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::EventInput;

/// Seals rows with one key, in a commit and when they are verified.
#[derive(Clone)]
pub struct Seal {
    keyed: Hmac<Sha256>,
    key_id: String,
}

impl Seal {
    /// A seal with a key that is used for nothing else.
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"almoner audit key").chain_update(key).finalize().into();
        Self { keyed: Hmac::new(&block.into()), key_id: hex(&digest[..8]) }
    }

    /// Tells keys apart without saying anything about them: 16 lower-case hexadecimal digits. It
    /// stands beside the head, so that a wrong key is not taken for tampering.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The seal of a row, given that of the row before it, or [`Mac::GENESIS`].
    pub fn mac(&self, previous: &Mac, row: &SealInput<'_>) -> Mac {
        let keyed = self.keyed.clone().chain_update(previous.0).chain_update(row.canonical());
        Mac(keyed.finalize().into_bytes().into())
    }

    /// The seal of security events: another key, so that no row of one chain passes for one of the other.
    #[must_use]
    pub fn of_events(&self) -> Self {
        let keyed = self.keyed.clone().chain_update(b"almoner security events\n");
        let mut block = [0; 64];
        block[..32].copy_from_slice(&keyed.finalize().into_bytes());
        Self { keyed: Hmac::new(&block.into()), key_id: self.key_id.clone() }
    }

    /// The seal of a security event, with a seal [of events](Self::of_events).
    pub fn mac_of_event(&self, previous: &Mac, row: &EventInput<'_>) -> Mac {
        let keyed = self.keyed.clone().chain_update(previous.0).chain_update(row.canonical());
        Mac(keyed.finalize().into_bytes().into())
    }

    /// The proof that the trail may begin behind a mark. No row has the same bytes: they are longer.
    pub fn proof(&self, floor: &Mark) -> Mac {
        let keyed = self
            .keyed
            .clone()
            .chain_update(b"almoner trail floor 1\n")
            .chain_update(floor.position.to_be_bytes())
            .chain_update(floor.mac.0);
        Mac(keyed.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The stored columns of a change, all that a seal covers, as they are stored: nothing is parsed, so
/// that no two different rows look the same here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealInput<'a> {
    /// The place in the trail, from 1.
    pub position: i64,
    /// The id of the change.
    pub id: Uuid,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// `anonymous`, `user` or `system`.
    pub actor_kind: Cow<'a, str>,
    /// The user.
    pub actor_id: Option<Uuid>,
    /// The name of the program's part.
    pub actor_name: Option<Cow<'a, str>>,
    /// What was done.
    pub action: Cow<'a, str>,
    /// The kind of record.
    pub entity: Cow<'a, str>,
    /// The record.
    pub entity_id: Uuid,
    /// Its version after the change.
    pub version: i64,
    /// The fields before, the text of a JSON object. A column type that rewrites JSON breaks seals.
    pub before: Cow<'a, str>,
    /// The fields after, the text of a JSON object.
    pub after: Cow<'a, str>,
    /// Why.
    pub reason: Option<Cow<'a, str>>,
    /// `X-Request-Id`.
    pub request_id: Option<Cow<'a, str>>,
    /// The client's address as text.
    pub address: Option<Cow<'a, str>>,
    /// `User-Agent`.
    pub user_agent: Option<Cow<'a, str>>,
    /// How the row was sealed: [`SealInput::FORMAT`], or 1.
    pub format: i64,
    /// What the first format did not have.
    pub circumstances: Circumstances<'a>,
}

/// What is sealed of a change since the second format. Rows of the first have nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// What the changes of one request, command or job have in common.
    pub change_set: Option<Uuid>,
    /// The change it is an effect of.
    pub cause: Option<Uuid>,
    /// The name of the role that the user had then.
    pub actor_role: Option<Cow<'a, str>>,
    /// What was asked.
    pub operation: Option<Cow<'a, str>>,
    /// The keyed digest of the record's whole row after the change.
    pub digest: Option<Cow<'a, [u8]>>,
    /// The kind of record of whoever it is about.
    pub subject_kind: Option<Cow<'a, str>>,
    /// Whom it is about.
    pub subject_id: Option<Uuid>,
    /// Whom the values before are about, if that is somebody else.
    pub before_subject_id: Option<Uuid>,
    /// The personal values before, encrypted: the seal stays whole when nobody can read them any more.
    pub before_sealed: Option<Cow<'a, [u8]>>,
    /// The personal values after, encrypted.
    pub after_sealed: Option<Cow<'a, [u8]>>,
    /// How many security events there were by then.
    pub events: Option<i64>,
}

impl SealInput<'_> {
    /// The format in which rows are sealed now.
    pub const FORMAT: i64 = 2;

    /// The row as bytes: a label with the format, then every field in the order of the struct, as `0`
    /// when it is absent, else as `1`, its length in 8 bytes and its bytes. Numbers are big-endian. Two
    /// different rows never have the same bytes: a row of the first format ends before the
    /// circumstances, and one that claims to be of it and has some has other bytes than any that was
    /// sealed.
    pub fn canonical(&self) -> Vec<u8> {
        // Taken apart, so that a field that is added cannot be forgotten here.
        let Self {
            position,
            id,
            at,
            actor_kind,
            actor_id,
            actor_name,
            action,
            entity,
            entity_id,
            version,
            before,
            after,
            reason,
            request_id,
            address,
            user_agent,
            format,
            circumstances,
        } = self;
        let Circumstances {
            change_set,
            cause,
            actor_role,
            operation,
            digest,
            subject_kind,
            subject_id,
            before_subject_id,
            before_sealed,
            after_sealed,
            events,
        } = circumstances;
        let mut bytes = format!("almoner change {format}\n").into_bytes();
        let mut put = |field: Option<&[u8]>| match field {
            None => bytes.push(0),
            Some(field) => {
                bytes.push(1);
                bytes.extend((field.len() as u64).to_be_bytes());
                bytes.extend(field);
            }
        };
        put(Some(&position.to_be_bytes()));
        put(Some(id.as_bytes()));
        put(Some(&at.to_be_bytes()));
        put(Some(actor_kind.as_bytes()));
        put(actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        put(actor_name.as_deref().map(str::as_bytes));
        put(Some(action.as_bytes()));
        put(Some(entity.as_bytes()));
        put(Some(entity_id.as_bytes()));
        put(Some(&version.to_be_bytes()));
        put(Some(before.as_bytes()));
        put(Some(after.as_bytes()));
        put(reason.as_deref().map(str::as_bytes));
        put(request_id.as_deref().map(str::as_bytes));
        put(address.as_deref().map(str::as_bytes));
        put(user_agent.as_deref().map(str::as_bytes));
        if *format > 1 || *circumstances != Circumstances::default() {
            put(change_set.as_ref().map(|id| id.as_bytes().as_slice()));
            put(cause.as_ref().map(|id| id.as_bytes().as_slice()));
            put(actor_role.as_deref().map(str::as_bytes));
            put(operation.as_deref().map(str::as_bytes));
            put(digest.as_deref());
            put(subject_kind.as_deref().map(str::as_bytes));
            put(subject_id.as_ref().map(|id| id.as_bytes().as_slice()));
            put(before_subject_id.as_ref().map(|id| id.as_bytes().as_slice()));
            put(before_sealed.as_deref());
            put(after_sealed.as_deref());
            put(events.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        }
        bytes
    }
}

/// The seal of one row, 32 bytes; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac([u8; 32]);

impl Mac {
    /// What the first row follows on.
    pub const GENESIS: Self = Self([0; 32]);

    /// A seal as it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A place in the trail and the seal it has there, written `POSITION:MAC`: one mark that is kept
/// where the database's administrator cannot reach stands for the whole trail up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position; 0 before the first row.
    pub position: i64,
    /// The seal of the row there.
    pub mac: Mac,
}

impl Mark {
    /// Before the first row.
    pub const GENESIS: Self = Self { position: 0, mac: Mac::GENESIS };
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.mac)
    }
}

/// The text is not `POSITION:MAC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be POSITION:MAC, a whole number and 64 hexadecimal digits")]
pub struct NotAMark;

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let (position, mac) = text.split_once(':').ok_or(NotAMark)?;
        if !position.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAMark);
        }
        let position = position.parse().map_err(|_| NotAMark)?;
        let mac = unhex(mac).ok_or(NotAMark)?;
        Ok(Self { position, mac: Mac(mac) })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = match digits.as_chunks::<2>() {
        (pairs, []) => pairs.iter().map(|[high, low]| high << 4 | low).collect(),
        _ => return None,
    };
    bytes.try_into().ok()
}
