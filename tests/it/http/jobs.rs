//! Jobs and schedules, as operators see them and what they may do about them.

use almoner_jobs::{Claim, Ending, Plan, Rule, Verdict};
use almoner_kernel::NewJob;
use serde_json::json;

use super::{
    house::{House, a_donor},
    reading::{every, refused, walk},
};
use crate::support::{Browser, created, later};

in_both_houses![
    jobs_are_listed_by_state_and_kind_and_walked_page_by_page,
    a_job_shows_its_runs_and_why_they_failed,
    a_failed_job_is_retried_once_for_each_asking,
    a_waiting_job_is_cancelled_or_run_now,
    a_running_job_is_told_that_nobody_wants_it,
    schedules_are_paused_resumed_and_run,
    what_operators_do_is_in_the_trail,
    only_operators_see_and_change_jobs,
    what_is_asked_wrongly_is_refused,
];

const KINDS: &[&str] = &["test.one", "test.two"];

/// Stores jobs with a change that causes them; their ids, oldest first.
async fn jobs(house: &House<'_>, kinds: &[&'static str]) -> Vec<String> {
    let mut trail = created(&house.world.donor("Causes Something"));
    for kind in kinds {
        let payload = r#"{"user_id":"019a9f3c-1111-7c41-9d55-3f0f6a0f8a11"}"#;
        trail = trail.enqueue(NewJob::new(kind, payload.to_owned()));
    }
    house.world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let superadmin = house.superadmin().await;
    let mut ids = listed(&superadmin, "").await;
    ids.reverse();
    ids.split_off(ids.len() - kinds.len())
}

/// The ids of a list of jobs, without the mails that logging in leaves to be sent.
async fn listed(browser: &Browser, query: &str) -> Vec<String> {
    let mut all = walk(browser, &format!("/jobs{query}"), 1).await;
    all.retain(|job| job["kind"].as_str().is_some_and(|kind| kind.starts_with("test.")));
    every(&all, "/id")
}

/// More than any machine needs, less than for ever.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Takes one job as a worker does, and ends the attempt if asked to.
async fn attempt(house: &House<'_>, ending: Option<Ending>) {
    let claim = Claim {
        kinds: KINDS,
        limit: 1,
        instance: "here:1",
        at: later(i64::from(u32::MAX)),
        lease: std::time::Duration::from_secs(60),
    };
    // On PostgreSQL a claim passes over a job that a refused request has not let go of yet: its
    // transaction is rolled back after the answer.
    let claiming = async {
        loop {
            if let Some(claimed) = house.world.queue().claim(&claim).await.unwrap().pop() {
                break claimed;
            }
        }
    };
    let claimed = tokio::time::timeout(PATIENCE, claiming).await.expect("the job is never free");
    if let Some(ending) = ending {
        let verdict = Verdict { ending, at: later(i64::from(u32::MAX) + 5) };
        assert!(house.world.queue().finish(&claimed, &verdict).await.unwrap());
    }
}

async fn schedule(house: &House<'_>) {
    let rule = Rule::parse("0 3 * * *", "Europe/Istanbul".parse().unwrap()).unwrap();
    let plan = Plan { name: "test.one", rule };
    house.world.queue().register(&[plan], later(0)).await.unwrap();
}

fn failed() -> Option<Ending> {
    Some(Ending::Failed { reason: "the other side said no".to_owned() })
}

async fn jobs_are_listed_by_state_and_kind_and_walked_page_by_page(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ids = jobs(house, &["test.one", "test.two", "test.one"]).await;
    attempt(house, failed()).await;
    let list = async |query: &str| listed(&superadmin, query).await;
    let newest_first = |mut ids: Vec<String>| {
        ids.sort();
        ids.reverse();
        ids
    };
    assert_eq!(list("").await, newest_first(ids.clone()));
    assert_eq!(list("?kind=test.two").await, [ids[1].clone()]);
    let dead = list("?state=failed").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(list("?state=waiting").await.len(), 2);
    assert_eq!(list("?state=done").await, [""; 0]);
    assert_eq!(list("?state=failed&kind=nobody.knows").await, [""; 0]);
    let counted = superadmin.get("/jobs?kind=test.one&count=exact&limit=1").await.expect(200);
    assert_eq!(counted.number("/total"), 2);
}

