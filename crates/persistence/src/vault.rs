//! Sensitive columns: encrypted at rest, found by keyed hash.

use almoner_kernel::{IdentityKind, IdentityNumber, StoreError};
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

    /// Encrypts a number for one record: moved to another record it cannot be read.
    pub fn seal(&self, record: Uuid, number: &IdentityNumber) -> Result<Vec<u8>, StoreError> {
        self.encrypt(number.expose().as_bytes(), record.as_bytes())
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

    /// Decrypts a number of one record.
    pub fn open(
        &self,
        record: Uuid,
        kind: &str,
        sealed: &[u8],
    ) -> Result<IdentityNumber, StoreError> {
        let unreadable = || {
            StoreError::Damaged("an identity number cannot be decrypted with this key".to_owned())
        };
        let kind = IdentityKind::parse(kind).ok_or_else(unreadable)?;
        let number = self.decrypt(sealed, record.as_bytes()).ok_or_else(unreadable)?;
        let number = String::from_utf8(number).map_err(|_| unreadable())?;
        IdentityNumber::parse(kind, &number).map_err(|_| unreadable())
    }

    /// What a number is found by: the same number gives the same hash, which without the key says
    /// nothing. Identity numbers are few enough to try them all against a plain hash.
    pub fn hash(&self, number: &IdentityNumber) -> Vec<u8> {
        let mut mac = self.keyed.clone();
        mac.update(number.kind().as_str().as_bytes());
        mac.update(&[0]);
        mac.update(number.expose().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// What the secret of a webhook is bound to: neither another webhook's row nor another kind of column
/// can hold it.
fn of_webhook(webhook: Uuid) -> Vec<u8> {
    [webhook.as_bytes().as_slice(), b"webhook"].concat()
}
