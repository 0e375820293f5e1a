//! The secret that a receiver knows its messages by, and the signature made with it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The key of the signatures. It is made by the server and shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Random bytes of a new one; Standard Webhooks ask for 24 to 64.
    pub const BYTES: usize = 32;

    /// A secret of random bytes.
    pub fn from_random(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// What was stored encrypted.
    pub const fn from_stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, to be encrypted.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// What the receiver is given: `whsec_` and base64.
    pub fn text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message: HMAC-SHA256 over `id.timestamp.body`, in base64, behind `v1,`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        // HMAC fills a key up to the block of its hash with zeros, and hashes a longer one (RFC
        // 2104, section 2).
        let mut block = [0; 64];
        if self.0.len() > block.len() {
            block[..32].copy_from_slice(&Sha256::digest(&self.0));
        } else {
            block[..self.0.len()].copy_from_slice(&self.0);
        }
        let mac = Hmac::<Sha256>::new(&block.into())
            .chain_update(format!("{id}.{timestamp}."))
            .chain_update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
