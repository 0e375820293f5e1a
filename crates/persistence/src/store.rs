//! The store: opens one of the two databases, and hands out readers and units of work.

mod pool;
mod schema;
mod untouched;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use almoner_audit::{AuditTrail, Seal};
use almoner_kernel::{Ids, StoreError};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};
use tokio::sync::{Notify, Semaphore};

use crate::{
    batch,
    commit::UnitHandle,
    connection::{Observer, Reader, Source, Work},
    error::store_error,
    feed::Heard,
    signals::Words,
    sqlite::{FileLock, readers::Readers, values, writer::Writer},
    vault::Vault,
    writes::Writes,
};

pub use schema::MigrationStep;
pub(crate) use schema::compared;

/// How long a unit of work waits for whatever others hold: a connection, a lock, its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long closing waits for another process that has the file.
const CLOSING: Duration = Duration::from_secs(5);

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

/// The store. Cloning it is cheap.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) backend: Backend,
    pub(crate) writes: Arc<Writes>,
    pub(crate) seal: Seal,
    pub(crate) vault: Vault,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) heard: Heard,
    pub(crate) words: Words,
    pub(crate) stirred: Notify,
    /// Turns of batches: while some are under way, there are connections left for everybody else.
    pub(crate) batches: Arc<Semaphore>,
    observer: Option<Observer>,
}

