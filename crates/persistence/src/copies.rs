//! Copies of a SQLite database: made while others write to it, and looked at before anybody trusts
//! them. Everything here blocks: run it beside the async workers.
//!
//! A copy is SQLite's online copy inside one read transaction. Page by page, SQLite begins a copy anew
//! whenever another process has written, which on a busy server has no end; a read transaction that is
//! open on the source connection from the first page to the last gives every step the same moment. In
//! WAL mode it holds up no writer; the log cannot begin anew meanwhile and grows by what is written.
//! Rejected: `VACUUM INTO` reads one moment too, but builds every table and index anew (6.6 s in place
//! of 3.9 s for 1.9 GB), cannot show progress or stop, and does not write what was there.
//!
//! No file of a database is ever opened past SQLite in the process of the server: closing it would
//! release SQLite's locks (POSIX).

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use almoner_kernel::{StoreError, Timestamp};
use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};
use sea_orm::DbErr;

use crate::{
    epoch,
    error::store_error,
    paging::instant,
    sqlite::{open_untouched, values::query_error},
    store::{MigrationStep, compared},
};

/// Pages of 4 KiB that are copied between two looks at [`Halt`]: some milliseconds of work.
const PAGES: i32 = 1_000;

/// Instructions of SQLite's machine between two looks at [`Halt`]: some milliseconds of work.
const INSTRUCTIONS: i32 = 1_000_000;

/// How long folding a log in waits for another process that has the file open.
const SOLE: Duration = Duration::from_secs(5);

/// Stops what is under way, from another thread.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Asks to stop.
    pub fn call(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once somebody has asked.
    pub fn is_called(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why there is no copy, or none that can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// [`Halt::call`].
    #[error("it was stopped before it was done")]
    Stopped,
    /// What was looked at is damaged, altered, or no database of this program.
    #[error("it is not sound: {0}")]
    Unsound(String),
    /// Another process has the database open.
    #[error("another program has {0} open: stop it first")]
    InUse(PathBuf),
    /// A file or the database cannot be read or written.
    #[error("the database cannot be read or written")]
    Failed(#[source] StoreError),
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Stopped,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Unsound(error.to_string())
            }
            _ => Self::Failed(store_error(query_error(error))),
        }
    }
}

/// How many rows each table has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<String, i64>);

impl Rows {
    /// Rows of a table; none when there is no such table.
    fn of(&self, table: &str) -> u64 {
        self.0.get(table).map_or(0, |rows| u64::try_from(*rows).unwrap_or_default())
    }

    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut tables = connection.prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name",
        )?;
        let names = tables.query_map([], |row| row.get::<_, String>(0))?;
        names
            .map(|name| {
                let name = name?;
                let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
                let rows = connection.query_row(&count, [], |row| row.get(0))?;
                Ok((name, rows))
            })
            .collect::<rusqlite::Result<_>>()
            .map(Self)
    }

    /// The first table that has another number of rows here than there, in words.
    fn difference(&self, there: &Self) -> Option<String> {
        let names = self.0.keys().chain(there.0.keys());
        names.filter(|name| self.0.get(*name) != there.0.get(*name)).min().map(|name| {
            format!("the table {name} has {} rows, not {}", self.of(name), there.of(name))
        })
    }
}

/// What a sound copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Donations, those in the trash included.
    pub donations: u64,
    /// Donors, those in the trash included.
    pub donors: u64,
    /// Users.
    pub users: u64,
    /// When the last change was made; none before the first.
    pub changed_at: Option<Timestamp>,
    /// Every step of the schema, oldest first.
    pub steps: Vec<MigrationStep>,
}