async fn a_job_shows_its_runs_and_why_they_failed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let id = jobs(house, &["test.one"]).await.remove(0);
    let path = format!("/jobs/{id}");
    let fresh = superadmin.get(&path).await.expect(200);
    assert_eq!((fresh.text("/state"), fresh.number("/attempts")), ("waiting".to_owned(), 0));
    assert_eq!(fresh.list("/runs"), [] as [serde_json::Value; 0]);
    assert_eq!(fresh.body["payload"]["user_id"], "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11");
    attempt(house, Some(Ending::Again { reason: "busy".to_owned(), due_at: later(9) })).await;
    attempt(house, failed()).await;
    let job = superadmin.get(&path).await.expect(200);
    assert_eq!((job.text("/state"), job.number("/attempts")), ("failed".to_owned(), 2));
    assert_eq!(job.text("/reason"), "the other side said no");
    assert_eq!(
        (job.text("/runs/1/reason"), job.text("/runs/1/outcome")),
        ("busy".to_owned(), "failed".to_owned())
    );
    assert_eq!(
        (job.number("/runs/0/number"), job.text("/runs/0/instance")),
        (2, "here:1".to_owned())
    );
    assert!(job.body.get("due_at").is_none() && job.body.get("ended_at").is_some());
}

async fn a_failed_job_is_retried_once_for_each_asking(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let id = jobs(house, &["test.one"]).await.remove(0);
    let retry = format!("/jobs/{id}/retry");
    refused(superadmin.act(&retry).await, 409, "job_state");
    attempt(house, failed()).await;
    let ask =
        || superadmin.request(reqwest::Method::POST, &retry).header("Idempotency-Key", "once");
    let first = crate::support::Answer::to(ask()).await.expect(200);
    assert_eq!(first.text("/state"), "waiting");
    attempt(house, failed()).await;
    // The same request again is answered as before, and does nothing.
    let again = crate::support::Answer::to(ask()).await.expect(200);
    assert_eq!(again.body, first.body);
    let job = superadmin.get(&format!("/jobs/{id}")).await.expect(200);
    assert_eq!((job.text("/state"), job.number("/attempts")), ("failed".to_owned(), 2));
}

async fn a_waiting_job_is_cancelled_or_run_now(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ids = jobs(house, &["test.one", "test.two"]).await;
    let hastened = superadmin.act(&format!("/jobs/{}/run", ids[0])).await.expect(200);
    assert_eq!(hastened.text("/state"), "waiting");
    let cancelled = superadmin.act(&format!("/jobs/{}/cancel", ids[1])).await.expect(200);
    assert_eq!(cancelled.text("/state"), "cancelled");
    refused(superadmin.act(&format!("/jobs/{}/cancel", ids[1])).await, 409, "job_state");
    refused(superadmin.act(&format!("/jobs/{}/run", ids[1])).await, 409, "job_state");
    let retried = superadmin.act(&format!("/jobs/{}/retry", ids[1])).await.expect(200);
    assert_eq!(retried.text("/state"), "waiting");
}

async fn a_running_job_is_told_that_nobody_wants_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let id = jobs(house, &["test.one"]).await.remove(0);
    attempt(house, None).await;
    let told = superadmin.act(&format!("/jobs/{id}/cancel")).await.expect(200);
    assert_eq!(
        (told.text("/state"), &told.body["cancel_requested"]),
        ("running".to_owned(), &json!(true))
    );
    refused(superadmin.act(&format!("/jobs/{id}/cancel")).await, 409, "job_state");
    refused(superadmin.act(&format!("/jobs/{id}/retry")).await, 409, "job_state");
}

