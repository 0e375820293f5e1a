//! The read-only connections.
//!
//! A read by key takes some microseconds, less than handing it to another thread: it runs on the async
//! worker. Lists, counts, searches and sums may look at many rows: they run beside it, on at most four
//! blocking threads.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use sea_orm::DbErr;
use thread_local::ThreadLocal;
use tokio::sync::Semaphore;

use super::{open_reader, open_untouched, values::query_error};

/// Statements that may look at many rows and run at the same time. They run beside the async
/// workers, so more of them than cores only makes each slower.
const SCANS: usize = 4;

/// The read-only connections: one for each thread that reads by key, and a pool for scans.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    open: fn(&Path) -> rusqlite::Result<Connection>,
    points: ThreadLocal<Connection>,
    idle: Mutex<Vec<Connection>>,
    scans: Semaphore,
}

impl Readers {
    /// A pool over a database file.
    pub fn new(path: PathBuf) -> Arc<Self> {
        Self::opening(path, open_reader)
    }

    /// A pool over a copy of a database file that nobody writes to.
    pub fn of_copy(path: PathBuf) -> Arc<Self> {
        Self::opening(path, open_untouched)
    }

    fn opening(path: PathBuf, open: fn(&Path) -> rusqlite::Result<Connection>) -> Arc<Self> {
        Arc::new(Self {
            path,
            open,
            points: ThreadLocal::new(),
            idle: Mutex::new(Vec::new()),
            scans: Semaphore::new(SCANS),
        })
    }

    /// Runs something short on this thread's own connection.
    ///
    /// # Errors
    /// What `work` says, or when a connection cannot be opened.
    pub fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        work(self.points.get_or_try(|| (self.open)(&self.path).map_err(query_error))?)
    }

    /// Runs something on a connection of the pool.
    fn with_idle<T>(&self, work: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => (self.open)(&self.path).map_err(query_error)?,
        };
        let result = work(&connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    /// Runs something that may look at many rows, beside the async workers.
    ///
    /// # Errors
    /// As [`Self::with`].
    pub async fn scan<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<T, DbErr> {
        let stopped = |_| DbErr::Custom("the program is stopping".to_owned());
        let permit = self.scans.acquire().await.map_err(|_| stopped(()))?;
        let readers = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || readers.with_idle(work)).await;
        drop(permit);
        result.map_err(|error| DbErr::Custom(format!("a reading thread failed: {error}")))?
    }

    /// Connections open at this moment that nobody uses.
    pub fn idle(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
