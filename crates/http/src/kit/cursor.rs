//! List cursors: where a page ended, sealed together with the list it belongs to, so that a cursor
//! can neither be altered nor be used with another filter, sort or address. The key is one of the epoch
//! ([`crate::kit::etag::of_epoch`]) and of one order of names: what stands behind a position is another thing
//! after a restore, and when names are sorted otherwise.

use std::{error, fmt};

use almoner_kernel::{Position, SortKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kit::words;

/// Seals the cursors of one epoch.
pub type CursorKey = [u8; 32];

/// Which list a cursor belongs to: SHA-256 over its address, filter and sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a list: its path and every query parameter that shapes it, in any order.
    pub fn of(path: &str, parameters: &[(String, String)]) -> Self {
        let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
        sorted.sort_unstable();
        let mut hash = Sha256::new();
        hash_text(&mut hash, path);
        for (name, value) in sorted {
            hash_text(&mut hash, name);
            hash_text(&mut hash, value);
        }
        Self(hash.finalize().into())
    }
}

/// Writes a position as a cursor of the list.
pub fn seal(key: &[u8; 32], list: Fingerprint, position: &Position) -> String {
    let mut bytes = vec![FORM];
    bytes.extend_from_slice(position.id.as_bytes());
    match &position.key {
        None => bytes.push(b'-'),
        Some(SortKey::Int(number)) => {
            bytes.push(b'i');
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        Some(SortKey::Text(text)) => {
            bytes.push(b't');
            bytes.extend_from_slice(text.as_bytes());
        }
        Some(SortKey::Date(day)) => {
            bytes.push(b'd');
            bytes.extend_from_slice(day.to_string().as_bytes());
        }
    }
    let tag = mac(key, list, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&tag[..TAG_BYTES]);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of the list.
///
/// # Errors
/// [`ForeignCursor`] when it was made by another list or altered.
pub fn open(key: &[u8; 32], list: Fingerprint, cursor: &str) -> Result<Position, ForeignCursor> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| ForeignCursor)?;
    let split = bytes.len().checked_sub(TAG_BYTES).ok_or(ForeignCursor)?;
    let (sealed, tag) = bytes.split_at(split);
    mac(key, list, sealed).verify_truncated_left(tag).map_err(|_| ForeignCursor)?;
    parse(sealed).ok_or(ForeignCursor)
}

/// The cursor was made by another list, or altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignCursor;

impl fmt::Display for ForeignCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        words::foreign_cursor().fmt(f)
    }
}

impl error::Error for ForeignCursor {}

/// The form of the sealed bytes; a cursor of another form is foreign.
const FORM: u8 = 1;
/// 96 bits: far more than anybody can guess through a rate limit, and short in a URL.
const TAG_BYTES: usize = 12;

fn parse(sealed: &[u8]) -> Option<Position> {
    let (form, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_at_checked(16)?;
    let (kind, key) = rest.split_first()?;
    let text = || std::str::from_utf8(key).ok();
    let key = match kind {
        b'-' => None,
        b'i' => Some(SortKey::Int(i64::from_be_bytes(key.try_into().ok()?))),
        b't' => Some(SortKey::Text(text()?.to_owned())),
        b'd' => Some(SortKey::Date(text()?.parse::<NaiveDate>().ok()?)),
        _ => return None,
    };
    let id = Uuid::from_slice(id).ok()?;
    (*form == FORM).then_some(Position { key, id })
}

fn mac(key: &[u8; 32], list: Fingerprint, sealed: &[u8]) -> Hmac<Sha256> {
    hmac(key).chain_update(list.0).chain_update(sealed)
}

/// HMAC-SHA256 under a 32-byte key. RFC 2104 pads shorter keys with zeros to the block: done here,
/// the constructor cannot fail.
pub(crate) fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    Hmac::<Sha256>::new(&block.into())
}

/// Texts are hashed with their length, so that no two lists of texts run together.
pub(crate) fn hash_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}
