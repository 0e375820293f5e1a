//! What a domain may expect of storage: a unit of work that is committed with its trail, or not at
//! all.

use std::{any::Any, future::Future, pin::Pin};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Audited, Fault, Kind, Stale, Timestamp, Trail, UserId, Version, Words, trail::SavedAnswer,
    words,
};

/// The source of a storage error, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Storage could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full or read-only; nothing was written.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// Others had their turn all the time; nothing was written.
    #[error("{0}")]
    Busy(&'static str),
    /// A unique value is taken; the name says which, such as `users.email`.
    #[error("a value that must be unique is taken: {0}")]
    Taken(&'static str),
    /// The record was changed by somebody else between reading and writing.
    #[error("{}", words::changed_just_now())]
    Raced,
    /// The `Idempotency-Key` has been used: its answer stands in storage.
    #[error("the request was carried out already")]
    Replayed,
    /// What is stored cannot be read back: damaged, or written by a newer program.
    #[error("a stored value cannot be read: {0}")]
    Damaged(String),
    /// Anything else.
    #[error("the database refused a statement")]
    Failed(#[source] Cause),
}

impl Fault for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Busy(_) => Kind::Busy,
            Self::Taken(_) | Self::Raced | Self::Replayed => Kind::Conflict,
            Self::Damaged(_) | Self::Failed(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Busy(_) => "busy",
            Self::Taken(_) | Self::Raced => "conflict",
            Self::Replayed => "replayed",
            Self::Damaged(_) | Self::Failed(_) => "internal",
        }
    }

    fn detail(&self) -> Option<Words> {
        match self {
            Self::Raced => Some(words::changed_just_now()),
            // For the log: a domain has better words for what is taken, and HTTP for what is repeated.
            Self::Unavailable(_)
            | Self::Busy(_)
            | Self::Taken(_)
            | Self::Replayed
            | Self::Damaged(_)
            | Self::Failed(_) => None,
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        matches!(self, Self::Unavailable(_) | Self::Busy(_))
            .then_some(std::time::Duration::from_secs(5))
    }
}

/// A transaction, as far as every domain sees it. Dropping it rolls back.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Writes the trail and the saved answer, then commits. When it returns, the change is on disk;
    /// that of a dry run has been checked against every other record and taken back.
    ///
    /// # Errors
    /// [`StoreError::Replayed`] when the request's `Idempotency-Key` was used before;
    /// [`StoreError::Unavailable`] when the database could not flush. Either way nothing is stored.
    async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;

    /// Itself, for storage that was handed one of its own for another purpose.
    fn as_any(&mut self) -> Option<&mut dyn Any> {
        None
    }

    /// True when it is one of a batch, and may be taken back after its commit.
    fn is_of_batch(&self) -> bool {
        false
    }

    /// The fields of a record that changed after `since`, in alphabetical order, from the trail.
    ///
    /// # Errors
    /// When the trail cannot be read.
    async fn changed_since(
        &mut self,
        entity: &'static str,
        id: Uuid,
        since: Version,
    ) -> Result<Vec<String>, StoreError>;
}

/// Refuses a change that was made from an older version of the record than the one in storage.
///
/// # Errors
/// [`Stale`], with the fields that changed meanwhile; [`StoreError`] when the trail cannot be read.
pub async fn must_match<U, R, E>(unit: &mut U, record: &R, expected: Version) -> Result<(), E>
where
    U: UnitOfWork + ?Sized,
    R: Audited + Sync,
    E: From<Stale> + From<StoreError>,
{
    let current = record.version();
    if current == expected {
        return Ok(());
    }
    if expected == Version::ELSEWHERE {
        return Err(Stale { current, fields: Vec::new(), is_of_another_time: true }.into());
    }
    let fields = unit.changed_since(R::ENTITY, record.entity_id(), expected).await?;
    Err(Stale { current, fields, is_of_another_time: false }.into())
}

/// Opens batches: several units of work that are stored together.
#[async_trait]
pub trait Batches: Send + Sync {
    /// Waits in the line of batches, of which few are under way at once, and then like a unit of work. On
    /// SQLite everybody else who writes waits until it ends.
    ///
    /// # Errors
    /// When the database is away, or busy with other batches.
    async fn open(&self) -> Result<Box<dyn Batch>, StoreError>;
}

/// Several units of work, one after the other, that are stored together or not at all. Dropping it
/// rolls all of them back.
#[async_trait]
pub trait Batch: Send + Sync {
    /// Runs a use case whose units of work belong to the batch. Each of them sees what those before
    /// it wrote; one that is not committed leaves nothing behind.
    async fn run<'a>(&'a self, use_case: Pin<Box<dyn Future<Output = ()> + Send + 'a>>);

    /// Writes the trails of all units of work and the saved answer of `trail`, then commits.
    ///
    /// # Errors
    /// As [`UnitOfWork::commit`].
    async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
}

/// The kept answers of requests with an `Idempotency-Key`; `commit` writes them.
#[async_trait]
pub trait Answers: Send + Sync {
    /// The answer this user was given for this key, unless it is older than 24 hours at `now`.
    ///
    /// # Errors
    /// When the answers cannot be read.
    async fn find(
        &self,
        user: UserId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<SavedAnswer>, StoreError>;
}
