//! A look at a database before anything is decided: not a byte is changed, and no file is made.

use std::{ffi::OsString, io, path::Path, sync::Arc};

use almoner_kernel::StoreError;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Database, pool};
use crate::{
    error::store_error,
    sqlite::{open_untouched, values::query_error},
};

const KEY_ID: &str = "SELECT key_id FROM trail_head WHERE id = 1 AND position > 0";

/// Which key the trail of a database was sealed with; none when nothing is sealed yet.
pub async fn sealed_with(database: &Database) -> Result<Option<String>, StoreError> {
    match database {
        Database::Sqlite(path) => in_file(path),
        Database::Postgres(url) => {
            let pool = pool::connected(url.0.clone(), 1, Arc::default()).await?;
            let key_id = on(&pool).await;
            let closed = pool.close().await.map_err(store_error);
            key_id.and_then(|key_id| closed.map(|()| key_id))
        }
    }
}

fn in_file(path: &Path) -> Result<Option<String>, StoreError> {
    match std::fs::metadata(path) {
        // SQLite would make one of an empty file, too.
        Ok(file) if file.len() == 0 => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Unavailable(error.into())),
        Ok(_) => {}
    }
    let look = || {
        let connection = opened(path)?;
        let is_there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'trail_head'";
        if connection.query_row(is_there, [], |_| Ok(())).optional()?.is_none() {
            return Ok(None);
        }
        connection.query_row(KEY_ID, [], |row| row.get(0)).optional()
    };
    look().map_err(|error: rusqlite::Error| store_error(query_error(error)))
}

/// Opens a file with its log, if it has one. Without a log nobody else has it open, and SQLite is told
/// so: it would make a log, and leave it behind.
fn opened(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return open_untouched(path);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(immutable(path), flags)
}

/// A file as SQLite's URI, with everything escaped that means something there.
fn immutable(path: &Path) -> OsString {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri.into()
}

async fn on(pool: &DatabaseConnection) -> Result<Option<String>, StoreError> {
    let ask = |sql: &str| Statement::from_string(DbBackend::Postgres, sql);
    let is_there = ask("SELECT to_regclass('trail_head') IS NOT NULL AS there");
    let row = pool.query_one_raw(is_there).await.map_err(store_error)?;
    let is_there = row.map(|row| row.try_get::<bool>("", "there")).transpose();
    if is_there.map_err(store_error)? != Some(true) {
        return Ok(None);
    }
    let row = pool.query_one_raw(ask(KEY_ID)).await.map_err(store_error)?;
    row.map(|row| row.try_get("", "key_id")).transpose().map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_something_in_a_uri_is_the_file_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a?b#c%20 ş.db");
        assert_eq!(in_file(&path).unwrap(), None);
        let file = Connection::open(&path).unwrap();
        file.execute_batch(
            "CREATE TABLE trail_head (id, position, key_id); INSERT INTO trail_head VALUES (1, 1, 'k')",
        )
        .unwrap();
        file.close().unwrap();
        assert_eq!(in_file(&path).unwrap().as_deref(), Some("k"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
