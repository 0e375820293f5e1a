//! The trail as it is read: every filter, every page, and who sees what of it.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donation, a_donor},
    reading::{errors, every, every_filter_keeps_its_word, filter, refused, walk},
};
use crate::support::{Answer, Browser};

in_both_houses![
    every_filter_of_changes_keeps_its_word,
    every_filter_of_security_events_keeps_its_word,
    a_change_says_who_when_from_where_and_in_which_request,
    a_denied_request_is_written_down_with_its_route_and_permission,
    a_forged_request_is_written_down_and_a_strangers_is_not,
    who_may_not_read_the_trail_sees_histories_without_addresses,
    reading_leaves_no_trace_and_every_change_exactly_one,
    what_is_told_of_a_destroyed_donor_is_erased,
];

async fn every_filter_of_changes_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let accountant = house.somebody(&superadmin, "accountant").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let donor = donor["id"].as_str().unwrap();
    house.clock.forward(Duration::seconds(1));
    superadmin.patch(&format!("/donors/{donor}"), 1, &json!({ "notes": "x" })).await.expect(200);
    house.clock.forward(Duration::seconds(1));
    let donation = a_donation(&accountant).await;
    let donation = format!("/donations/{}", donation["id"].as_str().unwrap());
    accountant.act(&format!("{donation}/complete")).await.expect(200);
    house.clock.forward(Duration::seconds(1));
    accountant.post(&format!("{donation}/refund"), &json!({})).await.expect(200);
    superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);

    let changes = walk(&superadmin, "/audit/changes", 3).await;
    let order = |change: &Value| std::cmp::Reverse(change["position"].as_i64().unwrap());
    assert!(changes.is_sorted_by_key(order));
    assert_eq!(every(&changes, "/position"), ["8", "7", "6", "5", "4", "3", "2", "1"]);
    let by = accountant.get("/users/me").await.expect(200).text("/id");
    let at = |change: &Value| change["at"].as_str().unwrap().to_owned();
    every_filter_keeps_its_word(
        &superadmin,
        "/audit/changes",
        &changes,
        &[
            filter("entity=donor", |change| change["entity"] == "donor"),
            filter("entity=user", |change| change["entity"] == "user"),
            filter(format!("entity_id={donor}"), |change| change["entity_id"] == *donor),
            filter("action=created", |change| change["action"] == "created"),
            filter("action=refunded", |change| change["action"] == "refunded"),
            filter(format!("actor_id={by}"), |change| change["actor"]["user_id"] == *by),
            filter("from=2026-03-14T12:00:01Z", |change| {
                at(change).as_str() >= "2026-03-14T12:00:01.000Z"
            }),
            // Before it, and in any zone.
            filter("to=2026-03-14T15:00:01%2B03:00", |change| {
                at(change).as_str() < "2026-03-14T12:00:01.000Z"
            }),
            filter("q=ramaz", |change| change["entity"] == "campaign"),
            filter("q=PENDING", |change| {
                change["before"]["state"] == "pending" || change["after"]["state"] == "pending"
            }),
            filter("q=pending&action=created", |change| {
                change["action"] == "created" && change["after"]["state"] == "pending"
            }),
            filter(format!("entity=donation&action=completed&actor_id={by}"), |change| {
                change["action"] == "completed"
            }),
        ],
    )
    .await;
    for (query, wrong) in [
        ("entity=dog", ("entity", "choice")),
        ("entity_id=7", ("entity_id", "uuid")),
        ("action=eaten", ("action", "choice")),
        ("actor_id=me", ("actor_id", "uuid")),
        ("from=yesterday", ("from", "instant")),
        ("to=2026-03-14", ("to", "instant")),
        ("sort=at", ("sort", "unknown_parameter")),
        ("q=%20", ("q", "required")),
    ] {
        let answer = superadmin.get(&format!("/audit/changes?{query}")).await;
        assert_eq!(errors(&refused(answer, 400, "bad_request")), [wrong], "{query}");
    }
}

async fn every_filter_of_security_events_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let by = viewer.get("/users/me").await.expect(200).text("/id");
    let wrong = json!({ "email": "nobody@example.org", "password": "x" });
    house.stranger().post("/auth/login", &wrong).await.expect(401);
    house.clock.forward(Duration::seconds(1));
    viewer.get("/users").await.expect(403);
    house.clock.forward(Duration::seconds(1));
    viewer.act("/auth/logout").await.expect(204);
    let events = walk(&superadmin, "/audit/security-events", 2).await;
    assert_eq!(
        every(&events, "/kind"),
        ["logged_out", "access_denied", "login_failed", "logged_in", "logged_in"]
    );
    let at = |event: &Value| event["at"].as_str().unwrap().to_owned();
    every_filter_keeps_its_word(
        &superadmin,
        "/audit/security-events",
        &events,
        &[
            filter("kind=logged_in", |event| event["kind"] == "logged_in"),
            filter("kind=access_denied", |event| event["kind"] == "access_denied"),
            filter(format!("user_id={by}"), |event| event["user_id"] == *by),
            filter("from=2026-03-14T12:00:01.000Z", |event| {
                at(event).as_str() >= "2026-03-14T12:00:01.000Z"
            }),
            filter("to=2026-03-14T12:00:01Z", |event| {
                at(event).as_str() < "2026-03-14T12:00:01.000Z"
            }),
            filter(format!("kind=logged_in&user_id={by}"), |event| {
                event["kind"] == "logged_in" && event["user_id"] == *by
            }),
        ],
    )
    .await;
    let answer = superadmin.get("/audit/security-events?kind=eaten&knd=x").await;
    let answer = refused(answer, 400, "bad_request");
    assert_eq!(errors(&answer), [("knd", "unknown_parameter"), ("kind", "choice")]);
}

