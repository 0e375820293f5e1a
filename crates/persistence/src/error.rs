//! From what a database says to what a domain may know.

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

enum Sorted {
    Taken(&'static str),
    Unavailable,
    Failed,
}

fn sort_sqlite(error: &rusqlite::Error) -> Sorted {
    let rusqlite::Error::SqliteFailure(failure, message) = error else { return Sorted::Failed };
    let unique = matches!(
        failure.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    );
    if unique {
        return message
            .as_deref()
            .and_then(|message| message.rsplit(": ").next())
            .and_then(taken)
            .map_or(Sorted::Failed, Sorted::Taken);
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

/// The unique values of the schema: SQLite names the column, PostgreSQL the index.
fn taken(constraint: &str) -> Option<&'static str> {
    match constraint {
        "users.email_key" | "users_email" => Some("users.email"),
        "roles.name" | "roles_name" => Some("roles.name"),
        "donors.identity_hash" | "donors_identity" => Some("donors.identity"),
        "campaigns.name_folded" | "campaigns_name" => Some("campaigns.name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
