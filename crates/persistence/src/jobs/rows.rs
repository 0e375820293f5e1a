//! Jobs, attempts and schedules as rows.

use almoner_jobs::{Job, JobState, Outcome, Run, Schedule};
use almoner_kernel::{JobId, ScheduleId, StoreError, Timestamp, Version};
use sea_orm::ActiveValue::Set;

use crate::{
    entities::{job_runs, jobs, schedules},
    paging::{instant, millis},
};

fn known<T>(parsed: Option<T>, column: &str) -> Result<T, StoreError> {
    parsed.ok_or_else(|| StoreError::Damaged(format!("{column} has a value nobody knows")))
}

fn count<T: TryFrom<i64>>(stored: i64, column: &str) -> Result<T, StoreError> {
    known(stored.try_into().ok(), column)
}

/// A count as it is stored.
pub fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub fn into_job(row: jobs::Model) -> Result<Job, StoreError> {
    let progress = match row.progress_done {
        Some(done) => {
            let total = row.progress_total.map(|total| count(total, "jobs.progress_total"));
            Some((count(done, "jobs.progress_done")?, total.transpose()?))
        }
        None => None,
    };
    Ok(Job {
        id: JobId::new(row.id),
        kind: row.kind,
        payload: row.payload,
        unique: row.unique_key,
        schedule: row.schedule,
        state: known(JobState::parse(&row.state), "jobs.state")?,
        due_at: time(row.due_at)?,
        attempts: count(row.attempts, "jobs.attempts")?,
        forgiven: count(row.forgiven, "jobs.forgiven")?,
        progress,
        is_unwanted: row.is_unwanted,
        instance: row.instance,
        reason: row.reason,
        version: Version::new(row.version),
        created_at: instant(row.created_at)?,
        ended_at: time(row.ended_at)?,
    })
}

pub fn job_row(job: &Job) -> jobs::ActiveModel {
    let (done, total) = job.progress.map_or((None, None), |(done, total)| (Some(done), total));
    jobs::ActiveModel {
        id: Set(job.id.uuid()),
        kind: Set(job.kind.clone()),
        payload: Set(job.payload.clone()),
        unique_key: Set(job.unique.clone()),
        schedule: Set(job.schedule.clone()),
        state: Set(job.state.as_str().to_owned()),
        due_at: Set(job.due_at.map(millis)),
        attempts: Set(job.attempts.into()),
        forgiven: Set(job.forgiven.into()),
        progress_done: Set(done.map(stored)),
        progress_total: Set(total.map(stored)),
        is_unwanted: Set(job.is_unwanted),
        instance: Set(job.instance.clone()),
        reason: Set(job.reason.clone()),
        version: Set(job.version.number()),
        created_at: Set(millis(job.created_at)),
        ended_at: Set(job.ended_at.map(millis)),
    }
}

pub fn into_run(row: job_runs::Model) -> Result<Run, StoreError> {
    let outcome = |text: String| known(Outcome::parse(&text), "job_runs.outcome");
    Ok(Run {
        number: count(row.number, "job_runs.number")?,
        instance: row.instance,
        began_at: instant(row.began_at)?,
        ended_at: time(row.ended_at)?,
        outcome: row.outcome.map(outcome).transpose()?,
        reason: row.reason,
    })
}

pub fn into_schedule(row: schedules::Model) -> Result<Schedule, StoreError> {
    Ok(Schedule {
        id: ScheduleId::new(row.id),
        name: row.name,
        cron: row.cron,
        time_zone: row.time_zone,
        is_paused: row.is_paused,
        next_at: time(row.next_at)?,
        fired_at: time(row.fired_at)?,
        version: Version::new(row.version),
    })
}

pub fn schedule_row(schedule: &Schedule) -> schedules::ActiveModel {
    schedules::ActiveModel {
        name: Set(schedule.name.clone()),
        id: Set(schedule.id.uuid()),
        cron: Set(schedule.cron.clone()),
        time_zone: Set(schedule.time_zone.clone()),
        is_paused: Set(schedule.is_paused),
        next_at: Set(schedule.next_at.map(millis)),
        fired_at: Set(schedule.fired_at.map(millis)),
        version: Set(schedule.version.number()),
    }
}

fn time(stored: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    stored.map(instant).transpose()
}
