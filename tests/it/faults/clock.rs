//! The clock of the machine is set back, or jumps ahead, under a running server. What sessions, locks and limits make
//! of it is in `http/clocks.rs`; here are the parts that only the built binary has: its own clock and
//! its own ids.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;
use serde_json::json;

use super::{assert_verified, ledger::Ledger, load::Load, ready};
use crate::{
    e2e::almoner::{Almoner, EMAIL},
    http::reading::walk,
    support::Browser,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_back_doubles_no_id_and_breaks_no_chain() {
    let almoner = Almoner::new();
    let (clock, library) = (almoner.folder.path().join("clock"), settable_clock(&almoner));
    set_back(&clock, 0);
    let mut almoner = ready(
        almoner
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("CLOCK_SET_BACK", clock.to_str().unwrap()),
    );
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let mut minutes = 0;
    for round in 0..6 {
        let load = Load::start(&browser, 4, &format!("jump{round}"), round);
        // In the middle of the work; a session outlives it.
        tokio::time::sleep(Duration::from_millis(60)).await;
        minutes += 4;
        set_back(&clock, minutes);
        tokio::time::sleep(Duration::from_millis(60)).await;
        let (stories, refusals) = load.end().await;
        assert!(refusals.is_empty(), "{refusals:#?}");
        ledger.settle_and_search(&browser, stories).await;
        if round == 3 {
            // A server that starts in the past of its own records.
            almoner.kill();
            almoner.start();
        }
    }
    // It was the server's clock that was set.
    let file = Connection::open(almoner.database()).unwrap();
    let at = |order: &str| -> i64 {
        let sql = format!("SELECT at FROM changes ORDER BY position {order} LIMIT 1");
        file.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert!(at("DESC") < at("ASC"));
    // Pages meet each donation once, however ids and times lie.
    assert_eq!(walk(&browser, "/donations", 50).await.len(), ledger.len());
    ledger.assert_all_stored(&browser).await;
    ledger.assert_whole().await;
    assert_verified(&almoner);
}

/// A library that takes the place of the C library's clock: libfaketime, which does so too, does not
/// get along with the allocator.
fn settable_clock(almoner: &Almoner) -> PathBuf {
    let library = almoner.folder.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/it/faults/clock.c");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", source, "-o"]).arg(&library);
    assert!(compile.status().unwrap().success());
    library
}

/// Twenty years, in minutes.
const YEARS: i64 = 20 * 365 * 24 * 60;

/// Waits until something is so, for longer than it takes the server to look.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_800 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen within 90 seconds");
}

async fn metrics(almoner: &Almoner) -> String {
    let metrics = crate::support::http::get(format!("{}/metrics", almoner.url)).await.unwrap();
    metrics.text().await.unwrap()
}

