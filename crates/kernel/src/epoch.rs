//! Epochs: the time lines that a database has been on.
//!
//! A version, a position of the feed or a cursor says where something stands in one time line. A
//! database that was restored from a backup goes on from an earlier point of it, and so does a copy
//! that is started elsewhere: both give the same numbers once more, to other things. So each begins an
//! epoch of its own, and whatever is shown to clients to be held against the database later knows which
//! one it is of.
//!
//! An epoch is a random id (the table `epochs`; how a start notices is told in `persistence`'s
//! `epoch.rs`). With it are made: `ETag`s and the key of cursors (`http`'s `etag.rs`, `cursor.rs`), and
//! the last digits of the marks of streams. Kept answers live where their changes do and need none
//! (`replay.rs`); webhook messages are named by the id of their change.

use std::fmt;

use uuid::Uuid;

/// The id of an epoch: random, so that two that begin from the same backup differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(Uuid);

impl Epoch {
    /// Wraps a stored id, or a random one.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The bare id.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The 16 bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