/// Copies a database into a file that is there and empty, as it was at one moment, while others go on
/// writing to it. The copy is one file, without a log, and lives nowhere: whoever starts on it begins an
/// epoch. `progress` is told pages done and pages in all.
/// Answers the rows there were at that moment. Nothing is flushed to disk.
///
/// One read transaction is held from the first page to the last: without it SQLite would begin anew
/// whenever another process has written, and on a busy server never end. Meanwhile the log of the
/// database cannot begin anew and grows by what is written.
///
/// # Errors
/// [`CopyError::Unsound`] when the database is damaged or none, [`CopyError::Stopped`], or when a file
/// cannot be read or written.
pub fn copy(
    from: &Path,
    to: &Path,
    halt: &Halt,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Rows, CopyError> {
    let source = looked_at(from, halt)?;
    source.execute_batch("BEGIN")?;
    let rows = Rows::read(&source)?;
    let mut target = Connection::open_with_flags(
        to,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // A copy that was not finished is thrown away: there is nothing to go back to.
    target.pragma_update(None, "journal_mode", "OFF")?;
    target.pragma_update(None, "synchronous", "OFF")?;
    let backup = Backup::new(&source, &mut target)?;
    loop {
        if halt.is_called() {
            return Err(CopyError::Stopped);
        }
        let step = backup.step(PAGES)?;
        let at = backup.progress();
        let pages = |pages: i32| u64::try_from(pages).unwrap_or_default();
        progress(pages(at.pagecount - at.remaining), pages(at.pagecount));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(CopyError::InUse(to.to_owned())),
        }
    }
    drop(backup);
    // The source says that it has a log, and so would the copy.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    epoch::uproot(&target)?;
    target.close().map_err(|(_, error)| error)?;
    Ok(rows)
}

/// Looks at every page, index, reference and step of the schema of a copy that nobody writes to, and
/// at `expected`, the rows it should have. The change trail is another's to verify.
///
/// # Errors
/// [`CopyError::Unsound`] with the first thing that is wrong, [`CopyError::Stopped`], or when the file
/// cannot be read.
pub fn check(path: &Path, expected: Option<&Rows>, halt: &Halt) -> Result<Contents, CopyError> {
    let copy = looked_at(path, halt)?;
    let found: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(CopyError::Unsound(found));
    }
    let mut references = copy.prepare("PRAGMA foreign_key_check")?;
    if let Some(row) = references.query([])?.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        return Err(CopyError::Unsound(format!("a row of {table} refers to no row of {parent}")));
    }
    let steps = read_steps(&copy).map_err(|error| CopyError::Unsound(error.to_string()))?;
    let applied = steps.iter().filter(|step| step.is_applied).count();
    if applied == 0 || steps[..applied].iter().any(|step| !step.is_applied) {
        return Err(CopyError::Unsound("its schema is none that this program ever had".to_owned()));
    }
    let rows = Rows::read(&copy)?;
    if let Some(difference) = expected.and_then(|expected| rows.difference(expected)) {
        return Err(CopyError::Unsound(difference));
    }
    let changed_at = match rows.of("changes") {
        0 => None,
        _ => {
            let last = "SELECT at FROM changes ORDER BY position DESC LIMIT 1";
            let at: i64 = copy.query_row(last, [], |row| row.get(0))?;
            Some(instant(at).map_err(|error| CopyError::Unsound(error.to_string()))?)
        }
    };
    Ok(Contents {
        donations: rows.of("donations"),
        donors: rows.of("donors"),
        users: rows.of("users"),
        changed_at,
        steps,
    })
}

/// Folds the log of a database into its file, so that the file is whole by itself, and makes sure that
/// nobody else has it open.
///
/// # Errors
/// [`CopyError::InUse`] when somebody has, [`CopyError::Unsound`] when the file is damaged, or when it
/// cannot be written. The file is as it was.
pub fn fold_log(path: &Path) -> Result<(), CopyError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(SOLE)?;
    let mode = connection
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                CopyError::InUse(path.to_owned())
            }
            _ => error.into(),
        })?;
    if mode == "delete" { Ok(()) } else { Err(CopyError::InUse(path.to_owned())) }
}

/// The steps of the schema that a copy has.
pub(crate) fn steps(path: &Path) -> Result<Vec<MigrationStep>, DbErr> {
    read_steps(&open_untouched(path).map_err(query_error)?)
}

fn read_steps(copy: &Connection) -> Result<Vec<MigrationStep>, DbErr> {
    let read = || {
        let mut applied = copy.prepare("SELECT version FROM seaql_migrations")?;
        applied.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    };
    compared(&read().map_err(query_error)?)
}

/// A connection that is only read from, and that breaks off when it is told to.
fn looked_at(path: &Path, halt: &Halt) -> Result<Connection, CopyError> {
    // SQLite's own words for a file that is not there say nothing of why. It is not opened for this:
    // closing it again would release the locks that this process has on it through SQLite.
    std::fs::metadata(path)
        .map_err(|error| CopyError::Failed(StoreError::Unavailable(io::Error::into(error))))?;
    let connection = open_untouched(path)?;
    let halt = halt.clone();
    connection.progress_handler(INSTRUCTIONS, Some(move || halt.is_called()))?;
    Ok(connection)
}
