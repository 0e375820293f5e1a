//! What sea-orm's queries run on: one of the two databases, for reading or inside a unit of work.

use std::sync::Arc;

use almoner_kernel::StoreError;
use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};

use crate::{
    error::store_error,
    sqlite::{readers::Readers, values, writer::Unit},
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

/// A connection inside a unit of work.
pub enum Work {
    /// A savepoint of the one writer.
    Sqlite(Unit),
    /// A transaction of its own.
    Postgres(DatabaseTransaction),
}

impl Work {
    /// Makes everything durable, or nothing.
    ///
    /// # Errors
    /// When the database could not flush.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(unit) => unit.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(store_error)
    }
}

#[async_trait]
impl ConnectionTrait for Work {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.execute_raw(statement).await,
            Self::Postgres(transaction) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.execute_unprepared(sql).await,
            Self::Postgres(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.query_one_raw(statement).await,
            Self::Postgres(transaction) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(unit) => unit.query_all_raw(statement).await,
            Self::Postgres(transaction) => transaction.query_all_raw(statement).await,
        }
    }
}
