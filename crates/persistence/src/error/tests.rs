//! Every error code of the two databases that says "not now", and some that do not.

use std::{error::Error, fmt, sync::Arc};

use almoner_kernel::{Fault, Kind};
use rusqlite::ffi;
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::ErrorKind},
};

use super::store_error;
use crate::sqlite::{values::exec_error, writer::FlushFailed};

fn of_sqlite(code: i32, message: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()))
}

#[test]
fn sqlite_that_cannot_work_now_is_unavailable_and_everything_else_is_not() {
    let away = [
        ffi::SQLITE_BUSY,
        ffi::SQLITE_BUSY_RECOVERY,
        ffi::SQLITE_BUSY_SNAPSHOT,
        ffi::SQLITE_BUSY_TIMEOUT,
        ffi::SQLITE_LOCKED,
        ffi::SQLITE_LOCKED_SHAREDCACHE,
        ffi::SQLITE_LOCKED_VTAB,
        ffi::SQLITE_READONLY,
        ffi::SQLITE_READONLY_RECOVERY,
        ffi::SQLITE_READONLY_CANTLOCK,
        ffi::SQLITE_READONLY_ROLLBACK,
        ffi::SQLITE_READONLY_DBMOVED,
        ffi::SQLITE_READONLY_CANTINIT,
        ffi::SQLITE_READONLY_DIRECTORY,
        ffi::SQLITE_IOERR,
        ffi::SQLITE_IOERR_READ,
        ffi::SQLITE_IOERR_SHORT_READ,
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_DIR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_FSTAT,
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_SHMSIZE,
        ffi::SQLITE_IOERR_SHMLOCK,
        ffi::SQLITE_IOERR_SHMMAP,
        ffi::SQLITE_IOERR_NOMEM,
        ffi::SQLITE_IOERR_MMAP,
        ffi::SQLITE_FULL,
        ffi::SQLITE_CANTOPEN,
        ffi::SQLITE_CANTOPEN_ISDIR,
        ffi::SQLITE_CANTOPEN_FULLPATH,
        ffi::SQLITE_CANTOPEN_DIRTYWAL,
        ffi::SQLITE_PROTOCOL,
        ffi::SQLITE_NOMEM,
        ffi::SQLITE_PERM,
        ffi::SQLITE_INTERRUPT,
        ffi::SQLITE_ABORT_ROLLBACK,
    ];
    for code in away {
        let error = store_error(exec_error(of_sqlite(code, "")));
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "unavailable"), "{code}");
        assert!(error.retry_after().is_some());
        // The same for each unit of a flush.
        let flush = FlushFailed(Arc::new(of_sqlite(code, "")));
        let flush = sqlx::Error::AnyDriverError(Box::new(flush));
        let error = store_error(DbErr::Exec(RuntimeErr::SqlxError(flush.into())));
        assert_eq!(error.kind(), Kind::Unavailable, "{code} of a flush");
    }
    let faults = [
        ffi::SQLITE_ERROR,
        ffi::SQLITE_INTERNAL,
        ffi::SQLITE_ABORT,
        ffi::SQLITE_CORRUPT,
        ffi::SQLITE_CORRUPT_VTAB,
        ffi::SQLITE_NOTADB,
        ffi::SQLITE_MISUSE,
        ffi::SQLITE_MISMATCH,
        ffi::SQLITE_TOOBIG,
        ffi::SQLITE_RANGE,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
        ffi::SQLITE_CONSTRAINT_NOTNULL,
        ffi::SQLITE_CONSTRAINT_TRIGGER,
    ];
    for code in faults {
        let error = store_error(exec_error(of_sqlite(code, "")));
        assert_eq!(error.kind(), Kind::Internal, "{code}");
    }
    for code in [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY] {
        let taken = of_sqlite(code, "UNIQUE constraint failed: users.email_key");
        assert_eq!(store_error(exec_error(taken)).kind(), Kind::Conflict);
        let unknown = of_sqlite(code, "UNIQUE constraint failed: jobs.id");
        assert_eq!(store_error(exec_error(unknown)).kind(), Kind::Internal);
    }
}

#[derive(Debug)]
struct OfPostgres(&'static str);

impl fmt::Display for OfPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for OfPostgres {}

impl sqlx::error::DatabaseError for OfPostgres {
    fn message(&self) -> &str {
        self.0
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[test]
fn postgres_that_cannot_work_now_is_unavailable_and_everything_else_is_not() {
    let of = |code| {
        let source = sqlx::Error::Database(Box::new(OfPostgres(code)));
        store_error(DbErr::Exec(RuntimeErr::SqlxError(source.into()))).kind()
    };
    for code in [
        "08000", "08003", "08006", "08P01", "25006", "25P03", "25P04", "28000", "28P01", "3D000",
        "40003", "53000", "53100", "53200", "53300", "53400", "55P03", "57000", "57014", "57P01",
        "57P02", "57P03", "57P04", "57P05", "58000", "58030",
    ] {
        assert_eq!(of(code), Kind::Unavailable, "{code}");
    }
    for code in ["40001", "40P01"] {
        assert_eq!(of(code), Kind::Conflict, "{code}");
    }
    for code in ["22001", "22P05", "23502", "23503", "25P02", "42P01", "XX000", "XX001"] {
        assert_eq!(of(code), Kind::Internal, "{code}");
    }
}

#[test]
fn a_connection_that_cannot_be_had_is_unavailable() {
    let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    for source in [
        sqlx::Error::Io(refused()),
        sqlx::Error::PoolTimedOut,
        sqlx::Error::PoolClosed,
        sqlx::Error::WorkerCrashed,
        sqlx::Error::BeginFailed,
    ] {
        let error = store_error(DbErr::Query(RuntimeErr::SqlxError(source.into())));
        assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    }
    let unknown = sqlx::Error::Database(Box::new(OfPostgres("42501")));
    let error = store_error(DbErr::Conn(RuntimeErr::SqlxError(unknown.into())));
    assert_eq!(error.kind(), Kind::Unavailable);
}
