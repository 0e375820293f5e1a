//! Unique values and row scopes: that a value is taken tells that a record has it, also one that the
//! caller may not meet. Whoever does not see every record may find that out by mistake, not by trying:
//! each time is written down, and after a few there is no answer for a while. A dry run, which costs
//! nothing and leaves no record, does not say it at all.
//!
//! The numbers: five times in ten minutes and user, counted by the security events these leave, so over
//! restarts and instances. After that a number is not even looked at, taken or free. Requests of one
//! user that give such a value wait for each other before they lock anything (an advisory lock on
//! PostgreSQL, the writer on SQLite), and the unit of work that finds a value taken stores the event
//! before it is told: six hundred at once are told five, and whoever hangs up is counted. What arrived
//! later may have its turn first, so events up to ten minutes ahead count too.
//!
//! A batch does not wait, because it has locked records by then. It counts what it tells by itself and
//! stores the events in its commit, or beside it, before the user's next batch, when it is taken back:
//! only then may five more be told, once for each instance. A dry run is written down beside its
//! answer, because the time to write would tell. Campaigns and roles have unique names and no row
//! scope.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Context, Fault, Kind, Quota, SecurityEvent, SecurityEventKind, StoreError, Timestamp, Trail,
    UnitOfWork, Words, words,
};

/// How often one user may meet values of records outside their scope: enough for mistakes of a busy
/// afternoon, and with it a thousand numbers take a day and a half, whatever is sent at once: requests
/// of one user wait for each other here. Only a batch that is taken back may be told as many again.
pub const COLLISIONS: Quota = Quota { limit: 5, window: Duration::from_secs(10 * 60) };

/// What was noticed on the way and cannot be written down by the unit of work that noticed it: that of a
/// dry run is taken back, and that of a batch may be. All clones share it.
#[derive(Clone, Debug, Default)]
pub struct Suspicions(Arc<Mutex<Vec<SecurityEventKind>>>);

impl Suspicions {
    /// Notes something.
    pub fn note(&self, kind: SecurityEventKind) {
        self.lock().push(kind);
    }

    /// How often something was noted that nobody has taken yet.
    pub fn count(&self, kind: SecurityEventKind) -> usize {
        self.lock().iter().filter(|noted| **noted == kind).count()
    }

    /// Everything noted, for whoever writes it down.
    #[must_use]
    pub fn take(&self) -> Vec<SecurityEventKind> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SecurityEventKind>> {
        // Pushing and taking cannot leave the list half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody met too many values of records outside their scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", words::too_many_collisions())]
pub struct TooManyCollisions {
    /// Until the next value is looked at.
    pub retry_after: Duration,
}

/// The time after which collisions count, and the last one that counts. Requests get their turn in
/// another order than they arrived in, as the sender of slow bodies pleases: what is ahead of this one
/// counts as well, but not without end, because a clock may have been set back.
pub fn collisions_counted(cx: &Context) -> (Timestamp, Timestamp) {
    (cx.at - COLLISIONS.window, cx.at + COLLISIONS.window)
}

/// Lets a caller who does not see every record try a unique value. `stored` are the times of their
/// collisions in the window, newest first; those of a batch under way are not stored yet.
///
/// # Errors
/// When there were too many.
pub fn may_collide(cx: &Context, stored: &[Timestamp]) -> Result<(), TooManyCollisions> {
    let noted = cx.suspicions.count(SecurityEventKind::HiddenValueTaken);
    let mut newest_first = std::iter::repeat_n(cx.at, noted).chain(stored.iter().copied());
    let last = usize::try_from(COLLISIONS.limit).unwrap_or(usize::MAX).saturating_sub(1);
    match newest_first.nth(last) {
        Some(at) => {
            let wait = (at + COLLISIONS.window - cx.at).to_std().unwrap_or_default();
            Err(TooManyCollisions { retry_after: wait.max(Duration::from_secs(1)) })
        }
        None => Ok(()),
    }
}

/// Writes down that a caller met a value of a record outside their scope, before they are told. The unit
/// of work must have written nothing else that is to be taken back.
///
/// # Errors
/// When it cannot be written down; then nothing may be told.
pub async fn collided<U>(cx: &Context, unit: Box<U>, value: &str) -> Result<(), StoreError>
where
    U: UnitOfWork + ?Sized,
{
    let kind = SecurityEventKind::HiddenValueTaken;
    if unit.is_of_batch() {
        // Whoever answers for the batch writes it down.
        cx.suspicions.note(kind);
        return Ok(());
    }
    let detail = Some(value.to_owned());
    unit.commit(Trail::of(cx).security(SecurityEvent { kind, user_id: cx.user_id(), detail })).await
}

impl Fault for TooManyCollisions {
    fn kind(&self) -> Kind {
        Kind::Limited
    }

    fn code(&self) -> &'static str {
        "rate_limited"
    }

    fn detail(&self) -> Option<Words> {
        Some(words::too_many_collisions())
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.retry_after)
    }

    fn quota(&self) -> Option<Quota> {
        Some(COLLISIONS)
    }
}
