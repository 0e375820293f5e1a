//! What this domain asks of storage.

use almoner_kernel::{Page, PageRequest, StoreError, UnitOfWork, UserId};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    ChangeQuery, ChangeRecord, Compared, Floor, Gone, Head, SealedChange, SealedEvent,
    SecurityEventQuery, SecurityEventRecord,
};

/// The stored trail: it can be read, only a commit adds to it, and only its start can go.
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

    /// What these users are called now, in any order; those that are not there are left out.
    ///
    /// # Errors
    /// When storage fails.
    async fn names(&self, users: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError>;

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

    /// Where the trail begins according to storage; none when it was never shortened, or the schema is
    /// one that could not be.
    ///
    /// # Errors
    /// When storage fails.
    async fn floor(&self) -> Result<Option<Floor>, StoreError>;

    /// Raises the floor from one position to another and removes the rows up to there, all or none;
    /// says how many. None goes when the floor is not at `from` any more, or while somebody who
    /// reads the feed has not come so far.
    ///
    /// # Errors
    /// When storage fails.
    async fn raise_floor(&self, from: i64, to: &Floor) -> Result<u64, StoreError>;

    /// Where the chain of security events ends; none before the first.
    ///
    /// # Errors
    /// When storage fails.
    async fn events_head(&self) -> Result<Option<Head>, StoreError>;

    /// Where it begins; none when it was never shortened.
    ///
    /// # Errors
    /// When storage fails.
    async fn events_floor(&self) -> Result<Option<Floor>, StoreError>;

    /// The next `limit` security events behind a position, fewer only at the end.
    ///
    /// # Errors
    /// When storage fails or a row cannot be read.
    async fn sealed_events(&self, after: i64, limit: u32) -> Result<Vec<SealedEvent>, StoreError>;

    /// Security events that have no place in the chain.
    ///
    /// # Errors
    /// When storage fails.
    async fn unsealed_events(&self) -> Result<u64, StoreError>;

    /// The kinds of records that are compared with their last sealed state.
    fn kinds(&self) -> Vec<&'static str>;

    /// Compares the next `limit` records of a kind behind an id, by id, with the state that their last
    /// change sealed. It may run while the server writes.
    ///
    /// # Errors
    /// When storage fails.
    async fn compared(
        &self,
        entity: &'static str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Compared, StoreError>;

    /// Looks for the records of the next `limit` changes behind a position: those that the last change
    /// of each left there and that are not. At the end of the trail also those whose changes are past
    /// their time.
    ///
    /// # Errors
    /// When storage fails.
    async fn gone(&self, after: i64, limit: u32) -> Result<Gone, StoreError>;

    /// Starts a transaction, for an event that comes with no change.
    ///
    /// # Errors
    /// When storage fails.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;
}
