//! The queue: jobs are stored with what causes them, taken by one worker at a time, and never lost.

mod attempts;
mod schedules;

use std::{collections::BTreeSet, time::Duration};

use almoner_jobs::{Backlog, Claim, Claimed, Ending, Job, JobQuery, JobState, Verdict};
use almoner_kernel::{Context, JobId, NewJob, PageRequest, StoreError, Trail, store::Batches};

use crate::support::{World, as_system, created, later};

on_both![
    a_job_is_stored_by_the_commit_that_causes_it_and_by_no_other,
    jobs_of_a_batch_are_stored_when_the_batch_is,
    a_payload_that_is_no_object_is_refused_with_everything_around_it,
    a_key_is_stored_once_while_its_job_waits_for_its_first_attempt,
    a_key_is_free_again_once_its_job_was_taken,
    jobs_are_taken_in_the_order_they_are_due_and_not_before,
    only_kinds_that_were_asked_for_are_taken,
    a_look_at_an_empty_queue_writes_nothing,
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
        tx.insert(&donor).await.unwrap();
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
    tx.insert(&donor).await.unwrap();
    drop(tx);
    let rehearsal = Context { dry_run: true, ..as_system() };
    world.leave(&rehearsal, [one(1)]).await;
    // A commit that fails after its jobs were written.
    let taken = world.campaign("Taken");
    world.save_campaign(&taken).await.unwrap();
    let mut tx = world.campaigns().begin().await.unwrap();
    let twin = tx.insert(&world.campaign("Taken")).await;
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
                    let donors: &dyn almoner_records::Repository<almoner_donations::Donor> = &store;
                    let mut tx = donors.begin().await.unwrap();
                    tx.insert(&donor).await.unwrap();
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
        tx.insert(&donor).await.unwrap();
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
