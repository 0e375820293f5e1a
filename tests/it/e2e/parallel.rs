//! Many writers at once, through the whole program.

use std::{collections::HashSet, sync::Arc};

use serde_json::json;
use tokio::task::JoinSet;

use super::almoner::Almoner;
use crate::support::PostgresDatabase;

/// Writers at the same time.
const WRITERS: usize = 64;
/// Donations each of them records, one after the other.
const EACH: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_lose_and_double_nothing_on_sqlite() {
    nothing_is_lost_or_doubled(Almoner::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn sixty_four_writers_lose_and_double_nothing_on_postgresql() {
    let database = PostgresDatabase::create().await;
    nothing_is_lost_or_doubled(Almoner::new().with("ALMONER_DATABASE_URL", &database.url())).await;
    database.remove().await;
}

async fn nothing_is_lost_or_doubled(almoner: Almoner) {
    let mut almoner = almoner.with("ALMONER_RATE_LIMIT", "off");
    almoner.start();
    almoner.create_admin();
    let browser = Arc::new(almoner.log_in().await);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let browser = Arc::clone(&browser);
        writers.spawn(async move {
            let mut made = Vec::new();
            for number in 0..EACH {
                let donation = json!({
                    "amount": { "amount": format!("{}.00", writer + 1), "currency": "TRY" },
                    "method": "cash", "donated_on": "2026-03-14",
                    "reference": format!("{writer}-{number}"),
                });
                let answer = browser.post("/donations", &donation).await.expect(201);
                made.push((answer.text("/id"), answer.text("/reference")));
            }
            made
        });
    }
    let made: Vec<(String, String)> = writers.join_all().await.into_iter().flatten().collect();
    let total = i64::try_from(WRITERS * EACH).unwrap();
    let ids: HashSet<&String> = made.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), WRITERS * EACH);
    let listed = browser.get("/donations?count=exact&limit=200").await.expect(200);
    assert_eq!(listed.number("/total"), total);
    for (id, reference) in made.iter().step_by(37) {
        let stored = browser.get(&format!("/donations/{id}")).await.expect(200);
        assert_eq!(stored.text("/reference"), *reference);
    }
    let trail = browser.get("/audit/changes?entity=donation&count=exact&limit=1").await;
    assert_eq!(trail.expect(200).number("/total"), total);
    let verified = almoner.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
