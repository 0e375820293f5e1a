use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Action, Actor, Caller, Context, Denied, Grant, Ids, JobId, Origin, Page, PageRequest,
    Permission, PermissionSet, ScopeKind, SessionId, StoreError, Trail, UnitOfWork, UserId,
    Version,
};
use async_trait::async_trait;
use mockall::mock;
use uuid::Uuid;

use super::{START, later, waiting};
use crate::{
    Job, JobQuery, JobService, JobState, Jobs, JobsError, JobsTx, Plan, Rule, Run, Schedule,
};

mock! {
    pub Ids {}

    impl Ids for Ids {
        fn next(&self) -> Uuid;
    }
}

mock! {
    pub Jobs {}

    #[async_trait]
    impl Jobs for Jobs {
        async fn begin(&self) -> Result<Box<dyn JobsTx>, StoreError>;
        async fn find(&self, id: JobId) -> Result<Option<Job>, StoreError>;
        async fn runs(&self, id: JobId, limit: u32) -> Result<Vec<Run>, StoreError>;
        async fn list(&self, query: &JobQuery, page: &PageRequest) -> Result<Page<Job>, StoreError>;
        async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;
    }
}

mock! {
    pub Tx {}

    #[async_trait]
    impl UnitOfWork for Tx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl JobsTx for Tx {
        async fn job(&mut self, id: JobId) -> Result<Option<Job>, StoreError>;
        async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError>;
        async fn update_job(&mut self, job: &Job) -> Result<(), StoreError>;
        async fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, StoreError>;
        async fn update_schedule(&mut self, schedule: &Schedule) -> Result<(), StoreError>;
    }
}