async fn schedules_are_paused_resumed_and_run(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    schedule(house).await;
    let list = superadmin.get("/jobs/schedules").await.expect(200);
    assert_eq!(every(list.list("/items"), "/name"), ["test.one"]);
    assert_eq!(list.text("/items/0/next_at"), "2026-03-15T00:00:00.000Z");
    assert_eq!(list.text("/items/0/time_zone"), "Europe/Istanbul");
    let paused = superadmin.act("/jobs/schedules/test.one/pause").await.expect(200);
    assert_eq!((&paused.body["is_paused"], paused.body.get("next_at")), (&json!(true), None));
    refused(superadmin.act("/jobs/schedules/test.one/pause").await, 409, "schedule_state");
    let made = superadmin.act("/jobs/schedules/test.one/run").await.expect(201);
    let at = made.header("location").to_owned();
    assert!(at.ends_with(&format!("/api/v1/jobs/{}", made.text("/id"))), "{at}");
    assert_eq!(
        (made.text("/kind"), made.text("/schedule")),
        ("test.one".to_owned(), "test.one".to_owned())
    );
    let resumed = superadmin.act("/jobs/schedules/test.one/resume").await.expect(200);
    assert_eq!(resumed.body["is_paused"], false);
    assert!(resumed.body.get("next_at").is_some());
    refused(superadmin.act("/jobs/schedules/test.one/resume").await, 409, "schedule_state");
    refused(superadmin.act("/jobs/schedules/test.none/run").await, 404, "not_found");
}

async fn what_operators_do_is_in_the_trail(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    schedule(house).await;
    superadmin.act("/jobs/schedules/test.one/pause").await.expect(200);
    superadmin.act("/jobs/schedules/test.one/resume").await.expect(200);
    let id = superadmin.act("/jobs/schedules/test.one/run").await.expect(201).text("/id");
    superadmin.act(&format!("/jobs/{id}/run")).await.expect(200);
    superadmin.act(&format!("/jobs/{id}/cancel")).await.expect(200);
    superadmin.act(&format!("/jobs/{id}/retry")).await.expect(200);
    let of = async |entity: &str| {
        let changes = walk(&superadmin, &format!("/audit/changes?entity={entity}"), 50).await;
        let mut actions = every(&changes, "/action");
        actions.sort();
        actions
    };
    assert_eq!(of("schedule").await, ["paused", "resumed", "started"]);
    assert_eq!(of("job").await, ["cancelled", "created", "retried", "started"]);
    assert!(house.world.verify().await.is_intact());
}

async fn only_operators_see_and_change_jobs(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    schedule(house).await;
    let id = jobs(house, &["test.one"]).await.remove(0);
    let accountant = house.somebody(&superadmin, "accountant").await;
    for path in ["/jobs".to_owned(), "/jobs/schedules".to_owned(), format!("/jobs/{id}")] {
        refused(accountant.get(&path).await, 403, "forbidden");
        refused(house.stranger().get(&path).await, 401, "unauthenticated");
    }
    for path in [format!("/jobs/{id}/cancel"), "/jobs/schedules/test.one/run".to_owned()] {
        refused(accountant.act(&path).await, 403, "forbidden");
    }
    let admin = house.somebody(&superadmin, "admin").await;
    admin.act(&format!("/jobs/{id}/cancel")).await.expect(200);
}

async fn what_is_asked_wrongly_is_refused(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Somebody").await;
    for query in ["state=dead", "kind=No%20Kind", "kind=.", "kind=ab", "sort=kind", "limit=0"] {
        refused(superadmin.get(&format!("/jobs?{query}")).await, 400, "bad_request");
    }
    for path in ["/jobs/7", "/jobs/schedules/x/y"] {
        refused(superadmin.get(path).await, 404, "not_found");
    }
    let elsewhere = donor["id"].as_str().unwrap();
    refused(superadmin.get(&format!("/jobs/{elsewhere}")).await, 404, "not_found");
    refused(superadmin.act(&format!("/jobs/{elsewhere}/retry")).await, 404, "not_found");
}
