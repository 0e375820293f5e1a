//! A job belongs to one attempt at a time, which ends as it is said to.

use almoner_jobs::{Ending, JobState, Outcome};
use almoner_kernel::{JobError, Patience, Trail};

use super::{LEASE, one};
use crate::support::{World, as_system, later};

on_both![
    a_job_that_is_taken_is_nobody_elses_until_its_lease_is_over,
    a_lease_can_be_made_longer,
    whoever_lost_the_lease_writes_nothing,
    attempts_end_as_they_are_said_to,
    an_attempt_the_server_had_to_stop_is_repeated_at_once_and_does_not_count,
    an_attempt_that_was_put_off_does_not_count,
    an_operator_is_heard_by_the_attempt_under_way,
];

async fn a_job_that_is_taken_is_nobody_elses_until_its_lease_is_over(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let first = world.take_one(0).await;
    assert_eq!(world.take(LEASE - 1).await, []);
    let second = world.take_one(LEASE).await;
    assert_eq!((second.job.id, second.job.attempts), (first.job.id, 2));
    let runs = world.jobs().runs(first.job.id, 10).await.unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| (run.number, run.outcome)).collect();
    assert_eq!(outcomes, [(2, None), (1, Some(Outcome::Lost))]);
    assert_eq!(world.jobs().runs(first.job.id, 1).await.unwrap().len(), 1);
}

async fn a_lease_can_be_made_longer(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let claimed = world.take_one(0).await;
    let kept = world.queue().renew(&claimed, Some((3, Some(9))), later(LEASE * 2)).await.unwrap();
    assert!(!kept.unwrap().is_unwanted);
    assert_eq!(world.job(claimed.job.id).await.progress, Some((3, Some(9))));
    assert_eq!(world.take(LEASE * 2 - 1).await, []);
    assert_eq!(world.take(LEASE * 2).await.len(), 1);
}

async fn whoever_lost_the_lease_writes_nothing(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let first = world.take_one(0).await;
    let second = world.take_one(LEASE).await;
    let before = world.job(first.job.id).await;
    assert_eq!(world.queue().lease(&first).await.unwrap(), None);
    assert_eq!(world.queue().renew(&first, None, later(LEASE * 9)).await.unwrap(), None);
    for ending in [Ending::Done, Ending::Stopped, Ending::Cancelled] {
        assert!(!world.finish(&first, ending, LEASE + 1).await);
    }
    assert_eq!(world.job(first.job.id).await, before);
    assert!(world.finish(&second, Ending::Done, LEASE + 2).await);
    // Twice is not once more.
    assert!(!world.finish(&second, Ending::Stopped, LEASE + 3).await);
    let job = world.job(first.job.id).await;
    assert_eq!((job.state, job.ended_at), (JobState::Done, Some(later(LEASE + 2))));
}

async fn attempts_end_as_they_are_said_to(world: &World) {
    let patience = Patience { attempts: 2, ..Patience::default() };
    world.leave(&as_system(), [one(1)]).await;
    let first = world.take_one(0).await;
    let verdict = first.verdict(patience, &Err(JobError::retry("busy")), later(7), 1.0);
    assert!(world.queue().finish(&first, &verdict).await.unwrap());
    let job = world.job(first.job.id).await;
    assert_eq!((job.state, job.due_at), (JobState::Waiting, Some(later(10_007))));
    assert_eq!((job.reason.as_deref(), job.instance, job.ended_at), (Some("busy"), None, None));

    let second = world.take_one(10_007).await;
    let verdict = second.verdict(patience, &Err(JobError::retry("still")), later(10_010), 0.0);
    assert!(world.queue().finish(&second, &verdict).await.unwrap());
    let job = world.job(first.job.id).await;
    assert_eq!((job.state, job.due_at), (JobState::Failed, None));
    assert_eq!((job.reason.as_deref(), job.ended_at), (Some("still"), Some(later(10_010))));
    assert_eq!(world.take(i64::from(u32::MAX)).await, []);
    let runs = world.jobs().runs(job.id, 10).await.unwrap();
    let reasons: Vec<_> = runs.iter().map(|run| (run.outcome, run.reason.as_deref())).collect();
    let failed = Some(Outcome::Failed);
    assert_eq!(reasons, [(failed, Some("still")), (failed, Some("busy"))]);

    // An operator asks for another round, and it is done.
    let mut tx = world.jobs().begin().await.unwrap();
    let before = tx.job(job.id).await.unwrap().unwrap();
    let after = before.retried(later(20_000)).unwrap();
    tx.update_job(&after).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&before, &after)).await.unwrap();
    let third = world.take_one(20_000).await;
    assert_eq!((third.job.attempts, third.job.tries()), (3, 1));
    assert!(world.finish(&third, Ending::Done, 20_001).await);
    let job = world.job(job.id).await;
    assert_eq!((job.state, job.reason), (JobState::Done, None));
}

async fn an_attempt_the_server_had_to_stop_is_repeated_at_once_and_does_not_count(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let first = world.take_one(0).await;
    assert!(world.finish(&first, Ending::Stopped, 5).await);
    let second = world.take_one(5).await;
    assert_eq!((second.job.attempts, second.job.tries()), (2, 1));
    assert!(!world.finish(&first, Ending::Done, 6).await, "its number is not used again");
}

async fn an_attempt_that_was_put_off_does_not_count(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    for round in 0..3 {
        let claimed = world.take_one(round * 10).await;
        assert_eq!(i64::from(claimed.job.attempts), round + 1);
        assert_eq!(claimed.job.tries(), 1);
        let due_at = later(round * 10 + 10);
        let ending = Ending::PutOff { reason: "not now".to_owned(), due_at };
        assert!(world.finish(&claimed, ending, round * 10 + 1).await);
        let job = world.job(claimed.job.id).await;
        assert_eq!((job.state, job.due_at), (JobState::Waiting, Some(due_at)));
        assert_eq!((job.reason.as_deref(), job.tries()), (Some("not now"), 0));
        assert_eq!(world.take(round * 10 + 9).await, []);
    }
}

async fn an_operator_is_heard_by_the_attempt_under_way(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let claimed = world.take_one(0).await;
    assert!(!world.queue().lease(&claimed).await.unwrap().unwrap().is_unwanted);
    let mut tx = world.jobs().begin().await.unwrap();
    let before = tx.job(claimed.job.id).await.unwrap().unwrap();
    let after = before.cancelled(later(1)).unwrap();
    tx.update_job(&after).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&before, &after)).await.unwrap();
    assert!(world.queue().lease(&claimed).await.unwrap().unwrap().is_unwanted);
    let kept = world.queue().renew(&claimed, None, later(LEASE)).await.unwrap();
    assert!(kept.unwrap().is_unwanted);
    assert!(world.finish(&claimed, Ending::Cancelled, 2).await);
    assert_eq!(world.job(claimed.job.id).await.state, JobState::Cancelled);
    assert_eq!(world.take(i64::from(u32::MAX)).await, []);
}
