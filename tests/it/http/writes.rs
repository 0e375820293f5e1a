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

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_database_that_only_reads_is_told_until_it_writes_again() {
    in_house(Backend::Postgres, async |house| {
        let superadmin = house.superadmin().await;
        let donor = json!({ "kind": "person", "name": "Ayşe" });
        superadmin.post("/donors", &donor).await.expect(201);
        assert_eq!(writes(house).await, "up");
        only_read(house, "on").await;
        let told = async {
            while writes(house).await == "up" {
                superadmin.post("/donors", &donor).await.expect(503);
            }
        };
        tokio::time::timeout(PATIENCE, told).await.unwrap();
        // Reading goes on, and load balancers have nothing to do.
        superadmin.get("/donors").await.expect(200);
        let ready = http::get(format!("{}/health/ready", house.url)).await.unwrap();
        assert_eq!(ready.status(), 200);
        only_read(house, "off").await;
        let told = async { while writes(house).await == "down" {} };
        tokio::time::timeout(PATIENCE, told).await.unwrap();
        superadmin.post("/donors", &donor).await.expect(201);
    });
}
