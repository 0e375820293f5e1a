//! What an operator can do.

use std::sync::Arc;

use almoner_kernel::{Action, Context, Ids, JobId, Page, PageRequest, Permission, Trail};

use crate::{Job, JobQuery, Jobs, JobsError, Run, Schedule};

/// Use cases of operators.
#[derive(Clone)]
pub struct JobService {
    jobs: Arc<dyn Jobs>,
    ids: Arc<dyn Ids>,
}

/// Attempts of a job that are shown, the last ones.
pub const MAX_RUNS: u32 = 100;

impl JobService {
    /// The service over its ports.
    pub fn new(jobs: Arc<dyn Jobs>, ids: Arc<dyn Ids>) -> Self {
        Self { jobs, ids }
    }

    /// A page of jobs, newest first.
    ///
    /// # Errors
    /// Without `jobs:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &JobQuery,
        page: &PageRequest,
    ) -> Result<Page<Job>, JobsError> {
        cx.permit(Permission::JOBS_READ)?;
        Ok(self.jobs.list(query, page).await?)
    }

    /// One job with its attempts, the last one first.
    ///
    /// # Errors
    /// Without `jobs:read`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: JobId) -> Result<(Job, Vec<Run>), JobsError> {
        cx.permit(Permission::JOBS_READ)?;
        let job = self.jobs.find(id).await?.ok_or(JobsError::NotFound)?;
        let runs = self.jobs.runs(id, MAX_RUNS).await?;
        Ok((job, runs))
    }

    /// Tries a job again that has failed or was cancelled, with as many attempts as a new one.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`; `job_state`.
    #[tracing::instrument(skip_all)]
    pub async fn retry(&self, cx: &Context, id: JobId) -> Result<Job, JobsError> {
        self.act(cx, id, Action::Retried, |job| job.retried(cx.at)).await
    }

    /// Takes a job back. One that is running ends when its handler hears of it.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`; `job_state`.
    #[tracing::instrument(skip_all)]
    pub async fn cancel(&self, cx: &Context, id: JobId) -> Result<Job, JobsError> {
        self.act(cx, id, Action::Cancelled, |job| job.cancelled(cx.at)).await
    }

    /// Does a job now that waits for a later time.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`; `job_state`.
    #[tracing::instrument(skip_all)]
    pub async fn run(&self, cx: &Context, id: JobId) -> Result<Job, JobsError> {
        self.act(cx, id, Action::Started, |job| job.hastened(cx.at)).await
    }

    /// Every schedule, by name.
    ///
    /// # Errors
    /// Without `jobs:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn schedules(&self, cx: &Context) -> Result<Vec<Schedule>, JobsError> {
        cx.permit(Permission::JOBS_READ)?;
        Ok(self.jobs.schedules().await?)
    }

    /// Stops a schedule. Jobs it has made already stay.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`; `schedule_state`.
    #[tracing::instrument(skip_all)]
    pub async fn pause(&self, cx: &Context, name: &str) -> Result<Schedule, JobsError> {
        self.turn(cx, name, Action::Paused, |schedule| match schedule.is_paused {
            true => Err(JobsError::AlreadyPaused),
            false => Ok(schedule.paused()),
        })
        .await
    }

    /// Lets a schedule fire again, from its next time on.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`; `schedule_state`.
    #[tracing::instrument(skip_all)]
    pub async fn resume(&self, cx: &Context, name: &str) -> Result<Schedule, JobsError> {
        self.turn(cx, name, Action::Resumed, |schedule| match schedule.is_paused {
            true => Ok(schedule.resumed(cx.at)),
            false => Err(JobsError::NotPaused),
        })
        .await
    }

    /// Does now what a schedule does at its times, paused or not. Its next time stays.
    ///
    /// # Errors
    /// Without `jobs:manage`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn run_schedule(&self, cx: &Context, name: &str) -> Result<Job, JobsError> {
        cx.permit(Permission::JOBS_MANAGE)?;
        let mut tx = self.jobs.begin().await?;
        let schedule = tx.schedule(name).await?.ok_or(JobsError::NotFound)?;
        let job = schedule.job(JobId::new(self.ids.next()), cx.at);
        tx.insert_job(&job).await?;
        let trail = Trail::of(cx).noted(Action::Started, &schedule, None).created(&job);
        tx.commit(trail.answering(cx, &job)).await?;
        Ok(job)
    }

    async fn act(
        &self,
        cx: &Context,
        id: JobId,
        action: Action,
        step: impl FnOnce(&Job) -> Result<Job, JobsError>,
    ) -> Result<Job, JobsError> {
        cx.permit(Permission::JOBS_MANAGE)?;
        let mut tx = self.jobs.begin().await?;
        let before = tx.job(id).await?.ok_or(JobsError::NotFound)?;
        let after = step(&before)?;
        tx.update_job(&after).await?;
        let trail = Trail::of(cx).acted(action, &before, &after, None);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    async fn turn(
        &self,
        cx: &Context,
        name: &str,
        action: Action,
        step: impl FnOnce(&Schedule) -> Result<Schedule, JobsError>,
    ) -> Result<Schedule, JobsError> {
        cx.permit(Permission::JOBS_MANAGE)?;
        let mut tx = self.jobs.begin().await?;
        let before = tx.schedule(name).await?.ok_or(JobsError::NotFound)?;
        let after = step(&before)?;
        tx.update_schedule(&after).await?;
        let trail = Trail::of(cx).acted(action, &before, &after, None);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }
}
