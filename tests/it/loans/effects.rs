//! What follows from a change for another kind is stored with it, or neither is.

use serde_json::{Value, json};

use super::{path, wheelchair, with};
use crate::{
    http::{house::House, reading::refused},
    support::{Answer, Browser},
};

on_both_shelves![
    what_follows_is_stored_with_its_cause,
    what_follows_obeys_the_rules_of_its_own_kind,
    an_effect_that_breaks_the_rules_of_the_house_stores_nothing,
    what_follows_in_a_batch_belongs_to_its_item,
    a_rehearsal_rehearses_what_follows,
];

fn noted(notes: &str) -> Value {
    let mut new = wheelchair();
    new["notes"] = json!(notes);
    new
}

async fn reserved(browser: &Browser, notes: &str) -> Value {
    browser.post("/loans", &noted(notes)).await.expect(201).body
}

async fn lend(browser: &Browser, loan: &Value) -> Answer {
    browser.post(&format!("{}/lend", path(loan)), &json!({})).await
}

async fn remind(browser: &Browser, loan: &Value, text: &str) -> Answer {
    let reminder = json!({ "loan_id": loan["id"], "text": text, "sent_on": "2026-06-20" });
    browser.post("/reminders", &reminder).await
}

async fn count(browser: &Browser, many: &str) -> i64 {
    browser.get(&format!("/{many}?count=exact&limit=1")).await.expect(200).number("/total")
}

async fn what_follows_is_stored_with_its_cause(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let loan = reserved(&superadmin, "tell").await;
    lend(&superadmin, &loan).await.expect(200);
    let reminders = superadmin.get("/reminders").await.expect(200);
    assert_eq!(reminders.text("/items/0/text"), "Handed out");
    let cause = superadmin.get("/audit/changes?action=lent").await.expect(200);
    let effect = superadmin.get("/audit/changes?entity=reminder").await.expect(200);
    assert_eq!(effect.text("/items/0/cause_id"), cause.text("/items/0/id"));
    assert_eq!(effect.text("/items/0/change_set"), cause.text("/items/0/change_set"));
    assert!(cause.body["items"][0].get("cause_id").is_none());

    // The other way round: a step, and a change, of the loan.
    remind(&superadmin, &loan, "Note it").await.expect(201);
    let now = superadmin.get(&path(&loan)).await.expect(200);
    assert_eq!((now.text("/notes"), now.number("/version")), ("Noted".into(), 3));
    // The same once more changes nothing.
    remind(&superadmin, &loan, "Note it").await.expect(201);
    remind(&superadmin, &loan, "It came back").await.expect(201);
    let now = superadmin.get(&path(&loan)).await.expect(200);
    assert_eq!((now.text("/state"), now.number("/version")), ("returned".into(), 4));
    let told = superadmin.get("/audit/changes?action=returned").await.expect(200);
    let cause = superadmin.get("/audit/changes?entity=reminder&limit=1").await.expect(200);
    assert_eq!(told.text("/items/0/cause_id"), cause.text("/items/0/id"));
}

async fn what_follows_obeys_the_rules_of_its_own_kind(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let loan = reserved(&superadmin, "plain").await;
    lend(&superadmin, &loan).await.expect(200);
    // The owner's rule is told as it stands; what speaks of another body is not.
    refused(superadmin.post("/loans", &noted("too early")).await, 409, "transition");
    let wrong = refused(remind(&superadmin, &loan, "Too soon").await, 409, "effect_refused");
    assert!(wrong.body.get("errors").is_none(), "{}", wrong.body);
    assert_eq!((count(&superadmin, "loans").await, count(&superadmin, "reminders").await), (1, 0));
    // The asker's permission was asked for: the owner's is not needed.
    let scribe = with(house, "scribe", "all", &["loans:read", "loans:update"]).await;
    remind(&scribe, &loan, "It came back").await.expect(201);
    let now = superadmin.get(&path(&loan)).await.expect(200);
    assert_eq!(now.text("/state"), "returned");
}

async fn an_effect_that_breaks_the_rules_of_the_house_stores_nothing(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for notes in ["begins anew", "loses the trail"] {
        let loan = reserved(&superadmin, notes).await;
        refused(lend(&superadmin, &loan).await, 500, "internal");
        assert_eq!(superadmin.get(&path(&loan)).await.expect(200).text("/state"), "reserved");
    }
    let loan = reserved(&superadmin, "for long").await;
    lend(&superadmin, &loan).await.expect(200);
    refused(remind(&superadmin, &loan, "Again and again").await, 500, "internal");
    assert_eq!(count(&superadmin, "reminders").await, 0);
}

async fn what_follows_in_a_batch_belongs_to_its_item(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let create = |notes: &str| json!({ "op": "create", "value": noted(notes) });
    let items = json!({ "items": [create("help"), create("too early"), create("help")] });
    let done = superadmin.post("/loans/batch?mode=each", &items).await.expect(207);
    let statuses: Vec<&Value> = done.list("/items").iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, [201, 409, 201]);
    assert_eq!((count(&superadmin, "loans").await, count(&superadmin, "helpers").await), (2, 2));
    superadmin.post("/loans/batch", &items).await.expect(422);
    assert_eq!((count(&superadmin, "loans").await, count(&superadmin, "helpers").await), (2, 2));
    let causes = superadmin.get("/audit/changes?entity=loan").await.expect(200);
    let effects = superadmin.get("/audit/changes?entity=helper").await.expect(200);
    for at in 0..2 {
        let (cause, effect) = (&causes.body["items"][at], &effects.body["items"][at]);
        assert_eq!(effect["cause_id"], cause["id"]);
        assert_eq!(effect["position"].as_i64().unwrap(), cause["position"].as_i64().unwrap() + 1);
    }
}

async fn a_rehearsal_rehearses_what_follows(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let loan = reserved(&superadmin, "tell").await;
    let path = format!("{}/lend?dry_run=true", path(&loan));
    superadmin.post(&path, &json!({})).await.expect(200);
    refused(superadmin.post("/loans?dry_run=true", &noted("too early")).await, 409, "transition");
    // Who may not learn what is taken rehearses without storing: nothing can follow from it.
    let all = ["loans:read", "loans:create", "loans:update"];
    let narrow = with(house, "narrow", "own", &all).await;
    let mut new = noted("help");
    new["tag"] = json!("W-17");
    narrow.post("/loans?dry_run=true", &new).await.expect(201);
    assert_eq!((count(&superadmin, "loans").await, count(&superadmin, "helpers").await), (1, 0));
    narrow.post("/loans", &new).await.expect(201);
    assert_eq!(count(&superadmin, "helpers").await, 1);
}
