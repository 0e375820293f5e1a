//! The worker, on a real queue with handlers that go wrong in every way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use almoner_adapters::clock::SystemClock;
use almoner_app::jobs::worker::{Running, Settings, Worker};
use almoner_jobs::{Job, JobState, Outcome, Queue};
use almoner_kernel::{
    Attempt, Clock, JobError, JobHandler, JobId, NewJob, PageRequest, Patience, Progress,
};
use almoner_persistence::Store;
use async_trait::async_trait;

use crate::support::{Backend, World, created, later};

on_both![
    a_job_is_done_as_soon_as_it_is_committed,
    a_panic_is_the_failure_of_its_attempt_alone,
    what_goes_on_failing_is_dead_in_the_end,
    a_job_that_kills_its_process_again_and_again_is_dead_in_the_end,
    a_cancelled_attempt_hears_of_it_and_ends,
    a_server_that_stops_gives_back_what_it_had_begun,
    an_attempt_that_ends_within_the_grace_is_done,
    a_server_on_its_own_file_begins_anew_what_the_last_one_died_at,
    no_more_jobs_run_at_once_than_there_is_room_for,
];

/// Does what its kind says.
struct Does {
    kind: &'static str,
    begun: AtomicUsize,
    most: AtomicUsize,
    now: AtomicUsize,
}

const KINDS: [&str; 6] =
    ["test.fine", "test.panic", "test.fail", "test.endless", "test.patient", "test.brief"];

