//! Jobs and schedules as they are shown.

use almoner_jobs::{Job, Run, Schedule, job::MAX_REASON};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AdditionalProperties, ObjectBuilder, Type},
    },
};
use uuid::Uuid;

use crate::resources::{
    shared::instant,
    words::{JobStateWord, RunOutcomeWord, Word},
};

/// Work that is done apart from the request that causes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobBody {
    /// The job's id.
    #[schema(example = "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa")]
    id: Uuid,
    /// What is done.
    #[schema(format = "job_kind", example = "housekeeping.expired")]
    kind: String,
    /// What it is done with.
    payload: JobPayload,
    /// The schedule that made it; absent when something else did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "job_kind", nullable = false, example = "housekeeping.expired")]
    schedule: Option<String>,
    /// Where it stands.
    #[schema(value_type = JobStateWord)]
    state: JobStateWord,
    /// When the next attempt is due, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:00.000Z")]
    due_at: Option<String>,
    /// Attempts begun so far.
    #[schema(minimum = 0, example = 1)]
    attempts: i64,
    /// How far the attempt under way, or the last one, has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<JobProgressBody>,
    /// True while an attempt has still to hear that the job was cancelled.
    #[schema(example = false)]
    cancel_requested: bool,
    /// The instance that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        nullable = false,
        min_length = 1,
        max_length = 300,
        example = "office:8080"
    )]
    instance: Option<String>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        nullable = false,
        min_length = 1,
        max_length = 500,
        example = "the database is not available"
    )]
    reason: Option<String>,
    /// When it was stored.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T10:07:00.000Z")]
    created_at: String,
    /// When it came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:01.220Z")]
    ended_at: Option<String>,
    /// Its attempts, the last one first; only where one job is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    runs: Option<Vec<JobRunBody>>,
}

const _: () = assert!(MAX_REASON == 500, "as the document says");

impl JobBody {
    /// Shows a job.
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            id: job.id.uuid(),
            kind: job.kind.clone(),
            payload: JobPayload::of(&job.payload),
            schedule: job.schedule.clone(),
            state: Word(job.state),
            due_at: job
                .due_at
                .filter(|_| job.state == almoner_jobs::JobState::Waiting)
                .map(instant),
            attempts: job.attempts.into(),
            progress: job.progress.map(|(done, total)| JobProgressBody {
                done: shown(done),
                total: total.map(shown),
            }),
            cancel_requested: job.is_unwanted && job.ended_at.is_none(),
            instance: job.instance.clone(),
            reason: job.reason.clone().filter(|reason| !reason.trim().is_empty()),
            created_at: instant(job.created_at),
            ended_at: job.ended_at.map(instant),
            runs: None,
        }
    }

    /// Shows a job with its attempts.
    pub(crate) fn with_runs(job: &Job, runs: &[Run]) -> Self {
        Self { runs: Some(runs.iter().map(JobRunBody::of).collect()), ..Self::of(job) }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa",
            "kind": "housekeeping.expired",
            "payload": {},
            "schedule": "housekeeping.expired",
            "state": "waiting",
            "due_at": "2026-03-14T10:07:00.000Z",
            "attempts": 0,
            "cancel_requested": false,
            "created_at": "2026-03-14T10:07:00.000Z",
        })
    }

    pub(crate) fn cancelled_example() -> Value {
        json!({
            "id": "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa",
            "kind": "housekeeping.expired",
            "payload": {},
            "schedule": "housekeeping.expired",
            "state": "cancelled",
            "attempts": 0,
            "cancel_requested": false,
            "created_at": "2026-03-14T10:07:00.000Z",
            "ended_at": "2026-03-14T10:07:30.000Z",
        })
    }

    pub(crate) fn failed_example() -> Value {
        json!({
            "id": "019cec2f-77b0-7f13-a5c4-9e2d8b60f1aa",
            "kind": "housekeeping.expired",
            "payload": {},
            "schedule": "housekeeping.expired",
            "state": "waiting",
            "due_at": "2026-03-14T10:07:11.220Z",
            "attempts": 1,
            "cancel_requested": false,
            "reason": "the database is not available",
            "created_at": "2026-03-14T10:07:00.000Z",
            "runs": [{
                "number": 1,
                "instance": "office:8080",
                "began_at": "2026-03-14T10:07:00.120Z",
                "ended_at": "2026-03-14T10:07:01.220Z",
                "outcome": "failed",
                "reason": "the database is not available",
            }],
        })
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()], "next_cursor": "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM" })
    }
}

