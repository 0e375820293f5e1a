//! PostgreSQL goes away while clients write, and comes back.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{
    PATIENCE, assert_unavailable, assert_verified,
    cluster::Cluster,
    ledger::{Ledger, Truth},
    load::{Load, Refusal, Story},
    ready, status,
};
use crate::{
    e2e::almoner::Almoner,
    support::{Answer, Browser, connect},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn an_outage_of_postgresql_is_told_as_such_and_over_when_it_is_over() {
    let cluster = Cluster::start_new();
    let almoner = ready(Almoner::new().with("ALMONER_DATABASE_URL", &cluster.url()));
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of(Truth::Server(cluster.url()));
    let load = Load::start(&browser, 6, "outage", 1);
    load.works(20).await;
    assert_eq!(status(&almoner, "/health/ready").await, 200);

    cluster.stop();
    assert_eq!(status(&almoner, "/health/live").await, 200);
    let ready = async { assert_eq!(status(&almoner, "/health/ready").await, 503) };
    let reading = async { assert_unavailable(&read(&browser).await) };
    tokio::join!(ready, reading);
    assert_eq!(status(&almoner, "/health/live").await, 200);
    // The clients have gone on asking all the time.
    let (stories, refusals) = tokio::time::timeout(PATIENCE, load.end()).await.unwrap();
    assert_each_was_told(&stories, &refusals);

    cluster.start();
    recovered(&almoner, &browser, &mut ledger, stories).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn connections_that_postgresql_ends_amid_transactions_tear_nothing() {
    let cluster = Cluster::start_new();
    let almoner = ready(Almoner::new().with("ALMONER_DATABASE_URL", &cluster.url()));
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of(Truth::Server(cluster.url()));
    let load = Load::start(&browser, 6, "ended", 1);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(15)).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = 'almoner'";
        connect(&cluster.url()).await.execute_unprepared(end).await.unwrap();
    }
    let (stories, refusals) = tokio::time::timeout(PATIENCE, load.end()).await.unwrap();
    assert_each_was_told(&stories, &refusals);
    recovered(&almoner, &browser, &mut ledger, stories).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn a_postgresql_process_that_is_killed_amid_a_transaction_tears_nothing() {
    let cluster = Cluster::start_new();
    let almoner = ready(Almoner::new().with("ALMONER_DATABASE_URL", &cluster.url()));
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of(Truth::Server(cluster.url()));
    let load = Load::start(&browser, 6, "killed", 1);
    load.works(20).await;
    // PostgreSQL ends every other process with it, and recovers from its log.
    let kill = format!("kill -9 {}", writing(&cluster).await);
    let killed = std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(killed.success());
    load.is_refused(1).await;
    let (stories, refusals) = tokio::time::timeout(PATIENCE, load.end()).await.unwrap();
    assert_each_was_told(&stories, &refusals);
    recovered(&almoner, &browser, &mut ledger, stories).await;
}

/// A process of PostgreSQL that is in the middle of a transaction of the server.
async fn writing(cluster: &Cluster) -> i32 {
    let connection = connect(&cluster.url()).await;
    let ask = "SELECT pid FROM pg_stat_activity
               WHERE application_name = 'almoner' AND xact_start IS NOT NULL LIMIT 1";
    let ask = || Statement::from_string(DbBackend::Postgres, ask);
    let found = async {
        loop {
            if let Some(row) = connection.query_one_raw(ask()).await.unwrap() {
                break row.try_get_by_index(0).unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap()
}

/// Who was not acknowledged was answered all the same: nobody was cut off, nobody waited for ever.
fn assert_each_was_told(stories: &[Story], refusals: &[Refusal]) {
    assert!(stories.iter().any(|story| story.known.is_some()));
    assert!(!refusals.is_empty());
    for refusal in refusals {
        assert_unavailable(&refusal.answer);
    }
    let unsure = stories.iter().filter(|story| story.unsure.is_some()).count();
    assert_eq!(unsure, refusals.len());
}

/// Without a restart everything works again, and what was refused can be repeated.
async fn recovered(
    almoner: &Almoner,
    browser: &Arc<Browser>,
    ledger: &mut Ledger,
    stories: Vec<Story>,
) {
    let up_again = async { while status(almoner, "/health/ready").await != 200 {} };
    tokio::time::timeout(PATIENCE, up_again).await.unwrap();
    let load = Load::start(browser, 6, "after", 2);
    load.works(20).await;
    let (after, refusals) = load.end().await;
    assert!(refusals.is_empty(), "{refusals:#?}");
    for stories in [after, stories] {
        ledger.settle_and_search(browser, stories).await;
    }
    ledger.assert_all_stored(browser).await;
    ledger.assert_whole().await;
    assert_verified(almoner);
}

async fn read(browser: &Browser) -> Answer {
    tokio::time::timeout(PATIENCE, browser.get("/donations")).await.unwrap()
}
