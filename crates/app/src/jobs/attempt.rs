//! One attempt at a job, as its handler and the worker both see it.

use std::sync::atomic::{AtomicBool, Ordering};

use almoner_kernel::{JobError, Progress};
use async_trait::async_trait;
use parking_lot::Mutex;

/// How far something has come, and of how much.
pub type Mark = (u64, Option<u64>);

/// What a handler says about its progress and what it is told about the wish to cancel: kept in
/// memory, so that a handler may report as often as it likes.
#[derive(Default)]
pub struct Reports {
    last: Mutex<Option<Mark>>,
    is_unwanted: AtomicBool,
}

impl Reports {
    /// What was reported last.
    pub fn last(&self) -> Option<Mark> {
        *self.last.lock()
    }

    /// An operator does not want the job any more.
    pub fn cancel(&self) {
        self.is_unwanted.store(true, Ordering::Relaxed);
    }

    /// Whether anybody has said so.
    pub fn is_unwanted(&self) -> bool {
        self.is_unwanted.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Progress for Reports {
    async fn report(&self, done: u64, total: Option<u64>) -> Result<(), JobError> {
        *self.last.lock() = Some((done, total));
        if self.is_unwanted() { Err(JobError::Cancelled) } else { Ok(()) }
    }
}