fn shown(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What a job is done with: ids by their names.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct JobPayload(Box<RawValue>);

impl JobPayload {
    /// Storage takes nothing but objects; whatever else somebody has put there is not shown.
    fn of(payload: &str) -> Self {
        let object = serde_json::from_str::<serde_json::Map<String, Value>>(payload);
        let text = if object.is_ok() { payload } else { "{}" };
        Self(RawValue::from_string(text.to_owned()).unwrap_or_default())
    }
}

impl PartialSchema for JobPayload {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("What a job is done with: ids by their names, never personal data."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([json!({ "user_id": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11" })])
            .into()
    }
}

impl ToSchema for JobPayload {}

/// How far an attempt has come.
#[derive(Serialize, ToSchema)]
#[schema(as = JobProgress)]
pub(crate) struct JobProgressBody {
    /// What is done.
    #[schema(minimum = 0, example = 300)]
    done: i64,
    /// Of how much; absent when nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, example = 1200)]
    total: Option<i64>,
}

/// One attempt at a job.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRun)]
pub(crate) struct JobRunBody {
    /// 1 for the first attempt.
    #[schema(minimum = 1, example = 1)]
    number: i64,
    /// The instance that made it.
    #[schema(format = "line", min_length = 1, max_length = 300, example = "office:8080")]
    instance: String,
    /// When it began.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T10:07:00.120Z")]
    began_at: String,
    /// When it ended; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:01.220Z")]
    ended_at: Option<String>,
    /// How it ended; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RunOutcomeWord, required = false)]
    outcome: Option<RunOutcomeWord>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        nullable = false,
        min_length = 1,
        max_length = 500,
        example = "the database is not available"
    )]
    reason: Option<String>,
}

impl JobRunBody {
    fn of(run: &Run) -> Self {
        Self {
            number: run.number.into(),
            instance: run.instance.clone(),
            began_at: instant(run.began_at),
            ended_at: run.ended_at.map(instant),
            outcome: run.outcome.map(Word),
            reason: run.reason.clone().filter(|reason| !reason.trim().is_empty()),
        }
    }
}

/// Something that is done again and again.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct ScheduleBody {
    /// Its name, which is the kind of its jobs.
    #[schema(format = "job_kind", example = "housekeeping.expired")]
    name: String,
    /// When it fires: a cron expression of five fields.
    #[schema(format = "line", min_length = 9, max_length = 200, example = "7 * * * *")]
    cron: String,
    /// The time zone the expression is read in: that of the organisation.
    #[schema(format = "time_zone", example = "Europe/Istanbul")]
    time_zone: String,
    /// True while it makes no jobs.
    #[schema(example = false)]
    is_paused: bool,
    /// When it fires next; absent while it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T11:07:00.000Z")]
    next_at: Option<String>,
    /// When it fired last; absent before it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:00.120Z")]
    fired_at: Option<String>,
}

impl ScheduleBody {
    /// Shows a schedule.
    pub(crate) fn of(schedule: &Schedule) -> Self {
        Self {
            name: schedule.name.clone(),
            cron: schedule.cron.clone(),
            time_zone: schedule.time_zone.clone(),
            is_paused: schedule.is_paused,
            next_at: schedule.next_at.map(instant),
            fired_at: schedule.fired_at.map(instant),
        }
    }

    pub(crate) fn example() -> Value {
        json!({
            "name": "housekeeping.expired",
            "cron": "7 * * * *",
            "time_zone": "Europe/Istanbul",
            "is_paused": false,
            "next_at": "2026-03-14T11:07:00.000Z",
            "fired_at": "2026-03-14T10:07:00.120Z",
        })
    }

    pub(crate) fn paused_example() -> Value {
        json!({
            "name": "housekeeping.expired",
            "cron": "7 * * * *",
            "time_zone": "Europe/Istanbul",
            "is_paused": true,
            "fired_at": "2026-03-14T10:07:00.120Z",
        })
    }
}

/// Every schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleList)]
pub(crate) struct ScheduleListBody {
    /// The schedules, by name.
    #[schema(max_items = 1000)]
    pub(crate) items: Vec<ScheduleBody>,
}
