//! The time, as far as it can be trusted: asked before anything is destroyed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use almoner_jobs::{Doubt, Timekeeper};
use almoner_kernel::{Clock, JobError, StoreError, Timestamp};
use almoner_persistence::Store;
use parking_lot::Mutex;

/// How often the clock is looked at, and storage asked what others say of it.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// How often storage is told of a time: an idle server writes as good as nothing.
const NOTE_EVERY: Duration = Duration::from_secs(30 * 60);

/// When something that only a person can end is tried again.
const ASK_AGAIN: Duration = Duration::from_secs(60 * 60);

/// The clock with what is known of the time. Shared by whatever destroys.
pub struct TrustedTime {
    clock: Arc<dyn Clock>,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    keeper: Timekeeper,
    is_doubted: bool,
}

impl TrustedTime {
    /// Begins with the latest time that storage knows of.
    pub fn new(clock: Arc<dyn Clock>, known: Option<Timestamp>) -> Self {
        let state = State { keeper: Timekeeper::new(known), is_doubted: false };
        Self { clock, began: Instant::now(), state: Mutex::new(state) }
    }

    /// Reads the clock and judges this very reading.
    ///
    /// # Errors
    /// [`Doubt`] when nothing may be destroyed by it.
    pub fn now(&self) -> Result<Timestamp, Doubt> {
        let mut state = self.state.lock();
        let now = self.clock.now();
        let judged = state.keeper.judge(now, self.began.elapsed());
        match (&judged, state.is_doubted) {
            (Err(doubt), false) => tracing::error!("{doubt}"),
            (Ok(()), true) => tracing::info!("the clock is trusted again"),
            _ => {}
        }
        state.is_doubted = judged.is_err();
        judged.map(|()| now)
    }

    /// The same for a job.
    ///
    /// # Errors
    /// A failure that says why, and when to try again.
    pub fn for_job(&self) -> Result<Timestamp, JobError> {
        self.now().map_err(|doubt| JobError::Retry {
            reason: doubt.to_string(),
            after: Some(doubt.wait.unwrap_or(ASK_AGAIN)),
            source: None,
        })
    }

    /// True while nothing may be destroyed.
    pub fn is_doubted(&self) -> bool {
        self.now().is_err()
    }

    /// The clock, whether or not it is right.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Looks at the clock for as long as the server runs, tells storage of times that are trusted, and
    /// asks what others say while it is not.
    pub async fn mind(&self, store: &Store) {
        let mut round = tokio::time::interval(LOOK_EVERY);
        let mut noted: Option<Instant> = None;
        loop {
            round.tick().await;
            if let Err(error) = self.look(store, &mut noted).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "storage was not told of the time");
            }
        }
    }

    async fn look(&self, store: &Store, noted: &mut Option<Instant>) -> Result<(), StoreError> {
        if self.is_doubted() {
            if let Some(known) = store.trusted_time().await? {
                self.learn(known);
            }
            return Ok(());
        }
        if noted.is_none_or(|at| at.elapsed() >= NOTE_EVERY) {
            if let Some(trusted) = self.trusted() {
                store.note_trusted_time(trusted).await?;
            }
            *noted = Some(Instant::now());
        }
        Ok(())
    }

    fn learn(&self, at: Timestamp) {
        self.state.lock().keeper.learn(at, self.began.elapsed());
    }

    fn trusted(&self) -> Option<Timestamp> {
        self.state.lock().keeper.trusted(self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};

    use super::*;

    struct Stopped(Mutex<Timestamp>);

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            *self.0.lock()
        }
    }

    #[test]
    fn a_job_that_destroys_is_told_why_it_may_not_and_when_to_try_again() {
        let today = Utc.with_ymd_and_hms(2026, 11, 28, 9, 0, 0).unwrap();
        let clock = Arc::new(Stopped(Mutex::new(today)));
        let time = TrustedTime::new(Arc::clone(&clock) as Arc<dyn Clock>, Some(today));
        assert_eq!(time.for_job().unwrap(), today);
        *clock.0.lock() = today + TimeDelta::days(20 * 365);
        let Err(JobError::Retry { reason, after, .. }) = time.for_job() else { panic!("it may") };
        assert!(reason.contains("7300 days"), "{reason}");
        assert_eq!(after, Some(ASK_AGAIN));
        assert!(time.is_doubted());
        *clock.0.lock() = today;
        assert!(!time.is_doubted());
    }
}
