//! What kinds of record ask of storage, which answers it once for all of them.

use std::pin::Pin;

use almoner_kernel::{
    Id, Page, PageRequest, Scope, StoreError, Timestamp, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    kind::{Counter, Field, Kind},
    query::Query,
    record::{Kept, Record},
    reference::TargetName,
    summing::{Line, Summing},
    value::Key,
};

/// Records of a kind, for reading.
#[async_trait]
pub trait Repository<R: Record>: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn Unit<R>>, StoreError>;

    /// The unit of work that was begun for records of another kind, for those of this one.
    ///
    /// # Errors
    /// When it is one of another storage.
    fn join<'u>(&self, _unit: &'u mut dyn UnitOfWork) -> Result<&'u mut dyn Unit<R>, StoreError> {
        Err(StoreError::Failed("this storage has no units of work to join".into()))
    }

    /// Runs what happens in a unit of work that is open. Whoever begins another one meanwhile is refused:
    /// it would wait for the first, or store something without it.
    ///
    /// # Errors
    /// When it follows from more changes than storage lets follow from one another.
    async fn inside<'a>(
        &'a self,
        effects: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    ) -> Result<(), StoreError> {
        effects.await;
        Ok(())
    }

    /// One record, in the trash or not.
    async fn find(&self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError>;

    /// A page of records.
    async fn list(
        &self,
        query: &Query,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Kept<R>>, StoreError>;

    /// Records outside the trash whose field is this, newest first, at most `limit`.
    async fn lookup(
        &self,
        field: &'static Field,
        key: &Key,
        scope: Scope,
        limit: u32,
    ) -> Result<Vec<Kept<R>>, StoreError>;

    /// Sums of records, ordered by what they share; none when it would be more than
    /// [`crate::summing::MAX_SUMMED`] of them, or more than [`crate::summing::MAX_LINES`] lines.
    async fn summary(
        &self,
        summing: &Summing,
        scope: Scope,
    ) -> Result<Option<Vec<Line>>, StoreError>;

    /// What the records that a field names are called, of those within the scope, in the trash or not.
    async fn labels(
        &self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<(Uuid, String)>, StoreError>;

    /// Which of the records that a field names are within the scope, in the trash or not.
    async fn within(
        &self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<Uuid>, StoreError>;
}

/// A change of records of a kind.
#[async_trait]
pub trait Unit<R: Record>: UnitOfWork {
    /// One record, in the trash or not, locked until the end of the change.
    async fn load(&mut self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError>;

    /// Stores a new record.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with the name of the field that must be unique.
    async fn insert(&mut self, record: &Kept<R>) -> Result<(), StoreError>;

    /// Stores new records at once; the same as one after the other, with fewer round trips.
    ///
    /// # Errors
    /// As [`Self::insert`].
    async fn insert_all(&mut self, records: &[Kept<R>]) -> Result<(), StoreError>;

    /// Stores a changed record.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before; as [`Self::insert`].
    async fn update(&mut self, record: &Kept<R>) -> Result<(), StoreError>;

    /// Destroys a record with its children.
    async fn purge(&mut self, id: Id<R>) -> Result<(), StoreError>;

    /// A kind of which a record, in the trash or not, names this one or one of its children otherwise than
    /// as what it is a part of.
    async fn holder(&mut self, id: Id<R>) -> Result<Option<&'static Kind>, StoreError>;

    /// The children of a record and theirs, in the trash or not, locked until the end of the change; at
    /// most `limit`.
    async fn children(&mut self, id: Id<R>, limit: u32) -> Result<Vec<Child>, StoreError>;

    /// True when a record outside the trash and outside the scope has this unique value.
    async fn is_hidden(
        &mut self,
        field: &'static Field,
        key: &Key,
        scope: Scope,
    ) -> Result<bool, StoreError>;

    /// A sealed value in full: the register it comes from, and the secret.
    async fn secret(
        &mut self,
        field: &'static Field,
        id: Id<R>,
    ) -> Result<Option<(String, String)>, StoreError>;

    /// Makes others that try unique values for the same user wait until the unit of work ends, unless it
    /// is one of a batch, then reads when the user was told of values of records outside their scope,
    /// after `since` and up to `until`, newest first, as many as the limit on that can count. To be called
    /// before anything else is locked.
    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// What a record outside the trash and within the scope is called, to be named by a field; nobody
    /// changes that until the end of the change.
    async fn named(
        &mut self,
        field: &'static Field,
        id: Uuid,
        scope: Scope,
    ) -> Result<Option<String>, StoreError>;

    /// As [`Repository::within`].
    async fn within(
        &mut self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<Uuid>, StoreError>;

    /// A text or word of the record that a field names: its field `of`.
    ///
    /// # Errors
    /// When that kind has no such field, or it holds no text.
    async fn word(
        &mut self,
        field: &'static Field,
        id: Uuid,
        of: &str,
    ) -> Result<Option<String>, StoreError>;

    /// How many records of a kind outside the trash name this one by their field `by`, up to a limit.
    async fn count(
        &mut self,
        many: TargetName,
        by: &str,
        id: Uuid,
        limit: u32,
    ) -> Result<u32, StoreError>;

    /// The next number of a counter. Others that draw from it wait until the end of the change, and a
    /// change that is given up gives its number back: so there are no gaps.
    async fn draw(&mut self, counter: &Counter, year: i32) -> Result<i64, StoreError>;
}

/// A record that is a part of another one.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: Version,
}
