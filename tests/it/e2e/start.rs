//! From an empty folder to a server that answers.

use std::{fs, os::unix::fs::PermissionsExt};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::almoner::{Almoner, EMAIL, PASSWORD};
use crate::support::{Answer, Browser, PostgresDatabase};

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
        let answer = crate::support::http::get(format!("{}{path}", almoner.url)).await.unwrap();
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
async fn a_demo_is_an_association_in_which_everybody_can_log_in() {
    let mut almoner = Almoner::new();
    let seeded = almoner.run(&["seed", "--demo"]);
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let told = String::from_utf8(seeded.stdout).unwrap();
    let password = told.lines().find_map(|line| line.split_once("the password ")).unwrap().1;
    let users: Vec<(&str, &str)> = told
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once(' '))
        .map(|(email, role)| (email, role.trim()))
        .collect();
    assert_eq!(users.len(), 5);
    almoner.start();
    for (email, role) in users {
        let browser = Browser::log_in(&almoner.url, email, password).await;
        assert_eq!(browser.get("/auth/session").await.text("/user/role"), role);
        assert_eq!(
            browser.get("/donors?count=exact").await.number("/total"),
            if role == "data_entry" { 80 } else { 240 }
        );
    }
    assert!(almoner.run(&["audit", "verify"]).status.success());
}

#[tokio::test]
async fn a_mock_answers_every_operation_with_its_examples() {
    let mut almoner = Almoner::new().serving(&["serve", "--mock"]);
    almoner.start();
    let stranger = Browser::stranger(&almoner.url);
    let document = almoner_http::openapi::api_document(&almoner_kinds::REGISTRY);
    let client = crate::support::http::client().build().unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let url = format!("{}{}", almoner.url, path.replace("{code}", "stale"));
            let url = url.replace("{id}", "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
            let url = url.replace("{name}", "volunteer");
            let url = url.replace("{delivery}", "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
            assert!(!url.contains('{'), "{url}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let status: u16 = status.parse().unwrap();
                // A stream has no end to read to.
                if operation["operationId"] == "followEvents" && status == 200 {
                    continue;
                }
                let method = method.to_uppercase().parse().unwrap();
                let request = client.request(method, &url);
                let answer = Answer::to(request.header("Prefer", format!("code={status}"))).await;
                assert_eq!(answer.status, status, "{url}");
                let response = match response["$ref"].as_str() {
                    Some(reference) => document.pointer(&reference[1..]).unwrap(),
                    None => response,
                };
                let content = response["content"].as_object().and_then(|all| all.iter().next());
                let example =
                    content.map_or(Value::Null, |(_, content)| content["example"].clone());
                assert_eq!(answer.body, example, "{url}");
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "only {asked} answers");
    // What a frontend does first: it logs in, lists, and comes to the end.
    let login = json!({ "email": "a@example.org", "password": "whatever it is" });
    let session = stranger.post("/auth/login", &login).await.expect(200);
    assert!(!session.text("/csrf_token").is_empty());
    let cursor = stranger.get("/donors").await.expect(200).text("/next_cursor");
    let last = stranger.get(&format!("/donors?cursor={cursor}")).await.expect(200);
    assert_eq!(last.body.get("next_cursor"), None);
    let refused = stranger.post("/donors", &json!({})).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "required");
    let donor = json!({ "kind": "person", "name": "Ayşe Yılmaz" });
    let created = stranger.post("/donors", &donor).await.expect(201);
    let location = created.header("location").to_owned();
    assert_eq!(location, format!("/api/v1/donors/{}", created.text("/id")));
    assert_eq!(created.version(), "1");
    stranger.get("/nowhere").await.expect(404);
    assert_eq!(fs::read_dir(almoner.folder.path()).unwrap().count(), 1, "only the log is written");
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
