//! Batches: many changes in one request, all or none, or each on its own.

use almoner_kernel::store::Batches;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donation, a_donor},
    reading::refused,
};
use crate::support::{Answer, Backend, Browser};

in_both_houses![
    an_atomic_batch_stores_everything_and_answers_for_each_item,
    an_atomic_batch_with_a_wrong_item_stores_nothing_and_says_all_that_is_wrong,
    a_batch_of_each_stores_what_it_can,
    an_item_sees_what_those_before_it_did,
    an_item_that_comes_too_late_learns_what_the_batch_changed,
    a_repeated_batch_is_answered_as_the_first_one_and_done_once,
    a_rehearsed_batch_stores_nothing,
    nobody_does_in_a_batch_what_they_may_not_do_alone,
    a_batch_has_one_to_a_thousand_items,
    a_thousand_items_are_one_chain_of_the_trail,
    a_user_has_one_batch_under_way_at_a_time,
    others_are_answered_while_a_batch_is_under_way,
];

fn create(name: &str) -> Value {
    json!({ "op": "create", "value": { "kind": "person", "name": name } })
}

fn update(donor: &Value, value: Value) -> Value {
    json!({ "op": "update", "id": donor["id"], "version": donor["version"], "value": value })
}

fn delete(donor: &Value) -> Value {
    json!({ "op": "delete", "id": donor["id"], "version": donor["version"] })
}

async fn batch(browser: &Browser, query: &str, items: &[Value]) -> Answer {
    browser.post(&format!("/donors/batch{query}"), &json!({ "items": items })).await
}

fn statuses(answer: &Answer) -> Vec<i64> {
    answer.list("/items").iter().map(|item| item["status"].as_i64().unwrap()).collect()
}

async fn names(house: &House<'_>) -> Vec<String> {
    house.world.texts("name", "FROM donors WHERE deleted_at IS NULL ORDER BY name").await
}

async fn an_atomic_batch_stores_everything_and_answers_for_each_item(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let changed = a_donor(&superadmin, "Before").await;
    let deleted = a_donor(&superadmin, "Gone").await;
    let items = [create("Ayşe"), update(&changed, json!({ "name": "After" })), delete(&deleted)];
    let answer = batch(&superadmin, "", &items).await.expect(200);
    assert_eq!(statuses(&answer), [201, 200, 204]);
    let of_batch = "FROM changes WHERE operation = 'batchDonors'";
    assert_eq!(house.world.number("count(change_set)", of_batch).await, 3);
    assert_eq!(house.world.number("count(DISTINCT change_set)", of_batch).await, 1);
    assert_eq!(house.world.number("count(DISTINCT change_set)", "FROM changes").await, 4);
    let location = answer.text("/items/0/location");
    let read = superadmin.get(&location["/api/v1".len()..]).await.expect(200);
    assert_eq!(read.body, answer.body["items"][0]["record"]);
    assert_eq!(answer.text("/items/1/record/name"), "After");
    assert_eq!(answer.number("/items/1/record/version"), 2);
    assert_eq!(answer.body["items"][2], json!({ "status": 204 }));
    assert_eq!(names(house).await, ["After", "Ayşe"]);
    let donation = json!({
        "amount": { "amount": "5", "currency": "TRY" }, "method": "cash",
        "donated_on": "2026-03-14", "donor_id": read.body["id"],
    });
    let items = json!({ "items": [{ "op": "create", "value": donation }] });
    let gifts = superadmin.post("/donations/batch?mode=atomic", &items).await.expect(200);
    assert_eq!(gifts.text("/items/0/record/donor_name"), "Ayşe");
    let items = json!({ "items": [{ "op": "create", "value": { "name": "Ramazan" } }] });
    superadmin.post("/campaigns/batch", &items).await.expect(200);
    assert!(house.world.verify().await.is_intact());
}

