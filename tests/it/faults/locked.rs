//! Another program holds the file.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use super::{
    PATIENCE, assert_unavailable, assert_verified,
    ledger::Ledger,
    load::{Refusal, Step, Story},
    ready, status,
};
use crate::{e2e::almoner::Almoner, support::Browser};

/// More writers than the server has workers: if one of them blocked its worker, nobody would answer.
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_wait_for_a_program_that_holds_the_file_for_a_moment() {
    let almoner = ready(Almoner::new());
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let other = hold(&almoner, "BEGIN IMMEDIATE");
    let writing = tokio::spawn(write_at_once(Arc::clone(&browser), "moment"));
    still_reads(&almoner, &browser).await;
    assert!(!writing.is_finished(), "somebody wrote into a locked file");
    drop(other);
    let (stories, refusals) = writing.await.unwrap();
    assert!(refusals.is_empty(), "{refusals:#?}");
    ledger.settle_and_search(&browser, stories).await;
    ledger.assert_whole().await;
    assert_verified(&almoner);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_are_told_to_come_again_when_a_program_keeps_the_file() {
    let almoner = ready(Almoner::new());
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let other = hold(&almoner, "BEGIN EXCLUSIVE");
    let writing = write_at_once(Arc::clone(&browser), "kept");
    let writing = tokio::spawn(tokio::time::timeout(PATIENCE, writing));
    while !writing.is_finished() {
        still_reads(&almoner, &browser).await;
    }
    let (stories, refusals) = writing.await.unwrap().expect("each waits for all before it");
    assert_eq!(refusals.len(), WRITERS);
    for refusal in &refusals {
        assert_unavailable(&refusal.answer);
    }
    drop(other);
    let (after, refusals) = write_at_once(Arc::clone(&browser), "after").await;
    assert!(refusals.is_empty(), "{refusals:#?}");
    for stories in [after, stories] {
        ledger.settle_and_search(&browser, stories).await;
    }
    ledger.assert_whole().await;
    assert_verified(&almoner);
}

#[test]
fn a_server_does_not_start_on_a_file_that_another_program_keeps() {
    let mut almoner = ready(Almoner::new());
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let other = hold(&almoner, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    let served = almoner.run(&["serve"]);
    assert_eq!(served.status.code(), Some(1));
    let said = String::from_utf8(served.stderr).unwrap();
    assert!(said.contains("almoner.db") && said.contains("is locked"), "{said}");
    drop(other);
    almoner.start();
    assert_verified(&almoner);
}

fn hold(almoner: &Almoner, how: &str) -> Connection {
    let other = Connection::open(almoner.database()).unwrap();
    other.execute_batch(how).unwrap();
    other
}

async fn still_reads(almoner: &Almoner, browser: &Browser) {
    for _ in 0..5 {
        browser.get("/donations?count=exact").await.expect(200);
        assert_eq!(status(almoner, "/health/live").await, 200);
        assert_eq!(status(almoner, "/health/ready").await, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn write_at_once(browser: Arc<Browser>, label: &str) -> (Vec<Story>, Vec<Refusal>) {
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let (browser, mut story) = (Arc::clone(&browser), Story::new(format!("{label}{number}e")));
        writers.spawn(async move {
            let refusal = story.take(&browser, Step::Create).await;
            (story, refusal)
        });
    }
    let (stories, refusals): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().unzip();
    (stories, refusals.into_iter().flatten().collect())
}
