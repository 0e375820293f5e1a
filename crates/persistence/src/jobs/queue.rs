//! The queue, as a worker sees it.

use almoner_jobs::{
    Backlog, Claim, Claimed, Ending, Job, JobState, Lease, Outcome, Plan, Queue, Schedule, Verdict,
};
use almoner_kernel::{ScheduleId, StoreError, Timestamp};
use async_trait::async_trait;
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, UpdateMany,
    sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query},
};

use super::{
    rows::{into_job, into_schedule, job_row, schedule_row, stored},
    times,
};
use crate::{
    commit::UnitHandle,
    entities::{job_runs, jobs, schedules},
    error::store_error,
    paging::{instant, millis},
    store::Store,
};

/// What is waiting or running, of these kinds, the first one due first. SQLite would rather look for
/// everything of these kinds, done or not, and sort it, unless the column stands behind a plus sign.
fn in_order(is_sqlite: bool, kinds: &[&str]) -> Select<jobs::Entity> {
    let kind = Expr::cust(if is_sqlite { "+jobs.kind" } else { "jobs.kind" });
    jobs::Entity::find()
        .filter(jobs::Column::DueAt.is_not_null())
        .filter(kind.is_in(kinds.iter().copied()))
        .order_by_asc(jobs::Column::DueAt)
        .order_by_asc(jobs::Column::Id)
}

/// A change of a job by the worker whose attempt it is: it finds nothing once somebody else has
/// taken the job, or it has come to its end.
fn of_attempt(claimed: &Claimed) -> UpdateMany<jobs::Entity> {
    jobs::Entity::update_many()
        .filter(jobs::Column::Id.eq(claimed.job.id.uuid()))
        .filter(jobs::Column::State.eq(JobState::Running.as_str()))
        .filter(jobs::Column::Attempts.eq(i64::from(claimed.job.attempts)))
}

fn lease_of(claimed: &Claimed) -> Select<jobs::Entity> {
    jobs::Entity::find_by_id(claimed.job.id.uuid())
        .filter(jobs::Column::State.eq(JobState::Running.as_str()))
        .filter(jobs::Column::Attempts.eq(i64::from(claimed.job.attempts)))
        .select_only()
        .column(jobs::Column::IsUnwanted)
}

