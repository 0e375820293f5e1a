//! How it stands with the queue, for the readiness and the metrics.

use std::{sync::Arc, time::Duration};

use almoner_jobs::Backlog;
use almoner_kernel::{Clock, Timestamp};
use parking_lot::Mutex;

/// Jobs by `state`: waiting, running, failed. Counting stops at 10,000.
pub const JOBS: &str = "almoner_jobs";
/// Seconds since the job was due that has been due longest; 0 when none is.
pub const OLDEST: &str = "almoner_jobs_oldest_due_seconds";

/// When nobody has looked into the queue for so long, it stands still.
const STANDSTILL: Duration = Duration::from_secs(60);

/// A job that has been due for so long is waiting for something that does not come.
const TOO_LATE: Duration = Duration::from_secs(15 * 60);

/// How it stands with the queue: shared with the readiness.
pub struct Standing {
    clock: Arc<dyn Clock>,
    seen: Mutex<Option<(Timestamp, Backlog)>>,
}

impl Standing {
    /// What nobody has seen yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Mutex::new(None) }
    }

    /// True while the queue is read and nothing in it has been due for long. Dead jobs do not count:
    /// they wait for a person.
    pub fn is_well(&self) -> bool {
        let Some((at, backlog)) = *self.seen.lock() else { return true };
        let now = self.clock.now();
        let longer = |since: Timestamp, limit: Duration| {
            (now - since).to_std().is_ok_and(|elapsed| elapsed > limit)
        };
        !longer(at, STANDSTILL) && !backlog.due_since.is_some_and(|since| longer(since, TOO_LATE))
    }

    /// Notes what there is to do.
    pub fn note(&self, at: Timestamp, backlog: Backlog) {
        *self.seen.lock() = Some((at, backlog));
        for (state, count) in
            [("waiting", backlog.waiting), ("running", backlog.running), ("failed", backlog.failed)]
        {
            metrics::gauge!(JOBS, "state" => state).set(count as f64);
        }
        let late = backlog.due_since.and_then(|since| (at - since).to_std().ok());
        metrics::gauge!(OLDEST).set(late.unwrap_or_default().as_secs_f64());
    }
}
