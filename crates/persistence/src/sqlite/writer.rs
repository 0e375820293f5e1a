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

use std::{
    cell::Cell,
    error::Error,
    fmt,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, hooks::Wal};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::sync::{OwnedMutexGuard, oneshot};

use super::{
    open_reader, open_writer,
    values::{self, exec_error},
};
use crate::{measures, rows::FromRow, store::PATIENCE, writes::Writes};

/// How often it looks.
const GLANCE: Duration = Duration::from_millis(5);

/// Pages in the log, of 4 KiB each, before they are copied into the file.
const LOG_PAGES: i32 = 4_000;
/// Pages that may be left to copy while writers wait.
const FEW_PAGES: i32 = 200;
/// How often the log is copied beside the writers before they have to wait.
const MAX_PASSES: usize = 6;
/// How long writers wait for those who read from the log, so that it can begin anew.
const MOMENT: Duration = Duration::from_millis(5);

thread_local! {
    /// Pages in the log after the last commit of this thread.
    static LOGGED: Cell<i32> = const { Cell::new(0) };
}

/// The one writer of a database file.
#[derive(Clone, Debug)]
pub struct Writer {
    desk: Arc<tokio::sync::Mutex<Desk>>,
    writes: Arc<Writes>,
    flusher: mpsc::SyncSender<()>,
}

/// What whoever has the writer holds in hand.
struct Desk {
    connection: Mutex<Connection>,
    /// Units whose savepoint is released and that wait for the flush.
    waiting: Vec<oneshot::Sender<Result<(), Arc<rusqlite::Error>>>>,
    writes: Arc<Writes>,
    checkpointer: mpsc::SyncSender<()>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Desk {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits for the flush how it went.
    fn answer(&mut self, result: Result<(), rusqlite::Error>) {
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
    fn has_lost(&mut self) -> bool {
        if self.waiting.is_empty() || !self.connection().is_autocommit() {
            return false;
        }
        self.answer(Err(rolled_back()));
        true
    }

    /// Commits the outer transaction and answers. Holds no unit's savepoint.
    fn flush(&mut self) {
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
    fn checkpoint(&mut self) -> rusqlite::Result<()> {
        if !self.waiting.is_empty() {
            self.flush();
        }
        let began = Instant::now();
        let copied = begin_anew(&self.connection());
        metrics::histogram!(measures::CHECKPOINT_SECONDS).record(began.elapsed());
        copied
    }
}

/// Copies what is in the log into the file, as far as no reader needs the file as it was. Answers the
/// pages of the log that are in the file now.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2))
}

/// Copies the rest of the log, and lets it begin anew. Readers of the log get a moment to come to their
/// end: as long as there is one, the log goes on growing and all of this has to be done again.
fn begin_anew(connection: &Connection) -> rusqlite::Result<()> {
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

fn note_log(_: &Wal, pages: i32) -> rusqlite::Result<()> {
    LOGGED.set(pages);
    Ok(())
}

/// Empties the log whenever it is told, until the writer is gone.
fn keep_log_short(path: &Path, desk: &Weak<tokio::sync::Mutex<Desk>>, told: &mpsc::Receiver<()>) {
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

/// False when it could not be done.
fn roll_back(connection: &Connection, sql: &str) -> bool {
    let done = connection.execute_batch(sql);
    if let Err(error) = &done {
        tracing::error!(error = %error, "could not roll back");
    }
    done.is_ok()
}

/// A unit of work: a savepoint of the outer transaction. Dropping it rolls back.
#[derive(Debug)]
pub struct Unit {
    desk: Option<OwnedMutexGuard<Desk>>,
    flusher: mpsc::SyncSender<()>,
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

    fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
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

/// What is left to say when SQLite rolled back by itself, which it does when the disk is full.
fn rolled_back() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
        Some("the transaction was rolled back by the database".to_owned()),
    )
}

fn still_in_line() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
        Some("others were writing all the time".to_owned()),
    )
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

#[cfg(test)]
mod tests;