#[async_trait]
impl Queue for Store {
    async fn next_due(&self, kinds: &[&str]) -> Result<Option<Timestamp>, StoreError> {
        let select = in_order(self.point().is_sqlite(), kinds)
            .select_only()
            .column(jobs::Column::DueAt)
            .limit(1);
        let due: Option<Option<i64>> =
            self.point().row(&select.into_query()).await.map_err(store_error)?;
        due.flatten().map(instant).transpose()
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Claimed>, StoreError> {
        // The look at what is due costs no turn with the writer, and most of the time nothing is.
        if self.next_due(claim.kinds).await?.is_none_or(|due| due > claim.at) {
            return Ok(Vec::new());
        }
        let unit = self.unit().await?;
        let due = in_order(self.point().is_sqlite(), claim.kinds)
            .filter(jobs::Column::DueAt.lte(millis(claim.at)))
            .limit(u64::from(claim.limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        let rows: Vec<jobs::Model> = unit.work.rows(&due).await.map_err(store_error)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let lease = Duration::from_std(claim.lease).unwrap_or(Duration::MAX);
        let until = claim.at.checked_add_signed(lease).unwrap_or(Timestamp::MAX_UTC);
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            let before = into_job(row)?;
            let was_running = before.state == JobState::Running;
            let job = Job {
                state: JobState::Running,
                due_at: Some(until),
                attempts: before.attempts + 1,
                progress: None,
                instance: Some(claim.instance.to_owned()),
                version: before.version.next(),
                ..before
            };
            if was_running {
                end_run(&unit, &job, job.attempts - 1, Outcome::Lost, None, claim.at).await?;
            }
            let changed = jobs::ActiveModel { id: sea_orm::ActiveValue::NotSet, ..job_row(&job) };
            jobs::Entity::update_many()
                .set(changed)
                .filter(jobs::Column::Id.eq(job.id.uuid()))
                .exec(&*unit.work)
                .await
                .map_err(store_error)?;
            let run = job_runs::ActiveModel {
                job_id: Set(job.id.uuid()),
                number: Set(job.attempts.into()),
                instance: Set(claim.instance.to_owned()),
                began_at: Set(millis(claim.at)),
                ended_at: Set(None),
                outcome: Set(None),
                reason: Set(None),
            };
            job_runs::Entity::insert(run)
                .exec_without_returning(&*unit.work)
                .await
                .map_err(store_error)?;
            taken.push(Claimed { job, at: claim.at });
        }
        unit.commit_upkeep().await?;
        Ok(taken)
    }

    async fn renew(
        &self,
        claimed: &Claimed,
        progress: Option<(u64, Option<u64>)>,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let unit = self.unit().await?;
        let mut update =
            of_attempt(claimed).col_expr(jobs::Column::DueAt, Expr::val(millis(until)));
        if let Some((done, total)) = progress {
            update = update
                .col_expr(jobs::Column::ProgressDone, Expr::val(stored(done)))
                .col_expr(jobs::Column::ProgressTotal, Expr::val(total.map(stored)));
        }
        let done = update.exec(&*unit.work).await.map_err(store_error)?;
        if done.rows_affected == 0 {
            return Ok(None);
        }
        let lease: Option<bool> =
            unit.work.row(&lease_of(claimed).into_query()).await.map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(lease.map(|is_unwanted| Lease { is_unwanted }))
    }

    async fn lease(&self, claimed: &Claimed) -> Result<Option<Lease>, StoreError> {
        let lease: Option<bool> =
            self.point().row(&lease_of(claimed).into_query()).await.map_err(store_error)?;
        Ok(lease.map(|is_unwanted| Lease { is_unwanted }))
    }

    async fn finish(&self, claimed: &Claimed, verdict: &Verdict) -> Result<bool, StoreError> {
        use jobs::Column;

        let Verdict { ending, at } = verdict;
        let unit = self.unit().await?;
        let due_at = match ending {
            Ending::Again { due_at, .. } | Ending::PutOff { due_at, .. } => Some(millis(*due_at)),
            Ending::Stopped => Some(millis(*at)),
            Ending::Done | Ending::Failed { .. } | Ending::Cancelled => None,
        };
        let ended_at = due_at.is_none().then(|| millis(*at));
        let mut update = of_attempt(claimed)
            .col_expr(Column::State, Expr::val(ending.state().as_str()))
            .col_expr(Column::DueAt, Expr::val(due_at))
            .col_expr(Column::EndedAt, Expr::val(ended_at))
            .col_expr(Column::Instance, Expr::val(None::<String>))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1));
        match ending {
            Ending::Again { reason, .. }
            | Ending::PutOff { reason, .. }
            | Ending::Failed { reason } => {
                update = update.col_expr(Column::Reason, Expr::val(reason.as_str()));
            }
            Ending::Done => update = update.col_expr(Column::Reason, Expr::val(None::<String>)),
            Ending::Stopped | Ending::Cancelled => {}
        }
        if matches!(ending, Ending::Stopped | Ending::PutOff { .. }) {
            update = update.col_expr(Column::Forgiven, Expr::col(Column::Forgiven).add(1));
        }
        let done = update.exec(&*unit.work).await.map_err(store_error)?;
        if done.rows_affected == 0 {
            return Ok(false);
        }
        let number = claimed.job.attempts;
        end_run(&unit, &claimed.job, number, ending.outcome(), ending.reason(), *at).await?;
        unit.commit_upkeep().await?;
        Ok(true)
    }

    async fn recover(&self, at: Timestamp) -> Result<u64, StoreError> {
        // Only a server runs jobs, and a lock file keeps a second one off the file.
        if !self.is_single_process() || self.standing(JobState::Running).await? == 0 {
            return Ok(0);
        }
        let unit = self.unit().await?;
        let freed = jobs::Entity::update_many()
            .col_expr(jobs::Column::DueAt, Expr::val(millis(at)))
            .filter(jobs::Column::State.eq(JobState::Running.as_str()))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(freed.rows_affected)
    }

    async fn stirred(&self) {
        self.0.stirred.notified().await;
    }

    async fn register(&self, plans: &[Plan], at: Timestamp) -> Result<(), StoreError> {
        let known = almoner_jobs::Jobs::schedules(self).await?;
        let is_known =
            |plan: &Plan| known.iter().any(|known| known.name == plan.name && !known.differs(plan));
        if plans.iter().all(is_known) {
            return Ok(());
        }
        let unit = self.unit().await?;
        for plan in plans.iter().filter(|plan| !is_known(plan)) {
            let new = Schedule::new(ScheduleId::new(self.0.ids.next()), plan, at);
            // Another instance may be starting at the same time.
            let insert = schedules::Entity::insert(schedule_row(&new)).on_conflict(
                OnConflict::column(schedules::Column::Name)
                    .value(
                        schedules::Column::Name,
                        Expr::col((Alias::new("excluded"), schedules::Column::Name)),
                    )
                    .to_owned(),
            );
            insert.exec_without_returning(&*unit.work).await.map_err(store_error)?;
            let select = schedules::Entity::find_by_id(plan.name).into_query();
            let row: Option<schedules::Model> =
                unit.work.row(&select).await.map_err(store_error)?;
            let Some(row) = row else { continue };
            let stored = into_schedule(row)?;
            if stored.differs(plan) {
                let ruled = stored.ruled(plan, at);
                schedules::Entity::update_many()
                    .set(schedule_row(&ruled))
                    .filter(schedules::Column::Name.eq(plan.name))
                    .exec(&*unit.work)
                    .await
                    .map_err(store_error)?;
            }
        }
        unit.commit_upkeep().await
    }

