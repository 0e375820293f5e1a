//! Jobs in the running program: what was committed is done, also after the process died, and what was
//! not committed never is.

use std::time::Duration;

use serde_json::{Value, json};

use super::almoner::Almoner;
use crate::support::{Browser, PostgresDatabase};

const RUN: &str = "/jobs/schedules/housekeeping.expired/run";

/// Longer than anything here takes, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(90);

async fn done(browser: &Browser, id: &str) -> Value {
    let began = tokio::time::Instant::now();
    loop {
        let job = browser.get(&format!("/jobs/{id}")).await.expect(200).body;
        if job["state"] == "done" {
            return job;
        }
        assert!(began.elapsed() < PATIENCE, "{job}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn jobs(browser: &Browser) -> i64 {
    browser.get("/jobs?count=exact&limit=1").await.expect(200).number("/total")
}

#[tokio::test]
async fn a_job_runs_at_once_and_one_that_was_rehearsed_never_does() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    browser.act(&format!("{RUN}?dry_run=true")).await.expect(201);
    assert_eq!(jobs(&browser).await, 0);
    let id = browser.act(RUN).await.expect(201).text("/id");
    let job = done(&browser, &id).await;
    assert_eq!((job["attempts"].as_i64(), &job["runs"][0]["outcome"]), (Some(1), &"done".into()));
    let ready = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    let report: Value = ready.json().await.unwrap();
    assert_eq!(
        (&report["parts"][2]["name"], &report["parts"][2]["status"]),
        (&"queue".into(), &"up".into())
    );
    let schedules = browser.get("/jobs/schedules").await.expect(200);
    assert!(schedules.list("/items").len() >= 4);
    assert!(schedules.list("/items").iter().all(|one| one["next_at"].is_string()));
}

#[tokio::test]
async fn what_the_trail_shows_to_be_young_stays_in_the_trash_whatever_its_time() {
    let mut almoner = Almoner::new().with("ALMONER_RETENTION_TRASH", "2d");
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let donor = async |name: &str| {
        let new = json!({ "kind": "person", "name": name });
        browser.post("/donors", &new).await.expect(201).text("/id")
    };
    let (old, young, giving, kept) =
        (donor("Old").await, donor("Young").await, donor("Giving").await, donor("Kept").await);
    let donation = json!({
        "donor_id": giving,
        "amount": { "amount": "1250.00", "currency": "TRY" },
        "method": "cash",
        "donated_on": "2026-03-14",
    });
    browser.post("/donations", &donation).await.expect(201);
    for id in [&old, &young, &giving] {
        let version = browser.get(&format!("/donors/{id}")).await.expect(200).number("/version");
        browser.delete(&format!("/donors/{id}"), version).await.expect(204);
    }
    almoner.signal("-TERM");
    assert!(almoner.ended());
    // As if the clock had been three days behind for two of them.
    let file = rusqlite::Connection::open(almoner.database()).unwrap();
    let past =
        "UPDATE donors SET deleted_at = deleted_at - 259200000 WHERE name IN ('Old', 'Giving')";
    assert_eq!(file.execute(past, []).unwrap(), 2);
    drop(file);

    almoner.start();
    let browser = almoner.log_in().await;
    let job = browser.act("/jobs/schedules/housekeeping.trash/run").await.expect(201).text("/id");
    done(&browser, &job).await;
    browser.get(&format!("/donors/{kept}")).await.expect(200);
    let trash = browser.get("/donors?deleted=only&sort=name").await.expect(200);
    let names: Vec<&Value> = trash.list("/items").iter().map(|donor| &donor["name"]).collect();
    assert_eq!(names, ["Giving", "Old", "Young"]);
    // What was moved past the program is named, and nothing else.
    let verified = almoner.run(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(4));
    let told = String::from_utf8(verified.stdout).unwrap();
    let named = [&giving, &old, &young, &kept].map(|id| told.contains(id.as_str()));
    assert_eq!(named, [true, true, false, false], "{told}");
}

#[tokio::test]
async fn what_is_committed_is_done_though_the_process_dies_right_after_on_sqlite() {
    what_is_committed_is_done(Almoner::new()).await;
}

#[tokio::test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn what_is_committed_is_done_though_the_process_dies_right_after_on_postgresql() {
    let database = PostgresDatabase::create().await;
    what_is_committed_is_done(Almoner::new().with("ALMONER_DATABASE_URL", &database.url())).await;
    database.remove().await;
}

async fn what_is_committed_is_done(mut almoner: Almoner) {
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(browser.act(RUN).await.expect(201).text("/id"));
    }
    almoner.kill();
    almoner.start();
    let browser = almoner.log_in().await;
    for id in ids {
        // Whether it was under way, waiting or done when the process died.
        done(&browser, &id).await;
    }
    assert!(almoner.run(&["audit", "verify"]).status.success());
}

#[tokio::test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn two_instances_on_one_database_do_each_job_once() {
    let database = PostgresDatabase::create().await;
    let mut first = Almoner::new().with("ALMONER_DATABASE_URL", &database.url());
    first.start();
    first.create_admin();
    let key = first.folder.path().join("data/almoner.key");
    let mut second = Almoner::new()
        .with("ALMONER_DATABASE_URL", &database.url())
        .with("ALMONER_KEY_FILE", key.to_str().unwrap());
    second.start();
    let browsers = [first.log_in().await, second.log_in().await];
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(browsers[n % 2].act(RUN).await.expect(201).text("/id"));
    }
    for id in ids {
        let job = done(&browsers[0], &id).await;
        assert_eq!(job["attempts"], 1, "{job}");
    }
    let schedules = browsers[1].get("/jobs/schedules").await.expect(200);
    let mut names: Vec<&str> =
        schedules.list("/items").iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.dedup();
    assert_eq!(names.len(), schedules.list("/items").len());
    drop((first, second));
    database.remove().await;
}
