//! `backup`, `restore` and the backups that the server makes by itself.

use std::{
    fs,
    path::Path,
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::almoner::Almoner;

/// Clients that record donations at the same time.
const WRITERS: usize = 8;
/// Donations that are stored before the backup begins.
const BEFORE: usize = 200;

fn gift(reference: &str) -> Value {
    json!({
        "amount": { "amount": "12.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14", "reference": reference,
    })
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn wait_until(mut happened: impl FnMut() -> bool) {
    for _ in 0..1_200 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within a minute");
}

/// A server with an account, that has ended.
pub fn ended_server() -> Almoner {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    almoner.signal("-TERM");
    assert!(almoner.ended());
    almoner
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_busy_writers_has_all_that_was_acknowledged_before_it_began() {
    let mut almoner = Almoner::new().with("ALMONER_RATE_LIMIT", "off");
    almoner.start();
    almoner.create_admin();
    let browser = Arc::new(almoner.log_in().await);
    let (stored, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (browser, stored) = (Arc::clone(&browser), Arc::clone(&stored));
        let stop = Arc::clone(&stop);
        writers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let answer = browser.post("/donations", &gift(&writer.to_string())).await;
                stored.lock().unwrap().push(answer.expect(201).text("/id"));
            }
        });
    }
    let count = || stored.lock().unwrap().len();
    wait_until(|| count() >= BEFORE).await;
    let before = stored.lock().unwrap().clone();
    let mut backup = almoner.command(&["backup", "copy.db"]);
    let made = tokio::task::spawn_blocking(move || backup.output().unwrap()).await.unwrap();
    assert!(made.status.success(), "{}", said(&made));
    assert!(count() > before.len(), "nobody wrote meanwhile");
    stop.store(true, Ordering::Relaxed);
    writers.join_all().await;

    let copy = almoner.folder.path().join("copy.db");
    let other = Almoner::new();
    fs::create_dir(other.folder.path().join("data")).unwrap();
    fs::copy(
        almoner.folder.path().join("data/almoner.key"),
        other.folder.path().join("data/almoner.key"),
    )
    .unwrap();
    let restored = other.run(&["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(other.run(&["audit", "verify"]).status.success());
    assert!(other.run(&["totals", "check"]).status.success());
    let file = Connection::open(other.database()).unwrap();
    let mut found = file.prepare("SELECT count(*) FROM donations WHERE id = ?1").unwrap();
    for id in before {
        let id: Uuid = id.parse().unwrap();
        let rows: i64 = found.query_row([id.as_bytes().as_slice()], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "{id} is missing");
    }
}

#[tokio::test]
async fn restore_brings_back_what_was_and_keeps_what_is_also_after_a_kill() {
    use std::os::unix::fs::PermissionsExt;

    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    browser.post("/donations", &gift("before")).await.expect(201);
    let made = almoner.run(&["backup", "copy.db"]);
    assert!(made.status.success(), "{}", said(&made));
    let copy = fs::metadata(almoner.folder.path().join("copy.db")).unwrap();
    assert_eq!(copy.permissions().mode() & 0o777, 0o600);
    browser.post("/donations", &gift("after")).await.expect(201);

    let refused = almoner.run(&["restore", "copy.db", "--yes"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("another almoner is running on"), "{}", said(&refused));
    // Its last change stands in the log alone.
    almoner.kill();
    let unconfirmed = almoner.run(&["restore", "copy.db"]);
    assert_eq!(unconfirmed.status.code(), Some(1));
    assert!(said(&unconfirmed).contains("confirm it with --yes"), "{}", said(&unconfirmed));
    let restored = almoner.run(&["restore", "copy.db", "--yes"]);
    assert!(restored.status.success(), "{}", said(&restored));
    let printed = String::from_utf8(restored.stdout).unwrap();
    assert!(printed.contains("  donations    1\n"), "{printed}");

    let data = almoner.folder.path().join("data");
    let kept = names(&data);
    let kept: Vec<&String> = kept.iter().filter(|name| name.contains("before-restore")).collect();
    let [kept] = kept[..] else { panic!("{kept:?}") };
    let rows = |file: &Path| -> i64 {
        let file = Connection::open(file).unwrap();
        file.query_row("SELECT count(*) FROM donations", [], |row| row.get(0)).unwrap()
    };
    assert_eq!((rows(&almoner.database()), rows(&data.join(kept))), (1, 2));
    almoner.start();
    let listed = almoner.log_in().await.get("/donations").await.expect(200);
    assert_eq!(listed.list("/items").len(), 1);
}

#[tokio::test]
async fn a_log_whose_database_is_gone_is_not_read_into_what_is_restored() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    browser.post("/donations", &gift("before")).await.expect(201);
    let made = almoner.run(&["backup", "copy.db"]);
    assert!(made.status.success(), "{}", said(&made));
    browser.post("/donations", &gift("after")).await.expect(201);
    almoner.kill();
    let data = almoner.folder.path().join("data");
    assert!(data.join("almoner.db-wal").exists());
    fs::remove_file(almoner.database()).unwrap();
    let restored = almoner.run(&["restore", "copy.db"]);
    assert!(restored.status.success(), "{}", said(&restored));
    let printed = String::from_utf8(restored.stdout).unwrap();
    assert!(printed.contains("almoner.db-wal had no database and is "), "{printed}");
    assert!(names(&data).iter().any(|name| name.contains("before-restore")), "{printed}");
    almoner.start();
    let listed = almoner.log_in().await.get("/donations").await.expect(200);
    assert_eq!(listed.list("/items").len(), 1);
}

#[test]
fn what_is_damaged_or_altered_is_refused_and_the_database_stays() {
    let almoner = ended_server();
    let made = almoner.run(&["backup", "copy.db"]);
    assert!(made.status.success(), "{}", said(&made));
    let file = |name: &str| almoner.folder.path().join(name);
    let copy = fs::read(file("copy.db")).unwrap();
    fs::write(file("short.db"), &copy[..copy.len() / 2]).unwrap();
    let mut damaged = copy.clone();
    let middle = copy.len() / 2 / 4_096 * 4_096;
    damaged[middle..middle + 4_096].fill(0xA5);
    fs::write(file("damaged.db"), damaged).unwrap();
    fs::write(file("text.db"), "no database").unwrap();
    fs::write(file("altered.db"), &copy).unwrap();
    let altered = Connection::open(file("altered.db")).unwrap();
    altered
        .execute_batch("DROP TRIGGER changes_no_update; UPDATE changes SET action = 'nothing'")
        .unwrap();
    altered.close().unwrap();
    let before = fs::read(almoner.database()).unwrap();
    for (options, name, reason) in [
        (&["--yes"][..], "short.db", "its seal does not fit"),
        (&["--yes"], "damaged.db", "its seal does not fit"),
        (&["--yes"], "text.db", "not a database"),
        (&["--yes"], "altered.db", "seal"),
        (&["--yes", "--unsealed"], "short.db", "not sound"),
        (&["--yes", "--unsealed"], "damaged.db", "not sound"),
        (&["--yes", "--unsealed"], "text.db", "not a database"),
        (&["--yes", "--unsealed"], "altered.db", "the trigger \"changes_no_update\" is missing"),
    ] {
        let refused = almoner.run(&[&["restore", name], options].concat());
        assert_eq!(refused.status.code(), Some(5), "{name}: {}", said(&refused));
        assert!(said(&refused).contains(reason), "{name}: {}", said(&refused));
    }
    assert_eq!(fs::read(almoner.database()).unwrap(), before);
    let data = names(&almoner.folder.path().join("data"));
    assert!(!data.iter().any(|name| name.contains("restore")), "{data:?}");

    fs::write(almoner.database(), fs::read(file("altered.db")).unwrap()).unwrap();
    let refused = almoner.run(&["backup", "new.db"]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(!names(almoner.folder.path()).iter().any(|name| name.contains("new.db")));
}

#[test]
fn a_file_that_is_there_is_only_replaced_when_asked() {
    let almoner = ended_server();
    let file = almoner.folder.path().join("copy.db");
    fs::write(&file, "something else").unwrap();
    let refused = almoner.run(&["backup", "copy.db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("--force"), "{}", said(&refused));
    assert_eq!(fs::read(&file).unwrap(), b"something else");
    assert!(almoner.run(&["backup", "copy.db", "--force"]).status.success());
    assert!(fs::read(&file).unwrap().starts_with(b"SQLite format 3"));
    for own in ["data/almoner.db", "data/almoner.key"] {
        assert_eq!(almoner.run(&["backup", own, "--force"]).status.code(), Some(1), "{own}");
    }
}

#[test]
fn the_key_goes_to_another_folder_or_nowhere() {
    let almoner = ended_server();
    let folder = almoner.folder.path();
    let plain = almoner.run(&["backup", "one.db"]);
    assert!(String::from_utf8_lossy(&plain.stdout).contains("data/almoner.key"));
    let refused = almoner.run(&["backup", "two.db", "--with-key", "two.key"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!folder.join("two.db").exists() && !folder.join("two.key").exists());
    fs::create_dir(folder.join("safe")).unwrap();
    let made = almoner.run(&["backup", "two.db", "--with-key", "safe/two.key"]);
    assert!(made.status.success(), "{}", said(&made));
    let key = |file: &str| fs::read(folder.join(file)).unwrap();
    assert_eq!(key("safe/two.key"), key("data/almoner.key"));
}

#[tokio::test]
async fn the_server_makes_a_backup_when_none_is_young_enough_and_removes_the_oldest() {
    let mut almoner = Almoner::new()
        .with("ALMONER_BACKUP_FOLDER", "backups")
        .with("ALMONER_BACKUP_EVERY", "1h")
        .with("ALMONER_BACKUP_KEEP", "2");
    let folder = almoner.folder.path().join("backups");
    fs::create_dir(&folder).unwrap();
    let old = ["almoner-20200101T000000Z.db", "almoner-20210101T000000Z.db"];
    for name in old {
        fs::write(folder.join(name), "old").unwrap();
    }
    fs::write(folder.join(".almoner-20200102T000000Z.db.part"), "left by a crash").unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    almoner.start();
    wait_until(|| !folder.join(old[0]).exists()).await;
    let left = names(&folder);
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left[0] == old[1] && left[2] == "notes.txt", "{left:?}");

    let ready = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    assert_eq!(ready["parts"][3]["name"], "backup", "{ready}");
    assert_eq!(ready["parts"][3]["status"], "up", "{ready}");
    assert!(ready["parts"][3]["age_seconds"].as_u64().unwrap() < 60, "{ready}");
    let metric = |name: &'static str| metric(&almoner.url, name);
    wait_for_metric(&almoner.url, "almoner_backup_age_seconds").await;
    assert!(metric("almoner_backup_age_seconds").await.unwrap() < 120.0);
    assert!(metric("almoner_backup_last_success_timestamp_seconds").await.unwrap() > 1e9);
    assert_eq!(metric("almoner_backup_failures_total").await, Some(0.0));

    // It is young enough at the next start.
    almoner.signal("-TERM");
    assert!(almoner.ended());
    almoner.start();
    wait_for_metric(&almoner.url, "almoner_backup_age_seconds").await;
    assert_eq!(names(&folder), left);
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let restored = almoner.run(&["restore", &format!("backups/{}", left[1]), "--yes"]);
    assert!(restored.status.success(), "{}", said(&restored));
}

#[tokio::test]
async fn a_scheduled_backup_that_fails_is_logged_once_and_the_server_stays_ready() {
    let mut almoner = Almoner::new().with("ALMONER_BACKUP_FOLDER", "taken");
    fs::write(almoner.folder.path().join("taken"), "a file").unwrap();
    almoner.start();
    wait_until(|| almoner.log().contains("a scheduled backup failed")).await;
    let ready = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    assert_eq!(ready["parts"][3], json!({ "name": "backup", "status": "down" }));
    assert_eq!(metric(&almoner.url, "almoner_backup_failures_total").await, Some(1.0));
    assert_eq!(almoner.log().matches("a scheduled backup failed").count(), 1);
    assert!(almoner.log().contains("\"ERROR\""));
}

#[tokio::test]
async fn without_scheduled_backups_readiness_says_nothing_of_them() {
    let mut almoner = Almoner::new();
    almoner.start();
    let ready = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    let parts = ready["parts"].as_array().unwrap();
    assert!(!parts.is_empty());
    assert!(parts.iter().all(|part| part["name"] != "backup"), "{ready}");
}

#[test]
fn on_postgresql_the_tools_to_run_are_told_without_the_password() {
    let almoner =
        Almoner::new().with("ALMONER_DATABASE_URL", "postgres://clerk:hunter2@db.example/almoner");
    for (command, tool) in [
        (
            "backup",
            "pg_dump --format=custom --file='gifts.dump' 'postgres://clerk@db.example/almoner'",
        ),
        ("restore", "--dbname='postgres://clerk@db.example/almoner' 'gifts.dump'"),
    ] {
        let told = almoner.run(&[command, "gifts.dump"]);
        assert_eq!(told.status.code(), Some(2), "{command}");
        assert!(said(&told).contains(tool), "{}", said(&told));
        assert!(!said(&told).contains("hunter2"), "{}", said(&told));
    }
}

async fn wait_for_metric(url: &str, name: &str) {
    for _ in 0..1_200 {
        if metric(url, name).await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} did not appear within a minute");
}

/// The value of a metric without labels.
async fn metric(url: &str, name: &str) -> Option<f64> {
    let answer = crate::support::http::get(format!("{url}/metrics")).await.unwrap();
    let text = answer.text().await.unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}
