//! Sensitive columns: encrypted at rest, found by keyed hash.
//!
//! Identity and tax numbers are encrypted with XChaCha20-Poly1305, bound to their record, and looked up
//! by a keyed hash. Records, trail and logs show the last two characters. `POST /donors/{id}/reveal`
//! shows one in full after recording who asked and why.

use almoner_kernel::StoreError;
use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Encrypts and hashes sensitive values with keys that are not in the database.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    keyed: Hmac<Sha256>,
}

/// Bytes of an XChaCha20 nonce, which stands before the encrypted text.
const NONCE: usize = 24;

/// What a word to other instances is bound to: no column has it.
const WORD: &[u8] = b"almoner signal";

impl Vault {
    /// A vault over the two sub-keys.
    pub fn new(vault: &[u8; 32], lookup: &[u8; 32]) -> Self {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..lookup.len()].copy_from_slice(lookup);
        Self { cipher: XChaCha20Poly1305::new(vault.into()), keyed: Hmac::new(&block.into()) }
    }

    /// Encrypts a secret for one record: moved to another record it cannot be read.
    pub fn seal_text(&self, record: Uuid, secret: &str) -> Result<Vec<u8>, StoreError> {
        self.encrypt(secret.as_bytes(), record.as_bytes())
    }

    /// Encrypts the secret of a webhook, for it alone.
    pub fn seal_secret(&self, webhook: Uuid, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.encrypt(secret, &of_webhook(webhook))
    }

    /// Decrypts the secret of a webhook.
    pub fn open_secret(&self, webhook: Uuid, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.decrypt(sealed, &of_webhook(webhook)).ok_or_else(|| {
            let what = "the secret of a webhook cannot be decrypted with this key";
            StoreError::Damaged(what.to_owned())
        })
    }

    /// Encrypts a word to other instances. A channel of PostgreSQL has no owner: whoever may connect to
    /// the database can listen to it, and speak on it.
    pub fn seal_word(&self, word: &str) -> Result<Vec<u8>, StoreError> {
        self.encrypt(word.as_bytes(), WORD)
    }

    /// Decrypts a word of another instance; none when it is of nobody who has the key.
    pub fn open_word(&self, sealed: &[u8]) -> Option<String> {
        String::from_utf8(self.decrypt(sealed, WORD)?).ok()
    }

    /// Encrypts the key of a subject, for it alone.
    pub fn seal_key(&self, kind: &str, subject: Uuid, key: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.encrypt(key, &of_subject(kind, subject))
    }

    /// Decrypts the key of a subject.
    pub fn open_key(
        &self,
        kind: &str,
        subject: Uuid,
        sealed: &[u8],
    ) -> Result<[u8; 32], StoreError> {
        let key = self.decrypt(sealed, &of_subject(kind, subject));
        key.and_then(|key| key.try_into().ok()).ok_or_else(|| {
            let what = "the key of a subject cannot be decrypted with this key";
            StoreError::Damaged(what.to_owned())
        })
    }

    fn encrypt(&self, value: &[u8], place: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed = self
            .cipher
            .encrypt(&nonce, Payload { msg: value, aad: place })
            .map_err(|_| StoreError::Damaged("a value could not be encrypted".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn decrypt(&self, sealed: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let payload = Payload { msg: text, aad: place };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
    }

    /// Decrypts a secret of one record.
    pub fn open_text(&self, record: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let secret = self.decrypt(sealed, record.as_bytes());
        secret.and_then(|secret| String::from_utf8(secret).ok()).ok_or_else(|| {
            StoreError::Damaged("a secret cannot be decrypted with this key".to_owned())
        })
    }

    /// What the secret of a register is found by: the same secret gives the same hash, which without the
    /// key says nothing. Identity numbers are few enough to try them all against a plain hash.
    pub fn hash_of(&self, register: &str, secret: &str) -> Vec<u8> {
        let mut mac = self.keyed.clone();
        mac.update(register.as_bytes());
        mac.update(&[0]);
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// What the key of a subject is bound to: nobody else's row can hold it.
fn of_subject(kind: &str, subject: Uuid) -> Vec<u8> {
    [subject.as_bytes().as_slice(), b"subject key ", kind.as_bytes()].concat()
}

/// What the secret of a webhook is bound to: neither another webhook's row nor another kind of column
/// can hold it.
fn of_webhook(webhook: Uuid) -> Vec<u8> {
    [webhook.as_bytes().as_slice(), b"webhook"].concat()
}
