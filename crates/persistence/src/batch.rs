//! Batches: units of work as savepoints of one that is around them. Which batch a unit belongs to
//! travels with the task, so that use cases begin their units as ever.
//!
//! `atomic` and `each` differ only in what a failed item does to the rest; both are one transaction,
//! one trail and one flush, so a kept answer is true of the whole. The trails of the items are written
//! at the end, because on PostgreSQL their lock holds up all others.
//!
//! On SQLite a batch keeps other writers waiting until it ends (a thousand donations: 0.1 to 0.5 s
//! beside a million). It cannot let others in between: what they write would be in its transaction, and
//! lost with it. So batches have a line of their own: one at a time on SQLite, a quarter of the
//! connections, up to four, on PostgreSQL, whose pool has two at the least. In that line and then in
//! that of all who write each waits 5 s at the most, both together. Single writes wait for one batch,
//! not for all.
//!
//! A user has one under way (429 otherwise; each instance counts for itself) and a quota of items
//! beside that of requests, ten for each of them and never less than a whole batch: charging items as
//! requests would make batches useless. Users and roles have none: a password costs 16 ms of a
//! processor to hash, and there are few of both.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use almoner_kernel::{
    Change, NewJob, SecurityEvent, StoreError, Trail,
    store::{Batch, Batches},
};
use async_trait::async_trait;
use parking_lot::Mutex;
use sea_orm::ConnectionTrait;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    commit::{UnitHandle, write},
    connection::Work,
    error::store_error,
    store::{Inner, PATIENCE, Store},
};

tokio::task_local! {
    static OPEN: Arc<Open>;
}

tokio::task_local! {
    /// How many changes this one follows from.
    static INSIDE: u8;
}

/// Changes that may follow from one another: more of them are two kinds that go on making each other.
const DEEPEST: u8 = 8;

/// Runs what happens in a unit of work that is open.
///
/// # Errors
/// When it follows from too many others.
pub async fn inside(effects: impl Future<Output = ()>) -> Result<(), StoreError> {
    let depth = INSIDE.try_with(|depth| *depth).unwrap_or_default();
    if depth == DEEPEST {
        return Err(StoreError::Failed("what follows from a change has no end".into()));
    }
    INSIDE.scope(depth + 1, effects).await;
    Ok(())
}

/// Refuses to begin a unit of work inside of another.
///
/// # Errors
/// Inside of one.
pub fn may_begin() -> Result<(), StoreError> {
    match INSIDE.try_with(|_| ()) {
        Ok(()) => Err(StoreError::Failed("a unit of work is begun inside of another".into())),
        Err(_) => Ok(()),
    }
}

/// The batch the running use case belongs to, if any.
pub fn current() -> Option<Arc<Open>> {
    OPEN.try_with(Arc::clone).ok()
}

/// A batch that has not ended.
pub struct Open {
    work: Arc<Work>,
    /// True while a unit of work has a savepoint: one that is dropped leaves it behind.
    has_savepoint: AtomicBool,
    written: Mutex<Written>,
}

/// What the units of work of a batch did.
#[derive(Default)]
struct Written {
    changes: Vec<Change>,
    security_events: Vec<SecurityEvent>,
    jobs: Vec<NewJob>,
}

impl Open {
    /// Begins a unit of work.
    pub async fn begin(self: Arc<Self>, inner: Arc<Inner>) -> Result<UnitHandle, StoreError> {
        self.take_back().await?;
        self.execute("SAVEPOINT item").await?;
        self.has_savepoint.store(true, Ordering::Relaxed);
        Ok(UnitHandle { inner, work: Arc::clone(&self.work), batch: Some(self) })
    }

    /// Keeps what a unit of work wrote.
    pub async fn keep(&self, trail: Trail) -> Result<(), StoreError> {
        self.execute("RELEASE SAVEPOINT item").await?;
        self.has_savepoint.store(false, Ordering::Relaxed);
        let mut written = self.written.lock();
        written.changes.extend(trail.changes);
        written.security_events.extend(trail.security_events);
        written.jobs.extend(trail.jobs);
        Ok(())
    }

    /// Looks at the changes of earlier units of work: they are not in the trail yet.
    pub fn changes(&self, look: impl FnMut(&Change)) {
        self.written.lock().changes.iter().for_each(look);
    }

    /// Removes what a unit of work left behind that was dropped.
    async fn take_back(&self) -> Result<(), StoreError> {
        if self.has_savepoint.swap(false, Ordering::Relaxed) {
            self.execute("ROLLBACK TO SAVEPOINT item").await?;
            self.execute("RELEASE SAVEPOINT item").await?;
        }
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.work.execute_unprepared(sql).await.map(|_| ()).map_err(store_error)
    }
}

struct Handle {
    inner: Arc<Inner>,
    open: Arc<Open>,
    /// Given back after the transaction has ended.
    turn: OwnedSemaphorePermit,
}

#[async_trait]
impl Batches for Store {
    async fn open(&self) -> Result<Box<dyn Batch>, StoreError> {
        // The line of batches is beside that of single writes: these go in between.
        let line = Arc::clone(&self.0.batches).acquire_owned();
        let begun = async {
            let busy = || StoreError::Busy("other batches are under way");
            let turn = line.await.map_err(|_| busy())?;
            Ok((turn, self.unit().await?))
        };
        // One patience for both lines: whoever has waited among batches does not begin to wait anew.
        let (turn, unit) = tokio::time::timeout(PATIENCE, begun)
            .await
            .unwrap_or_else(|_| Err(StoreError::Busy("others who write are under way")))?;
        let UnitHandle { inner, work, .. } = unit;
        let has_savepoint = AtomicBool::new(false);
        let open = Open { work, has_savepoint, written: Mutex::default() };
        Ok(Box::new(Handle { inner, open: Arc::new(open), turn }))
    }
}

#[async_trait]
impl Batch for Handle {
    async fn run<'a>(&'a self, use_case: Pin<Box<dyn Future<Output = ()> + Send + 'a>>) {
        OPEN.scope(Arc::clone(&self.open), use_case).await;
    }

    async fn commit(self: Box<Self>, mut trail: Trail) -> Result<(), StoreError> {
        let Self { inner, open, turn: _turn } = *self;
        open.take_back().await?;
        let written = mem::take(&mut *open.written.lock());
        trail.changes.extend(written.changes);
        trail.security_events.extend(written.security_events);
        trail.jobs.extend(written.jobs);
        let open = Arc::into_inner(open);
        let work = open.and_then(|open| Arc::into_inner(open.work));
        let work = work.ok_or_else(|| StoreError::Failed("a batch is still at work".into()))?;
        match trail.is_empty() {
            // Nothing was written: there is nothing to keep.
            true => Ok(()),
            false => write(&inner, work, &trail).await,
        }
    }
}
