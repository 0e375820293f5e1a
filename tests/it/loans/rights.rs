//! Fields with a right of their own: who lacks it sees that there is something, and finds out nothing of it,
//! whichever way they ask.

use reqwest::Method;
use serde_json::{Value, json};

use super::{REGISTRY, path, wheelchair, with};
use crate::{
    http::{
        house::House,
        reading::{errors, refused},
    },
    support::{Answer, Browser, Follower},
};

on_both_shelves![
    what_is_hidden_is_named_and_never_shown,
    what_is_hidden_is_neither_sent_nor_asked_for,
    the_trail_hides_it_too,
    who_follows_a_list_sees_it_with_the_right_alone,
    a_kept_answer_shows_no_more_than_was_answered,
];

const ALL: [&str; 6] =
    ["loans:read", "loans:create", "loans:update", "loans:delete", "loans:hand_out", "audit:read"];

fn paid() -> Value {
    let mut new = wheelchair();
    new["paid_on"] = json!("2026-03-13");
    new["paid_by"] = json!("+905321234567");
    new["damage"] = json!("Zebrafish");
    new
}

async fn clerk(house: &House<'_>) -> Browser {
    with(house, "clerk", "all", &ALL).await
}

async fn cashier(house: &House<'_>) -> Browser {
    with(house, "cashier", "all", &[&ALL[..], &["loans:money"]].concat()).await
}

const HIDDEN: [&str; 3] = ["paid_on", "paid_by", "damage"];

/// Nothing of what was paid stands in an answer.
#[track_caller]
fn tells_nothing(answer: &Answer) {
    let text = answer.body.to_string();
    for value in ["2026-03-13", "905321234567", "Zebrafish"] {
        assert!(!text.contains(value), "{text}");
    }
}

async fn what_is_hidden_is_named_and_never_shown(house: &House<'_>) {
    let (clerk, cashier) = (clerk(house).await, cashier(house).await);
    let made = cashier.post("/loans", &paid()).await.expect(201);
    assert_eq!(made.text("/damage"), "Zebrafish");
    assert!(made.body.get("hidden").is_none());
    let path = path(&made.body);
    let read = clerk.get(&path).await.expect(200);
    assert_eq!(read.body["hidden"], json!(HIDDEN));
    let listed = clerk.get("/loans").await.expect(200);
    assert_eq!(listed.body["items"][0]["hidden"], json!(HIDDEN));
    let changed = clerk.patch(&path, 1, &json!({ "notes": "x" })).await.expect(200);
    let lent = clerk.post(&format!("{path}/lend"), &json!({})).await.expect(200);
    clerk.delete(&path, 3).await.expect(204);
    let back = clerk.act(&format!("{path}/restore")).await.expect(200);
    let items = json!({ "items": [
        { "op": "update", "id": made.body["id"], "version": 5, "value": { "notes": "y" } },
        { "op": "create", "value": wheelchair() },
    ] });
    let batch = clerk.post("/loans/batch", &items).await.expect(200);
    assert_eq!(batch.body["items"][1]["record"]["hidden"], json!(HIDDEN));
    for answer in [&read, &listed, &changed, &lent, &back, &batch] {
        tells_nothing(answer);
    }
    // Only what was asked for is withheld.
    let some = clerk.get(&format!("{path}?fields=item,damage")).await.expect(200);
    assert_eq!(some.body["hidden"], json!(["damage"]));
    let none = clerk.get(&format!("{path}?fields=item")).await.expect(200);
    assert!(none.body.get("hidden").is_none());
    // Nothing of it was lost meanwhile.
    let now = cashier.get(&path).await.expect(200);
    assert_eq!(
        (now.text("/damage"), now.text("/paid_on")),
        (made.text("/damage"), "2026-03-13".into())
    );
    assert_ne!(now.header("etag"), clerk.get(&path).await.expect(200).header("etag"));
}

async fn what_is_hidden_is_neither_sent_nor_asked_for(house: &House<'_>) {
    let (clerk, cashier) = (clerk(house).await, cashier(house).await);
    let made = cashier.post("/loans", &paid()).await.expect(201);
    let path = path(&made.body);
    // Whatever else is wrong with the body, and also when it says what stands there already.
    let mut wrong = paid();
    wrong["nobody"] = json!("knows");
    refused(clerk.post("/loans", &wrong).await, 403, "forbidden");
    for value in [json!("Zebrafish"), Value::Null, json!(7)] {
        refused(clerk.patch(&path, 1, &json!({ "damage": value })).await, 403, "forbidden");
    }
    refused(clerk.patch(&path, 9, &json!({ "damage": "x" })).await, 403, "forbidden");
    let items = json!({ "items": [
        { "op": "update", "id": made.body["id"], "version": 1, "value": { "damage": "x" } },
    ] });
    let batch = clerk.post("/loans/batch", &items).await.expect(422);
    assert_eq!(errors(&batch), [("/items/0", "forbidden")]);
    for query in [
        "paid_from=2026-01-01",
        "paid_to=2027-01-01",
        "paid_on=none",
        "paid_on=any",
        "sort=paid_on",
        "sort=-paid_on",
    ] {
        cashier.get(&format!("/loans?{query}")).await.expect(200);
        refused(clerk.get(&format!("/loans?{query}")).await, 403, "forbidden");
        let path = format!("/loans?{query}");
        let followed = Follower::attempt(&clerk, &path, None).await;
        refused(*followed.err().unwrap(), 403, "forbidden");
    }
    for query in ["group_by=paid_month", "paid_from=2026-01-01"] {
        let lines = cashier.get(&format!("/loans/summary?{query}")).await.expect(200);
        assert_eq!(lines.number("/items/0/count"), 1);
        refused(clerk.get(&format!("/loans/summary?{query}")).await, 403, "forbidden");
    }
    let asked = json!({ "paid_by": "+905321234567" });
    assert_eq!(cashier.post("/loans/lookup", &asked).await.expect(200).list("/items").len(), 1);
    refused(clerk.post("/loans/lookup", &asked).await, 403, "forbidden");
    // A stale change tells which fields changed meanwhile, and of this one nothing.
    let change = json!({ "damage": "Zebrafish!", "notes": "x" });
    cashier.patch(&path, 1, &change).await.expect(200);
    let stale = refused(clerk.patch(&path, 1, &json!({ "notes": "z" })).await, 412, "stale");
    assert!(!stale.body.to_string().contains("damage"), "{}", stale.body);
    let stale = refused(cashier.patch(&path, 1, &json!({ "notes": "z" })).await, 412, "stale");
    assert!(stale.body.to_string().contains("damage"), "{}", stale.body);
}

