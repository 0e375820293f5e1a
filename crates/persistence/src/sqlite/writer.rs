//! The one writer, with group commit.
//!
//! Units of work take the writer one after the other, in the order they asked. Each is a savepoint
//! inside one outer transaction. When a unit commits, its savepoint is released and the flusher, a
//! thread of its own, is told to get in line. Units that were waiting already are in line before
//! it: they join the same outer transaction. When the flusher's turn comes it commits, which is the
//! one flush to disk, and only then do all these units answer. A lone unit finds nobody in line, so
//! its flush comes at once.
//!
//! What was flushed stands in the log and is copied into the file itself by a thread of its own, while
//! others go on writing: only what came in the meantime is copied in line, so that the log can begin
//! anew.
//!
//! A unit that fails rolls back to its savepoint, alone. A flush that fails takes every unit of its
//! outer transaction with it, and each of them says so.

mod desk;
mod log;
#[cfg(test)]
mod tests;
mod unit;

use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};
use sea_orm::DbErr;

use self::{
    desk::Desk,
    log::{keep_log_short, note_log},
};
use super::{open_writer, values::exec_error};
use crate::{measures, store::PATIENCE, writes::Writes};

pub use self::unit::{FlushFailed, Unit};

/// How often it looks.
const GLANCE: Duration = Duration::from_millis(5);

/// The one writer of a database file.
#[derive(Clone, Debug)]
pub struct Writer {
    desk: Arc<tokio::sync::Mutex<Desk>>,
    writes: Arc<Writes>,
    flusher: mpsc::SyncSender<()>,
}

impl Writer {
    /// Opens the writer and starts its flusher.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or no thread can be started.
    pub fn open(path: &Path) -> Result<Self, DbErr> {
        let connection = open_writer(path).map_err(exec_error)?;
        // From here on the writer never sleeps inside SQLite: it would hold an async worker.
        connection.busy_timeout(Duration::ZERO).map_err(exec_error)?;
        // This takes the place of SQLite's own checkpoints, which hold up the commit they follow.
        connection.wal_hook(Some(note_log));
        let (checkpointer, full) = mpsc::sync_channel(1);
        let writes = Arc::<Writes>::default();
        let desk = Desk {
            connection: Mutex::new(connection),
            waiting: Vec::new(),
            writes: Arc::clone(&writes),
            checkpointer,
        };
        let desk = Arc::new(tokio::sync::Mutex::new(desk));
        let (file, weak) = (path.to_owned(), Arc::downgrade(&desk));
        thread::Builder::new()
            .name("almoner-log".to_owned())
            .spawn(move || keep_log_short(&file, &weak, &full))
            .map_err(|error| DbErr::Custom(format!("cannot start the checkpointer: {error}")))?;
        let (flusher, told) = mpsc::sync_channel(1);
        let flushed = Arc::clone(&desk);
        thread::Builder::new()
            .name("almoner-flush".to_owned())
            .spawn(move || {
                while told.recv().is_ok() {
                    let mut desk = flushed.blocking_lock();
                    if !desk.waiting.is_empty() {
                        desk.flush();
                    }
                }
            })
            .map_err(|error| DbErr::Custom(format!("cannot start the flusher: {error}")))?;
        Ok(Self { desk, writes, flusher })
    }

    /// Whether the file can be written.
    pub(crate) fn writes(&self) -> Arc<Writes> {
        Arc::clone(&self.writes)
    }

    /// Waits in line, then starts a unit of work.
    ///
    /// # Errors
    /// When others write for 5 s: those ahead in line, or another process that has the file, such as a
    /// command run beside the server; when the disk is full or read-only.
    pub async fn begin(&self) -> Result<Unit, DbErr> {
        let asked = Instant::now();
        let line = tokio::time::timeout(PATIENCE, Arc::clone(&self.desk).lock_owned());
        let mut desk = line.await.map_err(|_| exec_error(still_in_line()))?;
        loop {
            desk.has_lost();
            match start(&desk) {
                Ok(()) => break,
                // Whoever is in line behind has waited as long: they give up together.
                Err(error) if is_busy(&error) && asked.elapsed() < PATIENCE => {
                    tokio::time::sleep(GLANCE).await;
                }
                Err(error) => {
                    self.writes.note_sqlite(&error);
                    desk.has_lost();
                    return Err(exec_error(error));
                }
            }
        }
        metrics::histogram!(measures::QUEUE_SECONDS).record(asked.elapsed());
        Ok(Unit { desk: Some(desk), flusher: self.flusher.clone() })
    }

    /// Runs something on the connection itself, outside any unit: migrations, maintenance.
    pub async fn with<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let mut desk = self.desk.lock().await;
        if !desk.waiting.is_empty() {
            desk.flush();
        }
        let connection = desk.connection();
        work(&connection)
    }
}

fn start(desk: &Desk) -> rusqlite::Result<()> {
    let connection = desk.connection();
    if connection.is_autocommit() {
        connection.execute_batch("BEGIN IMMEDIATE; SAVEPOINT unit")
    } else {
        connection.prepare_cached("SAVEPOINT unit")?.execute([]).map(|_| ())
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn still_in_line() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
        Some("others were writing all the time".to_owned()),
    )
}