async fn an_atomic_batch_with_a_wrong_item_stores_nothing_and_says_all_that_is_wrong(
    house: &House<'_>,
) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Before").await;
    let stale = json!({
        "op": "update", "id": donor["id"], "version": 7, "value": { "name": "After" },
    });
    let wrong = json!({ "op": "create", "value": { "name": "", "email": "nobody", "shoe": 43 } });
    let items = [
        create("Ayşe"),
        wrong,
        stale,
        json!({ "op": "delete", "id": "7", "value": {} }),
        json!({ "op": "burn" }),
        json!(5),
    ];
    let rows = house.world.rows("changes").await;
    let answer = batch(&superadmin, "?mode=atomic", &items).await;
    let answer = refused(answer, 422, "batch_failed");
    assert_eq!(answer.text("/detail"), "5 of 6 items failed, so none was stored");
    let mut told: Vec<(String, String)> = answer
        .list("/errors")
        .iter()
        .map(|error| ["pointer", "code"].map(|name| error[name].as_str().unwrap().to_owned()))
        .map(|[pointer, code]| (pointer, code))
        .collect();
    told.sort();
    let expected = [
        ("/items/1/value/email", "email"),
        ("/items/1/value/kind", "required"),
        ("/items/1/value/name", "required"),
        ("/items/1/value/shoe", "unknown_field"),
        ("/items/2", "stale"),
        ("/items/3/id", "uuid"),
        ("/items/3/value", "unknown_field"),
        ("/items/3/version", "required"),
        ("/items/4/id", "required"),
        ("/items/4/op", "choice"),
        ("/items/4/value", "required"),
        ("/items/4/version", "required"),
        ("/items/5", "type"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(names(house).await, ["Before"]);
    assert_eq!(house.world.rows("changes").await, rows);
}

async fn a_batch_of_each_stores_what_it_can(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Before").await;
    let unknown = json!({
        "op": "delete", "id": "019a9f3c-0000-7000-8000-000000000000", "version": 1,
    });
    let items = [
        create("Ayşe"),
        json!({ "op": "create", "value": { "kind": "person", "name": "B", "phone": "1" } }),
        unknown,
        update(&donor, json!({ "name": "After" })),
        update(&donor, json!({ "name": "Too late" })),
    ];
    let answer = batch(&superadmin, "?mode=each", &items).await.expect(207);
    assert_eq!(statuses(&answer), [201, 422, 404, 200, 412]);
    assert_eq!(answer.text("/items/1/problem/errors/0/pointer"), "/items/1/value/phone");
    assert_eq!(answer.text("/items/2/problem/code"), "not_found");
    assert_eq!(answer.text("/items/4/problem/code"), "stale");
    assert_eq!(names(house).await, ["After", "Ayşe"]);
    assert!(house.world.verify().await.is_intact());

    // When nothing can be stored, that is no failure of the batch.
    let answer = batch(&superadmin, "?mode=each", &[unknown_again()]).await.expect(207);
    assert_eq!(statuses(&answer), [404]);
}

fn unknown_again() -> Value {
    json!({ "op": "delete", "id": "019a9f3c-0000-7000-8000-000000000000", "version": 1 })
}

async fn an_item_sees_what_those_before_it_did(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let identity = json!({ "kind": "tr_national_id", "number": "10000000146" });
    let with = |name: &str| {
        let value = json!({ "kind": "person", "name": name, "identity": identity });
        json!({ "op": "create", "value": value })
    };
    let items = [with("First"), with("Second"), create("Third")];
    let answer = batch(&superadmin, "?mode=each", &items).await.expect(207);
    assert_eq!(statuses(&answer), [201, 409, 201]);
    assert_eq!(answer.text("/items/1/problem/errors/0/pointer"), "/items/1/value/identity/number");
    assert_eq!(names(house).await, ["First", "Third"]);
}

async fn an_item_that_comes_too_late_learns_what_the_batch_changed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Before").await;
    let items = [
        update(&donor, json!({ "name": "After", "notes": "called" })),
        update(&donor, json!({ "name": "Too late" })),
    ];
    let answer = batch(&superadmin, "?mode=each", &items).await.expect(207);
    let problem = &answer.body["items"][1]["problem"];
    assert_eq!(problem["current_version"], 2);
    assert_eq!(problem["fields"], json!(["name", "notes"]));
}

async fn a_repeated_batch_is_answered_as_the_first_one_and_done_once(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let items = json!({ "items": [create("Once"), { "op": "burn" }] });
    let send = async || {
        let request = superadmin.request(Method::POST, "/donors/batch?mode=each");
        Answer::to(request.header("Idempotency-Key", "a-batch").json(&items)).await.expect(207)
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.body, first.body);
    assert_eq!(names(house).await, ["Once"]);
}

async fn a_rehearsed_batch_stores_nothing(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Before").await;
    let rows = house.world.rows("changes").await;
    let items = [create("Ayşe"), update(&donor, json!({ "name": "After" })), delete(&donor)];
    let answer = batch(&superadmin, "?mode=each&dry_run=true", &items).await.expect(207);
    assert_eq!(statuses(&answer), [201, 200, 412]);
    let answer = batch(&superadmin, "?dry_run=true", &items).await;
    refused(answer, 422, "batch_failed");
    assert_eq!(names(house).await, ["Before"]);
    assert_eq!(house.world.rows("changes").await, rows);
}

