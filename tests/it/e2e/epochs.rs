//! What was shown in a time line that is lost is taken for nothing once the database was put back; and a
//! restart loses nothing.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    almoner::Almoner,
    backup::said,
    webhooks::{Receiver, subscribe, within},
};
use crate::support::{Answer, Browser, Follower, PostgresDatabase};

fn gift(reference: &str) -> Value {
    json!({
        "amount": { "amount": "12.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14", "reference": reference,
    })
}

async fn donate(browser: &Browser, key: &str) -> Answer {
    let request = browser.request(Method::POST, "/donations").header("Idempotency-Key", key);
    Answer::to(request.json(&gift(key))).await.expect(201)
}

async fn patch(browser: &Browser, path: &str, tag: &str, notes: &str) -> Answer {
    let request = browser.request(Method::PATCH, path).header("If-Match", tag);
    Answer::to(request.json(&json!({ "notes": notes }))).await
}

async fn read(browser: &Browser, path: &str, tag: &str) -> Answer {
    Answer::to(browser.request(Method::GET, path).header("If-None-Match", tag)).await
}

/// What clients have when the time line is lost.
struct Lost {
    path: String,
    /// From before the copy was made, and from behind it.
    tags: [String; 2],
    cursor: String,
    list: Follower,
    changes: Follower,
    kept: Answer,
    receiver: Receiver,
    browser: Browser,
}

/// A server of which a copy is made, and what happens behind that.
async fn lived(almoner: &mut Almoner, copy: impl FnOnce(&mut Almoner)) -> Lost {
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let receiver = Receiver::listen(&[]).await;
    subscribe(&browser, &receiver).await;
    let kept = donate(&browser, "kept").await;
    let path = kept.header("location")["/api/v1".len()..].to_owned();
    // It was told before the copy was made, so that nothing is told again.
    receiver.at_least(1).await;
    let before = kept.header("etag").to_owned();
    copy(almoner);

    let browser = almoner.log_in().await;
    donate(&browser, "lost").await;
    let behind = patch(&browser, &path, &before, "lost").await.expect(200);
    receiver.at_least(2).await;
    let cursor = browser.get("/donations?limit=1").await.expect(200).text("/next_cursor");
    let mut list = Follower::of(&browser, "/donations").await;
    list.expect("snapshot").await;
    let mut changes = Follower::of(&browser, "/events?topics=donations").await;
    donate(&browser, "lost-too").await;
    list.expect("upsert").await;
    changes.expect("change").await;
    receiver.at_least(3).await;
    let tags = [before, behind.header("etag").to_owned()];
    Lost { path, tags, cursor, list, changes, kept, receiver, browser }
}

/// The server after its database was put back.
async fn nothing_lost_is_taken_for_current(almoner: &Almoner, lost: Lost) {
    let Lost { path, tags: [before, behind], cursor, list, changes, kept, receiver, .. } = lost;
    // Nobody knows which sessions were ended meanwhile.
    lost.browser.at(&almoner.url).get("/users/me").await.expect(401);
    let browser = almoner.log_in().await;
    let mut list = list.resume(&browser, "/donations").await;
    list.expect("resync").await;
    assert_eq!(list.expect("snapshot").await.data["items"].as_array().unwrap().len(), 1);
    let mut changes = changes.resume(&browser, "/events?topics=donations").await;
    changes.expect("resync").await;
    let page = browser.get(&format!("/donations?limit=1&cursor={cursor}")).await.expect(400);
    assert_eq!(page.text("/errors/0/parameter"), "cursor");

    // What was read before the copy was made is still so, but who knows that.
    assert_eq!(read(&browser, &path, &before).await.expect(200).body, kept.body);
    let stale = patch(&browser, &path, &before, "x").await.expect(412);
    assert_eq!((stale.text("/code"), stale.list("/fields").len()), ("stale".into(), 0));
    assert!(stale.text("/detail").contains("restored"), "{}", stale.body);
    // The version of the lost time line is there again, and is another.
    let again = patch(&browser, &path, "\"1\"", "again").await.expect(200);
    assert_eq!(again.number("/version"), 2);
    assert_eq!(patch(&browser, &path, &behind, "x").await.expect(412).text("/code"), "stale");
    assert_eq!(read(&browser, &path, &behind).await.expect(200).text("/notes"), "again");
    read(&browser, &path, again.header("etag")).await.expect(304);

    // What was answered before the copy was made came with it, what was answered later did not.
    let replayed = donate(&browser, "kept").await;
    assert_eq!((replayed.header("idempotent-replayed"), &replayed.body), ("true", &kept.body));
    read(&browser, &path, replayed.header("etag")).await.expect(200);
    assert_eq!(patch(&browser, &path, replayed.header("etag"), "x").await.status, 412);
    assert_eq!(donate(&browser, "lost").await.header("idempotent-replayed"), "");
    donate(&browser, "new").await;
    let messages = receiver.at_least(5).await;
    let mut told: HashMap<&str, Value> = HashMap::new();
    for message in &messages {
        let record = message.json()["data"]["id"].clone();
        let before = told.insert(message.id(), record.clone());
        assert!(before.is_none_or(|before| before == record), "one id for two: {messages:?}");
    }
    assert_eq!(told.len(), 5, "{messages:?}");
}

/// The epochs as an operator is shown them: number and cause.
fn epochs(almoner: &Almoner) -> Vec<String> {
    let status = almoner.run(&["migrate", "status"]);
    assert!(status.status.success(), "{}", said(&status));
    let printed = String::from_utf8(status.stdout).unwrap();
    let epochs = printed.lines().filter_map(|line| line.strip_prefix("epoch    "));
    epochs.map(|epoch| epoch.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

fn stop(almoner: &mut Almoner) {
    almoner.signal("-TERM");
    assert!(almoner.ended());
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

fn key(almoner: &Almoner) -> PathBuf {
    almoner.folder.path().join("data/almoner.key")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_on_sqlite_nothing_of_the_lost_time_line_is_taken_for_current() {
    let mut almoner = within();
    let lost = lived(&mut almoner, |almoner| {
        let made = almoner.run(&["backup", "copy.db"]);
        assert!(made.status.success(), "{}", said(&made));
    })
    .await;
    stop(&mut almoner);
    let restored = almoner.run(&["restore", "copy.db", "--yes"]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(String::from_utf8_lossy(&restored.stdout).contains("a new epoch"));
    almoner.start();
    assert_eq!(almoner.log().matches("a new epoch has begun").count(), 1);
    nothing_lost_is_taken_for_current(&almoner, lost).await;
    stop(&mut almoner);
    almoner.start();
    assert_eq!(epochs(&almoner), ["1 first", "2 restored"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_moved_back_by_hand_is_another_time_line() {
    let mut almoner = within();
    let saved = almoner.folder.path().join("saved.db");
    let lost = lived(&mut almoner, |almoner| {
        stop(almoner);
        copied(&almoner.database(), &almoner.folder.path().join("saved.db"));
        almoner.start();
    })
    .await;
    stop(&mut almoner);
    fs::rename(&saved, almoner.database()).unwrap();
    almoner.start();
    assert_eq!(epochs(&almoner), ["1 first", "2 moved"]);
    nothing_lost_is_taken_for_current(&almoner, lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_over_which_a_copy_is_written_is_another_time_line_however_the_server_ended() {
    for is_killed in [false, true] {
        let mut almoner = within();
        let saved = almoner.folder.path().join("saved.db");
        let lost = lived(&mut almoner, |almoner| {
            stop(almoner);
            copied(&almoner.database(), &almoner.folder.path().join("saved.db"));
            almoner.start();
        })
        .await;
        match is_killed {
            // A second after its last change it is noted.
            true => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                almoner.kill();
                for log in ["wal", "shm"] {
                    fs::remove_file(almoner.database().with_extension(format!("db-{log}")))
                        .unwrap();
                }
            }
            false => stop(&mut almoner),
        }
        // The file itself stays: nothing of its place tells.
        fs::write(almoner.database(), fs::read(&saved).unwrap()).unwrap();
        almoner.start();
        assert_eq!(epochs(&almoner), ["1 first", "2 restored"], "killed: {is_killed}");
        nothing_lost_is_taken_for_current(&almoner, lost).await;
        stop(&mut almoner);
        almoner.start();
        assert_eq!(epochs(&almoner), ["1 first", "2 restored"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_started_elsewhere_is_another_time_line() {
    let mut almoner = within();
    let mut other = within();
    let (to, to_key) = (other.database(), key(&other));
    let lost = lived(&mut almoner, |almoner| {
        stop(almoner);
        copied(&almoner.database(), &to);
        copied(&key(almoner), &to_key);
        almoner.start();
    })
    .await;
    // Both go on beside each other.
    other.start();
    nothing_lost_is_taken_for_current(&other, lost).await;
    assert_eq!(epochs(&other), ["1 first", "2 moved"]);
    assert_eq!(epochs(&almoner), ["1 first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_begins_no_epoch_however_the_server_ended() {
    let mut almoner = within();
    almoner.start();
    almoner.create_admin();
    let mut browser = almoner.log_in().await;
    let made = donate(&browser, "one").await;
    let path = made.header("location")["/api/v1".len()..].to_owned();
    donate(&browser, "two").await;
    let cursor = browser.get("/donations?limit=1").await.expect(200).text("/next_cursor");
    let mut list = Follower::of(&browser, "/donations").await;
    list.expect("snapshot").await;
    // In the background a backup is made, and commands are run.
    assert!(almoner.run(&["backup", "copy.db"]).status.success());
    assert!(almoner.run(&["totals", "check"]).status.success());
    for (number, is_killed) in [false, true, false].into_iter().enumerate() {
        match is_killed {
            true => almoner.kill(),
            false => stop(&mut almoner),
        }
        almoner.start();
        browser = almoner.log_in().await;
        read(&browser, &path, made.header("etag")).await.expect(304);
        browser.get(&format!("/donations?limit=1&cursor={cursor}")).await.expect(200);
        list = list.resume(&browser, "/donations").await;
        donate(&browser, &format!("killed-{number}")).await;
        let events = list.until(|items| items.len() > 2).await;
        assert!(events.iter().all(|event| event.name != "resync"), "{events:?}");
    }
    patch(&browser, &path, made.header("etag"), "x").await.expect(200);
    assert_eq!(epochs(&almoner), ["1 first"]);
    assert!(!almoner.log().contains("a new epoch has begun"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn after_a_dump_was_loaded_on_postgresql_nothing_of_the_lost_time_line_is_taken_for_current()
{
    let database = PostgresDatabase::create().await;
    let mut almoner = within().with("ALMONER_DATABASE_URL", &database.url());
    let lost = lived(&mut almoner, |almoner| told(almoner, "backup", "gifts.dump")).await;
    stop(&mut almoner);
    // Loaded into the very database that it came from, by the command that `restore` tells.
    told(&almoner, "restore", "gifts.dump");
    almoner.start();
    nothing_lost_is_taken_for_current(&almoner, lost).await;
    stop(&mut almoner);
    almoner.start();
    assert_eq!(epochs(&almoner), ["1 first", "2 restored"]);
    stop(&mut almoner);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn a_dump_that_is_loaded_into_another_database_is_another_time_line() {
    let (database, elsewhere) =
        (PostgresDatabase::create().await, PostgresDatabase::create().await);
    let mut almoner = within().with("ALMONER_DATABASE_URL", &database.url());
    let mut other = within().with("ALMONER_DATABASE_URL", &elsewhere.url());
    let lost = lived(&mut almoner, |almoner| told(almoner, "backup", "gifts.dump")).await;
    copied(&key(&almoner), &key(&other));
    copied(&almoner.folder.path().join("gifts.dump"), &other.folder.path().join("gifts.dump"));
    told(&other, "restore", "gifts.dump");
    other.start();
    nothing_lost_is_taken_for_current(&other, lost).await;
    assert_eq!(epochs(&other), ["1 first", "2 moved"]);
    assert_eq!(epochs(&almoner), ["1 first"]);
    drop((almoner, other));
    database.remove().await;
    elsewhere.remove().await;
}

/// Runs what `backup` and `restore` tell an operator of PostgreSQL to run, word for word.
fn told(almoner: &Almoner, command: &str, file: &str) {
    let told = almoner.run(&[command, file]);
    let told = said(&told);
    let line = told.lines().find(|line| line.starts_with("  pg_")).expect(&told);
    let mut shell = Command::new("sh");
    let done = shell.args(["-c", line]).current_dir(almoner.folder.path()).output().unwrap();
    assert!(done.status.success(), "{line}: {}", said(&done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn a_server_whose_database_is_put_back_under_it_ends_and_begins_an_epoch_at_its_next_start() {
    let database = PostgresDatabase::create().await;
    let mut almoner = within().with("ALMONER_DATABASE_URL", &database.url());
    let lost = lived(&mut almoner, |almoner| told(almoner, "backup", "gifts.dump")).await;
    told(&almoner, "restore", "gifts.dump");
    // It ends by itself, and not well: whoever keeps it running starts it anew.
    assert!(!almoner.ended());
    assert!(almoner.log().contains("the database is on another time line"), "{}", almoner.log());
    almoner.start();
    nothing_lost_is_taken_for_current(&almoner, lost).await;
    drop(almoner);
    database.remove().await;
}
