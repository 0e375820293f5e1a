//! From an empty folder to a server that answers.

use std::os::unix::fs::PermissionsExt;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::almoner::{Almoner, EMAIL, PASSWORD};
use crate::support::PostgresDatabase;

#[tokio::test]
async fn an_empty_folder_is_all_it_needs() {
    let mut almoner = Almoner::new();
    let printed = almoner.start().join("\n");
    assert!(printed.contains(&format!("{}/docs", almoner.url)), "{printed}");
    assert!(printed.contains("almoner admin create"), "{printed}");
    let mode = |file: &str| {
        let path = almoner.folder.path().join(file);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(
        [mode("data"), mode("data/almoner.key"), mode("data/almoner.db")],
        [0o700, 0o600, 0o600]
    );
    for path in ["/health/live", "/health/ready", "/api/openapi.json", "/docs/", "/metrics"] {
        let answer = reqwest::get(format!("{}{path}", almoner.url)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_account_made_beside_the_running_server_logs_in() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let session = browser.get("/auth/session").await.expect(200);
    assert_eq!(session.text("/user/email"), EMAIL);
    // A second start finds an account and no longer says how to make one.
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert!(!almoner.start().join("\n").contains("admin create"));
}

#[tokio::test]
async fn the_environment_makes_the_first_superadmin_once() {
    let mut almoner =
        Almoner::new().with("ALMONER_ADMIN_EMAIL", EMAIL).with("ALMONER_ADMIN_PASSWORD", PASSWORD);
    almoner.start();
    almoner.log_in().await;
    almoner.signal("-TERM");
    assert!(almoner.ended());
    almoner.start();
    let browser = almoner.log_in().await;
    assert_eq!(browser.get("/users?count=exact").await.number("/total"), 1);
}

#[tokio::test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn it_serves_from_postgresql_too() {
    let database = PostgresDatabase::create().await;
    let mut almoner = Almoner::new().with("ALMONER_DATABASE_URL", &database.url());
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let donor = json!({ "kind": "person", "name": "Ahmet Işık" });
    let made = browser.post("/donors", &donor).await.expect(201);
    let found = browser.get("/donors?q=isik").await;
    assert_eq!(found.text("/items/0/id"), made.text("/id"));
    assert!(almoner.run(&["audit", "verify"]).status.success());
    drop(almoner);
    database.remove().await;
}

#[tokio::test]
async fn seeded_data_is_listed_searched_and_sealed() {
    let mut almoner = Almoner::new();
    let seeded =
        almoner.run(&["seed", "--donors", "200", "--donations", "1000", "--rng-seed", "7"]);
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    assert!(almoner.run(&["audit", "verify"]).status.success());
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    assert_eq!(browser.get("/donations?count=exact&limit=1").await.number("/total"), 1000);
    browser.get("/donors?limit=1&q=ay").await.expect(200).text("/items/0/name");
    let summary = browser.get("/donations/summary").await;
    let count = |line: &Value| line["count"].as_i64().unwrap();
    let completed: i64 = summary.list("/items").iter().map(count).sum();
    let listed = browser.get("/donations?state=completed&count=exact&limit=1").await;
    assert_eq!(listed.number("/total"), completed);
    // A second time there is something in the way.
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let again = almoner.run(&["seed", "--donors", "1", "--donations", "1"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("donors already"));
}
