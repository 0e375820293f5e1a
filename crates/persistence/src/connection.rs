//! What sea-orm's queries run on: one of the two databases, for reading or inside a unit of work.

use std::sync::{Arc, OnceLock};

use almoner_kernel::StoreError;
use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, StatementBuilder, Value, Values, sea_query::SelectStatement,
};

use crate::{
    error::store_error,
    rows::{FromRow, Row},
    sqlite::{readers::Readers, values, writer::Unit},
    writes::Writes,
};

/// Sees every statement that a reader runs: how tests look at query plans.
pub type Observer = Arc<dyn Fn(&Statement) + Send + Sync>;

/// A connection for reading.
pub struct Reader<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) observer: Option<&'a Observer>,
}

pub(crate) enum Source<'a> {
    /// SQLite, on this thread: for statements that look at a handful of rows by key.
    SqlitePoint(&'a Readers),
    /// SQLite, beside the async workers: for statements that may look at many rows.
    SqliteScan(&'a Arc<Readers>),
    /// PostgreSQL.
    Postgres(&'a DatabaseConnection),
}

impl Reader<'_> {
    /// True on SQLite.
    pub fn is_sqlite(&self) -> bool {
        !matches!(self.source, Source::Postgres(_))
    }

    /// Every row that a statement finds.
    ///
    /// # Errors
    /// What the database says, or when a column holds something else than expected.
    pub async fn rows<T: FromRow + Send + 'static>(
        &self,
        select: &SelectStatement,
    ) -> Result<Vec<T>, DbErr> {
        self.run(self.get_database_backend().build(select)).await
    }

    /// Every row that a statement in the words of this database finds.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn run<T: FromRow + Send + 'static>(
        &self,
        statement: Statement,
    ) -> Result<Vec<T>, DbErr> {
        self.observe(&statement);
        match self.source {
            Source::SqlitePoint(readers) => {
                readers.with(|connection| values::rows(connection, &statement))
            }
            Source::SqliteScan(readers) => {
                readers.scan(move |connection| values::rows(connection, &statement)).await
            }
            Source::Postgres(pool) => read(&pool.query_all_raw(statement).await?),
        }
    }

    /// The first row that a statement finds.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn row<T: FromRow + Send + 'static>(
        &self,
        select: &SelectStatement,
    ) -> Result<Option<T>, DbErr> {
        Ok(self.rows(select).await?.into_iter().next())
    }

    /// The first row of a statement whose text is known: `build` is only asked the first time, and
    /// must bind as many values in the same order.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn known_row<T: FromRow + Send + 'static>(
        &self,
        known: &Known,
        values: Vec<Value>,
        build: impl FnOnce() -> SelectStatement,
    ) -> Result<Option<T>, DbErr> {
        let statement = known.statement(self.get_database_backend(), values, build);
        Ok(self.run(statement).await?.into_iter().next())
    }

    fn observe(&self, statement: &Statement) {
        if let Some(observer) = self.observer {
            observer(statement);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Reader<'_> {
    fn get_database_backend(&self) -> DbBackend {
        if self.is_sqlite() { DbBackend::Sqlite } else { DbBackend::Postgres }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom(format!("a reader does not write: {}", statement.sql)))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom(format!("a reader does not write: {sql}")))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.observe(&statement);
        match self.source {
            Source::SqlitePoint(readers) => {
                readers.with(|connection| values::query(connection, &statement))
            }
            Source::SqliteScan(readers) => {
                readers.scan(move |connection| values::query(connection, &statement)).await
            }
            Source::Postgres(pool) => pool.query_all_raw(statement).await,
        }
    }
}

/// The text of a statement that only differs in its values, made once: making it costs as much as
/// running it.
#[derive(Default)]
pub struct Known {
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Known {
    /// Not made yet.
    pub const fn new() -> Self {
        Self { sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// A statement in the words of a database.
    pub(crate) fn written(
        &self,
        backend: DbBackend,
        values: Vec<Value>,
        write: impl FnOnce() -> String,
    ) -> Statement {
        let sql = self.text(backend).get_or_init(write).clone();
        Statement { sql, values: Some(Values(values)), db_backend: backend }
    }

    const fn text(&self, backend: DbBackend) -> &OnceLock<String> {
        match backend {
            DbBackend::Sqlite => &self.sqlite,
            _ => &self.postgres,
        }
    }

    pub(crate) fn statement<S: StatementBuilder>(
        &self,
        backend: DbBackend,
        values: Vec<Value>,
        build: impl FnOnce() -> S,
    ) -> Statement {
        let sql = self.text(backend).get_or_init(|| {
            let built = backend.build(&build());
            debug_assert_eq!(built.values, Some(Values(values.clone())));
            built.sql
        });
        Statement { sql: sql.clone(), values: Some(Values(values)), db_backend: backend }
    }
}

fn read<T: FromRow>(rows: &[QueryResult]) -> Result<Vec<T>, DbErr> {
    rows.iter().map(|row| T::from_row(&mut Row::postgres(row))).collect()
}

/// A connection inside a unit of work.
pub enum Work {
    /// A savepoint of the one writer.
    Sqlite(Unit),
    /// A transaction of its own.
    Postgres(DatabaseTransaction, Arc<Writes>),
}

impl Work {
    /// Every row that a statement finds.
    ///
    /// # Errors
    /// What the database says, or when a column holds something else than expected.
    pub async fn rows<T: FromRow>(&self, select: &SelectStatement) -> Result<Vec<T>, DbErr> {
        self.found(self.get_database_backend().build(select)).await
    }

    /// Every row that a statement in the words of this database finds.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn found<T: FromRow>(&self, statement: Statement) -> Result<Vec<T>, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.rows(&statement),
            Self::Postgres(..) => read(&self.query_all_raw(statement).await?),
        }
    }

    /// The first row that a statement finds.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn row<T: FromRow>(&self, select: &SelectStatement) -> Result<Option<T>, DbErr> {
        Ok(self.rows(select).await?.into_iter().next())
    }

    /// True when no other unit of work can be under way: on SQLite, where nothing needs a lock.
    pub const fn is_alone(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Lets the database check everything it would check at a commit, and takes it all back.
    ///
    /// # Errors
    /// What a commit would have said.
    pub async fn rehearse(&self) -> Result<(), StoreError> {
        match self {
            // Every check of SQLite is made by the statement itself.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction, _) => transaction
                .execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE")
                .await
                .map(|_| ())
                .map_err(store_error),
        }
    }

    /// Makes everything durable, or nothing.
    ///
    /// # Errors
    /// When the database could not flush.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(unit) => unit.commit().await,
            Self::Postgres(transaction, writes) => {
                let done = transaction.commit().await;
                writes.note(&done);
                if done.is_ok() {
                    writes.stored();
                }
                done
            }
        }
        .map_err(store_error)
    }
}

#[async_trait]
impl ConnectionTrait for Work {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(..) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.execute_raw(statement).await,
            Self::Postgres(transaction, writes) => {
                let done = transaction.execute_raw(statement).await;
                writes.note(&done);
                done
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.execute_unprepared(sql).await,
            Self::Postgres(transaction, writes) => {
                let done = transaction.execute_unprepared(sql).await;
                writes.note(&done);
                done
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.query_one_raw(statement).await,
            Self::Postgres(transaction, writes) => {
                let done = transaction.query_one_raw(statement).await;
                writes.note(&done);
                done
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.query_all_raw(statement).await,
            Self::Postgres(transaction, writes) => {
                let done = transaction.query_all_raw(statement).await;
                writes.note(&done);
                done
            }
        }
    }
}
