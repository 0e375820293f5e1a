//! The log, copied into the file beside those who go on writing.

use std::{
    cell::Cell,
    error::Error,
    fs::File,
    io,
    path::Path,
    sync::{Weak, mpsc},
    time::Duration,
};

use rusqlite::{Connection, hooks::Wal};

use super::desk::Desk;
use crate::sqlite::open_reader;

/// Pages in the log, of 4 KiB each, before they are copied into the file.
pub(super) const LOG_PAGES: i32 = 4_000;
/// Pages that may be left to copy while writers wait.
const FEW_PAGES: i32 = 200;
/// How often the log is copied beside the writers before they have to wait.
const MAX_PASSES: usize = 6;
/// How long writers wait for those who read from the log, so that it can begin anew.
const MOMENT: Duration = Duration::from_millis(5);

thread_local! {
    /// Pages in the log after the last commit of this thread.
    pub(super) static LOGGED: Cell<i32> = const { Cell::new(0) };
}

/// Copies what is in the log into the file, as far as no reader needs the file as it was. Answers the
/// pages of the log that are in the file now.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2))
}

/// Copies the rest of the log, and lets it begin anew. Readers of the log get a moment to come to their
/// end: as long as there is one, the log goes on growing and all of this has to be done again.
pub(super) fn begin_anew(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(MOMENT)?;
    let copied = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
    connection.busy_timeout(Duration::ZERO)?;
    copied
}

/// Copies the log while others write to it, and brings the file to the disk, until what came in the
/// meantime is little. SQLite syncs the file itself only when nobody has written meanwhile, which is in
/// line: everybody would wait for thousands of pages.
fn catch_up(connection: &Connection, file: &File) -> Result<(), Trouble> {
    let mut copied = 0;
    for _ in 0..MAX_PASSES {
        let before = copied;
        copied = checkpoint(connection)?;
        file.sync_data()?;
        if copied - before < FEW_PAGES {
            break;
        }
    }
    Ok(())
}

/// The file itself, beside SQLite's own connections. It is never closed: closing any handle of a file
/// releases all locks that the process has on it (POSIX), SQLite's too.
fn handle(path: &Path) -> io::Result<&'static File> {
    File::options().write(true).open(path).map(|file| &*Box::leak(Box::new(file)))
}

pub(super) fn note_log(_: &Wal, pages: i32) -> rusqlite::Result<()> {
    LOGGED.set(pages);
    Ok(())
}

/// Empties the log whenever it is told, until the writer is gone.
pub(super) fn keep_log_short(
    path: &Path,
    desk: &Weak<tokio::sync::Mutex<Desk>>,
    told: &mpsc::Receiver<()>,
) {
    let mut beside = None;
    while told.recv().is_ok() {
        if let Err(error) = shorten_log(path, desk, &mut beside) {
            tracing::warn!(
                error = &*error as &dyn Error,
                "the log could not be copied into the database file yet"
            );
        }
    }
}

/// Whatever went wrong with the log: SQLite's errors and those of the file.
type Trouble = Box<dyn Error + Send + Sync>;

/// Empties the log: most of it while others write, the rest in line.
fn shorten_log(
    path: &Path,
    desk: &Weak<tokio::sync::Mutex<Desk>>,
    beside: &mut Option<(Connection, &'static File)>,
) -> Result<(), Trouble> {
    let (connection, file) = match beside {
        Some(beside) => beside,
        None => beside.insert((open_reader(path)?, handle(path)?)),
    };
    catch_up(connection, file)?;
    if let Some(desk) = desk.upgrade() {
        desk.blocking_lock().checkpoint()?;
    }
    Ok(())
}
