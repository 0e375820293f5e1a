//! `totals check` and `totals rebuild` beside a server that is running.

use rusqlite::Connection;
use serde_json::json;

use super::almoner::Almoner;

#[tokio::test]
async fn totals_that_somebody_changed_are_told_and_counted_anew_beside_the_server() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    let gift = json!({
        "amount": { "amount": "12.00", "currency": "TRY" },
        "method": "cash",
        "donated_on": "2026-03-01",
    });
    browser.post("/donations", &gift).await.expect(201);
    assert!(almoner.run(&["totals", "check"]).status.success());

    let file = Connection::open(almoner.database()).unwrap();
    file.execute("UPDATE donation_totals SET donations = 2", []).unwrap();
    let told = almoner.run(&["totals", "check"]);
    assert_eq!(told.status.code(), Some(1));
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(said.contains("3 totals are not what the donations add up to"), "{said}");
    assert!(said.contains("almoner totals rebuild"), "{said}");
    assert!(almoner.run(&["totals", "rebuild"]).status.success());
    assert!(almoner.run(&["totals", "check"]).status.success());
    let summary = browser.get("/donations/summary?state=pending").await.expect(200);
    assert_eq!(summary.number("/items/0/count"), 1);
}
