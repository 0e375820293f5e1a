//! The store: opens one of the two databases, and hands out readers and units of work.

mod open;
mod pool;
mod schema;
mod untouched;

use std::{path::PathBuf, sync::Arc, time::Duration};

use almoner_audit::Seal;
use almoner_kernel::{Ids, StoreError};
use almoner_records::Registry;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};
use tokio::sync::{Notify, Semaphore};

use crate::{
    batch,
    collation::Collation,
    commit::UnitHandle,
    connection::{Observer, Reader, Source, Work},
    epoch::Ground,
    error::store_error,
    feed::Heard,
    records::Plans,
    signals::Words,
    sqlite::{FileLock, readers::Readers, values, writer::Writer},
    trail::record::{Covered, Digests},
    vault::Vault,
    writes::Writes,
};

pub use open::{Database, OpenError, PostgresUrl, StoreKeys, StoreOptions};
pub use schema::MigrationStep;
pub(crate) use schema::compared;

/// How long a unit of work waits for whatever others hold: a connection, a lock, its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long closing waits for another process that has the file.
const CLOSING: Duration = Duration::from_secs(5);

/// The store. Cloning it is cheap.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) backend: Backend,
    pub(crate) writes: Arc<Writes>,
    pub(crate) seal: Seal,
    pub(crate) event_seal: Seal,
    pub(crate) vault: Vault,
    /// The order of names.
    pub(crate) collation: Collation,
    pub(crate) digests: Digests,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) heard: Heard,
    pub(crate) words: Words,
    pub(crate) stirred: Notify,
    pub(crate) ground: Arc<Ground>,
    /// Turns of batches: while some are under way, there are connections left for everybody else.
    pub(crate) batches: Arc<Semaphore>,
    /// Turns of sums over many records, for the same reason.
    pub(crate) sums: Semaphore,
    /// What is known of each kind of record.
    pub(crate) plans: Plans,
    /// The kinds whose records are compared with the trail.
    pub(crate) covered: Covered,
    observer: Option<Observer>,
}

/// Makes the statistics of tables anew that have grown or shrunk much. All tables: the connection that writes
/// has asked about none of them, and SQLite would take those alone.
pub(crate) const OPTIMIZE: &str = "PRAGMA optimize = 0x1fffe";

pub(crate) enum Backend {
    Sqlite {
        path: PathBuf,
        writer: Writer,
        readers: Arc<Readers>,
        lock: Option<FileLock>,
    },
    /// A file that nobody writes to, this program least of all.
    Copy {
        path: PathBuf,
        readers: Arc<Readers>,
    },
    Postgres(DatabaseConnection),
}

impl Store {
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
            Backend::Sqlite { writer, readers, .. } => {
                let analyzed = writer.with(|connection| connection.execute_batch("ANALYZE")).await;
                readers.plan_anew();
                analyzed.map_err(values::exec_error).map_err(store_error)
            }
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
        if let Err(error) = self.note_trail().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "how far the trail is could not be noted");
        }
        match &self.0.backend {
            Backend::Sqlite { writer, .. } => writer
                .with(|connection| {
                    // Nobody is in line any more: here the writer may sleep while a command that
                    // runs beside the server holds the file.
                    connection.busy_timeout(CLOSING)?;
                    connection
                        .execute_batch(&format!("{OPTIMIZE}; PRAGMA wal_checkpoint(TRUNCATE)"))
                })
                .await
                .map_err(values::exec_error)
                .map_err(store_error),
            Backend::Copy { .. } => Ok(()),
            Backend::Postgres(pool) => pool.close_by_ref().await.map_err(store_error),
        }
    }

    /// The kinds of record that it stores.
    pub fn registry(&self) -> &'static Registry {
        self.0.plans.registry()
    }

    /// True on SQLite: one process, so what it remembers of the database is the truth.
    pub fn is_single_process(&self) -> bool {
        !matches!(self.0.backend, Backend::Postgres(_))
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
        batch::may_begin()?;
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

pub(crate) fn only_read() -> StoreError {
    StoreError::Unavailable("a copy of a database is only read".into())
}