async fn nobody_does_in_a_batch_what_they_may_not_do_alone(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let foreign = a_donor(&superadmin, "Foreign").await;
    let role = json!({
        "name": "typist", "label": "Typist", "permissions": ["donors:create", "donors:read"],
        "scope": "own",
    });
    superadmin.post("/roles", &role).await.expect(201);
    let typist = house.somebody(&superadmin, "typist").await;
    let refusals = async || house.world.rows("security_events").await;
    let before = refusals().await;

    // Nothing of it is allowed, or one item of all or none.
    for (mode, items) in
        [("each", vec![delete(&foreign)]), ("atomic", vec![create("Mine"), delete(&foreign)])]
    {
        let answer = batch(&typist, &format!("?mode={mode}"), &items).await;
        refused(answer, 403, "forbidden");
    }
    assert_eq!(refusals().await, before + 2);

    let items = [create("Mine"), update(&foreign, json!({ "name": "Stolen" }))];
    let answer = batch(&typist, "?mode=each", &items).await.expect(207);
    assert_eq!(statuses(&answer), [201, 403]);
    assert_eq!(refusals().await, before + 3);
    // A dry run is no way to try doors unseen.
    let items = [create("Mine"), update(&foreign, json!({ "name": "Stolen" }))];
    batch(&typist, "?mode=each&dry_run=true", &items).await.expect(207);
    batch(&typist, "?dry_run=true", &items).await.expect(403);
    assert_eq!(refusals().await, before + 5);
    assert_eq!(names(house).await, ["Foreign", "Mine"]);

    let donation = a_donation(&superadmin).await;
    let items = json!({ "items": [delete(&donation)] });
    let answer = typist.post("/donations/batch", &items).await;
    refused(answer, 403, "forbidden");
}

async fn a_batch_has_one_to_a_thousand_items(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for (body, code) in [
        (json!({}), "required"),
        (json!({ "items": [] }), "range"),
        (json!({ "items": vec![create("A"); 1_001] }), "range"),
        (json!({ "items": {} }), "type"),
    ] {
        let answer = superadmin.post("/donors/batch", &body).await;
        let answer = refused(answer, 422, "validation");
        assert_eq!(answer.text("/errors/0/code"), code);
    }
    let answer = batch(&superadmin, "?mode=some", &[create("A")]).await;
    refused(answer, 400, "bad_request");
    assert!(names(house).await.is_empty());
}

async fn a_thousand_items_are_one_chain_of_the_trail(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let items: Vec<Value> = (0..1_000).map(|number| create(&format!("Donor {number}"))).collect();
    let rows = house.world.rows("changes").await;
    let answer = batch(&superadmin, "", &items).await.expect(200);
    assert_eq!(answer.list("/items").len(), 1_000);
    assert_eq!(house.world.rows("donors").await, 1_000);
    assert_eq!(house.world.rows("changes").await, rows + 1_000);
    assert!(house.world.verify().await.is_intact());
}

async fn a_user_has_one_batch_under_way_at_a_time(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ahead = Batches::open(&house.world.store).await.unwrap();
    let (one, other) = ([create("A")], [create("B")]);
    let one = Box::pin(batch(&superadmin, "", &one));
    let other = Box::pin(batch(&superadmin, "?mode=atomic", &other));
    // Whichever comes first waits for the batch ahead; the other one does not wait with it.
    let (answer, waiting) = futures_util::future::select(one, other).await.factor_first();
    let answer = refused(answer, 429, "rate_limited");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(
        ["ratelimit-limit", "ratelimit-remaining"].map(|name| answer.header(name)),
        ["1", "0"]
    );
    drop(ahead);
    waiting.await.expect(200);
    batch(&superadmin, "", &[create("C")]).await.expect(200);
    assert_eq!(names(house).await.len(), 2);
}

/// Reading goes on; a write waits on SQLite, where it is told when to come again, and not on PostgreSQL.
async fn others_are_answered_while_a_batch_is_under_way(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Before").await;
    let under_way = Batches::open(&house.world.store).await.unwrap();
    let ready = Answer::to(house.ask(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    superadmin.get(&format!("/donors/{}", donor["id"].as_str().unwrap())).await.expect(200);
    let write = superadmin.post("/donors", &json!({ "kind": "person", "name": "A" })).await;
    match house.world.backend {
        Backend::Sqlite => {
            let answer = refused(write, 503, "unavailable");
            assert_eq!(answer.header("retry-after"), "5");
        }
        Backend::Postgres => drop(write.expect(201)),
    }
    drop(under_way);
    a_donor(&superadmin, "After").await;
}