fn asked_by(permissions: impl IntoIterator<Item = Permission>) -> Context {
    let permissions = permissions.into_iter().collect::<PermissionSet>();
    let caller = Caller {
        user_id: UserId::new(Uuid::from_u128(1)),
        session_id: SessionId::new(Uuid::from_u128(2)),
        grants: vec![Grant::new("operator", permissions, ScopeKind::All)],
    };
    Context {
        actor: Actor::User(Arc::new(caller)),
        at: later(5),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

fn manager() -> Context {
    asked_by([Permission::JOBS_MANAGE])
}

/// A service on a transaction, and the trail it committed.
fn stage(prepare: impl FnOnce(&mut MockTx)) -> (JobService, Arc<Mutex<Option<Trail>>>) {
    let committed = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&committed);
    let mut tx = MockTx::new();
    prepare(&mut tx);
    tx.expect_commit().times(0..=1).returning(move |trail| {
        *kept.lock().unwrap() = Some(trail);
        Ok(())
    });
    let mut jobs = MockJobs::new();
    let tx = Mutex::new(Some(tx));
    jobs.expect_begin().times(0..=1).returning(move || {
        let tx: Box<dyn JobsTx> = Box::new(tx.lock().unwrap().take().unwrap());
        Ok(tx)
    });
    let mut ids = MockIds::new();
    ids.expect_next().times(0..=1).return_const(Uuid::from_u128(77));
    (JobService::new(Arc::new(jobs), Arc::new(ids)), committed)
}

fn with_job(job: Job) -> (JobService, Arc<Mutex<Option<Trail>>>) {
    stage(|tx| {
        tx.expect_job().times(0..=1).returning(move |_| Ok(Some(job.clone())));
        tx.expect_update_job().times(0..=1).returning(|_| Ok(()));
    })
}

fn schedule() -> Schedule {
    let rule = Rule::parse("0 3 * * *", chrono_tz::Tz::UTC).unwrap();
    let id = almoner_kernel::ScheduleId::new(Uuid::from_u128(3));
    Schedule::new(id, &Plan { name: "test.nightly", rule }, START)
}

fn with_schedule(schedule: Schedule) -> (JobService, Arc<Mutex<Option<Trail>>>) {
    stage(|tx| {
        tx.expect_schedule().times(0..=1).returning(move |_| Ok(Some(schedule.clone())));
        tx.expect_update_schedule().times(0..=1).returning(|_| Ok(()));
        tx.expect_insert_job().times(0..=1).returning(|_| Ok(()));
    })
}

fn actions(committed: &Mutex<Option<Trail>>) -> Vec<(Action, &'static str)> {
    let committed = committed.lock().unwrap();
    let changes = committed.iter().flat_map(|trail| &trail.changes);
    changes.map(|change| (change.action, change.entity)).collect()
}

#[tokio::test]
async fn nothing_is_asked_of_storage_without_the_permission() {
    let service = JobService::new(Arc::new(MockJobs::new()), Arc::new(MockIds::new()));
    let id = waiting().id;
    let read = asked_by([Permission::JOBS_MANAGE]);
    let missing = |error: JobsError, permission| {
        assert!(matches!(error, JobsError::Denied(Denied::Missing(found)) if found == permission));
    };
    let page = PageRequest::default();
    let query = JobQuery::default();
    missing(service.list(&read, &query, &page).await.unwrap_err(), Permission::JOBS_READ);
    missing(service.find(&read, id).await.unwrap_err(), Permission::JOBS_READ);
    missing(service.schedules(&read).await.unwrap_err(), Permission::JOBS_READ);
    let manage = asked_by([Permission::JOBS_READ]);
    missing(service.retry(&manage, id).await.unwrap_err(), Permission::JOBS_MANAGE);
    missing(service.cancel(&manage, id).await.unwrap_err(), Permission::JOBS_MANAGE);
    missing(service.run(&manage, id).await.unwrap_err(), Permission::JOBS_MANAGE);
    missing(service.pause(&manage, "x").await.unwrap_err(), Permission::JOBS_MANAGE);
    missing(service.resume(&manage, "x").await.unwrap_err(), Permission::JOBS_MANAGE);
    missing(service.run_schedule(&manage, "x").await.unwrap_err(), Permission::JOBS_MANAGE);
}

#[tokio::test]
async fn an_operators_step_is_stored_with_its_trail() {
    let id = waiting().id;
    let failed = Job { state: JobState::Failed, due_at: None, attempts: 12, ..waiting() };
    let (service, committed) = with_job(failed);
    let job = service.retry(&manager(), id).await.unwrap();
    assert_eq!((job.state, job.due_at, job.tries()), (JobState::Waiting, Some(later(5)), 0));
    assert_eq!(actions(&committed), [(Action::Retried, "job")]);

    let (service, committed) = with_job(waiting());
    assert_eq!(service.cancel(&manager(), id).await.unwrap().state, JobState::Cancelled);
    assert_eq!(actions(&committed), [(Action::Cancelled, "job")]);

    let (service, committed) = with_job(Job { due_at: Some(later(900)), ..waiting() });
    assert_eq!(service.run(&manager(), id).await.unwrap().due_at, Some(later(5)));
    assert_eq!(actions(&committed), [(Action::Started, "job")]);
}

#[tokio::test]
async fn a_step_the_state_forbids_stores_nothing() {
    let id = waiting().id;
    let (service, committed) = with_job(waiting());
    let refused = service.retry(&manager(), id).await.unwrap_err();
    assert!(matches!(refused, JobsError::State(JobState::Waiting)));
    assert_eq!(actions(&committed), []);
    let (service, _) = stage(|tx| {
        tx.expect_job().times(1).returning(|_| Ok(None));
    });
    assert!(matches!(service.cancel(&manager(), id).await, Err(JobsError::NotFound)));
}

#[tokio::test]
async fn schedules_are_paused_resumed_and_run() {
    let name = "test.nightly";
    let (service, committed) = with_schedule(schedule());
    assert!(service.pause(&manager(), name).await.unwrap().is_paused);
    assert_eq!(actions(&committed), [(Action::Paused, "schedule")]);
    let (service, _) = with_schedule(schedule());
    assert!(matches!(service.resume(&manager(), name).await, Err(JobsError::NotPaused)));

    let (service, committed) = with_schedule(schedule().paused());
    assert!(!service.resume(&manager(), name).await.unwrap().is_paused);
    assert_eq!(actions(&committed), [(Action::Resumed, "schedule")]);
    let (service, _) = with_schedule(schedule().paused());
    assert!(matches!(service.pause(&manager(), name).await, Err(JobsError::AlreadyPaused)));

    let (service, committed) = with_schedule(schedule().paused());
    let job = service.run_schedule(&manager(), name).await.unwrap();
    assert_eq!((job.id.uuid(), job.due_at), (Uuid::from_u128(77), Some(later(5))));
    assert_eq!(actions(&committed), [(Action::Started, "schedule"), (Action::Created, "job")]);
    let (service, _) = stage(|tx| {
        tx.expect_schedule().times(1).returning(|_| Ok(None));
    });
    assert!(matches!(service.run_schedule(&manager(), "x").await, Err(JobsError::NotFound)));
}

#[tokio::test]
async fn a_job_is_shown_with_its_last_attempts() {
    let mut jobs = MockJobs::new();
    jobs.expect_find().times(1).returning(|_| Ok(Some(waiting())));
    jobs.expect_runs().withf(|_, limit| *limit == 100).times(1).returning(|_, _| Ok(Vec::new()));
    let service = JobService::new(Arc::new(jobs), Arc::new(MockIds::new()));
    let (job, runs) = service.find(&asked_by([Permission::JOBS_READ]), waiting().id).await.unwrap();
    assert_eq!((job, runs), (waiting(), Vec::new()));
}
