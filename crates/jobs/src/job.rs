//! A job, its attempts, and the rules by which it goes on.

use std::time::Duration;

use almoner_kernel::{
    Attempt, Audited, JobError, JobId, NewJob, Patience, Snapshot, Timestamp, Version,
    id::{Entity, JobEntity},
};
use uuid::Uuid;

use crate::{Ending, JobsError, Verdict};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// For its time, for a worker, or for the next attempt.
    Waiting,
    /// An attempt is under way.
    Running,
    /// It was done.
    Done,
    /// It is dead: no further attempt is made unless an operator asks for one.
    Failed,
    /// An operator did not want it any more.
    Cancelled,
}

impl JobState {
    /// Every state, in the order a job goes through them.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Work to be done, being done, or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// Which handler does it, such as `mail.send`.
    pub kind: String,
    /// What the handler must know: a JSON object with ids.
    pub payload: String,
    /// While it waits for its first attempt there is no second job of the kind with this key.
    pub unique: Option<String>,
    /// The schedule that made it, by name.
    pub schedule: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// When it is due while it waits; when the lease of the worker ends while it runs.
    pub due_at: Option<Timestamp>,
    /// Attempts begun so far.
    pub attempts: u32,
    /// Of these, attempts that do not count: those before an operator asked for another round, those
    /// that a server ended because it had to stop, and those that were put off.
    pub forgiven: u32,
    /// How far the attempt has come, and of how much.
    pub progress: Option<(u64, Option<u64>)>,
    /// An operator does not want it any more; the attempt under way has not heard of it yet.
    pub is_unwanted: bool,
    /// Which instance runs it.
    pub instance: Option<String>,
    /// Why the last attempt failed, in words for the operator.
    pub reason: Option<String>,
    /// The version; an attempt that begins or ends makes a new one too.
    pub version: Version,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

impl Job {
    /// A job that is due at once.
    pub const fn new(id: JobId, kind: String, payload: String, at: Timestamp) -> Self {
        Self {
            id,
            kind,
            payload,
            unique: None,
            schedule: None,
            state: JobState::Waiting,
            due_at: Some(at),
            attempts: 0,
            forgiven: 0,
            progress: None,
            is_unwanted: false,
            instance: None,
            reason: None,
            version: Version::FIRST,
            created_at: at,
            ended_at: None,
        }
    }

    /// What a use case left behind.
    pub fn left(id: JobId, new: &NewJob, at: Timestamp) -> Self {
        Self {
            unique: new.unique.clone(),
            due_at: Some(new.not_before.unwrap_or(at)),
            ..Self::new(id, new.kind.to_owned(), new.payload.clone(), at)
        }
    }

    /// The same, made by a schedule.
    #[must_use]
    pub fn of_schedule(self, name: String) -> Self {
        Self { schedule: Some(name), ..self }
    }

    /// Attempts that count.
    pub const fn tries(&self) -> u32 {
        self.attempts.saturating_sub(self.forgiven)
    }

    /// Another round of attempts for a job that had come to nothing, from now on.
    ///
    /// # Errors
    /// [`JobsError::State`] unless it has failed or was cancelled.
    pub fn retried(&self, at: Timestamp) -> Result<Self, JobsError> {
        match self.state {
            JobState::Failed | JobState::Cancelled => Ok(Self {
                state: JobState::Waiting,
                due_at: Some(at),
                forgiven: self.attempts,
                // Another job may have the key by now.
                unique: None,
                is_unwanted: false,
                progress: None,
                ended_at: None,
                version: self.version.next(),
                ..self.clone()
            }),
            state => Err(JobsError::State(state)),
        }
    }

    /// A job nobody wants any more. One that is running goes on until its handler hears of it.
    ///
    /// # Errors
    /// [`JobsError::State`] when it has come to its end.
    pub fn cancelled(&self, at: Timestamp) -> Result<Self, JobsError> {
        let version = self.version.next();
        match self.state {
            // A dead letter is put away.
            JobState::Waiting | JobState::Failed => Ok(Self {
                state: JobState::Cancelled,
                due_at: None,
                ended_at: Some(at),
                version,
                ..self.clone()
            }),
            JobState::Running if !self.is_unwanted => {
                Ok(Self { is_unwanted: true, version, ..self.clone() })
            }
            state => Err(JobsError::State(state)),
        }
    }