async fn the_trail_hides_it_too(house: &House<'_>) {
    let (clerk, cashier) = (clerk(house).await, cashier(house).await);
    let made = cashier.post("/loans", &paid()).await.expect(201);
    let path = path(&made.body);
    cashier.patch(&path, 1, &json!({ "damage": "Zebrafish too" })).await.expect(200);
    for list in [format!("{path}/history"), "/audit/changes?entity=loan".to_owned()] {
        let told = clerk.get(&list).await.expect(200);
        tells_nothing(&told);
        assert_eq!(told.body["items"][0]["hidden"], json!(["damage"]));
        assert_eq!(told.body["items"][0]["after"], json!({}));
        assert_eq!(told.body["items"][1]["hidden"], json!(HIDDEN));
        let all = cashier.get(&list).await.expect(200);
        assert_eq!(all.body["items"][0]["after"], json!({ "damage": "Zebrafish too" }));
        assert!(all.body["items"][0].get("hidden").is_none());
    }
    // Of a new one they hear the same when there is nothing of it.
    let bare = cashier.post("/loans", &wheelchair()).await.expect(201);
    let told = clerk.get(&format!("{}/history", super::path(&bare.body))).await.expect(200);
    assert_eq!(told.body["items"][0]["hidden"], json!(HIDDEN));
    // Nobody finds a change by it: letter by letter it would be told.
    for browser in [&clerk, &cashier] {
        let found = browser.get("/audit/changes?q=zebra").await.expect(200);
        assert!(found.list("/items").is_empty());
        let found = browser.get("/audit/changes?q=wheelchair").await.expect(200);
        assert_eq!(found.list("/items").len(), 2);
    }
    let mut follower = Follower::of(&clerk, "/audit/changes?entity=loan").await;
    cashier.patch(&path, 2, &json!({ "damage": "Zebrafish three" })).await.expect(200);
    let events = follower.until(|items| items.len() == 4).await;
    assert!(events.iter().all(|event| !event.data.to_string().contains("Zebra")));
}

async fn who_follows_a_list_sees_it_with_the_right_alone(house: &House<'_>) {
    let (clerk, cashier) = (clerk(house).await, cashier(house).await);
    let mut hears_less = Follower::of(&clerk, "/loans").await;
    let mut hears_all = Follower::of(&cashier, "/loans").await;
    let made = cashier.post("/loans", &paid()).await.expect(201);
    let is_there = |items: &[Value]| items.iter().any(|item| item["id"] == made.body["id"]);
    let events = hears_less.until(is_there).await;
    assert!(events.iter().all(|event| !event.data.to_string().contains("Zebra")));
    assert_eq!(hears_less.items[0]["hidden"], json!(HIDDEN));
    hears_all.until(is_there).await;
    assert_eq!(hears_all.items[0]["damage"], "Zebrafish");
}

async fn a_kept_answer_shows_no_more_than_was_answered(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let cashier = cashier(house).await;
    let send = async |browser: &Browser| {
        let request = browser.request(Method::POST, "/loans").header("Idempotency-Key", "k1");
        Answer::to(request.json(&paid())).await
    };
    assert_eq!(send(&cashier).await.expect(201).text("/damage"), "Zebrafish");
    let role = superadmin.get("/roles/cashier").await.expect(200);
    let request = superadmin.request(Method::PATCH, "/roles/cashier");
    let request = request.header("If-Match", role.header("etag"));
    Answer::to(request.json(&json!({ "permissions": ALL }))).await.expect(200);
    let cashier =
        Browser::log_in(&house.url, "cashier@example.org", crate::http::house::PASSWORD).await;
    let again = send(&cashier).await;
    tells_nothing(&again);
    assert_ne!(again.status, 201, "{}", again.body);
}

#[test]
fn the_contract_says_what_is_not_for_everybody() {
    let document = almoner_http::openapi::api_document(&REGISTRY);
    let loan = &document["components"]["schemas"]["Loan"];
    let about = loan["properties"]["damage"]["description"].as_str().unwrap();
    assert!(about.contains("`loans:money`"), "{about}");
    assert_eq!(loan["properties"]["hidden"]["maxItems"], 3);
    let permissions: Vec<&str> =
        REGISTRY.all_permissions().iter().map(|permission| permission.as_str()).collect();
    assert!(permissions.contains(&"loans:money"));
}