async fn a_change_says_who_when_from_where_and_in_which_request(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let me = superadmin.get("/users/me").await.expect(200).text("/id");
    let request = superadmin.request(Method::POST, "/donors").header("User-Agent", "Firefox");
    let donor = json!({ "kind": "person", "name": "Ayşe", "contact_consent": true });
    let donor = Answer::to(request.json(&donor)).await.expect(201);
    let changes = superadmin.get("/audit/changes?entity=donor").await.expect(200);
    let mut change = changes.list("/items")[0].clone();
    let change_set = change["change_set"].clone();
    assert!(change_set.is_string());
    change.as_object_mut().unwrap().remove("id");
    let expected = json!({
        "position": 2,
        "at": "2026-03-14T12:00:00.000Z",
        "actor": {
            "kind": "user",
            "user_id": me,
            "name": superadmin.get("/users/me").await.expect(200).text("/name"),
            "role": "superadmin",
            "roles": ["superadmin"],
        },
        "action": "created",
        "entity": "donor",
        "entity_id": donor.text("/id"),
        "version": 1,
        "before": {},
        "after": { "kind": "person", "name": "Ayşe", "contact_consent": true, "deleted": false },
        "request_id": donor.header("x-request-id"),
        "address": "127.0.0.1",
        "user_agent": "Firefox",
        "change_set": change_set,
        "operation": "createDonor",
    });
    assert_eq!(change, expected);
    let first = superadmin.get("/audit/changes?entity=user").await.expect(200);
    let system = json!({ "kind": "system", "system": "tests" });
    assert_eq!(first.body.pointer("/items/0/actor"), Some(&system));
}

async fn a_denied_request_is_written_down_with_its_route_and_permission(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    refused(viewer.patch(&path, 1, &json!({ "notes": "secret" })).await, 403, "forbidden");
    let reveal = json!({ "reason": "curious" });
    refused(viewer.post(&format!("{path}/reveal"), &reveal).await, 403, "forbidden");
    let read = refused(viewer.get("/audit/changes?action=created").await, 403, "forbidden");
    refused(viewer.get("/audit/security-events").await, 403, "forbidden");

    let events = house.events(&superadmin, "&kind=access_denied").await;
    assert_eq!(
        every(&events, "/detail"),
        [
            "GET /api/v1/audit/security-events: this needs the permission audit:read",
            "GET /api/v1/audit/changes: this needs the permission audit:read",
            "POST /api/v1/donors/{id}/reveal: this needs the permission donors:reveal",
            "PATCH /api/v1/donors/{id}: this needs the permission donors:update",
        ]
    );
    let by = viewer.get("/users/me").await.expect(200).text("/id");
    for event in &events {
        assert_eq!(event["user_id"], *by);
        assert_eq!(event["actor"], json!({ "kind": "user", "user_id": by }));
        assert_eq!(event["address"], "127.0.0.1");
    }
    assert_eq!(events[1]["request_id"], read.header("x-request-id"));
}

async fn a_forged_request_is_written_down_and_a_strangers_is_not(house: &House<'_>) {
    let mut superadmin = house.superadmin().await;
    let token = superadmin.csrf.take();
    refused(superadmin.act("/auth/logout").await, 403, "csrf");
    superadmin.csrf = token;
    let foreign =
        superadmin.request(Method::POST, "/donors").header("Origin", "https://evil.example");
    let donor = json!({ "kind": "person", "name": "Ayşe" });
    refused(Answer::to(foreign.json(&donor)).await, 403, "csrf");
    refused(house.stranger().get("/donors").await, 401, "unauthenticated");
    refused(house.stranger().post("/donors", &donor).await, 401, "unauthenticated");
    let events = house.events(&superadmin, "&kind=forgery_refused").await;
    assert_eq!(
        every(&events, "/detail"),
        [
            "POST /api/v1/donors: the page that sent it is of a foreign origin",
            "POST /api/v1/auth/logout: X-CSRF-Token is missing",
        ]
    );
    assert_eq!(house.events(&superadmin, "").await.len(), 3);
}

