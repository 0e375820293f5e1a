//! Values that must be unique, and callers who do not see every record: nobody finds out in silence,
//! or by the thousand, who is on file.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donor},
    reading::{errors, refused},
};
use crate::support::{Answer, Browser, national_id};

in_both_houses![
    a_dry_run_says_nothing_of_numbers_outside_the_scope,
    who_meets_numbers_outside_the_scope_is_written_down_and_soon_stopped,
    a_batch_is_no_way_around_it,
    no_way_to_give_a_number_is_left_out,
    who_meets_their_own_records_or_sees_all_is_not_counted,
    addresses_of_users_are_no_different,
];

/// More than any machine needs, less than for ever.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A donor with the n-th number.
fn numbered(n: u32) -> Value {
    let identity = json!({ "kind": "tr_national_id", "number": national_id(n).expose() });
    json!({ "kind": "person", "name": "Ayşe", "identity": identity })
}

fn creating(n: u32) -> Value {
    json!({ "op": "create", "value": numbered(n) })
}

/// Donors of others with the numbers 1 to 20, and somebody who does not see them.
async fn hidden(house: &House<'_>, superadmin: &Browser) -> Browser {
    let items: Vec<Value> = (1..=20).map(creating).collect();
    superadmin.post("/donors/batch", &json!({ "items": items })).await.expect(200);
    typist(house, superadmin).await
}

async fn typist(house: &House<'_>, superadmin: &Browser) -> Browser {
    let role = json!({
        "name": "typist", "label": "Typist", "scope": "own", "permissions": [
            "donors:create", "donors:read", "donors:update", "donors:delete", "users:manage",
        ],
    });
    superadmin.post("/roles", &role).await.expect(201);
    house.somebody(superadmin, "typist").await
}

async fn told(house: &House<'_>) -> i64 {
    let told = "FROM security_events WHERE kind = 'hidden_value_taken'";
    house.world.number("count(*)", told).await
}

