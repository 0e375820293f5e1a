//! What this domain asks of storage.

use almoner_kernel::{Page, PageRequest, StoreError, UnitOfWork};
use async_trait::async_trait;

use crate::{
    ChangeQuery, ChangeRecord, Head, SealedChange, SecurityEventQuery, SecurityEventRecord,
};

/// The stored trail: it can be read, and only a commit adds to it.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// A page of changes, newest first.
    ///
    /// # Errors
    /// When storage fails or a stored row cannot be read.
    async fn changes(
        &self,
        query: &ChangeQuery,
        page: &PageRequest,
    ) -> Result<Page<ChangeRecord>, StoreError>;

    /// A page of security events, newest first.
    ///
    /// # Errors
    /// When storage fails or a stored row cannot be read.
    async fn security_events(
        &self,
        query: &SecurityEventQuery,
        page: &PageRequest,
    ) -> Result<Page<SecurityEventRecord>, StoreError>;

    /// The next `limit` rows behind the position `after`, oldest first, fewer only at the end of the
    /// trail. They are given exactly as they are stored: nothing is repaired, defaulted or parsed on
    /// the way. A row with a column that is not even of its type comes back as unreadable and is not
    /// an error, so that verification can name it.
    ///
    /// # Errors
    /// When storage fails.
    async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<SealedChange>, StoreError>;

    /// Where the trail ends according to storage; none before the first commit with a change.
    /// `commit` moves it in the same transaction as the rows.
    ///
    /// # Errors
    /// When storage fails.
    async fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Starts a transaction, for an event that comes with no change.
    ///
    /// # Errors
    /// When storage fails.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;
}