    async fn due_schedules(&self, at: Timestamp) -> Result<Vec<Schedule>, StoreError> {
        let select = schedules::Entity::find()
            .filter(schedules::Column::NextAt.lte(millis(at)))
            .order_by_asc(schedules::Column::NextAt)
            .into_query();
        let rows = self.point().rows(&select).await.map_err(store_error)?;
        rows.into_iter().map(into_schedule).collect()
    }

    async fn fire(
        &self,
        schedule: &Schedule,
        job: &Job,
        next_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        use schedules::Column;

        let unit = self.unit().await?;
        let moved = schedules::Entity::update_many()
            .col_expr(Column::NextAt, Expr::val(next_at.map(millis)))
            .col_expr(Column::FiredAt, Expr::val(millis(job.created_at)))
            .filter(Column::Name.eq(&schedule.name))
            .filter(Column::NextAt.eq(schedule.next_at.map(millis)))
            .filter(Column::IsPaused.eq(false))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        if moved.rows_affected == 0 {
            return Ok(false);
        }
        jobs::Entity::insert(job_row(job))
            .on_conflict(super::same_key())
            .exec_without_returning(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(true)
    }

    async fn mend(&self, plans: &[Plan], at: Timestamp) -> Result<u64, StoreError> {
        Ok(times::schedules(self, plans, at).await? + times::jobs(self, at).await?)
    }

    async fn backlog(&self, at: Timestamp) -> Result<Backlog, StoreError> {
        let due = jobs::Entity::find()
            .filter(jobs::Column::DueAt.lte(millis(at)))
            .order_by_asc(jobs::Column::DueAt)
            .order_by_asc(jobs::Column::Id)
            .select_only()
            .column(jobs::Column::DueAt)
            .limit(1)
            .into_query();
        let due: Option<Option<i64>> = self.point().row(&due).await.map_err(store_error)?;
        Ok(Backlog {
            waiting: self.standing(JobState::Waiting).await?,
            running: self.standing(JobState::Running).await?,
            failed: self.standing(JobState::Failed).await?,
            due_since: due.flatten().map(instant).transpose()?,
        })
    }

    async fn trim(
        &self,
        ended_before: Timestamp,
        failed_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        for (state, before) in [
            (JobState::Done, ended_before),
            (JobState::Cancelled, ended_before),
            (JobState::Failed, failed_before),
        ] {
            let unit = self.unit().await?;
            let old = jobs::Entity::find()
                .filter(jobs::Column::State.eq(state.as_str()))
                .filter(jobs::Column::EndedAt.lt(millis(before)))
                .order_by_asc(jobs::Column::EndedAt)
                .select_only()
                .column(jobs::Column::Id)
                .limit(u64::from(limit).saturating_sub(removed))
                .lock_exclusive()
                .into_query();
            let old: Vec<uuid::Uuid> = unit.work.rows(&old).await.map_err(store_error)?;
            if old.is_empty() {
                continue;
            }
            job_runs::Entity::delete_many()
                .filter(job_runs::Column::JobId.is_in(old.iter().copied()))
                .exec(&*unit.work)
                .await
                .map_err(store_error)?;
            let gone = jobs::Entity::delete_many()
                .filter(jobs::Column::Id.is_in(old))
                .exec(&*unit.work)
                .await
                .map_err(store_error)?;
            unit.commit_upkeep().await?;
            removed += gone.rows_affected;
            if removed >= u64::from(limit) {
                break;
            }
        }
        Ok(removed)
    }
}

impl Store {
    /// How many jobs stand there, as far as it is counted.
    async fn standing(&self, state: JobState) -> Result<u64, StoreError> {
        let mut rows = jobs::Entity::find()
            .filter(jobs::Column::State.eq(state.as_str()))
            .limit(Backlog::CAP)
            .into_query();
        rows.clear_selects().expr(Expr::val(1_i64));
        let count = Query::select()
            .expr(Expr::cust("count(*)"))
            .from_subquery(rows, Alias::new("standing"))
            .to_owned();
        let count: Option<i64> = self.scan().row(&count).await.map_err(store_error)?;
        Ok(count.and_then(|count| count.try_into().ok()).unwrap_or_default())
    }
}

async fn end_run(
    unit: &UnitHandle,
    job: &Job,
    number: u32,
    outcome: Outcome,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<(), StoreError> {
    job_runs::Entity::update_many()
        .col_expr(job_runs::Column::EndedAt, Expr::val(millis(at)))
        .col_expr(job_runs::Column::Outcome, Expr::val(outcome.as_str()))
        .col_expr(job_runs::Column::Reason, Expr::val(reason.map(str::to_owned)))
        .filter(job_runs::Column::JobId.eq(job.id.uuid()))
        .filter(job_runs::Column::Number.eq(i64::from(number)))
        .exec(&*unit.work)
        .await
        .map(|_| ())
        .map_err(store_error)
}
