//! Whether what is written can be stored: a full disk, a read-only one and a broken one refuse every
//! change while reading goes on. Nothing asks for it while all is well; it is noted where it is met.
//!
//! `/health/ready` says so in its part `writes` and stays 200: no other instance could write, and
//! reading would end with a 503. A refusal counts for five seconds, because a nearly full disk takes a
//! small change and refuses a large one. Only then, and only when asked, a probe writes: on SQLite 1
//! MiB beside the file (its log has room that was used before), on PostgreSQL a row that stays as it
//! is.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use almoner_kernel::StoreError;
use parking_lot::Mutex;
use rusqlite::ErrorCode;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, TransactionTrait, sqlx};

use crate::{
    error::store_error,
    sqlite::writer::FlushFailed,
    store::{Backend, Store},
};

/// What has been met of late.
#[derive(Debug, Default)]
pub struct Writes {
    /// True while there is trouble: all that a commit looks at.
    is_troubled: AtomicBool,
    trouble: Mutex<Option<Trouble>>,
}

/// Writing was refused.
#[derive(Debug)]
struct Trouble {
    /// The last time.
    at: Instant,
    /// Something has been stored since.
    is_over: bool,
    probed: Option<Instant>,
}

/// How long one refusal counts, and how often a probe is made: a nearly full disk takes a small change
/// and refuses a large one, and nobody is helped by an answer that turns with each of them.
const HOLD: Duration = Duration::from_secs(5);

/// Bytes that a disk must take to be trusted again: as much as a large commit.
const ROOM: usize = 1 << 20;

enum Verdict {
    Up,
    Down,
    Unknown,
}

impl Writes {
    /// Notes how something ended that had to be written.
    pub(crate) fn note<T>(&self, result: &Result<T, DbErr>) {
        if let Err(error) = result
            && is_refused_by_disk(error)
        {
            self.refused();
        }
    }

    /// Notes an error of SQLite.
    pub(crate) fn note_sqlite(&self, error: &rusqlite::Error) {
        if is_disk(error) {
            self.refused();
        }
    }

    /// Notes that something was stored.
    pub(crate) fn stored(&self) {
        if self.is_troubled.load(Ordering::Relaxed)
            && let Some(trouble) = self.trouble.lock().as_mut()
        {
            trouble.is_over = true;
        }
    }

    fn refused(&self) {
        let mut trouble = self.trouble.lock();
        let probed = trouble.as_ref().and_then(|trouble| trouble.probed);
        *trouble = Some(Trouble { at: Instant::now(), is_over: false, probed });
        self.is_troubled.store(true, Ordering::Relaxed);
    }

    fn verdict(&self) -> Verdict {
        let mut known = self.trouble.lock();
        let Some(trouble) = known.as_mut() else { return Verdict::Up };
        let is_recent = |at: Instant| at.elapsed() < HOLD;
        if is_recent(trouble.at) {
            return Verdict::Down;
        }
        if trouble.is_over {
            *known = None;
            self.is_troubled.store(false, Ordering::Relaxed);
            return Verdict::Up;
        }
        if trouble.probed.is_some_and(is_recent) {
            return Verdict::Down;
        }
        trouble.probed = Some(Instant::now());
        Verdict::Unknown
    }
}

impl Store {
    /// True unless the disk, or the role that the database has, refuses what is written. A refusal
    /// counts for five seconds; after that something must have been stored, or a small probe.
    pub async fn can_write(&self) -> bool {
        match self.0.writes.verdict() {
            Verdict::Up => true,
            Verdict::Down => false,
            Verdict::Unknown => match self.probe().await {
                Ok(()) => {
                    self.0.writes.stored();
                    true
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the database cannot be written");
                    false
                }
            },
        }
    }

    /// Writes something that changes nothing.
    async fn probe(&self) -> Result<(), StoreError> {
        match &self.0.backend {
            Backend::Sqlite { path, .. } | Backend::Copy { path, .. } => {
                let beside = path.with_extension("probe");
                let tried = tokio::task::spawn_blocking(move || fill(&beside)).await;
                let tried = tried.map_err(|error| StoreError::Failed(error.into()))?;
                tried.map_err(|error| StoreError::Unavailable(error.into()))
            }
            Backend::Postgres(pool) => {
                let sql = "UPDATE webhook_position SET position = position WHERE id = 1";
                let unit = pool.begin().await.map_err(store_error)?;
                unit.execute_unprepared(sql).await.map_err(store_error)?;
                unit.commit().await.map_err(store_error)
            }
        }
    }
}

/// Fills a file and removes it. SQLite's log often has room that it has used before: a change of the
/// database would say nothing about the disk.
fn fill(path: &Path) -> io::Result<()> {
    let filled = File::create(path).and_then(|mut file| {
        file.write_all(&vec![0; ROOM])?;
        file.sync_data()
    });
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => filled.and(Err(error)),
        _ => filled,
    }
}

/// True when the database says that it cannot store, not that it will not.
fn is_refused_by_disk(error: &DbErr) -> bool {
    let (DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) = error else {
        return false;
    };
    let RuntimeErr::SqlxError(source) = runtime else { return false };
    match &**source {
        sqlx::Error::AnyDriverError(driver) => driver
            .downcast_ref::<rusqlite::Error>()
            .or_else(|| driver.downcast_ref::<FlushFailed>().map(|flush| &*flush.0))
            .is_some_and(is_disk),
        // disk_full, read_only_sql_transaction, io_error.
        sqlx::Error::Database(database) => {
            matches!(database.code().as_deref(), Some("53100" | "25006" | "58030"))
        }
        _ => false,
    }
}

fn is_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: std::os::raw::c_int) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
    }

    #[test]
    fn only_what_the_disk_refuses_is_trouble() {
        use rusqlite::ffi;

        let writes = Writes::default();
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_ERROR] {
            writes.note_sqlite(&refusal(code));
            assert!(matches!(writes.verdict(), Verdict::Up), "{code}");
        }
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_READONLY, ffi::SQLITE_IOERR_WRITE] {
            let writes = Writes::default();
            writes.note_sqlite(&refusal(code));
            assert!(matches!(writes.verdict(), Verdict::Down), "{code}");
            // One change that found room does not make it well.
            writes.stored();
            assert!(matches!(writes.verdict(), Verdict::Down), "{code}");
        }
    }

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let path = std::env::temp_dir().join(format!("almoner-{}.probe", std::process::id()));
        fill(&path).unwrap();
        assert!(!path.exists());
        assert!(fill(&path.join("nowhere")).is_err());
    }
}
