//! The queue: jobs are stored with what causes them, taken by one worker at a time, and never lost.

use std::{collections::BTreeSet, time::Duration};

use almoner_donations::Donors;
use almoner_jobs::{
    Backlog, Claim, Claimed, Ending, Job, JobQuery, JobState, Outcome, Plan, Rule, Verdict,
};
use almoner_kernel::{
    Context, JobError, JobId, NewJob, PageRequest, Patience, StoreError, Timestamp, Trail,
    id::JobEntity, store::Batches,
};

use crate::support::{World, as_system, created, later};

on_both![
    a_job_is_stored_by_the_commit_that_causes_it_and_by_no_other,
    jobs_of_a_batch_are_stored_when_the_batch_is,
    a_payload_that_is_no_object_is_refused_with_everything_around_it,
    a_key_is_stored_once_while_its_job_waits_for_its_first_attempt,
    a_key_is_free_again_once_its_job_was_taken,
    jobs_are_taken_in_the_order_they_are_due_and_not_before,
    only_kinds_that_were_asked_for_are_taken,
    a_job_that_is_taken_is_nobody_elses_until_its_lease_is_over,
    a_lease_can_be_made_longer,
    whoever_lost_the_lease_writes_nothing,
    attempts_end_as_they_are_said_to,
    an_attempt_the_server_had_to_stop_is_repeated_at_once_and_does_not_count,
    an_attempt_that_was_put_off_does_not_count,
    an_operator_is_heard_by_the_attempt_under_way,
    a_look_at_an_empty_queue_writes_nothing,
    a_schedule_is_known_once_and_keeps_what_an_operator_did,
    a_schedule_fires_once_for_each_of_its_times,
    a_paused_schedule_does_not_fire,
    what_ended_long_ago_is_removed_with_its_runs,
    jobs_are_listed_newest_first_by_state_and_kind,
    the_backlog_is_counted,
    a_change_of_a_stale_job_is_refused,
];

const LEASE: i64 = 60_000;
const KINDS: &[&str] = &["test.one", "test.two"];

fn claim(millis: i64, limit: u32) -> Claim<'static> {
    Claim {
        kinds: KINDS,
        limit,
        instance: "here:1",
        at: later(millis),
        lease: Duration::from_millis(LEASE as u64),
    }
}

