//! From what a database says to what a domain may know.
//!
//! A database that is away is a 503 with `Retry-After`, never a wait without end: five seconds for a
//! connection to PostgreSQL, five for a lock there (`lock_timeout`, of each connection; a migration
//! alone waits as long as it takes), and five for a SQLite file that another program holds or the line
//! before it. Who stands in line has its waiting counted, so that all give up together. When SQLite
//! rolls back by itself, whoever waited for the flush is told before anything else is begun. Reading
//! goes on while writing cannot: also the note that a session was used may fail. The tests here list
//! the error codes that mean "not now".
//!
//! A 503 does not say that nothing was done, because PostgreSQL may be lost between the commit and its
//! answer: the `Idempotency-Key` makes the repeat safe.

use almoner_kernel::StoreError;
use rusqlite::{ErrorCode, ffi};
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::sqlite::writer::FlushFailed;

/// Sorts a database error.
pub fn store_error(error: DbErr) -> StoreError {
    let runtime = match &error {
        DbErr::ConnectionAcquire(_) => return StoreError::Unavailable(error.into()),
        // Nothing was asked yet: whatever the reason, the database cannot be reached.
        DbErr::Conn(_) => return StoreError::Unavailable(error.into()),
        DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        DbErr::Type(detail) => return StoreError::Damaged(detail.clone()),
        _ => return StoreError::Failed(error.into()),
    };
    let RuntimeErr::SqlxError(source) = runtime else {
        return StoreError::Failed(error.into());
    };
    match &**source {
        sqlx::Error::AnyDriverError(driver) => {
            let sqlite = driver
                .downcast_ref::<rusqlite::Error>()
                .or_else(|| driver.downcast_ref::<FlushFailed>().map(|flush| &*flush.0));
            match sqlite.map(sort_sqlite) {
                Some(Sorted::Taken(what)) => StoreError::Taken(what),
                Some(Sorted::Unavailable) => StoreError::Unavailable(error.into()),
                Some(Sorted::Failed) | None => StoreError::Failed(error.into()),
            }
        }
        sqlx::Error::Database(database) => {
            match (database.code().as_deref(), database.constraint()) {
                (Some("23505"), Some(constraint)) => match taken(constraint) {
                    Some(what) => StoreError::Taken(what),
                    None => StoreError::Failed(error.into()),
                },
                // Deadlock, serialization failure.
                (Some("40P01" | "40001"), _) => StoreError::Raced,
                (Some(code), _) if is_away(code) => StoreError::Unavailable(error.into()),
                _ => StoreError::Failed(error.into()),
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.into()),
        _ => StoreError::Failed(error.into()),
    }
}

/// The column or index whose value another row has, if that is what the database says.
pub fn taken_constraint(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) =
        error
    else {
        return None;
    };
    match &**source {
        sqlx::Error::AnyDriverError(driver) => {
            let sqlite = driver.downcast_ref::<rusqlite::Error>();
            sqlite.and_then(unique_column).map(str::to_owned)
        }
        sqlx::Error::Database(database) if database.code().as_deref() == Some("23505") => {
            database.constraint().map(str::to_owned)
        }
        _ => None,
    }
}

/// The column that SQLite names when its value must be unique and is not.
fn unique_column(error: &rusqlite::Error) -> Option<&str> {
    let rusqlite::Error::SqliteFailure(failure, message) = error else { return None };
    let is_unique = matches!(
        failure.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    );
    message.as_deref().filter(|_| is_unique)?.rsplit(": ").next()
}

enum Sorted {
    Taken(&'static str),
    Unavailable,
    Failed,
}

fn sort_sqlite(error: &rusqlite::Error) -> Sorted {
    let rusqlite::Error::SqliteFailure(failure, _) = error else { return Sorted::Failed };
    if let Some(column) = unique_column(error) {
        return taken(column).map_or(Sorted::Failed, Sorted::Taken);
    }
    match failure.code {
        ErrorCode::DiskFull
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory => Sorted::Unavailable,
        // Read while a transaction was rolled back because of one of the others.
        ErrorCode::OperationAborted if failure.extended_code == ffi::SQLITE_ABORT_ROLLBACK => {
            Sorted::Unavailable
        }
        _ => Sorted::Failed,
    }
}

/// PostgreSQL is starting, stopping, full, out of connections or broken underneath (SQLSTATE classes
/// 08, 53, 57, 58), lets nobody in any more (28, 3D), is read-only (25006), or had no patience: with
/// a transaction (25P03, 25P04), or for a lock (55P03).
fn is_away(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "28" | "3D" | "53" | "57" | "58"))
        || matches!(code, "25006" | "25P03" | "25P04" | "40003" | "55P03")
}

/// The unique values of the house: SQLite names the column, PostgreSQL the index. Those of kinds of record
/// follow from their descriptions.
fn taken(constraint: &str) -> Option<&'static str> {
    match constraint {
        "users.email_key" | "users_email" => Some("users.email"),
        "roles.name" | "roles_name" => Some("roles.name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