#[async_trait]
impl JobHandler for Does {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn patience(&self) -> Patience {
        let pause = Duration::from_millis(1);
        Patience { attempts: 2, first_pause: pause, longest_pause: pause }
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        match self.kind {
            "test.panic" => panic!("a handler panics"),
            "test.fail" => Err(JobError::retry("not today")),
            "test.endless" => std::future::pending().await,
            "test.patient" => loop {
                progress.report(1, Some(2)).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            },
            "test.brief" => {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

struct Bench {
    handlers: Vec<Arc<Does>>,
    running: Running,
}

impl Bench {
    fn start(world: &World, grace: Duration) -> Self {
        let handlers: Vec<Arc<Does>> = KINDS
            .map(|kind| {
                let count = || AtomicUsize::new(0);
                Arc::new(Does { kind, begun: count(), most: count(), now: count() })
            })
            .into();
        let mut settings = Settings::new(3, "here:1".to_owned(), grace);
        settings.poll = Duration::from_millis(20);
        let worker = Worker::new(
            Arc::new(world.store.clone()),
            Arc::new(SystemClock),
            world.ids.clone(),
            handlers.iter().map(|handler| Arc::clone(handler) as Arc<dyn JobHandler>).collect(),
            Vec::new(),
            settings,
        );
        Self { handlers, running: worker.start() }
    }

    fn handler(&self, kind: &str) -> &Does {
        self.handlers.iter().find(|handler| handler.kind == kind).unwrap()
    }

    fn begun(&self, kind: &str) -> usize {
        self.handler(kind).begun.load(Ordering::SeqCst)
    }
}

async fn leave(world: &World, kind: &'static str) -> JobId {
    let trail = created(&world.donor("Causes Something"));
    let trail = trail.enqueue(NewJob::new(kind, "{}".to_owned()));
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let page = world.jobs().list(&Default::default(), &PageRequest::default()).await.unwrap();
    page.items[0].id
}

/// Waits until a job is as it should be.
async fn until(world: &World, id: JobId, is_so: impl Fn(&Job) -> bool) -> Job {
    for _ in 0..1_500 {
        let job = world.jobs().find(id).await.unwrap().unwrap();
        if is_so(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came: {:?}", world.jobs().find(id).await);
}

async fn outcomes(world: &World, id: JobId) -> Vec<Option<Outcome>> {
    world.jobs().runs(id, 10).await.unwrap().into_iter().map(|run| run.outcome).collect()
}

const MINUTE: Duration = Duration::from_secs(60);

async fn a_job_is_done_as_soon_as_it_is_committed(world: &World) {
    let bench = Bench::start(world, MINUTE);
    for _ in 0..5 {
        let id = leave(world, "test.fine").await;
        until(world, id, |job| job.state == JobState::Done).await;
    }
    assert_eq!(bench.begun("test.fine"), 5);
    bench.running.stop().await;
}

async fn a_panic_is_the_failure_of_its_attempt_alone(world: &World) {
    let bench = Bench::start(world, MINUTE);
    let id = leave(world, "test.panic").await;
    let job = until(world, id, |job| job.state == JobState::Failed).await;
    assert_eq!((job.attempts, job.reason.as_deref()), (2, Some("the handler panicked")));
    assert_eq!(outcomes(world, id).await, [Some(Outcome::Failed); 2]);
    let id = leave(world, "test.fine").await;
    until(world, id, |job| job.state == JobState::Done).await;
    bench.running.stop().await;
}

async fn what_goes_on_failing_is_dead_in_the_end(world: &World) {
    let bench = Bench::start(world, MINUTE);
    let id = leave(world, "test.fail").await;
    let job = until(world, id, |job| job.state == JobState::Failed).await;
    assert_eq!((job.attempts, job.reason.as_deref()), (2, Some("not today")));
    assert_eq!(bench.begun("test.fail"), 2);
    bench.running.stop().await;
}

/// Takes whatever is due as a process would that dies at it.
async fn die_at_it(store: &Store) {
    let claim = almoner_jobs::Claim {
        kinds: &KINDS,
        limit: 10,
        instance: "gone:1",
        at: later(0),
        lease: Duration::from_millis(1),
    };
    store.claim(&claim).await.unwrap();
}

async fn a_job_that_kills_its_process_again_and_again_is_dead_in_the_end(world: &World) {
    let id = leave(world, "test.fine").await;
    for _ in 0..2 {
        die_at_it(&world.store).await;
        world.sql("UPDATE jobs SET due_at = 0").await;
    }
    let bench = Bench::start(world, MINUTE);
    let job = until(world, id, |job| job.state == JobState::Failed).await;
    assert_eq!(job.reason.as_deref(), Some("the process died in the last attempt"));
    assert_eq!(bench.begun("test.fine"), 0);
    let (failed, lost) = (Some(Outcome::Failed), Some(Outcome::Lost));
    assert_eq!(outcomes(world, id).await, [failed, lost, lost]);
    bench.running.stop().await;
}

async fn a_cancelled_attempt_hears_of_it_and_ends(world: &World) {
    let bench = Bench::start(world, MINUTE);
    let id = leave(world, "test.patient").await;
    let job = until(world, id, |job| job.progress.is_some()).await;
    assert_eq!((job.state, job.progress), (JobState::Running, Some((1, Some(2)))));
    let mut tx = world.jobs().begin().await.unwrap();
    let before = tx.job(id).await.unwrap().unwrap();
    tx.update_job(&before.cancelled(SystemClock.now()).unwrap()).await.unwrap();
    tx.commit(created(&world.donor("Wants it no more"))).await.unwrap();
    until(world, id, |job| job.state == JobState::Cancelled).await;
    assert_eq!(outcomes(world, id).await, [Some(Outcome::Cancelled)]);
    bench.running.stop().await;
}

async fn a_server_that_stops_gives_back_what_it_had_begun(world: &World) {
    let bench = Bench::start(world, Duration::ZERO);
    let id = leave(world, "test.endless").await;
    until(world, id, |job| job.state == JobState::Running).await;
    bench.running.stop().await;
    let job = world.jobs().find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.tries()), (JobState::Waiting, 1, 0));
    assert_eq!(outcomes(world, id).await, [Some(Outcome::Stopped)]);
    assert!(job.due_at.unwrap() <= SystemClock.now(), "the next start begins it at once");
    // Told to leave, it does not wait for the grace.
    let bench = Bench::start(world, MINUTE);
    until(world, id, |job| job.attempts == 2).await;
    bench.running.halt().leave();
    bench.running.stop().await;
    assert_eq!(world.jobs().find(id).await.unwrap().unwrap().state, JobState::Waiting);
}

async fn an_attempt_that_ends_within_the_grace_is_done(world: &World) {
    let bench = Bench::start(world, MINUTE);
    let id = leave(world, "test.brief").await;
    until(world, id, |job| job.state == JobState::Running).await;
    bench.running.stop().await;
    assert_eq!(world.jobs().find(id).await.unwrap().unwrap().state, JobState::Done);
}

async fn a_server_on_its_own_file_begins_anew_what_the_last_one_died_at(world: &World) {
    let id = leave(world, "test.fine").await;
    let now = SystemClock.now();
    let claim = almoner_jobs::Claim {
        kinds: &KINDS,
        limit: 1,
        instance: "gone:1",
        at: now,
        lease: Duration::from_secs(3_600),
    };
    assert_eq!(world.store.claim(&claim).await.unwrap().len(), 1);
    let bench = Bench::start(world, MINUTE);
    if world.backend == Backend::Sqlite {
        until(world, id, |job| job.state == JobState::Done).await;
    } else {
        // The other instance may well be alive.
        let other = leave(world, "test.fine").await;
        until(world, other, |job| job.state == JobState::Done).await;
        assert_eq!(world.jobs().find(id).await.unwrap().unwrap().state, JobState::Running);
    }
    bench.running.stop().await;
}

async fn no_more_jobs_run_at_once_than_there_is_room_for(world: &World) {
    let bench = Bench::start(world, MINUTE);
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(leave(world, "test.brief").await);
    }
    for id in ids {
        until(world, id, |job| job.state == JobState::Done).await;
    }
    assert_eq!(bench.handler("test.brief").most.load(Ordering::SeqCst), 3);
    bench.running.stop().await;
}
