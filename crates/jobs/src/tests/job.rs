use std::time::Duration;

use almoner_kernel::{JobError, NewJob, Patience};
use proptest::prelude::*;

use super::{START, later, waiting};
use crate::{Claimed, Ending, Job, JobState, JobsError, Outcome, job::MAX_REASON, pause};

fn running(attempts: u32, forgiven: u32) -> Claimed {
    let job = Job { state: JobState::Running, attempts, forgiven, ..waiting() };
    Claimed { job, at: START }
}

fn in_state(state: JobState) -> Job {
    Job { state, attempts: 5, unique: Some("k".to_owned()), ..waiting() }
}

const THREE: Patience = Patience {
    attempts: 3,
    first_pause: Duration::from_secs(10),
    longest_pause: Duration::from_secs(60),
};

#[test]
fn what_a_use_case_leaves_is_due_at_once_or_at_its_time() {
    let new = NewJob::new("mail.send", r#"{"id":1}"#.to_owned()).unique("k");
    let job = Job::left(waiting().id, &new, START);
    assert_eq!((job.state, job.due_at, job.attempts), (JobState::Waiting, Some(START), 0));
    assert_eq!((job.kind.as_str(), job.payload.as_str()), ("mail.send", r#"{"id":1}"#));
    assert_eq!(job.unique.as_deref(), Some("k"));
    let later = Job::left(job.id, &new.not_before(later(9)), START);
    assert_eq!(later.due_at, Some(super::later(9)));
}

#[test]
fn an_attempt_knows_whether_it_is_the_last_one() {
    let last = |attempts, forgiven| running(attempts, forgiven).attempt(THREE).is_last;
    assert_eq!((last(1, 0), last(2, 0), last(3, 0)), (false, false, true));
    assert_eq!((last(7, 5), last(8, 5)), (false, true));
    assert_eq!(running(7, 5).attempt(THREE).number, 7);
    // The process died in the third.
    assert!(running(4, 0).is_used_up(THREE) && !running(3, 0).is_used_up(THREE));
    assert!(!running(4, 1).is_used_up(THREE));
}

#[test]
fn a_failure_is_repeated_until_patience_is_at_its_end() {
    let verdict =
        |attempts, result| running(attempts, 0).verdict(THREE, &result, later(1), 1.0).ending;
    let again = |reason: &str, seconds: i64| Ending::Again {
        reason: reason.to_owned(),
        due_at: later(1 + seconds),
    };
    let dead = |reason: &str| Ending::Failed { reason: reason.to_owned() };
    assert_eq!(verdict(1, Ok(())), Ending::Done);
    assert_eq!(verdict(1, Err(JobError::retry("busy"))), again("busy", 10));
    assert_eq!(verdict(2, Err(JobError::retry("busy"))), again("busy", 20));
    assert_eq!(verdict(3, Err(JobError::retry("busy"))), dead("busy"));
    assert_eq!(verdict(1, Err(JobError::give_up("gone"))), dead("gone"));
    assert_eq!(verdict(1, Err(JobError::Cancelled)), Ending::Cancelled);
    let asked = |after| {
        Err(JobError::Retry { reason: "wait".to_owned(), after: Some(after), source: None })
    };
    assert_eq!(verdict(2, asked(Duration::from_secs(500))), again("wait", 500));
    assert_eq!(verdict(2, asked(Duration::MAX)), again("wait", 86_400));
    assert_eq!(verdict(3, asked(Duration::from_secs(5))), dead("wait"));
}

#[test]
fn what_may_not_be_done_now_is_put_off_however_often_it_was() {
    for (attempts, forgiven) in [(1, 0), (3, 0), (100, 97), (100, 99)] {
        let not_now = |seconds| JobError::NotNow {
            reason: "no".to_owned(),
            after: Duration::from_secs(seconds),
        };
        let claimed = running(attempts, forgiven);
        let ending = |error| claimed.verdict(THREE, &Err(error), later(1), 1.0).ending;
        let put_off = Ending::PutOff { reason: "no".to_owned(), due_at: later(3601) };
        assert_eq!(ending(not_now(3600)), put_off);
        let mut unwanted = claimed.clone();
        unwanted.job.is_unwanted = true;
        let verdict = unwanted.verdict(THREE, &Err(not_now(1)), START, 1.0);
        assert_eq!(verdict.ending, Ending::Cancelled);
    }
}

#[test]
fn what_nobody_wants_is_not_tried_again() {
    let mut claimed = running(1, 0);
    claimed.job.is_unwanted = true;
    let ending = |result| claimed.verdict(THREE, &result, START, 1.0).ending;
    assert_eq!(ending(Err(JobError::retry("busy"))), Ending::Cancelled);
    // It was done before it heard of it.
    assert_eq!(ending(Ok(())), Ending::Done);
}

#[test]
fn reasons_are_kept_short() {
    let long = "ş".repeat(MAX_REASON * 2);
    let ending = running(1, 0).verdict(THREE, &Err(JobError::give_up(long)), START, 0.0).ending;
    assert_eq!(ending.reason().unwrap().chars().count(), MAX_REASON);
}

#[test]
fn endings_say_where_the_job_stands() {
    let (reason, due_at) = ("no".to_owned(), START);
    for (ending, outcome, state) in [
        (Ending::Done, Outcome::Done, JobState::Done),
        (Ending::Again { reason: reason.clone(), due_at }, Outcome::Failed, JobState::Waiting),
        (Ending::PutOff { reason: reason.clone(), due_at }, Outcome::Failed, JobState::Waiting),
        (Ending::Failed { reason }, Outcome::Failed, JobState::Failed),
        (Ending::Cancelled, Outcome::Cancelled, JobState::Cancelled),
        (Ending::Stopped, Outcome::Stopped, JobState::Waiting),
    ] {
        assert_eq!((ending.outcome(), ending.state()), (outcome, state));
        assert_eq!(ending.reason().is_some(), outcome == Outcome::Failed);
    }
}

#[test]
fn only_what_came_to_nothing_is_retried() {
    for state in [JobState::Failed, JobState::Cancelled] {
        let after = in_state(state).retried(later(3)).unwrap();
        assert_eq!((after.state, after.due_at), (JobState::Waiting, Some(later(3))));
        assert_eq!((after.tries(), after.unique, after.ended_at), (0, None, None));
        assert_eq!(after.version, waiting().version.next());
    }
    for state in [JobState::Waiting, JobState::Running, JobState::Done] {
        let refused = in_state(state).retried(START);
        assert!(matches!(refused, Err(JobsError::State(found)) if found == state), "{refused:?}");
    }
}

#[test]
fn what_waits_or_failed_is_cancelled_and_what_runs_is_told() {
    for state in [JobState::Waiting, JobState::Failed] {
        let after = in_state(state).cancelled(later(3)).unwrap();
        assert_eq!((after.state, after.due_at), (JobState::Cancelled, None));
        assert_eq!(after.ended_at, Some(later(3)));
    }
    let told = in_state(JobState::Running).cancelled(later(3)).unwrap();
    assert_eq!((told.state, told.is_unwanted, told.ended_at), (JobState::Running, true, None));
    assert!(matches!(told.cancelled(later(4)), Err(JobsError::State(JobState::Running))));
    for state in [JobState::Done, JobState::Cancelled] {
        assert!(in_state(state).cancelled(START).is_err());
    }
}

#[test]
fn only_what_waits_is_hastened() {
    let job = Job { due_at: Some(later(900)), ..waiting() };
    assert_eq!(job.hastened(later(2)).unwrap().due_at, Some(later(2)));
    for state in [JobState::Running, JobState::Done, JobState::Failed, JobState::Cancelled] {
        assert!(in_state(state).hastened(START).is_err());
    }
}

#[test]
fn names_are_read_back() {
    for state in JobState::ALL {
        assert_eq!(JobState::parse(state.as_str()), Some(state));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
    }
    assert_eq!((JobState::parse("dead"), Outcome::parse("dead")), (None, None));
}

proptest! {
    #[test]
    fn pauses_grow_and_stay_within_bounds(tries in 1_u32..2_000, chance in -1.0_f64..2.0) {
        let patience = Patience::default();
        let now = pause(patience, tries, chance);
        let full = pause(patience, tries, 1.0);
        prop_assert!(now <= full && now >= full / 2);
        prop_assert!(full <= patience.longest_pause && full >= patience.first_pause);
        prop_assert!(pause(patience, tries + 1, 1.0) >= full);
    }
}
