//! The ports of the jobs domain, and the jobs that a commit stores.

mod queue;
mod rows;
mod times;

use std::collections::HashMap;

use almoner_jobs::{Job, JobQuery, Jobs, JobsTx, Run, Schedule};
use almoner_kernel::{
    Direction, JobId, NewJob, Page, PageRequest, Position, StoreError, Timestamp, Trail,
    id::{Entity, JobEntity},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict},
};

use self::rows::{into_job, into_run, into_schedule, job_row, schedule_row};
use crate::{
    commit::{UnitHandle, at_once, changed_one, in_chunks},
    connection::Work,
    entities::{job_runs, jobs, schedules},
    error::store_error,
    paging::{Listing, Ordering},
    store::{Inner, Store},
};

/// Bytes of a payload at the most: it holds ids.
const MAX_PAYLOAD: usize = 16 << 10;

/// Stores the jobs that a unit of work leaves behind.
pub async fn store(inner: &Inner, work: &Work, trail: &Trail) -> Result<(), StoreError> {
    put(inner, work, &trail.jobs, trail.at).await
}

/// Stores jobs within a transaction.
pub async fn put(
    inner: &Inner,
    work: &Work,
    new_jobs: &[NewJob],
    at: Timestamp,
) -> Result<(), StoreError> {
    if new_jobs.is_empty() {
        return Ok(());
    }
    let mut left: Vec<Job> = Vec::with_capacity(new_jobs.len());
    let mut keys: HashMap<(&str, &str), usize> = HashMap::new();
    for new in new_jobs {
        check(&new.payload)?;
        let job = Job::left(JobId::new(inner.ids.next()), new, at);
        if let Some(key) = &new.unique {
            // The same key twice in one statement is nothing that PostgreSQL puts up with.
            if let Some(twin) = keys.get(&(new.kind, key.as_str())) {
                let twin = &mut left[*twin];
                twin.due_at = twin.due_at.min(job.due_at);
                continue;
            }
            keys.insert((new.kind, key), left.len());
        }
        left.push(job);
    }
    // In one order, so that two commits never wait for each other's keys in a circle.
    left.sort_by(|a, b| (&a.kind, &a.unique, a.id).cmp(&(&b.kind, &b.unique, b.id)));
    for chunk in left.chunks(in_chunks(17)) {
        let insert = jobs::Entity::insert_many(chunk.iter().map(job_row)).on_conflict(same_key());
        at_once(work, insert).await?;
    }
    Ok(())
}

/// What becomes of a job whose like is waiting already: nothing, but the one that waits is due when
/// either of them is. Writing to it keeps workers off it until this unit of work is committed, so
/// that it is not done before what it is to be done about can be seen.
fn same_key() -> OnConflict {
    OnConflict::columns([jobs::Column::Kind, jobs::Column::UniqueKey])
        .target_and_where(Expr::cust(
            "state = 'waiting' AND attempts = 0 AND unique_key IS NOT NULL",
        ))
        .value(
            jobs::Column::DueAt,
            Expr::cust(
                "CASE WHEN excluded.due_at < jobs.due_at THEN excluded.due_at ELSE jobs.due_at END",
            ),
        )
        .to_owned()
}

fn check(payload: &str) -> Result<(), StoreError> {
    let is_object = || serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(payload);
    if payload.len() > MAX_PAYLOAD || is_object().is_err() {
        return Err(StoreError::Failed("the payload of a job is no small JSON object".into()));
    }
    Ok(())
}

/// Tells the worker of this process that there may be something to do.
pub fn stir(inner: &Inner, trail: &Trail) {
    let of_a_job = || trail.changes.iter().any(|change| change.entity == JobEntity::NAME);
    if !trail.jobs.is_empty() || of_a_job() {
        inner.stirred.notify_one();
    }
}

#[async_trait]
impl Jobs for Store {
    async fn begin(&self) -> Result<Box<dyn JobsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let select = jobs::Entity::find_by_id(id.uuid()).into_query();
        let row = self.point().row(&select).await.map_err(store_error)?;
        row.map(into_job).transpose()
    }

    async fn runs(&self, id: JobId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let select = job_runs::Entity::find()
            .filter(job_runs::Column::JobId.eq(id.uuid()))
            .order_by_desc(job_runs::Column::Number)
            .limit(u64::from(limit))
            .into_query();
        let rows = self.point().rows(&select).await.map_err(store_error)?;
        rows.into_iter().map(into_run).collect()
    }

    async fn list(&self, query: &JobQuery, page: &PageRequest) -> Result<Page<Job>, StoreError> {
        let mut select = jobs::Entity::find();
        if let Some(state) = query.state {
            select = select.filter(jobs::Column::State.eq(state.as_str()));
        }
        if let Some(kind) = &query.kind {
            select = select.filter(jobs::Column::Kind.eq(kind));
        }
        let ordering = Ordering::by_id((jobs::Entity, jobs::Column::Id), Direction::Down);
        let position = |row: &jobs::Model| Position { key: None, id: row.id };
        Listing::new("jobs", select.into_query(), ordering)
            .page(&self.scan(), page, position, into_job)
            .await
    }

    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let select = schedules::Entity::find().order_by_asc(schedules::Column::Name).into_query();
        let rows = self.point().rows(&select).await.map_err(store_error)?;
        rows.into_iter().map(into_schedule).collect()
    }
}

#[async_trait]
impl JobsTx for UnitHandle {
    async fn job(&mut self, id: JobId) -> Result<Option<Job>, StoreError> {
        let select = jobs::Entity::find_by_id(id.uuid()).lock_exclusive().into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_job).transpose()
    }

    async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError> {
        jobs::Entity::insert(job_row(job))
            .exec_without_returning(&*self.work)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn update_job(&mut self, job: &Job) -> Result<(), StoreError> {
        changed_one(
            jobs::Entity::update_many()
                .set(jobs::ActiveModel { id: NotSet, ..job_row(job) })
                .filter(jobs::Column::Id.eq(job.id.uuid()))
                .filter(jobs::Column::Version.eq(job.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }

    async fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, StoreError> {
        let select = schedules::Entity::find_by_id(name).lock_exclusive().into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_schedule).transpose()
    }

    async fn update_schedule(&mut self, schedule: &Schedule) -> Result<(), StoreError> {
        changed_one(
            schedules::Entity::update_many()
                .set(schedules::ActiveModel { name: NotSet, ..schedule_row(schedule) })
                .filter(schedules::Column::Name.eq(&schedule.name))
                .filter(schedules::Column::Version.eq(schedule.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }
}
