//! Jobs: work that is done apart from the request that causes it.
//!
//! A use case leaves a job in its [`Trail`](crate::Trail), and `commit` stores it in the same
//! transaction: what a unit of work that rolls back would have caused never runs, and what one that
//! commits causes also runs when the process dies right after.

use std::time::Duration;

use async_trait::async_trait;

use crate::{JobId, Timestamp, store::Cause};

/// Work to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Which handler does it, such as `mail.send`.
    pub kind: &'static str,
    /// What the handler must know: a JSON object with ids, never personal data or a secret.
    pub payload: String,
    /// Not before this time; at once when absent.
    pub not_before: Option<Timestamp>,
    /// While a job of the same kind with the same key waits for its first attempt, a second one is
    /// not stored.
    pub unique: Option<String>,
}

impl NewJob {
    /// Work to be done at once.
    pub const fn new(kind: &'static str, payload: String) -> Self {
        Self { kind, payload, not_before: None, unique: None }
    }

    /// Not before `time`.
    #[must_use]
    pub fn not_before(self, time: Timestamp) -> Self {
        Self { not_before: Some(time), ..self }
    }

    /// Not twice while it waits.
    #[must_use]
    pub fn unique(self, key: impl Into<String>) -> Self {
        Self { unique: Some(key.into()), ..self }
    }
}

/// One attempt at a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// What must be known, as it was stored.
    pub payload: String,
    /// 1 for the first attempt.
    pub number: u32,
    /// True when a failure will not be followed by another attempt.
    pub is_last: bool,
    /// When it began.
    pub at: Timestamp,
}

/// Does the jobs of one kind.
///
/// A process may die between the work and the note that it was done: then the job is attempted
/// again. So whatever a handler does must be the same when it is done twice.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// The kind of job, such as `mail.send`: the name in [`NewJob::kind`].
    fn kind(&self) -> &'static str;

    /// How often it is tried, and with which pauses.
    fn patience(&self) -> Patience {
        Patience::default()
    }

    /// Does the work.
    ///
    /// # Errors
    /// [`JobError`], which says whether another attempt makes sense.
    async fn run(&self, attempt: &Attempt, progress: &dyn Progress) -> Result<(), JobError>;
}

/// How often a job is tried, and how the pause between two attempts grows: twice as long after each
/// failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts, the first one included.
    pub attempts: u32,
    /// The pause after the first failure.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Patience {
    /// Twelve attempts within some three hours and a half.
    fn default() -> Self {
        Self {
            attempts: 12,
            first_pause: Duration::from_secs(10),
            longest_pause: Duration::from_secs(60 * 60),
        }
    }
}

/// How far an attempt has come, for whoever watches it.
#[async_trait]
pub trait Progress: Send + Sync {
    /// Tells it; worth calling between steps, as often as one likes.
    ///
    /// # Errors
    /// [`JobError::Cancelled`] when an operator does not want the job any more: the handler passes
    /// it on.
    async fn report(&self, done: u64, total: Option<u64>) -> Result<(), JobError>;
}

/// An attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may work later: the network, another server, the database.
    #[error("{reason}")]
    Retry {
        /// In words for the operator, without personal data.
        reason: String,
        /// Not before this time has passed, when the other side said so; otherwise the usual
        /// pause, which grows with each attempt.
        after: Option<Duration>,
        /// For the log.
        #[source]
        source: Option<Cause>,
    },
    /// It may not be done now, which says nothing about the work: the attempt does not count.
    #[error("{reason}")]
    NotNow {
        /// In words for the operator, without personal data.
        reason: String,
        /// Not before this time has passed.
        after: Duration,
    },
    /// No attempt can ever work, such as one for a record that is gone.
    #[error("{reason}")]
    GiveUp {
        /// In words for the operator, without personal data.
        reason: String,
    },
    /// An operator does not want it any more.
    #[error("cancelled")]
    Cancelled,
}

impl JobError {
    /// It may work later.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None, source: None }
    }

    /// It never will.
    pub fn give_up(reason: impl Into<String>) -> Self {
        Self::GiveUp { reason: reason.into() }
    }
}

impl From<crate::StoreError> for JobError {
    fn from(error: crate::StoreError) -> Self {
        Self::Retry { reason: error.to_string(), after: None, source: Some(Box::new(error)) }
    }
}