pub(crate) enum Backend {
    Sqlite {
        path: PathBuf,
        writer: Writer,
        readers: Arc<Readers>,
        _lock: Option<FileLock>,
    },
    /// A file that nobody writes to, this program least of all.
    Copy {
        path: PathBuf,
        readers: Arc<Readers>,
    },
    Postgres(DatabaseConnection),
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
                Backend::Sqlite { path, writer, readers, _lock: lock }
            }
            Database::Postgres(url) => {
                let pool = pool::connected(url.0, options.max_connections)
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
            vault: Vault::new(&options.keys.vault, &options.keys.lookup),
            ids: options.ids,
            heard: Heard::default(),
            words: Words::default(),
            stirred: Notify::new(),
            batches,
            observer: options.observer,
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
            vault: Vault::new(&keys.vault, &keys.lookup),
            ids,
            heard: Heard::default(),
            words: Words::default(),
            stirred: Notify::new(),
            batches: Arc::new(Semaphore::new(1)),
            observer: None,
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

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// When it is away.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let backend = self.point().get_database_backend();
        let ask = Statement::from_string(backend, "SELECT 1");
        self.point().query_one_raw(ask).await.map(|_| ()).map_err(store_error)
    }

    /// What the database says about how it would run a statement, one line each.
    ///
    /// # Errors
    /// When the statement is not valid.
    pub async fn explain(&self, statement: &Statement) -> Result<Vec<String>, StoreError> {
        let reader = self.scan();
        let (prefix, column) = if reader.is_sqlite() {
            ("EXPLAIN QUERY PLAN", "detail")
        } else {
            ("EXPLAIN", "QUERY PLAN")
        };
        let explain = Statement { sql: format!("{prefix} {}", statement.sql), ..statement.clone() };
        let rows = reader.query_all_raw(explain).await.map_err(store_error)?;
        rows.iter().map(|row| row.try_get("", column).map_err(store_error)).collect()
    }

    /// Lets the planner look at the data again, after many rows came at once; cheap when little has
    /// changed. On PostgreSQL the rows are vacuumed too: until then a count reads them all, and a
    /// search reads the words that wait for their index.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn refresh_statistics(&self) -> Result<(), StoreError> {
        match &self.0.backend {
            Backend::Sqlite { writer, .. } => writer
                .with(|connection| connection.execute_batch("ANALYZE"))
                .await
                .map_err(values::exec_error)
                .map_err(store_error),
            Backend::Copy { .. } => Err(only_read()),
            Backend::Postgres(pool) => {
                pool.execute_unprepared("VACUUM (ANALYZE)").await.map(|_| ()).map_err(store_error)
            }
        }
    }

    /// Database connections in use and idle, for the metrics.
    pub fn pool(&self) -> (u32, u32) {
        match &self.0.backend {
            Backend::Sqlite { readers, .. } => {
                (1, u32::try_from(readers.idle()).unwrap_or(u32::MAX))
            }
            Backend::Copy { readers, .. } => (0, u32::try_from(readers.idle()).unwrap_or(u32::MAX)),
            Backend::Postgres(pool) => {
                let pool = pool.get_postgres_connection_pool();
                let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
                (pool.size().saturating_sub(idle), idle)
            }
        }
    }

    /// Closes the database after what is under way, and folds SQLite's log into its file.
    ///
    /// # Errors
    /// When the log cannot be folded in; it is at the next start.
    pub async fn close(&self) -> Result<(), StoreError> {
        match &self.0.backend {
            Backend::Sqlite { writer, .. } => writer
                .with(|connection| {
                    // Nobody is in line any more: here the writer may sleep while a command that
                    // runs beside the server holds the file.
                    connection.busy_timeout(CLOSING)?;
                    connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
                })
                .await
                .map_err(values::exec_error)
                .map_err(store_error),
            Backend::Copy { .. } => Ok(()),
            Backend::Postgres(pool) => pool.close_by_ref().await.map_err(store_error),
        }
    }

    /// True on SQLite: one process, so what it remembers of the database is the truth.
    pub fn is_single_process(&self) -> bool {
        !matches!(self.0.backend, Backend::Postgres(_))
    }

    /// The writer of SQLite, if that is where the data is.
    pub(crate) fn sqlite_writer(&self) -> Option<&Writer> {
        match &self.0.backend {
            Backend::Sqlite { writer, .. } => Some(writer),
            Backend::Copy { .. } | Backend::Postgres(_) => None,
        }
    }

    /// The pool of PostgreSQL, if that is where the data is.
    pub(crate) fn postgres(&self) -> Option<&DatabaseConnection> {
        match &self.0.backend {
            Backend::Sqlite { .. } | Backend::Copy { .. } => None,
            Backend::Postgres(pool) => Some(pool),
        }
    }

    /// For statements that look at a handful of rows by key.
    pub(crate) fn point(&self) -> Reader<'_> {
        let source = match &self.0.backend {
            Backend::Sqlite { readers, .. } | Backend::Copy { readers, .. } => {
                Source::SqlitePoint(readers)
            }
            Backend::Postgres(pool) => Source::Postgres(pool),
        };
        Reader { source, observer: self.0.observer.as_ref() }
    }

    /// For statements that may look at many rows.
    pub(crate) fn scan(&self) -> Reader<'_> {
        let source = match &self.0.backend {
            Backend::Sqlite { readers, .. } | Backend::Copy { readers, .. } => {
                Source::SqliteScan(readers)
            }
            Backend::Postgres(pool) => Source::Postgres(pool),
        };
        Reader { source, observer: self.0.observer.as_ref() }
    }

    /// Starts a unit of work, within the batch of the running use case if there is one.
    pub(crate) async fn unit(&self) -> Result<UnitHandle, StoreError> {
        if let Some(batch) = batch::current() {
            return batch.begin(Arc::clone(&self.0)).await;
        }
        let work = match &self.0.backend {
            Backend::Sqlite { writer, .. } => {
                Work::Sqlite(writer.begin().await.map_err(store_error)?)
            }
            Backend::Copy { .. } => return Err(only_read()),
            Backend::Postgres(pool) => {
                let transaction = pool.begin().await.map_err(store_error)?;
                Work::Postgres(transaction, Arc::clone(&self.0.writes))
            }
        };
        Ok(UnitHandle::new(Arc::clone(&self.0), work))
    }
}

/// Batches that may be under way at once, each with a connection of its own: a quarter of them, and no
/// more than four, because their commits stand in one line anyway.
fn batches_of(connections: u32) -> usize {
    usize::try_from((connections / 4).clamp(1, 4)).unwrap_or(1)
}

fn only_read() -> StoreError {
    StoreError::Unavailable("a copy of a database is only read".into())
}

fn lock(path: &Path) -> Result<FileLock, OpenError> {
    FileLock::take(path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::InUse(path.to_owned()),
        _ => OpenError::Lock(path.to_owned(), error),
    })
}
