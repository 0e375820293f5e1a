//! A unit of work, and what can become of it.

use std::sync::{Arc, mpsc};

use async_trait::async_trait;
use rusqlite::Connection;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::sync::{OwnedMutexGuard, oneshot};

use super::desk::{Desk, roll_back, rolled_back};
use crate::{
    rows::FromRow,
    sqlite::values::{self, exec_error},
};

/// A unit of work: a savepoint of the outer transaction. Dropping it rolls back.
#[derive(Debug)]
pub struct Unit {
    pub(super) desk: Option<OwnedMutexGuard<Desk>>,
    pub(super) flusher: mpsc::SyncSender<()>,
}

impl Unit {
    /// Releases the savepoint, lets the next unit work, and answers after the flush.
    ///
    /// # Errors
    /// When the flush failed: nothing of the unit is stored.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let Some(mut desk) = self.desk.take() else { return Err(gone()) };
        let released = {
            let connection = desk.connection();
            match connection.is_autocommit() {
                true => Err(rolled_back()),
                false => connection
                    .prepare_cached("RELEASE unit")
                    .and_then(|mut release| release.execute([])),
            }
        };
        if let Err(error) = released {
            self.desk = Some(desk);
            return Err(exec_error(error));
        }
        let (answer, flushed) = oneshot::channel();
        desk.waiting.push(answer);
        drop(desk);
        // Full means that the flusher has been told already and is not in line yet.
        if let Err(mpsc::TrySendError::Disconnected(())) = self.flusher.try_send(()) {
            return Err(gone());
        }
        match flushed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(DbErr::Exec(RuntimeErr::SqlxError(
                sea_orm::sqlx::Error::AnyDriverError(Box::new(FlushFailed(error))).into(),
            ))),
            Err(_) => Err(gone()),
        }
    }

    /// Runs a statement that answers rows, and reads each of them where it lies.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub fn rows<T: FromRow>(&self, statement: &Statement) -> Result<Vec<T>, DbErr> {
        self.run(|connection| values::rows(connection, statement))
    }

    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let desk = self.desk.as_ref().ok_or_else(gone)?;
        let connection = desk.connection();
        if connection.is_autocommit() {
            // The outer transaction was rolled back under the unit: nothing may be written outside.
            return Err(exec_error(rolled_back()));
        }
        let done = work(&connection);
        desk.writes.note(&done);
        done
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let Some(desk) = self.desk.as_mut() else { return };
        let lost = {
            let connection = desk.connection();
            if connection.is_autocommit() {
                // A full disk makes SQLite roll back the whole outer transaction by itself.
                true
            } else if roll_back(&connection, "ROLLBACK TO unit; RELEASE unit") {
                false
            } else {
                // What is left of the unit must not be stored with the others.
                if !connection.is_autocommit() {
                    roll_back(&connection, "ROLLBACK");
                }
                true
            }
        };
        if lost {
            desk.answer(Err(rolled_back()));
        } else if desk.waiting.is_empty() {
            roll_back(&desk.connection(), "ROLLBACK");
        }
        // Otherwise the flusher has been told by the units that wait.
    }
}

/// Nobody knows whether the unit was flushed: the same as a connection that is lost at a commit.
fn gone() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the writer is gone".to_owned()))
}

/// The flush of an outer transaction failed; every unit in it has the same source.
#[derive(Debug, thiserror::Error)]
#[error("the flush to disk failed")]
pub struct FlushFailed(#[source] pub Arc<rusqlite::Error>);

#[async_trait]
impl ConnectionTrait for Unit {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(|connection| values::execute(connection, &statement))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        self.run(|connection| values::execute(connection, &statement))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(|connection| Ok(values::query(connection, &statement)?.into_iter().next()))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(|connection| values::query(connection, &statement))
    }
}
