//! Jobs and schedules: what the server does apart from requests, for operators.

pub(crate) mod bodies;

use actix_web::{
    HttpRequest, get, post,
    web::{Data, Path},
};
use almoner_jobs::{Job, JobQuery, Schedule};
use almoner_kernel::{Context, Fields, fault::Unfit, id::JobEntity};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use self::bodies::{JobBody, ScheduleBody, ScheduleListBody};
use super::words::JobStateWord;
use crate::{
    Answer, Cx, Domains, IdPath, ListOf, ListQuery, NoBody, NoParams, PageParams, Params, Problem,
    StrictQuery,
    kit::{replay, words::must_be_a_job_kind},
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_jobs)
        .service(list_schedules)
        .service(pause_schedule)
        .service(resume_schedule)
        .service(run_schedule)
        .service(get_job)
        .service(retry_job)
        .service(cancel_job)
        .service(run_job);
}

/// Which jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobFilter {
    /// Only jobs that stand there: `failed` lists what is dead.
    #[param(inline, nullable = false, example = "failed")]
    state: Option<JobStateWord>,
    /// Only jobs of this kind.
    #[param(nullable = false, format = "job_kind", example = "housekeeping.expired")]
    kind: Option<String>,
}

impl Params for JobFilter {
    type Query = JobQuery;

    fn read(self, fields: &mut Fields) -> Option<JobQuery> {
        let kind = fields.optional("kind", self.kind, job_kind);
        Some(JobQuery { state: self.state.map(|state| state.0), kind })
    }
}

/// Reads the kind of a job: words in lower snake_case with points between them.
fn job_kind(text: String) -> Result<String, Unfit> {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|one| one == '_' || one.is_ascii_lowercase() || one.is_ascii_digit())
    };
    match (3..=64).contains(&text.len()) && text.split('.').all(is_word) {
        true => Ok(text),
        false => Err(Unfit::new("job_kind", must_be_a_job_kind())),
    }
}

/// List jobs
///
/// What waits, runs, was done, or has failed for good, newest first.
#[utoipa::path(
    tag = "jobs",
    params(PageParams, JobFilter),
    responses((
        status = 200,
        description = "One page of jobs",
        body = ListOf<JobBody>,
        example = json!(JobBody::list_example()),
    )),
    extensions(("x-permission" = json!("jobs:read"))),
)]
#[get("")]
async fn list_jobs(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<JobFilter>,
) -> Result<Answer, Problem> {
    let page = domains.jobs.list(&cx, &list.query, &list.page).await?;
    Ok(list.answer(page, |job| JobBody::of(&job)))
}

/// Get a job
///
/// One job with its attempts, the last one first, at most a hundred of them.
#[utoipa::path(
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses((
        status = 200,
        description = "The job",
        body = JobBody,
        example = json!(JobBody::failed_example()),
    )),
    extensions(("x-permission" = json!("jobs:read"))),
)]
#[get("/{id}")]
async fn get_job(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<JobEntity>,
    _: StrictQuery<NoParams>,
) -> Result<Answer, Problem> {
    let (job, runs) = domains.jobs.find(&cx, id.0).await?;
    Ok(Answer::plain(&JobBody::with_runs(&job, &runs)))
}

