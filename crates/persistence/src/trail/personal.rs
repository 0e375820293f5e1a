//! What the trail keeps of a person can be read for as long as that person's key is there. Values of
//! personal fields are encrypted under it before they are sealed, so that the chain stays whole when the
//! key is destroyed, and nobody can read them any more: not here, and not in a copy of the trail.
//!
//! A kind names its subject and its personal fields: a donor and a user are their own subjects, a
//! donation is about its donor. Values before and after are encrypted (XChaCha20-Poly1305, bound to the
//! change and its side), so the chain covers ciphertext. Names of fields, ids, amounts and states stay
//! readable, and so does a reason, which whoever gives it should know. When a donation moves to another
//! donor, each side is encrypted for its own.
//!
//! - Keys stand in `subject_keys`, encrypted under the vault's and bound to their subject. They are
//!   made under the lock of the trail's end, so two instances make one.
//! - Purging the subject's own record destroys the key in the same commit: overwritten with zeros on
//!   SQLite, with the next VACUUM on PostgreSQL. From then on values show as `{"erased":true}`. The
//!   duty to account for donations is met by what is left. Backups from before hold the key until they
//!   are thrown away.
//! - Sealing an older trail anew encrypts it; who a donation was about follows from its earlier changes
//!   (`whose.rs`), and what is told of donors who were purged before is erased.
//! - A search of the trail (`q`) looks at what is not personal alone.

use std::collections::HashMap;

