//! Requests that are repeated: done once, answered twice.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, SUPERADMIN, a_donation},
    reading::{every, refused},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_repeated_request_is_answered_as_the_first_one_and_done_once,
    a_repeated_step_is_taken_once,
    a_key_belongs_to_one_request_of_one_user,
    a_key_is_free_again_after_a_day,
    a_failed_request_does_not_use_up_its_key,
    of_sixteen_twins_exactly_one_makes_a_record,
    twins_on_two_instances_make_one_record,
    an_answer_survives_a_restart_and_a_later_change_of_the_record,
    a_key_of_any_other_form_is_400,
    whoever_may_see_less_is_given_no_answer_of_before,
];

fn donor(name: &str) -> Value {
    json!({ "kind": "person", "name": name })
}

async fn post(browser: &Browser, path: &str, key: &str, body: &Value) -> Answer {
    let request = browser.request(Method::POST, path).header("Idempotency-Key", key);
    Answer::to(request.json(body)).await
}

/// What a repeated answer has in common with the first one.
fn shown(answer: &Answer) -> (u16, &Value, [&str; 3]) {
    let headers = ["location", "etag", "content-type"].map(|name| answer.header(name));
    (answer.status, &answer.body, headers)
}

async fn a_repeated_request_is_answered_as_the_first_one_and_done_once(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let user = json!({
        "name": "Elif", "email": "elif@example.org", "role": "viewer", "password": PASSWORD,
    });
    let role = json!({
        "name": "volunteer", "label": "Gönüllü", "permissions": ["donors:read"], "scope": "own",
    });
    let donation = json!({
        "amount": { "amount": "5", "currency": "TRY" }, "method": "cash",
        "donated_on": "2026-03-14",
    });
    for (path, body, table) in [
        ("/donors", donor("Ayşe"), "donors"),
        ("/campaigns", json!({ "name": "Ramazan" }), "campaigns"),
        ("/donations", donation, "donations"),
        ("/users", user, "users"),
        ("/roles", role, "roles"),
    ] {
        let rows = house.world.rows(table).await;
        let first = post(&superadmin, path, &format!("key-of{path}"), &body).await.expect(201);
        assert_eq!(first.header("idempotent-replayed"), "", "{path}");
        house.clock.forward(Duration::seconds(1));
        let again = post(&superadmin, path, &format!("key-of{path}"), &body).await;
        assert_eq!(again.header("idempotent-replayed"), "true", "{path}");
        assert_eq!(shown(&again), shown(&first), "{path}");
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!(house.world.rows(table).await, rows + 1, "{path}");
    }
    assert!(house.world.verify().await.is_intact());
}

async fn a_repeated_step_is_taken_once(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donation = a_donation(&superadmin).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    for (step, body) in [("complete", json!({})), ("refund", json!({ "reason": "twice" }))] {
        let step = format!("{path}/{step}");
        let first = post(&superadmin, &step, &step, &body).await.expect(200);
        let again = post(&superadmin, &step, &step, &body).await;
        assert_eq!(shown(&again), shown(&first));
        assert_eq!(again.header("idempotent-replayed"), "true");
        refused(post(&superadmin, &step, "another", &body).await, 409, "transition");
    }
    // The first step is answered as it was then, whatever has happened since.
    let complete = format!("{path}/complete");
    let again = post(&superadmin, &complete, &complete, &json!({})).await.expect(200);
    assert_eq!((again.text("/state"), again.version()), ("completed".to_owned(), "2"));
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/action"), ["refunded", "completed", "created"]);
}

async fn a_key_belongs_to_one_request_of_one_user(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let other = house.somebody(&superadmin, "accountant").await;
    let first = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    for (path, body) in [
        ("/donors", donor("Ahmet")),
        ("/donors", json!({ "kind": "person", "name": "Ayşe", "notes": "x" })),
        ("/campaigns", json!({ "name": "Ayşe" })),
    ] {
        let answer = post(&superadmin, path, "k", &body).await;
        refused(answer, 422, "idempotency_key_reused");
    }
    // Keys are compared as they are.
    post(&superadmin, "/donors", "K", &donor("Ayşe")).await.expect(201);
    let theirs = post(&other, "/donors", "k", &donor("Ahmet")).await.expect(201);
    assert_eq!(theirs.header("idempotent-replayed"), "");
    assert_ne!(theirs.text("/id"), first.text("/id"));
    // A new session of the same user is the same user.
    let again = house.superadmin().await;
    let again = post(&again, "/donors", "k", &donor("Ayşe")).await;
    assert_eq!(shown(&again), shown(&first));
    assert_eq!(house.world.rows("donors").await, 3);
}

async fn a_key_is_free_again_after_a_day(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let first = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    house.clock.forward(Duration::hours(24));
    let superadmin = house.superadmin().await;
    let again = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    house.clock.forward(Duration::milliseconds(1));
    let other = post(&superadmin, "/donors", "k", &donor("Ahmet")).await.expect(201);
    assert_eq!(other.header("idempotent-replayed"), "");
    assert_ne!(other.text("/id"), first.text("/id"));
    let again = post(&superadmin, "/donors", "k", &donor("Ahmet")).await;
    assert_eq!(shown(&again), shown(&other));
}