/// Retry a job
///
/// Gives a job that has failed or was cancelled another round of attempts, the first one at once. In
/// any other state the answer is a 409 with the code `job_state`.
#[utoipa::path(
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses((
        status = 200,
        description = "The job, waiting again",
        body = JobBody,
        example = json!(JobBody::example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/{id}/retry")]
async fn retry_job(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<JobEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let retry = async |cx: &Context| domains.jobs.retry(cx, id.0).await;
    replay::run(&cx, &req, retry, shown).await
}

/// Cancel a job
///
/// Takes back a job that waits or has failed. One that is running is told so: it ends as soon as it
/// hears of it, and shows `cancel_requested` until then; it may also be done before. A job that has
/// come to its end is a 409 with the code `job_state`.
#[utoipa::path(
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses((
        status = 200,
        description = "The job, cancelled or about to be",
        body = JobBody,
        example = json!(JobBody::cancelled_example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/{id}/cancel")]
async fn cancel_job(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<JobEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let cancel = async |cx: &Context| domains.jobs.cancel(cx, id.0).await;
    replay::run(&cx, &req, cancel, shown).await
}

/// Run a job now
///
/// Does a waiting job as soon as there is room, whatever time it waits for. In any other state the
/// answer is a 409 with the code `job_state`.
#[utoipa::path(
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job's id")),
    responses((
        status = 200,
        description = "The job, due now",
        body = JobBody,
        example = json!(JobBody::example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/{id}/run")]
async fn run_job(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<JobEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let run = async |cx: &Context| domains.jobs.run(cx, id.0).await;
    replay::run(&cx, &req, run, shown).await
}

fn shown(job: &Job) -> Answer {
    Answer::plain(&JobBody::of(job))
}

/// List schedules
///
/// What is done again and again, with its next time. The list is short and has no pages.
#[utoipa::path(
    tag = "jobs",
    responses((
        status = 200,
        description = "Every schedule, by name",
        body = ScheduleListBody,
        example = json!({ "items": [ScheduleBody::example()] }),
    )),
    extensions(("x-permission" = json!("jobs:read"))),
)]
#[get("/schedules")]
async fn list_schedules(
    cx: Cx,
    domains: Data<Domains>,
    _: StrictQuery<NoParams>,
) -> Result<Answer, Problem> {
    let schedules = domains.jobs.schedules(&cx).await?;
    Ok(Answer::plain(&ScheduleListBody { items: schedules.iter().map(ScheduleBody::of).collect() }))
}

/// Pause a schedule
///
/// It makes no more jobs until it is resumed; those it has made already stay. One that is paused
/// already is a 409 with the code `schedule_state`.
#[utoipa::path(
    tag = "jobs",
    params(("name" = String, Path, description = "The name of the schedule", format = "job_kind", example = "housekeeping.expired")),
    responses((
        status = 200,
        description = "The paused schedule",
        body = ScheduleBody,
        example = json!(ScheduleBody::paused_example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/schedules/{name}/pause")]
async fn pause_schedule(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    name: Path<String>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let pause = async |cx: &Context| domains.jobs.pause(cx, &name).await;
    replay::run(&cx, &req, pause, schedule_shown).await
}

/// Resume a schedule
///
/// It fires again, from its next time on: what it missed is not made up for. One that is not paused is
/// a 409 with the code `schedule_state`.
#[utoipa::path(
    tag = "jobs",
    params(("name" = String, Path, description = "The name of the schedule", format = "job_kind", example = "housekeeping.expired")),
    responses((
        status = 200,
        description = "The schedule, firing again",
        body = ScheduleBody,
        example = json!(ScheduleBody::example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/schedules/{name}/resume")]
async fn resume_schedule(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    name: Path<String>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let resume = async |cx: &Context| domains.jobs.resume(cx, &name).await;
    replay::run(&cx, &req, resume, schedule_shown).await
}

/// Run a schedule now
///
/// Makes one job, due at once, of what the schedule does at its times, paused or not. Its next time
/// stays.
#[utoipa::path(
    tag = "jobs",
    params(("name" = String, Path, description = "The name of the schedule", format = "job_kind", example = "housekeeping.expired")),
    responses((
        status = 201,
        description = "The new job",
        body = JobBody,
        example = json!(JobBody::example()),
    )),
    extensions(("x-permission" = json!("jobs:manage"))),
)]
#[post("/schedules/{name}/run")]
async fn run_schedule(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    name: Path<String>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let run = async |cx: &Context| domains.jobs.run_schedule(cx, &name).await;
    replay::run(&cx, &req, run, |job: &Job| {
        Answer::created(format!("/api/v1/jobs/{}", job.id), job.version, &JobBody::of(job))
    })
    .await
}

fn schedule_shown(schedule: &Schedule) -> Answer {
    Answer::plain(&ScheduleBody::of(schedule))
}
