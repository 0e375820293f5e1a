//! Opening a database: what is said of it, and why it cannot be.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use almoner_audit::{AuditTrail, Seal};
use almoner_kernel::{Ids, Locale, StoreError};
use almoner_records::Registry;
use tokio::sync::{Notify, Semaphore};

use super::{Backend, Inner, Store, pool, untouched};
use crate::{
    collation::Collation,
    connection::Observer,
    epoch::Ground,
    error::store_error,
    feed::Heard,
    records::Plans,
    signals::Words,
    sqlite::{FileLock, readers::Readers, values, writer::Writer},
    trail::record::{Covered, Digests},
    vault::Vault,
};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file; it is created when it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, which may hold a password: never log it.
    Postgres(PostgresUrl),
}

/// A URL whose `Debug` shows nothing.
#[derive(Clone)]
pub struct PostgresUrl(pub String);

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://***")
    }
}

/// Sub-keys of the signing key that storage needs.
pub struct StoreKeys {
    /// Seals the change trail.
    pub audit: [u8; 32],
    /// Encrypts sensitive columns.
    pub vault: [u8; 32],
    /// Hashes sensitive values for finding them again.
    pub lookup: [u8; 32],
    /// Makes the digests of records that changes carry.
    pub records: [u8; 32],
}

/// How to open a store.
pub struct StoreOptions {
    /// Where the data is.
    pub database: Database,
    /// The sub-keys.
    pub keys: StoreKeys,
    /// Where ids of trail entries come from.
    pub ids: Arc<dyn Ids>,
    /// Connections to PostgreSQL at the most.
    pub max_connections: u32,
    /// Keep other processes that ask for this off a SQLite file: a server does, a command that may
    /// run beside it does not.
    pub exclusive: bool,
    /// Sees every statement that a reader runs.
    pub observer: Option<Observer>,
    /// The kinds of record.
    pub registry: &'static Registry,
    /// The language in whose order names stand.
    pub language: Locale,
}

/// Why a store cannot be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file.
    #[error("another almoner is running on {0}: stop it first, or give this one a file of its own")]
    InUse(PathBuf),
    /// The file can be read, but not written.
    #[error("cannot write {0}: the file is read-only")]
    ReadOnly(PathBuf),
    /// The lock file cannot be written.
    #[error("cannot lock {0}")]
    Lock(PathBuf, #[source] io::Error),
    /// The language has no order.
    #[error("names cannot be sorted in the language {0}")]
    Language(String),
    /// The database cannot be opened.
    #[error("cannot open the database")]
    Database(#[source] StoreError),
    /// A migration failed, or the database belongs to a newer program.
    #[error("cannot migrate the database: {0}")]
    Migration(String),
    /// The trail was sealed with another key.
    #[error(
        "the change trail was sealed with another signing key ({found}, this one is {ours}): \
         put the right key file in place"
    )]
    Key {
        /// The id of the key the trail was sealed with.
        found: String,
        /// The id of the key at hand.
        ours: String,
    },
}

