//! The feed: what was committed, in the order of the commits. Live lists and jobs read it.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{ChangeId, StoreError, Timestamp, Version};

/// That a record was changed: everything but what its fields were and are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its place in the order of all changes: 1, 2, 3, … without a gap.
    pub position: i64,
    /// Its id in the trail: no other change has it, on whatever time line.
    pub change: ChangeId,
    /// When it was made.
    pub at: Timestamp,
    /// The kind of record, as in the trail: `donation`.
    pub entity: String,
    /// The record.
    pub entity_id: Uuid,
    /// What was done, as in the trail: `update`.
    pub action: String,
    /// The record's version afterwards.
    pub version: Version,
}

/// The order in which changes were committed. Who has read up to position *n* never later meets a
/// smaller one that was missed: a position is given in the commit, and the next one only after it.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The position of the last change that was committed; 0 before the first.
    ///
    /// # Errors
    /// When storage cannot be read.
    async fn head(&self) -> Result<i64, StoreError>;

    /// The changes behind a position, in their order, `limit` at the most.
    ///
    /// # Errors
    /// When storage cannot be read.
    async fn after(&self, position: i64, limit: u32) -> Result<Vec<Notice>, StoreError>;

    /// Waits until a change behind a position is known to be committed, here or by another process,
    /// and gives the position of the last one known.
    async fn beyond(&self, position: i64) -> i64;
}
