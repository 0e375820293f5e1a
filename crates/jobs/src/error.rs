//! Why a use case of this domain refuses.

use std::time::Duration;

use almoner_kernel::{Denied, Fault, Kind, StoreError, Words, words::no_such_record};

use crate::{JobState, words};

/// Why a use case of this domain refuses.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such job or schedule.
    #[error("{}", no_such_record())]
    NotFound,
    /// The state of the job does not allow it.
    #[error("{}", words::job_state(.0.as_str()))]
    State(JobState),
    /// The schedule is paused already.
    #[error("{}", words::already_paused())]
    AlreadyPaused,
    /// The schedule is not paused.
    #[error("{}", words::not_paused())]
    NotPaused,
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

impl Fault for JobsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => Kind::NotFound,
            Self::State(_) | Self::AlreadyPaused | Self::NotPaused => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NotFound => "not_found",
            Self::State(_) => "job_state",
            Self::AlreadyPaused | Self::NotPaused => "schedule_state",
            Self::Store(error) => error.code(),
        }
    }

    fn detail(&self) -> Option<Words> {
        Some(match self {
            Self::Denied(denied) => return denied.detail(),
            Self::NotFound => no_such_record(),
            Self::State(state) => words::job_state(state.as_str()),
            Self::AlreadyPaused => words::already_paused(),
            Self::NotPaused => words::not_paused(),
            Self::Store(error) => return error.detail(),
        })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
