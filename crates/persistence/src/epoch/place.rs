//! Where a database lives: what differs between it and any copy of it, and does not after a restart.
//!
//! On SQLite that is path, inode and time of birth of the file: an inode alone is given to the next
//! file, and devices are numbered anew when a machine starts. On PostgreSQL it is the system's
//! identifier, the database, the time line of the write-ahead log, and the transaction that wrote the
//! row: the very `xmin` differs once a dump was loaded, also into the database that it came from. A
//! connection to a server that only follows is not used, as it may take over with it.

use std::{fmt, fs, path::Path, time::UNIX_EPOCH};

use almoner_kernel::StoreError;
use sea_orm::sqlx::{self, PgConnection};
use serde_json::{Map, Value};

/// Which transaction wrote the row on PostgreSQL.
const ROW: &str = "row";

/// What PostgreSQL is asked, each by itself: where one thing may not be read, the others can. The time
/// line is that of the write-ahead log as it is written now; the control file has it too, but only
/// since the first checkpoint after a promotion.
const PARTS: [(&str, &str); 3] = [
    ("system", "SELECT CAST(system_identifier AS text) FROM pg_control_system()"),
    ("database", "SELECT CAST(oid AS text) FROM pg_database WHERE datname = current_database()"),
    ("timeline", "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"),
];

/// Where a database lives, in parts that have names. What cannot be read is absent, and says nothing.
///
/// A SQLite file is known by its path, its inode and the time at which it was made: the inode alone is
/// given to the next file, and the number of a device to the next disk after the machine was started
/// anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Map<String, Value>);

/// Whether an epoch began where the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It did.
    Here,
    /// Its row was written anew since then, by a restore; or it is a copy's.
    Rewritten,
    /// It did not.
    Elsewhere,
}

impl Place {
    /// The place of a SQLite file. The file is not opened: closing it would release SQLite's locks.
    ///
    /// # Errors
    /// When there is no such file, or its folder cannot be read.
    pub fn of_file(path: &Path) -> Result<Self, StoreError> {
        let away = |error: std::io::Error| StoreError::Unavailable(error.into());
        let real = fs::canonicalize(path).map_err(away)?;
        let file = fs::metadata(&real).map_err(away)?;
        let mut parts = Map::new();
        parts.insert("path".to_owned(), real.to_string_lossy().into());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;

            parts.insert("inode".to_owned(), file.ino().to_string().into());
        }
        // Not every file system knows.
        if let Some(made) =
            file.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok())
        {
            parts.insert("made".to_owned(), made.as_nanos().to_string().into());
        }
        Ok(Self(parts))
    }

    /// The place that a connection to PostgreSQL leads to. Beside a place that is `known` only its parts
    /// are asked for: PostgreSQL writes each that is refused into its log.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn of_postgres(
        connection: &mut PgConnection,
        known: Option<&Self>,
    ) -> Result<Self, sqlx::Error> {
        let mut parts = Map::new();
        let is_asked =
            |(name, _): &(&str, &str)| known.is_none_or(|known| known.0.contains_key(*name));
        for (name, ask) in PARTS.into_iter().filter(is_asked) {
            let answer = sqlx::query_scalar::<_, String>(ask).fetch_one(&mut *connection).await;
            match answer {
                Ok(value) => {
                    parts.insert(name.to_owned(), value.into());
                }
                Err(sqlx::Error::Database(error)) => {
                    tracing::debug!(%error, name, "a part of the place cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self(parts))
    }

    /// The place that was stored. A copy has none.
    pub fn from_stored(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// True when nothing that is known of both differs.
    pub fn is(&self, other: &Self) -> bool {
        self.0.iter().all(|(name, value)| other.0.get(name).is_none_or(|there| there == value))
    }

    /// True when `other` has every part of this one, whatever it says.
    pub fn is_told_by(&self, other: &Self) -> bool {
        self.0.keys().all(|name| other.0.contains_key(name))
    }

    /// Whether this, which was stored, is where the database is now. `written_by` is the transaction
    /// that wrote the row it was stored in, where the database tells.
    pub fn fits(&self, here: &Self, written_by: Option<&str>) -> Fit {
        if self.0.is_empty() {
            return Fit::Rewritten;
        }
        if !self.is(here) {
            return Fit::Elsewhere;
        }
        let named = self.0.get(ROW).and_then(Value::as_str);
        match written_by.is_none_or(|writer| named == Some(writer)) {
            true => Fit::Here,
            false => Fit::Rewritten,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Value::Object(self.0.clone()), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::from_stored(text)
    }

    #[test]
    fn every_part_that_is_known_of_both_has_to_be_the_same() {
        let stored = place(r#"{"system":"1","database":"2","timeline":"00000001","row":"77"}"#);
        for (here, written_by, fit) in [
            (r#"{"system":"1","database":"2","timeline":"00000001"}"#, "77", Fit::Here),
            // This role may not ask for the system.
            (r#"{"database":"2","timeline":"00000001"}"#, "77", Fit::Here),
            (r#"{"system":"9","database":"2","timeline":"00000001"}"#, "77", Fit::Elsewhere),
            (r#"{"system":"1","database":"9","timeline":"00000001"}"#, "77", Fit::Elsewhere),
            (r#"{"system":"1","database":"2","timeline":"00000002"}"#, "77", Fit::Elsewhere),
            (r#"{"system":"1","database":"2","timeline":"00000001"}"#, "78", Fit::Rewritten),
        ] {
            assert_eq!(stored.fits(&place(here), Some(written_by)), fit, "{here} {written_by}");
        }
        assert_eq!(place("").fits(&stored, None), Fit::Rewritten);
        let without_row = place(r#"{"system":"1"}"#);
        assert_eq!(without_row.fits(&stored, Some("77")), Fit::Rewritten);
        assert_eq!(place(&stored.to_string()), stored);
        // Nothing differs, and it does not say as much: a server that only follows another.
        let standby = place(r#"{"system":"1","database":"2"}"#);
        let known = place(r#"{"system":"1","database":"2","timeline":"00000001"}"#);
        assert!(known.is(&standby) && !known.is_told_by(&standby) && standby.is_told_by(&known));
    }

    #[test]
    fn a_file_is_the_same_until_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        fs::write(&path, "one").unwrap();
        let was = Place::of_file(&path).unwrap();
        fs::write(&path, "one, and more").unwrap();
        let dotted = folder.path().join(".").join("a.db");
        assert_eq!(was.fits(&Place::of_file(&dotted).unwrap(), None), Fit::Here);
        fs::copy(&path, &copy).unwrap();
        assert_eq!(was.fits(&Place::of_file(&copy).unwrap(), None), Fit::Elsewhere);
        fs::rename(&copy, &path).unwrap();
        assert_eq!(was.fits(&Place::of_file(&path).unwrap(), None), Fit::Elsewhere);
        fs::remove_file(&path).unwrap();
        assert!(Place::of_file(&path).is_err());
    }
}
