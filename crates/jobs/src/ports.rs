//! What this domain asks of storage.

use std::time::Duration;

use almoner_kernel::{JobId, Page, PageRequest, StoreError, Timestamp, UnitOfWork};
use async_trait::async_trait;

use crate::{Claimed, Job, JobQuery, Plan, Run, Schedule, Verdict};

/// The queue, as a worker sees it. What it writes leaves no trail: a job is no business record.
#[async_trait]
pub trait Queue: Send + Sync {
    /// When the first job of these kinds is due, or the first lease of one is over; none when there
    /// is none. Reads one entry of an index and writes nothing.
    async fn next_due(&self, kinds: &[&str]) -> Result<Option<Timestamp>, StoreError>;

    /// Takes jobs that are due, those that are due longest first, and those whose worker has let its
    /// lease run out. No other worker gets them before the lease is over.
    async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Claimed>, StoreError>;

    /// Writes down how far an attempt has come and makes its lease longer. None when the lease was
    /// lost: somebody else may be at the job.
    async fn renew(
        &self,
        claimed: &Claimed,
        progress: Option<(u64, Option<u64>)>,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError>;

    /// How the lease of an attempt stands; none when it was lost. Writes nothing.
    async fn lease(&self, claimed: &Claimed) -> Result<Option<Lease>, StoreError>;

    /// Writes down how an attempt ended. False when its lease was lost: then nothing is written.
    async fn finish(&self, claimed: &Claimed, verdict: &Verdict) -> Result<bool, StoreError>;

    /// Makes jobs due whose worker cannot be alive any more, though their leases are not over: where
    /// one server at a time has the database, all that were running when it starts. Says how many.
    async fn recover(&self, at: Timestamp) -> Result<u64, StoreError>;

    /// Waits until this process has committed a job.
    async fn stirred(&self);

    /// Makes the schedules of the program known, and changes the rules of those that are. Several
    /// instances may do so at once.
    async fn register(&self, plans: &[Plan], at: Timestamp) -> Result<(), StoreError>;

    /// The schedules that are due. Writes nothing.
    async fn due_schedules(&self, at: Timestamp) -> Result<Vec<Schedule>, StoreError>;

    /// Stores the job of a schedule that is due and moves the schedule on, in one transaction. False
    /// when another instance was faster.
    async fn fire(
        &self,
        schedule: &Schedule,
        job: &Job,
        next_at: Option<Timestamp>,
    ) -> Result<bool, StoreError>;

    /// Brings back what a clock that was ahead has put off for years: schedules of the program, jobs
    /// that wait, and leases of workers that are no more. Says how many. Writes only when there are any.
    async fn mend(&self, plans: &[Plan], at: Timestamp) -> Result<u64, StoreError>;

    /// How much there is to do.
    async fn backlog(&self, at: Timestamp) -> Result<Backlog, StoreError>;

    /// Removes jobs that came to their end long ago, with their runs: at most `limit` of them. Says
    /// how many.
    async fn trim(
        &self,
        ended_before: Timestamp,
        failed_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;
}

/// What a worker takes.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Kinds it has handlers for.
    pub kinds: &'a [&'a str],
    /// Jobs at the most.
    pub limit: u32,
    /// Which instance it is.
    pub instance: &'a str,
    /// Now.
    pub at: Timestamp,
    /// How long it has for an attempt before it must say that it is still alive.
    pub lease: Duration,
}

/// How the lease of an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// An operator does not want the job any more.
    pub is_unwanted: bool,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that wait, at most [`Backlog::CAP`].
    pub waiting: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that are dead, at most [`Backlog::CAP`].
    pub failed: u64,
    /// Since when the job has been due that has been due longest.
    pub due_since: Option<Timestamp>,
}

impl Backlog {
    /// Where counting stops.
    pub const CAP: u64 = 10_000;
}

/// Jobs and schedules, as an operator sees them.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn JobsTx>, StoreError>;
    /// One job.
    async fn find(&self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// The attempts at a job, the last one first, at most `limit`.
    async fn runs(&self, id: JobId, limit: u32) -> Result<Vec<Run>, StoreError>;
    /// A page of jobs, newest first.
    async fn list(&self, query: &JobQuery, page: &PageRequest) -> Result<Page<Job>, StoreError>;
    /// Every schedule, by name.
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;
}

/// A change of jobs and schedules.
#[async_trait]
pub trait JobsTx: UnitOfWork {
    /// One job, locked until the end of the change.
    async fn job(&mut self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// Stores a new job.
    async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError>;
    /// Stores a changed job.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `job.version`.
    async fn update_job(&mut self, job: &Job) -> Result<(), StoreError>;
    /// One schedule, locked until the end of the change.
    async fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, StoreError>;
    /// Stores a changed schedule.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `schedule.version`.
    async fn update_schedule(&mut self, schedule: &Schedule) -> Result<(), StoreError>;
}
