//! SQLite inside the process, under sea-orm's own traits.
//!
//! sqlx runs every SQLite connection on a thread of its own and passes each request and each row over
//! channels, which costs three to five times the query. So sea-orm's entities and queries run on
//! rusqlite here (through the rows of its `proxy` feature): one writer with group commit ([`writer`])
//! and a pool of read-only connections ([`readers`]). SQL is not written twice. PostgreSQL stays on
//! sqlx. `proxy` and `sqlx-sqlite` do not compile together in sea-orm 2.0.4, and the second is not
//! needed.
//!
//! What costs time, and what was done about it:
//!
//! - The rows of `proxy` are maps of names and copied values: what is read often is read past them
//!   (`rows.rs`, on both databases). Statements by key keep their text (`connection::Known`), because
//!   making it costs as much as running it.
//! - Connections have the planner stability guarantee (`SQLITE_DBCONFIG_ENABLE_QPSG`). The bundled
//!   SQLite has STAT4 and planned a statement anew for each bound value, 100 µs for a read by key. The
//!   price: plans must not lean on values (`records/list.rs`).
//! - `synchronous=FULL`, by `fdatasync` on Linux (`.cargo/config.toml`): SQLite uses `fsync` until it
//!   is told.
//! - SQLite's own checkpoint holds up every fourth commit of a busy server. It is off; a thread copies
//!   the log into the file at 16 MB ([`writer`]).
//! - FTS5 merges its words in rarer and smaller steps than its own (16 segments in place of 4, pages of
//!   1,000 bytes). With its defaults a merge held up all writers for 80 to 200 ms now and then: p99 of
//!   64 new donations at a time was 152 ms, and is 39 ms.
//! - Readers map the file and keep 4 MB of pages.

pub mod readers;
pub mod values;
pub mod writer;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

/// Prepared statements a connection keeps: more than the program has.
const STATEMENTS: usize = 256;

/// How long a reader waits for a lock; in WAL mode only recovery and schema changes take one.
const READER_PATIENCE: Duration = Duration::from_secs(10);

/// Opens a connection that writes.
///
/// `synchronous=FULL` flushes the log at every commit: what was answered survives a power cut.
///
/// # Errors
/// When the file cannot be opened or is no database.
pub fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    make_private(path);
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(READER_PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // KiB: the pages of a transaction, and the upper levels of every index.
    connection.pragma_update(None, "cache_size", -16_000)?;
    prepare(&connection)?;
    Ok(connection)
}

/// Makes a new file that only its owner can read: SQLite gives its log the same mode. What goes wrong
/// here is said by SQLite, which opens the file next.
fn make_private(path: &Path) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Err(error) = options.open(path)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        tracing::debug!(%error, "the database file could not be made");
    }
}

/// Opens a connection that cannot write.
///
/// # Errors
/// When the file cannot be opened or is no database.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(READER_PATIENCE)?;
    connection.pragma_update(None, "query_only", true)?;
    // KiB, for each connection: only pages of the log and beyond what is mapped.
    connection.pragma_update(None, "cache_size", -4_000)?;
    prepare(&connection)?;
    Ok(connection)
}

/// Opens a file that is only looked at: a copy of a database, or a database that is copied. Not a byte
/// of it is changed, whatever is asked.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_untouched(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(READER_PATIENCE)?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Bytes of the file that are read without a copy: as many as SQLite allows.
    connection.pragma_update(None, "mmap_size", i64::from(u32::MAX / 2))?;
    // Without it a statement is planned anew whenever another value is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Keeps a second server off the same file for as long as it lives.
#[derive(Debug)]
pub struct FileLock {
    // Dropping the file releases the lock; the operating system does so too when the process dies.
    file: File,
}

impl FileLock {
    /// Takes the lock beside the database file.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process has it.
    pub fn take(database: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(lock_path(database))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The lock file itself.
    pub(crate) const fn file(&self) -> &File {
        &self.file
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