    /// A job that waits no longer.
    ///
    /// # Errors
    /// [`JobsError::State`] unless it is waiting.
    pub fn hastened(&self, at: Timestamp) -> Result<Self, JobsError> {
        match self.state {
            JobState::Waiting => {
                Ok(Self { due_at: Some(at), version: self.version.next(), ..self.clone() })
            }
            state => Err(JobsError::State(state)),
        }
    }
}

impl Audited for Job {
    const ENTITY: &'static str = JobEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("kind", self.kind.as_str().into()),
            ("schedule", self.schedule.as_deref().into()),
            ("state", self.state.as_str().into()),
            ("due_at", self.due_at.into()),
            ("cancel_requested", self.is_unwanted.into()),
        ]
    }
}

/// Which jobs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// Only jobs that stand there.
    pub state: Option<JobState>,
    /// Only jobs of this kind.
    pub kind: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The work was done.
    Done,
    /// It failed.
    Failed,
    /// The handler heard that nobody wants the job any more.
    Cancelled,
    /// The server had to stop before it was done.
    Stopped,
    /// The process died, or lost the database for longer than its lease.
    Lost,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::Done, Self::Failed, Self::Cancelled, Self::Stopped, Self::Lost];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
        }
    }

    /// The outcome with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// One attempt at a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// 1 for the first attempt.
    pub number: u32,
    /// Which instance made it.
    pub instance: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; none while it is under way.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it failed, in words for the operator.
    pub reason: Option<String>,
}

/// A job that a worker has taken. The number of its attempt is what its results are accepted by: a
/// worker whose lease is over cannot write over what its successor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The job as it is now: running.
    pub job: Job,
    /// When the attempt began.
    pub at: Timestamp,
}

impl Claimed {
    /// What the handler is told.
    pub fn attempt(&self, patience: Patience) -> Attempt {
        Attempt {
            job: self.job.id,
            payload: self.job.payload.clone(),
            number: self.job.attempts,
            is_last: self.job.tries() >= patience.attempts,
            at: self.at,
        }
    }

    /// True when its attempts are used up already: the process died in the last one. What kills a
    /// process again and again must not be tried for ever.
    pub const fn is_used_up(&self, patience: Patience) -> bool {
        self.job.tries() > patience.attempts
    }

    /// What becomes of the job after an attempt. `chance` is from 0 to 1.
    pub fn verdict(
        &self,
        patience: Patience,
        result: &Result<(), JobError>,
        at: Timestamp,
        chance: f64,
    ) -> Verdict {
        let ending = match result {
            Ok(()) => Ending::Done,
            Err(JobError::Cancelled) => Ending::Cancelled,
            Err(JobError::GiveUp { reason }) => Ending::Failed { reason: short(reason) },
            Err(JobError::Retry { .. } | JobError::NotNow { .. }) if self.job.is_unwanted => {
                Ending::Cancelled
            }
            Err(JobError::NotNow { reason, after }) => {
                Ending::PutOff { reason: short(reason), due_at: due_after(at, *after) }
            }
            Err(JobError::Retry { reason, after, .. }) => {
                let tries = self.job.tries();
                if tries >= patience.attempts {
                    Ending::Failed { reason: short(reason) }
                } else {
                    let wait = after.map_or_else(
                        || pause(patience, tries, chance),
                        |after| after.min(LONGEST_ASKED),
                    );
                    Ending::Again { reason: short(reason), due_at: due_after(at, wait) }
                }
            }
        };
        Verdict { ending, at }
    }
}

/// No job that waits is due later than this from now: it was put off by a clock that was ahead.
pub const FURTHEST: chrono::Duration = chrono::Duration::days(30);

/// No lease is longer than this from now: a minute, the hour by which a clock that is not doubted may be
/// behind, and the half hour in which the time that is known was not noted.
pub const LONGEST_LEASE: chrono::Duration = chrono::Duration::hours(2);

/// The longest time another side may ask a job to wait.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// Characters of a reason that are kept.
pub const MAX_REASON: usize = 500;

/// What went wrong may hold what others sent; PostgreSQL keeps no text with a NUL.
fn short(reason: &str) -> String {
    reason
        .chars()
        .take(MAX_REASON)
        .map(|char| if char == '\0' { '\u{fffd}' } else { char })
        .collect()
}

fn due_after(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::MAX);
    at.checked_add_signed(wait).unwrap_or(Timestamp::MAX_UTC)
}

/// The pause after the `tries`-th failure: twice as long each time, up to the longest, and somewhere
/// in its second half, so that what failed together is not tried again together.
pub fn pause(patience: Patience, tries: u32, chance: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(31);
    let full = patience.first_pause.saturating_mul(1 << doublings).min(patience.longest_pause);
    full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}
