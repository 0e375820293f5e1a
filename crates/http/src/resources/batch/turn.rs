//! One batch of a user at a time: whoever sends more than one takes the others' turns.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use almoner_kernel::UserId;

use crate::kit::{
    problem::{Problem, registry},
    spent::Spent,
    words,
};

/// How long a refused batch should wait: most are done by then.
const WAIT: Duration = Duration::from_secs(1);

/// Users with a batch under way in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtWork(Arc<Mutex<HashSet<UserId>>>);

impl AtWork {
    /// Notes a batch of a user.
    ///
    /// # Errors
    /// 429 while another one is under way.
    pub(crate) fn begin(&self, user: UserId) -> Result<AtWorkGuard, Problem> {
        match self.lock().insert(user) {
            true => Ok(AtWorkGuard { at_work: self.clone(), user }),
            false => Err(Problem::new(registry::RATE_LIMITED)
                .detail(words::one_batch_at_a_time())
                .retry_after(WAIT)
                .spent(Spent::wholly(1, WAIT))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<UserId>> {
        // Inserting and removing cannot leave the set half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Also released when the client goes away and the request is dropped.
pub(crate) struct AtWorkGuard {
    at_work: AtWork,
    user: UserId,
}

impl Drop for AtWorkGuard {
    fn drop(&mut self) {
        self.at_work.lock().remove(&self.user);
    }
}