/// Waits for what dry runs leave behind: it is written beside their answers.
async fn tried(house: &House<'_>, expected: usize) -> Vec<String> {
    let asking = async {
        loop {
            let tried = "FROM security_events WHERE kind = 'hidden_value_tried' ORDER BY id";
            let details = house.world.texts("detail", tried).await;
            if details.len() >= expected {
                break details;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("nobody has written it down")
}

fn statuses(answer: &Answer) -> Vec<u64> {
    answer.list("/items").iter().map(|item| item["status"].as_u64().unwrap()).collect()
}

fn stopped(answer: Answer) {
    let answer = refused(answer, 429, "rate_limited");
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-limit"), "5");
    assert_eq!(answer.header("ratelimit-remaining"), "0");
}

async fn a_dry_run_says_nothing_of_numbers_outside_the_scope(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = hidden(house, &superadmin).await;
    let own = typist.post("/donors", &numbered(30)).await.expect(201);
    let own = format!("/donors/{}", own.text("/id"));
    let mut taken = typist.post("/donors?dry_run=true", &numbered(1)).await.expect(201).body;
    let mut free = typist.post("/donors?dry_run=true", &numbered(31)).await.expect(201).body;
    for donor in [&mut taken, &mut free] {
        donor.as_object_mut().unwrap().remove("id");
        donor["identity"]["masked"] = json!(null);
    }
    assert_eq!(taken, free);
    let change = json!({ "identity": numbered(2)["identity"] });
    let changed = typist.patch(&format!("{own}?dry_run=true"), 1, &change).await.expect(200);
    assert_eq!(changed.number("/version"), 2);
    let items: Vec<Value> = (1..=40).map(creating).collect();
    for mode in ["atomic", "each"] {
        let path = format!("/donors/batch?dry_run=true&mode={mode}");
        let answer = typist.post(&path, &json!({ "items": items })).await;
        assert!(statuses(&answer).iter().all(|status| *status == 201), "{}", answer.body);
    }
    // It was seen all the same, and does not use up what mistakes there may be.
    let details = tried(house, 4).await;
    let of_batches = details.iter().filter(|detail| detail.contains("/donors/batch: 20 ")).count();
    assert_eq!(of_batches, 2, "{details:?}");
    assert_eq!(told(house).await, 0);
    refused(typist.post("/donors", &numbered(1)).await, 409, "taken");
    // Who sees every donor is told.
    refused(superadmin.post("/donors?dry_run=true", &numbered(1)).await, 409, "taken");
    assert_eq!(house.world.rows("donors").await, 21);
}

async fn who_meets_numbers_outside_the_scope_is_written_down_and_soon_stopped(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = hidden(house, &superadmin).await;
    for n in 1..=5 {
        let answer = refused(typist.post("/donors", &numbered(n)).await, 409, "taken");
        assert_eq!(errors(&answer), [("/identity/number", "taken")]);
        assert_eq!(told(house).await, i64::from(n));
    }
    let events = house.events(&superadmin, "&kind=hidden_value_taken").await;
    let number = national_id(1);
    let told = serde_json::to_string(&events).unwrap();
    assert!(told.contains("the identity of one of the donors outside"), "{told}");
    assert!(!told.contains(number.expose()), "{told}");
    // Taken or free is not to be told apart any more; what has no number goes on.
    for n in [6, 31] {
        stopped(typist.post("/donors", &numbered(n)).await);
    }
    a_donor(&typist, "Without").await;
    typist.post("/donors?dry_run=true", &numbered(6)).await.expect(201);
    // Not even after a restart, but after ten minutes.
    house
        .restarted(async |house| {
            let typist = Browser::log_in(&house.url, "typist@example.org", PASSWORD).await;
            stopped(typist.post("/donors", &numbered(31)).await);
        })
        .await;
    house.clock.forward(Duration::minutes(10));
    typist.post("/donors", &numbered(31)).await.expect(201);
    refused(typist.post("/donors", &numbered(6)).await, 409, "taken");
}

async fn a_batch_is_no_way_around_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = hidden(house, &superadmin).await;
    let mut items: Vec<Value> = (1..=8).map(creating).collect();
    items.extend([
        creating(31),
        json!({ "op": "create", "value": { "kind": "person", "name": "A" } }),
    ]);
    let answer = typist.post("/donors/batch?mode=each", &json!({ "items": items })).await;
    let expected = [409, 409, 409, 409, 409, 429, 429, 429, 429, 201];
    assert_eq!(statuses(&answer.expect(207)), expected);
    assert_eq!(told(house).await, 5);
    house.clock.forward(Duration::minutes(10));
    // One that is taken back as a whole is written down too.
    let answer = typist.post("/donors/batch", &json!({ "items": items })).await;
    let answer = refused(answer, 422, "batch_failed");
    let codes = errors(&answer).iter().map(|(_, code)| *code).collect::<Vec<_>>();
    assert_eq!(codes.iter().filter(|code| **code == "taken").count(), 5, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == "rate_limited").count(), 4, "{codes:?}");
    assert_eq!(told(house).await, 10);
    stopped(typist.post("/donors", &numbered(31)).await);
    assert!(house.world.verify().await.is_intact());
}

async fn no_way_to_give_a_number_is_left_out(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = hidden(house, &superadmin).await;
    let donor = a_donor(&typist, "Mine").await;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    let change = |n| json!({ "identity": numbered(n)["identity"] });
    refused(typist.patch(&path, 1, &change(1)).await, 409, "taken");
    assert_eq!(told(house).await, 1);
    typist.patch(&path, 1, &change(31)).await.expect(200);
    // Their own number again is no collision.
    typist.patch(&path, 2, &change(31)).await.expect(200);
    typist.delete(&path, 2).await.expect(204);
    superadmin.post("/donors", &numbered(31)).await.expect(201);
    typist.act(&format!("{path}/restore?dry_run=true")).await.expect(200);
    tried(house, 1).await;
    refused(typist.act(&format!("{path}/restore")).await, 409, "taken");
    assert_eq!(told(house).await, 2);
    let found = typist.post("/donors/lookup", &change(1)).await.expect(200);
    assert_eq!(found.list("/items").len(), 0);
    assert_eq!(told(house).await, 2);
}

async fn who_meets_their_own_records_or_sees_all_is_not_counted(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = hidden(house, &superadmin).await;
    typist.post("/donors", &numbered(31)).await.expect(201);
    for _ in 0..7 {
        refused(typist.post("/donors", &numbered(31)).await, 409, "taken");
        refused(superadmin.post("/donors", &numbered(31)).await, 409, "taken");
    }
    assert_eq!(told(house).await, 0);
    typist.post("/donors", &numbered(32)).await.expect(201);
}

async fn addresses_of_users_are_no_different(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let typist = typist(house, &superadmin).await;
    let new = |email: &str| json!({ "name": "A", "email": email, "role": "typist", "password": PASSWORD });
    let known = new("ayse@example.org");
    typist.post("/users?dry_run=true", &known).await.expect(201);
    typist.post("/users?dry_run=true", &new("nobody@example.org")).await.expect(201);
    assert_eq!(tried(house, 1).await.len(), 1);
    for _ in 0..5 {
        refused(typist.post("/users", &known).await, 409, "email_taken");
    }
    assert_eq!(told(house).await, 5);
    stopped(typist.post("/users", &new("nobody@example.org")).await);
    refused(superadmin.post("/users?dry_run=true", &known).await, 409, "email_taken");
}