use almoner_kernel::{Snapshot, StoreError, trail::Subject};
use chacha20poly1305::{
    AeadCore, Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::around::{AT_ONCE, marks};
use crate::{
    connection::{Reader, Work},
    error::store_error,
    vault::Vault,
};

/// Bytes of an XChaCha20 nonce, which stands before the encrypted text.
const NONCE: usize = 24;

/// Bytes of a key as it is stored: sealed under the vault's.
const STORED: usize = NONCE + 32 + 16;

/// The key of a subject.
#[derive(Clone)]
pub struct SubjectKey(Key);

impl SubjectKey {
    /// A fresh key, and how it is stored.
    pub fn fresh(vault: &Vault, subject: Subject) -> Result<(Self, Vec<u8>), StoreError> {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        let stored = vault.seal_key(subject.0, subject.1, &key)?;
        Ok((Self(key), stored))
    }

    /// A stored key; none of one that was destroyed.
    pub fn open(
        vault: &Vault,
        subject: Subject,
        stored: &[u8],
    ) -> Result<Option<Self>, StoreError> {
        if stored.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let key = vault.open_key(subject.0, subject.1, stored)?;
        Ok(Some(Self(key.into())))
    }

    /// Encrypts values of one side of a change; they can be read in no other place.
    fn seal(
        &self,
        change: Uuid,
        side: Side,
        values: &Map<String, Json>,
    ) -> Result<Vec<u8>, StoreError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let text = Json::Object(values.clone()).to_string();
        let place = place(change, side);
        let payload = Payload { msg: text.as_bytes(), aad: &place };
        let sealed = XChaCha20Poly1305::new(&self.0)
            .encrypt(&nonce, payload)
            .map_err(|_| StoreError::Damaged("a value could not be encrypted".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open_side(&self, change: Uuid, side: Side, sealed: &[u8]) -> Option<Map<String, Json>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let place = place(change, side);
        let payload = Payload { msg: text, aad: &place };
        let text = XChaCha20Poly1305::new(&self.0).decrypt(XNonce::from_slice(nonce), payload);
        serde_json::from_slice(&text.ok()?).ok()
    }
}

/// A side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

fn place(change: Uuid, side: Side) -> Vec<u8> {
    let side: &[u8] = match side {
        Side::Before => b"before",
        Side::After => b"after",
    };
    [change.as_bytes().as_slice(), side].concat()
}

/// One side of a change as it is stored.
pub struct Told {
    /// A JSON object; personal values are `{"sealed":true}` in it.
    pub fields: String,
    /// The personal values, encrypted; none when there are none.
    pub sealed: Option<Vec<u8>>,
}

/// Takes the personal values out of a side of a change and encrypts them. Without a key nothing is: they
/// are nobody's.
pub fn told(
    mut fields: Map<String, Json>,
    personal: &[&str],
    key: Option<&SubjectKey>,
    change: Uuid,
    side: Side,
) -> Result<Told, StoreError> {
    let mut values = Map::new();
    if key.is_some() {
        for name in personal {
            if let Some(value) = fields.get_mut(*name) {
                values.insert(
                    (*name).to_owned(),
                    std::mem::replace(value, json!({ "sealed": true })),
                );
            }
        }
    }
    let sealed = match key {
        Some(key) if !values.is_empty() => Some(key.seal(change, side, &values)?),
        _ => None,
    };
    Ok(Told { fields: Json::Object(fields).to_string(), sealed })
}

/// A side of a change as it is shown: with its personal values while they can be read, and with
/// `{"erased":true}` in place of those that cannot any more.
pub fn shown(
    fields: String,
    sealed: Option<&[u8]>,
    key: Option<&SubjectKey>,
    change: Uuid,
    side: Side,
) -> Result<String, StoreError> {
    let Some(sealed) = sealed else { return Ok(fields) };
    let damaged = || StoreError::Damaged("personal values of a change cannot be read".to_owned());
    let mut object: Map<String, Json> = serde_json::from_str(&fields).map_err(|_| damaged())?;
    let mut values = match key {
        Some(key) => key.open_side(change, side, sealed).ok_or_else(damaged)?,
        None => Map::new(),
    };
    for (name, value) in &mut object {
        // Lists of parts are objects as well; none of their ids is this name.
        if value.get("sealed").is_some() {
            *value = values.remove(name).unwrap_or_else(|| json!({ "erased": true }));
        }
    }
    Ok(Json::Object(object).to_string())
}

/// True when a side of a change says something of its subject.
pub fn says_something(side: &Snapshot, personal: &[&str]) -> bool {
    side.iter().any(|(name, _)| personal.contains(name))
}

/// The keys of some subjects.
#[derive(Default)]
pub struct Keys(HashMap<Uuid, Option<SubjectKey>>);

impl Keys {
    /// The key of a subject; none when it was destroyed, or never made.
    pub fn of(&self, subject: Option<Subject>) -> Option<&SubjectKey> {
        self.0.get(&subject?.1)?.as_ref()
    }

    pub fn put(
        &mut self,
        vault: &Vault,
        subject: Subject,
        stored: &[u8],
    ) -> Result<(), StoreError> {
        self.0.insert(subject.1, SubjectKey::open(vault, subject, stored)?);
        Ok(())
    }

    /// Reads keys inside a unit of work.
    pub async fn read(
        &mut self,
        vault: &Vault,
        work: &Work,
        subjects: &[Subject],
    ) -> Result<(), StoreError> {
        for some in subjects.chunks(AT_ONCE) {
            let found = work.found(stored(work, some)).await.map_err(store_error)?;
            self.take(vault, some, found)?;
        }
        Ok(())
    }

    /// Reads keys for showing what they open.
    pub async fn look_up(
        &mut self,
        vault: &Vault,
        reader: &Reader<'_>,
        subjects: &[Subject],
    ) -> Result<(), StoreError> {
        for some in subjects.chunks(AT_ONCE) {
            let found = reader.run(stored(reader, some)).await.map_err(store_error)?;
            self.take(vault, some, found)?;
        }
        Ok(())
    }

    /// Makes the keys that are missing. The end of the trail is locked: nobody else makes one.
    pub async fn make(
        &mut self,
        vault: &Vault,
        work: &Work,
        subjects: &[Subject],
    ) -> Result<(), StoreError> {
        let is_missing = |keys: &Self, one: &Subject| !keys.0.contains_key(&one.1);
        let missing: Vec<Subject> =
            subjects.iter().copied().filter(|one| is_missing(self, one)).collect();
        // Since they were read, another instance may have made some.
        if work.get_database_backend() == sea_orm::DbBackend::Postgres {
            self.read(vault, work, &missing).await?;
        }
        for some in missing.chunks(AT_ONCE) {
            let mut values: Vec<Value> = Vec::new();
            for subject in
                some.iter().filter(|one| is_missing(self, one)).copied().collect::<Vec<_>>()
            {
                let (key, stored) = SubjectKey::fresh(vault, subject)?;
                self.0.insert(subject.1, Some(key));
                values.extend([subject.1.into(), subject.0.into(), stored.into()]);
            }
            if values.is_empty() {
                continue;
            }
            let backend = work.get_database_backend();
            let rows: Vec<String> = (0..values.len() / 3)
                .map(|row| format!("({})", marks(backend, row * 3 + 1, 3)))
                .collect();
            let sql =
                format!("INSERT INTO subject_keys (id, kind, sealed) VALUES {}", rows.join(", "));
            let insert = Statement::from_sql_and_values(backend, sql, values);
            work.execute_raw(insert).await.map_err(store_error)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        vault: &Vault,
        subjects: &[Subject],
        found: Vec<(Uuid, Vec<u8>)>,
    ) -> Result<(), StoreError> {
        for (id, stored) in found {
            if let Some(subject) = subjects.iter().find(|subject| subject.1 == id) {
                self.put(vault, *subject, &stored)?;
            }
        }
        Ok(())
    }
}

/// Destroys the key of a subject for good. It is overwritten with as many zeros, which SQLite does where
/// it lies, and stays as a mark that there was one.
pub async fn destroy(work: &Work, subject: Uuid) -> Result<(), StoreError> {
    let backend = work.get_database_backend();
    let sql = format!(
        "UPDATE subject_keys SET sealed = {} WHERE id = {}",
        marks(backend, 1, 1),
        marks(backend, 2, 1)
    );
    let values: [Value; 2] = [vec![0_u8; STORED].into(), subject.into()];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    work.execute_raw(statement).await.map(|_| ()).map_err(store_error)
}

fn stored(connection: &impl ConnectionTrait, subjects: &[Subject]) -> Statement {
    let backend = connection.get_database_backend();
    let sql = format!(
        "SELECT id, sealed FROM subject_keys WHERE id IN ({})",
        marks(backend, 1, subjects.len())
    );
    let values: Vec<Value> = subjects.iter().map(|subject| subject.1.into()).collect();
    Statement::from_sql_and_values(backend, sql, values)
}