/// What the metrics say of a part.
async fn is_up(almoner: &Almoner, part: &str) -> Option<bool> {
    let metrics = metrics(almoner).await;
    let gauge = format!("almoner_part_up{{part=\"{part}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&gauge)).map(|value| value == "1")
}

async fn parts(almoner: &Almoner) -> String {
    let ready = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    ready.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_ahead_destroys_nothing_and_schedules_come_back_with_it() {
    let almoner = Almoner::new();
    let (clock, library) = (almoner.folder.path().join("clock"), settable_clock(&almoner));
    set_back(&clock, 0);
    let mut almoner = ready(
        almoner
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("CLOCK_SET_BACK", clock.to_str().unwrap()),
    );
    let browser = almoner.log_in().await;
    let new = json!({ "kind": "person", "name": "In the trash" });
    let donor = browser.post("/donors", &new).await.expect(201).text("/id");
    browser.delete(&format!("/donors/{donor}"), 1).await.expect(204);
    // One failed login is a security event.
    let wrong = json!({ "email": EMAIL, "password": "not the password at all" });
    Browser::stranger(&almoner.url).post("/auth/login", &wrong).await.expect(401);
    let rows = |table: &str| -> i64 {
        let file = Connection::open(almoner.database()).unwrap();
        let count = format!("SELECT count(*) FROM {table}");
        file.query_row(&count, [], |row| row.get(0)).unwrap()
    };
    let (events, donors) = (rows("security_events"), rows("donors"));
    let furthest = |almoner: &Almoner| -> i64 {
        let file = Connection::open(almoner.database()).unwrap();
        let next = "SELECT max(next_at) FROM schedules";
        file.query_row(next, [], |row| row.get(0)).unwrap()
    };
    until("planning", async || rows("schedules") > 0).await;
    let planned = furthest(&almoner);

    set_back(&clock, -YEARS);
    let later = almoner.log_in().await;
    until("the doubt", async || parts(&almoner).await.contains("\"clock\"")).await;
    for kind in ["trash", "security_events", "jobs", "expired"] {
        let run = format!("/jobs/schedules/housekeeping.{kind}/run");
        let job = later.act(&run).await.expect(201).text("/id");
        until("the refusal", async || {
            let job = later.get(&format!("/jobs/{job}")).await.expect(200).body;
            job["reason"].as_str().is_some_and(|reason| reason.contains("almoner clock confirm"))
        })
        .await;
    }
    // A server that starts while the clock is wrong is not taken in either.
    almoner.kill();
    almoner.start();
    until("the doubt", async || parts(&almoner).await.contains("\"clock\"")).await;
    assert_eq!(furthest(&almoner), planned, "a schedule was moved by twenty years");
    assert!(almoner.log().contains("nothing is destroyed"));

    set_back(&clock, 0);
    until("trust", async || !parts(&almoner).await.contains("\"clock\"")).await;
    // What was put off until then is done now.
    let file = Connection::open(almoner.database()).unwrap();
    until("the end of the jobs", async || {
        let open = "SELECT count(*) FROM jobs WHERE state <> 'done'";
        file.query_row(open, [], |row| row.get::<_, i64>(0)).unwrap() == 0
    })
    .await;
    // One that was moved by an older program comes back too.
    file.busy_timeout(Duration::from_secs(10)).unwrap();
    let years = format!("UPDATE schedules SET next_at = next_at + {YEARS} * 60000");
    file.execute_batch(&years).unwrap();
    until("the schedules", async || furthest(&almoner) < planned + 2 * 24 * 3_600_000).await;
    let count = |table: &str| -> i64 {
        file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count("donors"), donors);
    assert!(count("security_events") >= events);
    assert_verified(&almoner);
}

#[tokio::test]
async fn a_time_that_was_confirmed_is_trusted() {
    let almoner = Almoner::new();
    let (clock, library) = (almoner.folder.path().join("clock"), settable_clock(&almoner));
    set_back(&clock, 0);
    let mut almoner = ready(
        almoner
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("CLOCK_SET_BACK", clock.to_str().unwrap()),
    );
    for part in ["database", "migrations", "queue", "writes", "clock"] {
        assert_eq!(is_up(&almoner, part).await, Some(true), "{part} on the first scrape");
    }
    almoner.signal("-TERM");
    assert!(almoner.ended());
    set_back(&clock, -YEARS);
    almoner.start();
    until("the doubt", async || parts(&almoner).await.contains("\"clock\"")).await;
    assert_eq!(is_up(&almoner, "clock").await, Some(false));
    let unconfirmed = almoner.run(&["clock", "confirm"]);
    assert!(String::from_utf8_lossy(&unconfirmed.stderr).contains("--yes"));
    assert!(almoner.run(&["clock", "confirm", "--yes"]).status.success());
    until("trust", async || !parts(&almoner).await.contains("\"clock\"")).await;
    assert!(almoner.log().contains("the clock is trusted again"));
    assert_eq!(is_up(&almoner, "clock").await, Some(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_begins_in_1970_brings_nothing_back_and_is_not_stored() {
    let almoner = Almoner::new();
    let (clock, library) = (almoner.folder.path().join("clock"), settable_clock(&almoner));
    set_back(&clock, 0);
    let mut almoner = ready(
        almoner
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("CLOCK_SET_BACK", clock.to_str().unwrap()),
    );
    let database = almoner.database();
    let rows = |sql: &str| -> Vec<i64> {
        let file = Connection::open(&database).unwrap();
        let mut rows = file.prepare(sql).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    // That of each hour may fire meanwhile.
    let planned =
        || rows("SELECT next_at FROM schedules WHERE name <> 'housekeeping.expired' ORDER BY name");
    let known = || rows("SELECT trusted_at FROM clock");
    until("planning", async || !planned().is_empty() && !known().is_empty()).await;
    let (before, noted) = (planned(), known());
    almoner.kill();
    set_back(&clock, 56 * 365 * 24 * 60);
    almoner.start();
    // The worker counts the jobs after it has looked for what is years ahead.
    until("looking", async || metrics(&almoner).await.contains("almoner_jobs{")).await;
    assert_eq!((planned(), known()), (before, noted));
    assert!(!almoner.log().contains("of a clock that was ahead"));
}

fn set_back(clock: &Path, minutes: i64) {
    // Whole or not at all: the server may be looking.
    let draft = clock.with_extension("new");
    fs::write(&draft, (minutes * 60).to_string()).unwrap();
    fs::rename(draft, clock).unwrap();
}
