//! The read-only connections.
//!
//! A read by key takes some microseconds, less than handing it to another thread: it runs on the async
//! worker. Lists, counts, searches and sums may look at many rows: they run beside it, on at most four
//! blocking threads.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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
    idle: Mutex<Vec<(u64, Connection)>>,
    /// Grows when the planner's statistics are made anew.
    statistics: AtomicU64,
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
            statistics: AtomicU64::new(0),
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

    /// Has scans planned by statistics that were just made: a connection reads them when it is opened, and
    /// never again. Reads by key have nothing to plan.
    pub fn plan_anew(&self) {
        self.statistics.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs something on a connection of the pool.
    fn with_idle<T>(&self, work: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let now = self.statistics.load(Ordering::Relaxed);
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|(statistics, _)| *statistics == now);
            idle.pop()
        };
        let (statistics, connection) = match idle {
            Some(idle) => idle,
            None => (now, (self.open)(&self.path).map_err(query_error)?),
        };
        let result = work(&connection);
        let idle = &mut self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((statistics, connection));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The index by which the pool would find a row.
    async fn planned(readers: &Arc<Readers>) -> String {
        let explain = "EXPLAIN QUERY PLAN SELECT * FROM gifts WHERE day = 1 AND donor = 1";
        let plan = readers.scan(move |connection| {
            connection.query_row(explain, [], |row| row.get("detail")).map_err(query_error)
        });
        plan.await.unwrap()
    }

    #[tokio::test]
    async fn scans_are_planned_by_the_statistics_that_were_made_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("almoner.db");
        let writer = Connection::open(&path).unwrap();
        let fill = |day: &str, donor: &str| {
            let gifts =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)";
            let insert = format!("INSERT INTO gifts {gifts} SELECT {day}, {donor} FROM n");
            writer.execute_batch(&format!("DELETE FROM gifts; {insert}; ANALYZE")).unwrap();
        };
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE gifts (day, donor);
                 CREATE INDEX by_day ON gifts (day); CREATE INDEX by_donor ON gifts (donor)",
            )
            .unwrap();
        fill("i", "1");
        let readers = Readers::new(path);
        assert!(planned(&readers).await.contains("by_day"));

        fill("1", "i");
        readers.plan_anew();
        assert!(planned(&readers).await.contains("by_donor"));
        assert_eq!(readers.idle(), 1, "one of both connections is closed");
    }
}
