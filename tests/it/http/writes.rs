//! A database that answers questions and takes no changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::house::{House, in_house};
use crate::support::{Backend, http};

/// More than any machine needs, less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

async fn writes(house: &House<'_>) -> String {
    let answer = http::get(format!("{}/health/ready", house.url)).await.unwrap();
    let report: Value = answer.json().await.unwrap();
    let parts = report["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "writes").unwrap();
    part["status"].as_str().unwrap().to_owned()
}

/// What a failover or an operator does: new connections only read, and there are no others.
async fn only_read(house: &House<'_>, is_on: &str) {
    let change = format!(
        "BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET \
         default_transaction_read_only = {is_on}', current_database()); END $$; COMMIT"
    );
    house.world.sql(&change).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    house.world.sql(end).await;
}

/// Asks again until it is so. Connections that were ended are found out one by one.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async { while !is_so().await {} };
    tokio::time::timeout(PATIENCE, asking).await.expect("it never is");
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_database_that_only_reads_is_told_until_it_writes_again() {
    in_house(Backend::Postgres, async |house| {
        let superadmin = house.superadmin().await;
        let donor = json!({ "kind": "person", "name": "Ayşe" });
        superadmin.post("/donors", &donor).await.expect(201);
        assert_eq!(writes(house).await, "up");
        only_read(house, "on").await;
        until(async || {
            superadmin.post("/donors", &donor).await;
            writes(house).await == "down"
        })
        .await;
        // Reading goes on, and load balancers have nothing to do.
        until(async || superadmin.get("/donors").await.status == 200).await;
        until(async || {
            let ready = http::get(format!("{}/health/ready", house.url)).await.unwrap();
            ready.status() == 200
        })
        .await;
        only_read(house, "off").await;
        // Nobody writes: it finds out by itself.
        until(async || writes(house).await == "up").await;
        until(async || superadmin.post("/donors", &donor).await.status == 201).await;
    });
}
