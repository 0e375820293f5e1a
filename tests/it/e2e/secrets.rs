//! What must never be logged.

use serde_json::json;

use super::almoner::{Almoner, EMAIL, PASSWORD};
use crate::support::Browser;

#[tokio::test]
async fn no_secret_and_no_personal_data_is_logged() {
    let mut almoner = Almoner::new().with("ALMONER_LOG", "debug");
    almoner.start();
    almoner.create_admin();
    let wrong = json!({ "email": EMAIL, "password": "not the right one, surely" });
    Browser::stranger(&almoner.url).post("/auth/login", &wrong).await.expect(401);
    let browser = almoner.log_in().await;
    let donor = json!({
        "kind": "person", "name": "Zeynep Karagözoğlu", "email": "zeynep.k@example.com",
        "phone": "+905321234567", "notes": "asked to stay unnamed",
        "identity": { "kind": "tr_national_id", "number": "10000000146" },
    });
    let id = browser.post("/donors", &donor).await.expect(201).text("/id");
    let reveal = json!({ "reason": "letter of thanks" });
    let shown = browser.post(&format!("/donors/{id}/reveal"), &reveal).await.expect(200);
    assert_eq!(shown.text("/identity/number"), "10000000146");
    let by_email = json!({ "email": "zeynep.k@example.com" });
    let found = browser.post("/donors/lookup", &by_email).await.expect(200);
    assert_eq!(found.text("/items/0/id"), id);
    browser.get("/donors?q=Karag%C3%B6zo%C4%9Flu").await;
    almoner.signal("-TERM");
    assert!(almoner.ended());

    let log = almoner.log();
    assert!(log.contains("/api/v1/donors/{id}"), "requests are not logged at all");
    let cookie = |cookie: &String| {
        let (pair, _) = cookie.split_once(';').unwrap();
        pair.split_once('=').unwrap().1.to_owned()
    };
    let mut never: Vec<String> = browser.cookies.iter().map(cookie).collect();
    never.extend(browser.csrf.clone());
    never.extend(
        [
            PASSWORD,
            "not the right one",
            EMAIL,
            "10000000146",
            "Karag",
            "zeynep.k@",
            "905321234567",
            "stay unnamed",
        ]
        .map(str::to_owned),
    );
    for text in never {
        let line = log.lines().find(|line| line.contains(&text));
        assert_eq!(line, None, "{text:?} was logged");
    }
}