impl Store {
    /// Opens the database. The schema may be older than the program: see [`Self::migrate_up`].
    ///
    /// # Errors
    /// When the file is in use, or the database cannot be reached.
    pub async fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let batches = Arc::new(Semaphore::new(match options.database {
            Database::Sqlite(_) => 1,
            Database::Postgres(_) => batches_of(options.max_connections),
        }));
        let ground: Arc<Ground> = Arc::default();
        let backend = match options.database {
            Database::Sqlite(path) => {
                let lock = options.exclusive.then(|| lock(&path)).transpose()?;
                let writer =
                    Writer::open(&path).map_err(store_error).map_err(OpenError::Database)?;
                // SQLite opens such a file without a word.
                let is_read_only = writer
                    .with(|connection| connection.is_readonly(rusqlite::MAIN_DB))
                    .await
                    .map_err(|error| OpenError::Database(store_error(values::exec_error(error))))?;
                if options.exclusive && is_read_only {
                    return Err(OpenError::ReadOnly(path));
                }
                let readers = Readers::new(path.clone());
                Backend::Sqlite { path, writer, readers, lock }
            }
            Database::Postgres(url) => {
                let pool = pool::connected(url.0, options.max_connections, Arc::clone(&ground))
                    .await
                    .map_err(OpenError::Database)?;
                Backend::Postgres(pool)
            }
        };
        let writes = match &backend {
            Backend::Sqlite { writer, .. } => writer.writes(),
            Backend::Copy { .. } | Backend::Postgres(_) => Arc::default(),
        };
        Ok(Self(Arc::new(Inner {
            backend,
            writes,
            seal: Seal::new(options.keys.audit),
            event_seal: Seal::new(options.keys.audit).of_events(),
            vault: Vault::new(&options.keys.vault, &options.keys.lookup),
            collation: Collation::of(&options.language)
                .map_err(|_| OpenError::Language(options.language.as_str().to_owned()))?,
            digests: Digests::new(&options.keys.records),
            ids: options.ids,
            heard: Heard::default(),
            words: Words::default(),
            stirred: Notify::new(),
            ground,
            batches,
            sums: Semaphore::new(2),
            observer: options.observer,
            plans: Plans::new(options.registry),
            covered: Covered::new(options.registry),
        })))
    }

    /// Opens a copy of a SQLite database for reading alone. Its schema may be older than the program.
    /// Nothing is looked at yet: see [`crate::copies::check`].
    pub fn of_copy(path: PathBuf, keys: &StoreKeys, ids: Arc<dyn Ids>) -> Self {
        let readers = Readers::of_copy(path.clone());
        Self(Arc::new(Inner {
            backend: Backend::Copy { path, readers },
            writes: Arc::default(),
            seal: Seal::new(keys.audit),
            event_seal: Seal::new(keys.audit).of_events(),
            vault: Vault::new(&keys.vault, &keys.lookup),
            collation: Collation::root(),
            digests: Digests::new(&keys.records),
            ids,
            heard: Heard::default(),
            words: Words::default(),
            stirred: Notify::new(),
            ground: Arc::default(),
            batches: Arc::new(Semaphore::new(1)),
            sums: Semaphore::new(2),
            observer: None,
            plans: Plans::new(&Registry::EMPTY),
            covered: Covered::new(&Registry::EMPTY),
        }))
    }

    /// [`Seal::key_id`] of the key that the trail of a database was sealed with; none when there is no
    /// database, or nothing in it yet. Nothing is made or changed.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub async fn sealed_with(database: &Database) -> Result<Option<String>, OpenError> {
        untouched::sealed_with(database).await.map_err(OpenError::Database)
    }

    /// Keeps every server off a SQLite file, as a server does, without opening it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when a server is running on it.
    pub fn reserve(path: &Path) -> Result<FileLock, OpenError> {
        lock(path)
    }

    /// Makes sure that the trail continues under the key it was sealed with.
    ///
    /// # Errors
    /// [`OpenError::Key`] when it was not.
    pub async fn check_key(&self) -> Result<(), OpenError> {
        let head = AuditTrail::head(self).await.map_err(OpenError::Database)?;
        let ours = self.0.seal.key_id();
        match head {
            Some(head) if head.key_id != ours => {
                Err(OpenError::Key { found: head.key_id, ours: ours.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// Batches that may be under way at once, each with a connection of its own: a quarter of them, and no
/// more than four, because their commits stand in one line anyway.
fn batches_of(connections: u32) -> usize {
    usize::try_from((connections / 4).clamp(1, 4)).unwrap_or(1)
}

fn lock(path: &Path) -> Result<FileLock, OpenError> {
    FileLock::take(path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::InUse(path.to_owned()),
        _ => OpenError::Lock(path.to_owned(), error),
    })
}
