//! How an attempt ended, and what becomes of the job.

use almoner_kernel::Timestamp;

use crate::{JobState, Outcome};

/// What becomes of a job after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How the attempt ended.
    pub ending: Ending,
    /// When.
    pub at: Timestamp,
}

/// How an attempt ended, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The work was done.
    Done,
    /// It is tried again.
    Again {
        /// Why it failed.
        reason: String,
        /// Not before this time.
        due_at: Timestamp,
    },
    /// It may not be done now, and is tried again. The attempt does not count.
    PutOff {
        /// Why it may not.
        reason: String,
        /// Not before this time.
        due_at: Timestamp,
    },
    /// It is dead.
    Failed {
        /// Why it failed.
        reason: String,
    },
    /// Nobody wants it any more.
    Cancelled,
    /// The server had to stop: the next one that starts begins anew, at once. The attempt does not
    /// count.
    Stopped,
}

impl Ending {
    /// How the run is written down.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Done => Outcome::Done,
            Self::Again { .. } | Self::PutOff { .. } | Self::Failed { .. } => Outcome::Failed,
            Self::Cancelled => Outcome::Cancelled,
            Self::Stopped => Outcome::Stopped,
        }
    }

    /// Where the job stands then.
    pub const fn state(&self) -> JobState {
        match self {
            Self::Done => JobState::Done,
            Self::Again { .. } | Self::PutOff { .. } | Self::Stopped => JobState::Waiting,
            Self::Failed { .. } => JobState::Failed,
            Self::Cancelled => JobState::Cancelled,
        }
    }

    /// Why it failed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Again { reason, .. } | Self::PutOff { reason, .. } | Self::Failed { reason } => {
                Some(reason)
            }
            Self::Done | Self::Cancelled | Self::Stopped => None,
        }
    }
}
