//! What a server on SQLite has left beside the file of how far its trail was: a copy of the file that is
//! written over it has the same place, and a trail that ends earlier, or goes on otherwise.
//!
//! It stands in the lock file, which is no part of any copy of the database: the position and seal of
//! the last change, at the start, every second in which something was changed, and at the end. It
//! is not flushed to disk, so that after a power cut it may name an earlier change, which the trail has
//! too. It never names one that is not durable: readers see a commit once it is.

use std::{
    io,
    sync::atomic::{AtomicI64, Ordering},
};

use almoner_audit::{AuditTrail, Head};
use almoner_kernel::StoreError;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::{
    entities::changes,
    error::store_error,
    sqlite::FileLock,
    store::{Backend, Store},
};

/// The last change that was noted; none so far.
pub(super) struct Noted(AtomicI64);

impl Default for Noted {
    fn default() -> Self {
        Self(AtomicI64::new(-1))
    }
}

impl Store {
    /// Notes how far the trail is, unless that is noted already.
    ///
    /// # Errors
    /// When the trail cannot be read, or the lock file not be written.
    pub(crate) async fn note_trail(&self) -> Result<(), StoreError> {
        let Backend::Sqlite { lock: Some(lock), .. } = &self.0.backend else { return Ok(()) };
        let Some(head) = AuditTrail::head(self).await? else { return Ok(()) };
        if self.0.ground.noted.0.load(Ordering::Relaxed) == head.position {
            return Ok(());
        }
        lock.write(&text(&head)).map_err(away)?;
        self.0.ground.noted.0.store(head.position, Ordering::Relaxed);
        Ok(())
    }

    /// True when the trail lacks the change that was noted last, or has another in its place: the file
    /// was put back.
    ///
    /// # Errors
    /// When the trail or the lock file cannot be read.
    pub(super) async fn has_gone_back(&self) -> Result<bool, StoreError> {
        let Backend::Sqlite { lock: Some(lock), .. } = &self.0.backend else { return Ok(false) };
        let left = lock.read().map_err(away)?;
        // A lock file that is new, or in which something else stands, says nothing.
        let Some((position, seal)) = parse(&left) else { return Ok(false) };
        let Some(head) = AuditTrail::head(self).await? else { return Ok(true) };
        if head.position <= position {
            return Ok(text(&head) != left);
        }
        let select = changes::Entity::find()
            .filter(changes::Column::Position.eq(position))
            .select_only()
            .column(changes::Column::Seal)
            .into_query();
        let found: Option<Vec<u8>> = self.point().row(&select).await.map_err(store_error)?;
        // What is no longer kept says nothing either.
        Ok(found.is_some_and(|found| hex(&found) != seal))
    }
}

fn away(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// As long for every change, so that it is written over as a whole.
fn text(head: &Head) -> String {
    format!("{:020} {}\n", head.position, hex(&head.mac))
}

fn parse(text: &str) -> Option<(i64, &str)> {
    let (position, seal) = text.strip_suffix('\n')?.split_once(' ')?;
    let is_seal = seal.len() == 64 && seal.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_seal && position.len() == 20).then(|| Some((position.parse().ok()?, seal)))?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FileLock {
    /// What the last server has left in the lock file.
    fn read(&self) -> io::Result<String> {
        use io::{Read, Seek};

        let mut file = self.file();
        file.rewind()?;
        // What stands there need not be ours.
        let mut bytes = Vec::new();
        file.take(128).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn write(&self, text: &str) -> io::Result<()> {
        use io::{Seek, Write};

        let mut file = self.file();
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back_and_nothing_else_is() {
        let head = Head { position: 4_711, mac: vec![0xAB; 32], key_id: String::new(), anew: None };
        let noted = text(&head);
        assert_eq!(parse(&noted), Some((4_711, &*"ab".repeat(32))));
        for end in 0..noted.len() {
            assert_eq!(parse(&noted[..end]), None, "{end}");
        }
        for other in ["", "\n", "1 ab\n", "something else that stands there"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_lock_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FileLock::take(&folder.path().join("a.db")).unwrap();
        assert_eq!(lock.read().unwrap(), "");
        for position in [1, 20_000, 3] {
            let head = Head { position, mac: vec![7; 32], key_id: String::new(), anew: None };
            lock.write(&text(&head)).unwrap();
            assert_eq!(lock.read().unwrap(), text(&head));
        }
    }
}
