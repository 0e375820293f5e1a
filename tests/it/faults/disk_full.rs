//! No room for one more page.

use std::sync::Arc;

use super::{
    PATIENCE, assert_unavailable, assert_verified,
    disks::{Limit, OUTLIVES_LIMITS, Scarcity, SmallDisk},
    is_writable,
    ledger::Ledger,
    load::{Load, Step, Story},
    ready, status,
};
use crate::e2e::almoner::Almoner;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writing_but_not_reading_and_nothing_needs_a_restart() {
    let almoner = Almoner::new().through(&OUTLIVES_LIMITS);
    match SmallDisk::mount(almoner.folder.path()) {
        Some(disk) => survives(almoner, &disk).await,
        None => survives(almoner, &Limit).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_every_write_stops_writing_but_not_reading() {
    survives(Almoner::new().through(&OUTLIVES_LIMITS), &Limit).await;
}

async fn survives(almoner: Almoner, scarcity: &dyn Scarcity) {
    let almoner = ready(almoner);
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let load = Load::start(&browser, 4, "before", 1);
    load.works(20).await;
    let (stories, refusals) = load.end().await;
    assert!(refusals.is_empty(), "{refusals:#?}");
    ledger.settle(&browser, stories).await;

    assert!(is_writable(&almoner).await);
    scarcity.begin(&almoner);
    // SQLite's log may have room that it has used before.
    let mut last = Vec::new();
    let refused = loop {
        let mut story = Story::new(format!("last{}e", last.len()));
        let refusal = story.take(&browser, Step::Create).await;
        last.push(story);
        match refusal {
            Some(refusal) => break refusal,
            None => assert!(last.len() < 20_000, "nothing was refused"),
        }
    };
    assert_unavailable(&refused.answer);
    assert!(!is_writable(&almoner).await);
    // Many at once share flushes: each is told of its own failure.
    let load = Load::start(&browser, 16, "full", 2);
    for _ in 0..20 {
        let listed = browser.get("/donations?q=sut&count=exact").await.expect(200);
        let path = format!("/donations/{}", listed.text("/items/0/id"));
        browser.get(&path).await.expect(200);
        assert_eq!(status(&almoner, "/health/live").await, 200);
    }
    let (stories, refusals) = load.end().await;
    assert!(!is_writable(&almoner).await);
    assert!(!refusals.is_empty());
    for refusal in &refusals {
        assert_unavailable(&refusal.answer);
    }
    let all = || last.iter().chain(&stories);
    let unsure = all().filter(|story| story.unsure.is_some()).count();
    assert_eq!(unsure, refusals.len() + 1, "a connection was cut");
    // What was refused was not done.
    let kept = all().filter(|story| story.known.is_some()).count() + ledger.len();
    let listed = browser.get("/donations?count=exact&limit=1").await.expect(200);
    assert_eq!(usize::try_from(listed.number("/total")).unwrap(), kept);

    scarcity.end(&almoner);
    // Nobody writes: it finds out by itself.
    tokio::time::timeout(PATIENCE, async { while !is_writable(&almoner).await {} }).await.unwrap();
    let load = Load::start(&browser, 16, "after", 3);
    load.works(20).await;
    let (after, refusals) = load.end().await;
    assert!(refusals.is_empty(), "{refusals:#?}");
    for stories in [last, stories, after] {
        ledger.settle_and_search(&browser, stories).await;
    }
    ledger.assert_whole().await;
    assert_verified(&almoner);
}