fn one(n: u32) -> NewJob {
    NewJob::new("test.one", format!(r#"{{"n":{n}}}"#))
}

impl World {
    /// Commits something that leaves these jobs behind.
    async fn leave(&self, cx: &Context, jobs: impl IntoIterator<Item = NewJob>) {
        let donor = self.donor("Causes Something");
        let mut tx = self.donors().begin().await.unwrap();
        tx.insert_donor(&donor, None).await.unwrap();
        let trail = jobs.into_iter().fold(Trail::of(cx).created(&donor), Trail::enqueue);
        tx.commit(trail).await.unwrap();
    }

    async fn take(&self, millis: i64) -> Vec<Claimed> {
        self.queue().claim(&claim(millis, 10)).await.unwrap()
    }

    async fn take_one(&self, millis: i64) -> Claimed {
        let mut taken = self.take(millis).await;
        assert_eq!(taken.len(), 1, "{taken:?}");
        taken.remove(0)
    }

    async fn job(&self, id: JobId) -> Job {
        self.jobs().find(id).await.unwrap().unwrap()
    }

    async fn finish(&self, claimed: &Claimed, ending: Ending, millis: i64) -> bool {
        let verdict = Verdict { ending, at: later(millis) };
        self.queue().finish(claimed, &verdict).await.unwrap()
    }

    async fn payloads(&self) -> Vec<String> {
        self.texts("payload", "FROM jobs ORDER BY payload").await
    }
}

async fn a_job_is_stored_by_the_commit_that_causes_it_and_by_no_other(world: &World) {
    let donor = world.donor("Dropped");
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert_donor(&donor, None).await.unwrap();
    drop(tx);
    let rehearsal = Context { dry_run: true, ..as_system() };
    world.leave(&rehearsal, [one(1)]).await;
    // A commit that fails after its jobs were written.
    let taken = world.campaign("Taken");
    world.save_campaign(&taken).await.unwrap();
    let mut tx = world.campaigns().begin().await.unwrap();
    let twin = tx.insert_campaign(&world.campaign("Taken")).await;
    assert!(matches!(twin, Err(StoreError::Taken(_))), "{twin:?}");
    drop(tx);
    assert_eq!(world.rows("jobs").await, 0);
    assert_eq!(world.take(0).await, []);

    world.leave(&as_system(), [one(2), one(3).not_before(later(500))]).await;
    assert_eq!(world.payloads().await, [r#"{"n":2}"#, r#"{"n":3}"#]);
    let job = world.take_one(0).await.job;
    assert_eq!((job.kind.as_str(), job.payload.as_str()), ("test.one", r#"{"n":2}"#));
    assert_eq!((job.state, job.attempts, job.forgiven), (JobState::Running, 1, 0));
    assert_eq!((job.created_at, job.due_at), (later(0), Some(later(LEASE))));
    assert_eq!(world.job(job.id).await, job);
    let runs = world.jobs().runs(job.id, 10).await.unwrap();
    assert_eq!((runs.len(), runs[0].number, runs[0].instance.as_str()), (1, 1, "here:1"));
    assert_eq!((runs[0].began_at, runs[0].ended_at, runs[0].outcome), (later(0), None, None));
}

async fn jobs_of_a_batch_are_stored_when_the_batch_is(world: &World) {
    for is_committed in [false, true] {
        let batch = Batches::open(&world.store).await.unwrap();
        for jobs in [vec![one(1).unique("k")], vec![one(1).unique("k"), one(2)]] {
            let (store, donor) = (world.store.clone(), world.donor("In a Batch"));
            batch
                .run(Box::pin(async move {
                    let mut tx = Donors::begin(&store).await.unwrap();
                    tx.insert_donor(&donor, None).await.unwrap();
                    let trail = jobs.into_iter().fold(created(&donor), Trail::enqueue);
                    tx.commit(trail).await.unwrap();
                }))
                .await;
        }
        if is_committed {
            batch.commit(Trail::of(&as_system())).await.unwrap();
        }
    }
    assert_eq!(world.payloads().await, [r#"{"n":1}"#, r#"{"n":2}"#]);
}

async fn a_payload_that_is_no_object_is_refused_with_everything_around_it(world: &World) {
    for payload in ["", "[1]", "{", &format!(r#"{{"x":"{}"}}"#, "x".repeat(20_000))] {
        let donor = world.donor("Refused");
        let mut tx = world.donors().begin().await.unwrap();
        tx.insert_donor(&donor, None).await.unwrap();
        let trail = created(&donor).enqueue(NewJob::new("test.one", payload.to_owned()));
        let refused = tx.commit(trail).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
    assert_eq!((world.rows("jobs").await, world.rows("donors").await), (0, 0));
}

async fn a_key_is_stored_once_while_its_job_waits_for_its_first_attempt(world: &World) {
    let keyed = |n: u32, at: i64| one(n).unique("k").not_before(later(at));
    world.leave(&as_system(), [keyed(1, 900), keyed(2, 800)]).await;
    world.leave(&as_system(), [keyed(3, 950)]).await;
    assert_eq!(world.payloads().await, [r#"{"n":1}"#]);
    assert_eq!(
        world.texts("due_at", "FROM jobs").await,
        [later(800).timestamp_millis().to_string()]
    );
    // The earlier time counts.
    world.leave(&as_system(), [keyed(4, 700)]).await;
    let other_kind = NewJob::new("test.two", "{}".to_owned()).unique("k");
    world.leave(&as_system(), [other_kind, one(5).unique("other"), one(6), one(6)]).await;
    assert_eq!(world.rows("jobs").await, 5);
    assert_eq!(world.take(700).await.len(), 5);
}

async fn a_key_is_free_again_once_its_job_was_taken(world: &World) {
    world.leave(&as_system(), [one(1).unique("k")]).await;
    let first = world.take_one(0).await;
    world.leave(&as_system(), [one(2).unique("k")]).await;
    // The first fails and waits again: neither is in the other's way.
    let again = Ending::Again { reason: "no".to_owned(), due_at: later(5) };
    assert!(world.finish(&first, again, 1).await);
    world.leave(&as_system(), [one(3).unique("k")]).await;
    assert_eq!(world.payloads().await, [r#"{"n":1}"#, r#"{"n":2}"#]);
    assert_eq!(world.take(5).await.len(), 2);
}

async fn jobs_are_taken_in_the_order_they_are_due_and_not_before(world: &World) {
    let due = [30, 10, 20, 40];
    world.leave(&as_system(), due.map(|at| one(at).not_before(later(at.into())))).await;
    assert_eq!(world.queue().next_due(KINDS).await.unwrap(), Some(later(10)));
    assert_eq!(world.queue().next_due(&["test.two"]).await.unwrap(), None);
    assert_eq!(world.take(9).await, []);
    let taken = world.queue().claim(&claim(35, 2)).await.unwrap();
    let payloads: Vec<&str> = taken.iter().map(|claimed| claimed.job.payload.as_str()).collect();
    assert_eq!(payloads, [r#"{"n":10}"#, r#"{"n":20}"#]);
    assert_eq!(world.take_one(35).await.job.payload, r#"{"n":30}"#);
    assert_eq!(world.queue().next_due(KINDS).await.unwrap(), Some(later(40)));
}

async fn only_kinds_that_were_asked_for_are_taken(world: &World) {
    world.leave(&as_system(), [NewJob::new("test.newer", "{}".to_owned()), one(1)]).await;
    assert_eq!(world.take_one(0).await.job.kind, "test.one");
    assert_eq!(world.take(0).await, []);
    assert_eq!(world.texts("state", "FROM jobs WHERE kind = 'test.newer'").await, ["waiting"]);
}

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

async fn a_look_at_an_empty_queue_writes_nothing(world: &World) {
    world.leave(&as_system(), [one(1).not_before(later(1_000))]).await;
    let statements = world.statements(world.take(0)).await;
    assert_eq!(statements.len(), 1, "{statements:?}");
    let plan = world.store.explain(&statements[0]).await.unwrap().join("\n");
    assert!(plan.contains("jobs_due") || plan.contains("Seq Scan"), "{plan}");
    if world.backend == crate::support::Backend::Sqlite {
        assert!(plan.contains("INDEX jobs_due") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
    // A writer that is held by somebody else is not asked for.
    let held = world.donors().begin().await.unwrap();
    assert_eq!(world.take(0).await, []);
    drop(held);
}

fn plan(cron: &str) -> Plan {
    Plan { name: "test.one", rule: Rule::parse(cron, "Europe/Istanbul".parse().unwrap()).unwrap() }
}

async fn a_schedule_is_known_once_and_keeps_what_an_operator_did(world: &World) {
    // START is 15:00 in Istanbul.
    let hourly = plan("30 * * * *");
    for millis in [0, 1_000] {
        world.queue().register(std::slice::from_ref(&hourly), later(millis)).await.unwrap();
    }
    let known = world.jobs().schedules().await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].name.as_str(), known[0].next_at), ("test.one", Some(later(1_800_000))));
    let mut tx = world.jobs().begin().await.unwrap();
    let before = tx.schedule("test.one").await.unwrap().unwrap();
    tx.update_schedule(&before.paused()).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&before, &before.paused())).await.unwrap();
    // Another rule in a newer program.
    let daily = plan("0 3 * * *");
    world.queue().register(std::slice::from_ref(&daily), later(2_000)).await.unwrap();
    let known = world.jobs().schedules().await.unwrap().remove(0);
    assert_eq!((known.cron.as_str(), known.time_zone.as_str()), ("0 3 * * *", "Europe/Istanbul"));
    assert_eq!((known.is_paused, known.next_at), (true, None));
    assert_eq!(known.id, before.id);
    let resumed = known.resumed(later(0));
    assert_eq!(resumed.next_at, Some(later(12 * 3_600_000)), "3:00 in Istanbul is 0:00 UTC");
}

async fn a_schedule_fires_once_for_each_of_its_times(world: &World) {
    let plan = plan("*/10 * * * *");
    world.queue().register(std::slice::from_ref(&plan), later(0)).await.unwrap();
    assert_eq!(world.queue().due_schedules(later(599_999)).await.unwrap(), []);
    let due = world.queue().due_schedules(later(600_000)).await.unwrap().remove(0);
    let fire = async |at: Timestamp| {
        let job = due.job_of(world.id::<JobEntity>(), due.next_at.unwrap(), at);
        world.queue().fire(&due, &job, plan.rule.next(at)).await.unwrap()
    };
    assert!(fire(later(600_000)).await);
    assert!(!fire(later(600_000)).await, "another instance was faster");
    let jobs = world.take(600_000).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].job.schedule.as_deref(), Some("test.one"));
    let moved = world.jobs().schedules().await.unwrap().remove(0);
    let times = (moved.fired_at, moved.next_at);
    assert_eq!(times, (Some(later(600_000)), Some(later(1_200_000))));
    assert_eq!(moved.version, due.version);
}

async fn a_paused_schedule_does_not_fire(world: &World) {
    let plan = plan("*/10 * * * *");
    world.queue().register(std::slice::from_ref(&plan), later(0)).await.unwrap();
    let due = world.queue().due_schedules(later(600_000)).await.unwrap().remove(0);
    let mut tx = world.jobs().begin().await.unwrap();
    tx.update_schedule(&due.paused()).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&due, &due.paused())).await.unwrap();
    assert_eq!(world.queue().due_schedules(later(600_000)).await.unwrap(), []);
    let job = due.job_of(world.id::<JobEntity>(), later(600_000), later(600_000));
    assert!(!world.queue().fire(&due, &job, None).await.unwrap());
    assert_eq!(world.rows("jobs").await, 0);
}

async fn what_ended_long_ago_is_removed_with_its_runs(world: &World) {
    world.leave(&as_system(), [1, 2, 3, 4, 5].map(one)).await;
    let taken = world.take(0).await;
    let failed = || Ending::Failed { reason: "no".to_owned() };
    let endings = [(Ending::Done, 10), (Ending::Cancelled, 11), (failed(), 10), (Ending::Done, 50)];
    for (claimed, (ending, at)) in taken.iter().zip(endings) {
        assert!(world.finish(claimed, ending, at).await);
    }
    let trim = async |ended: i64, failed: i64, limit| {
        world.queue().trim(later(ended), later(failed), limit).await.unwrap()
    };
    assert_eq!(trim(10, 10, 100).await, 0);
    assert_eq!(trim(20, 10, 1).await, 1);
    assert_eq!(trim(20, 10, 100).await, 1);
    assert_eq!(world.rows("jobs").await, 3);
    assert_eq!(trim(20, 11, 100).await, 1);
    let left = world.texts("state", "FROM jobs ORDER BY state").await;
    assert_eq!(left, ["done", "running"]);
    assert_eq!(world.rows("job_runs").await, 2);
}

async fn jobs_are_listed_newest_first_by_state_and_kind(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    world.leave(&as_system(), [NewJob::new("test.two", "{}".to_owned()), one(2)]).await;
    let taken = world.queue().claim(&claim(0, 1)).await.unwrap().remove(0);
    let list = async |state, kind: Option<&str>| {
        let query = JobQuery { state, kind: kind.map(str::to_owned) };
        let page = PageRequest { count: true, ..PageRequest::default() };
        let page = world.jobs().list(&query, &page).await.unwrap();
        let ids: Vec<JobId> = page.items.iter().map(|job| job.id).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
        page.items.len()
    };
    assert_eq!(list(None, None).await, 3);
    assert_eq!(list(Some(JobState::Waiting), None).await, 2);
    assert_eq!(list(Some(JobState::Running), None).await, 1);
    assert_eq!(list(None, Some("test.one")).await, 2);
    assert_eq!(list(Some(JobState::Waiting), Some("test.one")).await, 1);
    assert_eq!(list(Some(JobState::Failed), Some("test.one")).await, 0);
    assert_eq!(taken.job.kind, "test.one");
}

async fn the_backlog_is_counted(world: &World) {
    let none = Backlog::default();
    assert_eq!(world.queue().backlog(later(0)).await.unwrap(), none);
    world.leave(&as_system(), [one(1), one(2), one(3).not_before(later(900))]).await;
    let waiting = Backlog { waiting: 3, due_since: Some(later(0)), ..none };
    assert_eq!(world.queue().backlog(later(5)).await.unwrap(), waiting);
    let taken = world.take(5).await;
    let running = Backlog { waiting: 1, running: 2, ..none };
    assert_eq!(world.queue().backlog(later(5)).await.unwrap(), running);
    assert!(world.finish(&taken[0], Ending::Failed { reason: "no".to_owned() }, 6).await);
    assert!(world.finish(&taken[1], Ending::Done, 6).await);
    let failed = Backlog { waiting: 1, failed: 1, ..none };
    assert_eq!(world.queue().backlog(later(6)).await.unwrap(), failed);
}

async fn a_change_of_a_stale_job_is_refused(world: &World) {
    world.leave(&as_system(), [one(1)]).await;
    let read = world.jobs().list(&JobQuery::default(), &PageRequest::default()).await.unwrap();
    let read = &read.items[0];
    world.take_one(0).await;
    let mut tx = world.jobs().begin().await.unwrap();
    let raced = tx.update_job(&read.cancelled(later(1)).unwrap()).await;
    assert!(matches!(raced, Err(StoreError::Raced)), "{raced:?}");
    drop(tx);
    let kinds: BTreeSet<String> = world.texts("state", "FROM jobs").await.into_iter().collect();
    assert_eq!(kinds, BTreeSet::from(["running".to_owned()]));
}
