//! The time, as far as it can be trusted: asked before anything is destroyed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use almoner_jobs::{Doubt, Note, Timekeeper};
use almoner_kernel::{Clock, JobError, StoreError, Timestamp};
use almoner_persistence::Store;
use almoner_webhooks::Trust;
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
    /// Begins with the latest time that storage knows of, and with one that is past for certain.
    pub fn new(clock: Arc<dyn Clock>, known: Option<Timestamp>, floor: Timestamp) -> Self {
        let state = State { keeper: Timekeeper::new(known, floor), is_doubted: false };
        Self { clock, began: Instant::now(), state: Mutex::new(state) }
    }

    /// Reads the clock and judges this very reading.
    ///
    /// # Errors
    /// [`Doubt`] when nothing may be destroyed by it.
    pub fn now(&self) -> Result<Timestamp, Doubt> {
        self.read(&mut self.state.lock()).map(|(now, _)| now)
    }

    /// The time by which others' times can be told to be years ahead; none while the clock may itself be
    /// what is wrong.
    pub fn for_mending(&self) -> Option<Timestamp> {
        let mut state = self.state.lock();
        let (now, elapsed) = self.read(&mut state).ok()?;
        (!state.keeper.is_behind(now, elapsed)).then_some(now)
    }

    fn read(&self, state: &mut State) -> Result<(Timestamp, Duration), Doubt> {
        let (now, elapsed) = (self.clock.now(), self.began.elapsed());
        let judged = state.keeper.judge(now, elapsed);
        match (&judged, state.is_doubted) {
            (Err(doubt), false) => tracing::error!("{doubt}"),
            (Ok(()), true) => tracing::info!("the clock is trusted again"),
            _ => {}
        }
        state.is_doubted = judged.is_err();
        judged.map(|()| (now, elapsed))
    }

    /// The same for a job.
    ///
    /// # Errors
    /// A failure that says why, and when to try again.
    pub fn for_job(&self) -> Result<Timestamp, JobError> {
        self.now().map_err(|doubt| JobError::NotNow {
            reason: doubt.to_string(),
            after: doubt.wait.unwrap_or(ASK_AGAIN),
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
    /// asks what others say while it is not or is behind.
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
            // What is trusted next is news.
            *noted = None;
            if let Some(known) = store.trusted_time().await? {
                self.learn(known);
            }
            return Ok(());
        }
        if self.for_mending().is_some() && noted.is_some_and(|at| at.elapsed() < NOTE_EVERY) {
            return Ok(());
        }
        let stored = store.trusted_time().await?;
        let Some((now, note)) = self.weigh(stored) else { return Ok(()) };
        match note {
            Note::Keep => {}
            Note::Put => store.note_trusted_time(now, None).await?,
            Note::Instead(later) => {
                store.note_trusted_time(now, Some(later)).await?;
                // Another instance may have noted a time meanwhile: its clock is right, then.
                if store.trusted_time().await? == Some(now) {
                    self.set_back(now);
                }
            }
        }
        *noted = Some(Instant::now());
        Ok(())
    }

    fn weigh(&self, stored: Option<Timestamp>) -> Option<(Timestamp, Note)> {
        let mut state = self.state.lock();
        let (now, elapsed) = self.read(&mut state).ok()?;
        Some((now, state.keeper.weigh(stored, now, elapsed)))
    }

    fn set_back(&self, at: Timestamp) {
        tracing::warn!("the clock is behind, and nobody stands by the later time: it is given up");
        self.state.lock().keeper.set_back(at, self.began.elapsed());
    }

    fn learn(&self, at: Timestamp) {
        self.state.lock().keeper.learn(at, self.began.elapsed());
    }
}

impl Trust for TrustedTime {
    fn is_doubted(&self) -> bool {
        Self::is_doubted(self)
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
        let time = TrustedTime::new(Arc::clone(&clock) as Arc<dyn Clock>, Some(today), today);
        assert_eq!(time.for_job().unwrap(), today);
        // The moments that pass meanwhile are taken off.
        *clock.0.lock() = today + TimeDelta::days(20 * 365) + TimeDelta::hours(1);
        let Err(JobError::NotNow { reason, after }) = time.for_job() else { panic!("it may") };
        assert!(reason.contains("7300 days"), "{reason}");
        assert_eq!(after, ASK_AGAIN);
        assert!(time.is_doubted());
        *clock.0.lock() = today;
        assert!(!time.is_doubted());
    }
}
