//! What whoever has the writer holds: the connection, and who waits for the flush.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Instant,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::log::{LOG_PAGES, LOGGED, begin_anew};
use crate::{measures, writes::Writes};

/// What whoever has the writer holds in hand.
pub(super) struct Desk {
    pub(super) connection: Mutex<Connection>,
    /// Units whose savepoint is released and that wait for the flush.
    pub(super) waiting: Vec<oneshot::Sender<Result<(), Arc<rusqlite::Error>>>>,
    pub(super) writes: Arc<Writes>,
    pub(super) checkpointer: mpsc::SyncSender<()>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Desk {
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits for the flush how it went.
    pub(super) fn answer(&mut self, result: Result<(), rusqlite::Error>) {
        let result = result.map_err(Arc::new);
        for unit in self.waiting.drain(..) {
            // A unit whose client has gone away no longer listens; its change stands all the same.
            if unit.send(result.clone()).is_err() {
                tracing::debug!("a unit of work was committed after its caller had gone");
            }
        }
    }

    /// True when SQLite has rolled back the outer transaction by itself, as it does when the disk is full
    /// or broken, also at a savepoint, where the search writes. Those who wait for the flush are told:
    /// a commit of whoever comes next is not theirs.
    pub(super) fn has_lost(&mut self) -> bool {
        if self.waiting.is_empty() || !self.connection().is_autocommit() {
            return false;
        }
        self.answer(Err(rolled_back()));
        true
    }

    /// Commits the outer transaction and answers. Holds no unit's savepoint.
    pub(super) fn flush(&mut self) {
        if self.has_lost() {
            return;
        }
        metrics::histogram!(measures::FLUSH_UNITS)
            .record(f64::from(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)));
        let result = {
            let connection = self.connection();
            let began = Instant::now();
            let result = connection.execute_batch("COMMIT");
            metrics::histogram!(measures::FLUSH_SECONDS).record(began.elapsed());
            if result.is_err() && !connection.is_autocommit() {
                roll_back(&connection, "ROLLBACK");
            }
            result
        };
        match &result {
            Ok(()) => self.writes.stored(),
            Err(error) => self.writes.note_sqlite(error),
        }
        self.answer(result);
        if LOGGED.get() >= LOG_PAGES {
            // Full means that it has been told already.
            if let Err(mpsc::TrySendError::Disconnected(())) = self.checkpointer.try_send(()) {
                tracing::error!("nobody copies the log into the database file any more");
            }
        }
    }

    /// Copies what is in the log into the file.
    pub(super) fn checkpoint(&mut self) -> rusqlite::Result<()> {
        if !self.waiting.is_empty() {
            self.flush();
        }
        let began = Instant::now();
        let copied = begin_anew(&self.connection());
        metrics::histogram!(measures::CHECKPOINT_SECONDS).record(began.elapsed());
        copied
    }
}

/// False when it could not be done.
pub(super) fn roll_back(connection: &Connection, sql: &str) -> bool {
    let done = connection.execute_batch(sql);
    if let Err(error) = &done {
        tracing::error!(error = %error, "could not roll back");
    }
    done.is_ok()
}

/// What is left to say when SQLite rolled back by itself, which it does when the disk is full.
pub(super) fn rolled_back() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
        Some("the transaction was rolled back by the database".to_owned()),
    )
}
