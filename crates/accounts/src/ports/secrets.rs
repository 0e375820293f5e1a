//! Password hashing, fresh secrets, and the list of breached passwords.

use std::time::Duration;

use almoner_kernel::{StoreError, store::Cause};
use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    session::{DeviceKey, SessionKey},
    user::PasswordHashText,
};

/// Hashes passwords. Calls return quickly to the executor: the work is done elsewhere, by a bounded
/// number of threads.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password exactly as it was received, with a fresh salt.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already.
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError>;

    /// True when the password made the hash. Without a hash it compares with a dummy, takes as long,
    /// and says false.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already, [`HashError::Failed`] when the stored hash
    /// cannot be read.
    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError>;

    /// True when the hash was made with weaker parameters than today's.
    fn needs_rehash(&self, hash: &PasswordHashText) -> bool;
}

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be checked")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The hash is damaged, or the machine has no memory or randomness left.
    #[error("hashing failed")]
    Failed(#[source] Cause),
}

/// Randomness from the operating system.
pub trait Secrets: Send + Sync {
    /// A fresh session key: 256 random bits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the operating system gives none.
    fn session_key(&self) -> Result<SessionKey, StoreError>;

    /// A fresh device key: 256 random bits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the operating system gives none.
    fn device_key(&self) -> Result<DeviceKey, StoreError>;
}

/// Passwords known from breaches (ASVS 6.2.12).
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// True when a password of this SHA-1 is in the list.
    ///
    /// # Errors
    /// When the list cannot be read; without a list the answer is `false`.
    async fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachedListError>;
}

/// The list of breached passwords cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the list of breached passwords cannot be read")]
pub struct BreachedListError(#[source] pub Cause);
