use almoner_kernel::{Denied, Fault, Kind, StoreError};

use crate::{JobState, JobsError};

#[test]
fn every_refusal_has_its_kind_and_code() {
    for (error, kind, code) in [
        (JobsError::Denied(Denied::Unauthenticated), Kind::Unauthenticated, "unauthenticated"),
        (JobsError::NotFound, Kind::NotFound, "not_found"),
        (JobsError::State(JobState::Done), Kind::Conflict, "job_state"),
        (JobsError::AlreadyPaused, Kind::Conflict, "schedule_state"),
        (JobsError::NotPaused, Kind::Conflict, "schedule_state"),
        (StoreError::Unavailable("away".into()).into(), Kind::Unavailable, "unavailable"),
    ] {
        assert_eq!((error.kind(), error.code()), (kind, code));
        let is_of_storage = matches!(error, JobsError::Store(_));
        assert_eq!(error.retry_after().is_some(), is_of_storage);
        match error.detail() {
            Some(words) => assert_eq!(words.to_string(), error.to_string()),
            None => assert!(is_of_storage),
        }
    }
}
