//! What stands in for hashing, randomness and the list of breached passwords.

use std::sync::atomic::{AtomicU64, Ordering};

use almoner_kernel::{Ids, StoreError};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Did, Log, hash_of};
use crate::{
    ports::{BreachedListError, BreachedPasswords, HashError, PasswordHasher, Secrets},
    session::{DeviceKey, SessionKey},
    user::PasswordHashText,
};

/// Makes hashes one can read.
pub(super) struct Hasher {
    pub(super) outdated: bool,
    pub(super) did: Log,
}

#[async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError> {
        self.did.lock().push(Did::Hashed);
        Ok(hash_of(password.expose_secret()))
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError> {
        self.did.lock().push(Did::Compared { with_dummy: hash.is_none() });
        Ok(hash.is_some_and(|hash| *hash == hash_of(password.expose_secret())))
    }

    fn needs_rehash(&self, _: &PasswordHashText) -> bool {
        self.outdated
    }
}

pub(super) struct Breaches(pub(super) Vec<[u8; 20]>);

#[async_trait]
impl BreachedPasswords for Breaches {
    async fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachedListError> {
        Ok(self.0.contains(sha1))
    }
}

pub struct Zeros;

impl Secrets for Zeros {
    fn session_key(&self) -> Result<SessionKey, StoreError> {
        Ok(SessionKey::from_random([0; 32]))
    }

    fn device_key(&self) -> Result<DeviceKey, StoreError> {
        Ok(DeviceKey::from_random([1; 32]))
    }
}

pub(super) struct Counter(pub(super) AtomicU64);

impl Ids for Counter {
    fn next(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}
