//! Unique values and row scopes: that a value is taken tells that a record has it, also one that the
//! caller may not meet. Whoever does not see every record may find that out by mistake, not by trying:
//! each time is written down, and after a few there is no answer for a while. A dry run, which costs
//! nothing and leaves no record, does not say it at all.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{Context, Fault, Kind, Quota, SecurityEventKind, Timestamp, Words, words};

/// How often one user may meet values of records outside their scope: enough for mistakes of a busy
/// afternoon, and with it a thousand numbers take a day and a half.
pub const COLLISIONS: Quota = Quota { limit: 5, window: Duration::from_secs(10 * 60) };

/// What was noticed on the way that has to be written down whatever becomes of the change, also when
/// it is rolled back or was only rehearsed. All clones share it.
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

/// The time since when collisions count.
pub fn collisions_since(cx: &Context) -> Timestamp {
    cx.at - COLLISIONS.window
}

/// Lets a caller who does not see every record try a unique value. `stored` are the times of their
/// collisions in the window, newest first; those of the request itself are not stored yet.
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