async fn a_failed_request_does_not_use_up_its_key(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donation = a_donation(&superadmin).await;
    let refund = format!("/donations/{}/refund", donation["id"].as_str().unwrap());
    for (path, body, status) in [
        ("/donors", json!({ "kind": "dog" }), 422),
        ("/donors", json!({ "kind": "person", "name": "Ayşe", "emial": "x" }), 422),
        (&*refund, json!({}), 409),
    ] {
        post(&superadmin, path, "k", &body).await.expect(status);
    }
    let made = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    assert_eq!(made.header("idempotent-replayed"), "");
}

async fn of_sixteen_twins_exactly_one_makes_a_record(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut running = Vec::new();
    for _ in 0..16 {
        let request = superadmin.request(Method::POST, "/donors").header("Idempotency-Key", "k");
        running.push(tokio::spawn(Answer::to(request.json(&donor("Ayşe")))));
    }
    let (mut made, mut replayed) = (Vec::new(), 0);
    for answer in running {
        let answer = answer.await.unwrap();
        match (answer.status, answer.header("idempotent-replayed")) {
            (201, "") => made.push(answer.body),
            (201, "true") => replayed += 1,
            _ => {
                refused(answer, 409, "conflict");
            }
        }
    }
    assert_eq!(made.len(), 1, "and {replayed} were answered from memory");
    let donors = superadmin.get("/donors").await.expect(200);
    assert_eq!(donors.list("/items"), made);
    let again = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    assert_eq!(again.body, made[0]);
    assert!(house.world.verify().await.is_intact());
}

async fn twins_on_two_instances_make_one_record(house: &House<'_>) {
    let here = house.superadmin().await;
    house
        .restarted(async |other| {
            let there = Browser::log_in(&other.url, SUPERADMIN, PASSWORD).await;
            let mut made = 0;
            for round in 0..8 {
                let key = format!("k{round}");
                let twins = [&here, &there].map(|browser| {
                    let request = browser.request(Method::POST, "/donors");
                    let request = request.header("Idempotency-Key", &key).json(&donor("Ayşe"));
                    tokio::spawn(Answer::to(request))
                });
                for twin in twins {
                    let answer = twin.await.unwrap();
                    match (answer.status, answer.header("idempotent-replayed")) {
                        (201, "") => made += 1,
                        (201, "true") => {}
                        _ => {
                            refused(answer, 409, "conflict");
                        }
                    }
                }
            }
            assert_eq!((made, house.world.rows("donors").await), (8, 8));
        })
        .await;
}

async fn an_answer_survives_a_restart_and_a_later_change_of_the_record(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let first = post(&superadmin, "/donors", "k", &donor("Ayşe")).await.expect(201);
    let path = format!("/donors/{}", first.text("/id"));
    superadmin.patch(&path, 1, &json!({ "name": "Ayşe Demir" })).await.expect(200);
    superadmin.delete(&path, 2).await.expect(204);
    house
        .restarted(async |house| {
            let superadmin = Browser::log_in(&house.url, SUPERADMIN, PASSWORD).await;
            let again = post(&superadmin, "/donors", "k", &donor("Ayşe")).await;
            assert_eq!(again.header("idempotent-replayed"), "true");
            assert_eq!(shown(&again), shown(&first));
        })
        .await;
}

async fn a_key_of_any_other_form_is_400(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for key in ["", "a b", "a\tb", &"k".repeat(256)] {
        let answer = post(&superadmin, "/donors", key, &donor("Ayşe")).await;
        refused(answer, 400, "bad_request");
    }
    let request = superadmin.request(Method::POST, "/donors").header("Idempotency-Key", "a");
    let twice = request.header("Idempotency-Key", "b").json(&donor("Ayşe"));
    refused(Answer::to(twice).await, 400, "bad_request");
    assert_eq!(house.world.rows("donors").await, 0);
    post(&superadmin, "/donors", &"~".repeat(255), &donor("Ayşe")).await.expect(201);
}

async fn whoever_may_see_less_is_given_no_answer_of_before(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let can = ["donors:read", "donors:create"];
    let role = json!({ "name": "clerk", "label": "Clerk", "permissions": can, "scope": "all" });
    superadmin.post("/roles", &role).await.expect(201);
    superadmin.post("/donors", &donor("Ayşe")).await.expect(201);
    house.user(&superadmin, "clerk@example.org", "clerk").await;
    let clerk = Browser::log_in(&house.url, "clerk@example.org", PASSWORD).await;
    let made = post(&clerk, "/donors", "k", &donor("Ayşe")).await.expect(201);
    assert_eq!(made.list("/possible_duplicates").len(), 1, "somebody else's");
    let donors = house.world.rows("donors").await;
    let narrower =
        [(1, json!({ "scope": "own" })), (2, json!({ "permissions": ["donors:create"] }))];
    for (version, narrower) in narrower {
        superadmin.patch("/roles/clerk", version, &narrower).await.expect(200);
        let clerk = Browser::log_in(&house.url, "clerk@example.org", PASSWORD).await;
        let again = post(&clerk, "/donors", "k", &donor("Ayşe")).await;
        refused(again, 409, "answer_gone");
        assert_eq!(house.world.rows("donors").await, donors, "nothing is done twice");
    }
}