async fn who_may_not_read_the_trail_sees_histories_without_addresses(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let history = format!("/donors/{}/history", donor["id"].as_str().unwrap());
    let full = superadmin.get(&history).await.expect(200).list("/items").to_vec();
    assert_eq!(full[0]["address"], "127.0.0.1");
    let mut expected = full[0].clone();
    for field in ["address", "user_agent"] {
        expected.as_object_mut().unwrap().remove(field);
    }
    assert!(expected["actor"]["name"].is_string());
    expected["actor"].as_object_mut().unwrap().remove("name");
    assert_eq!(viewer.get(&history).await.expect(200).list("/items"), [expected]);
    // A cursor of one history opens no other one.
    let other = a_donor(&superadmin, "Ahmet").await;
    let other = format!("/donors/{}", other["id"].as_str().unwrap());
    superadmin.patch(&other, 1, &json!({ "notes": "x" })).await.expect(200);
    let page = viewer.get(&format!("{other}/history?limit=1")).await.expect(200);
    let cursor = page.text("/next_cursor");
    let foreign = viewer.get(&format!("{history}?cursor={cursor}")).await;
    assert_eq!(errors(&refused(foreign, 400, "bad_request")), [("cursor", "cursor")]);
    viewer.get(&format!("{other}/history?cursor={cursor}")).await.expect(200);
}

async fn reading_leaves_no_trace_and_every_change_exactly_one(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let count = async || house.world.rows("changes").await;
    let mut expected = count().await;
    let (donor, donation) = (a_donor(&superadmin, "Ayşe").await, a_donation(&superadmin).await);
    let donor = format!("/donors/{}", donor["id"].as_str().unwrap());
    let donation = format!("/donations/{}", donation["id"].as_str().unwrap());
    expected += 2;
    let post = async |path: String, body: Value| superadmin.post(&path, &body).await.status;
    for done in [
        superadmin.patch(&donor, 1, &json!({ "notes": "x" })).await.status,
        superadmin.delete(&donor, 2).await.status,
        post(format!("{donor}/restore"), json!({})).await,
        post(format!("{donation}/complete"), json!({})).await,
        post(format!("{donation}/refund"), json!({})).await,
        superadmin.delete(&donation, 3).await.status,
        superadmin.delete(&format!("{donation}?purge=true"), 4).await.status,
        superadmin.patch("/users/me", 1, &json!({ "name": "Ayşe" })).await.status,
        post(
            "/auth/password".to_owned(),
            json!({ "current_password": PASSWORD, "new_password": "another quiet boat at dusk" }),
        )
        .await,
    ] {
        assert!((200..300).contains(&done));
        expected += 1;
    }
    assert_eq!(count().await, expected);
    let events = house.world.rows("security_events").await;
    for path in ["/donors", "/donors?q=ayse", &donor, &format!("{donor}/history"), "/audit/changes"]
    {
        superadmin.get(path).await.expect(200);
    }
    let lookup = json!({ "email": "ayse@example.org" });
    superadmin.post("/donors/lookup", &lookup).await.expect(200);
    refused_changes(&superadmin, &donor).await;
    assert_eq!((count().await, house.world.rows("security_events").await), (expected, events));
    assert!(house.world.verify().await.is_intact());
}

/// A change that was refused is none.
async fn refused_changes(superadmin: &Browser, donor: &str) {
    superadmin.patch(donor, 1, &json!({ "notes": "stale" })).await.expect(412);
    superadmin.patch(donor, 4, &json!({ "name": " " })).await.expect(422);
    superadmin.patch(donor, 4, &json!({})).await.expect(200);
    superadmin.act(&format!("{donor}/restore")).await.expect(409);
    superadmin.post("/donors", &json!({})).await.expect(422);
}

async fn what_is_told_of_a_destroyed_donor_is_erased(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Zeynep").await;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    superadmin.patch(&path, 1, &json!({ "notes": "x", "language": "tr" })).await.expect(200);
    let told = async || {
        let filter = format!("/audit/changes?entity_id={}", donor["id"].as_str().unwrap());
        superadmin.get(&filter).await.expect(200).list("/items").to_vec()
    };
    let before = told().await;
    assert_eq!(before[1]["after"]["name"], "Zeynep");
    assert_eq!(before[0]["after"], json!({ "notes": "x", "language": "tr" }));
    // Which fields somebody has changed meanwhile is told as ever.
    let stale = superadmin.patch(&path, 1, &json!({ "notes": "y" })).await;
    assert_eq!(refused(stale, 412, "stale").list("/fields"), ["language", "notes"]);
    superadmin.delete(&path, 2).await.expect(204);
    superadmin.delete(&format!("{path}?purge=true"), 3).await.expect(204);
    let after = told().await;
    let erased = json!({ "erased": true });
    assert_eq!(after[3]["after"]["name"], erased);
    assert_eq!(after[3]["after"]["kind"], "person");
    assert_eq!(after[2]["after"], json!({ "notes": erased, "language": "tr" }));
    assert_eq!(after[2]["before"], json!({ "notes": erased, "language": null }));
    assert!(house.world.verify().await.is_intact());
}
