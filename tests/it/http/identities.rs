//! Identity numbers: unique, masked everywhere, shown in full only to who says why.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donor},
    reading::{errors, every, refused},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_number_is_shown_to_who_says_why_and_the_trail_keeps_the_reason,
    a_number_stands_in_no_other_answer,
    no_two_donors_have_the_same_number,
    a_reveal_needs_its_permission_a_reason_and_a_number,
    a_repeated_reveal_is_never_answered_from_memory,
];

const NUMBER: &str = "10000000146";

async fn a_numbered_donor(browser: &Browser, number: &str) -> (Value, String) {
    let identity = json!({ "kind": "tr_national_id", "number": number });
    let donor = json!({ "kind": "person", "name": "Ayşe Yılmaz", "identity": identity });
    let donor = browser.post("/donors", &donor).await.expect(201).body;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    (donor, path)
}

async fn a_number_is_shown_to_who_says_why_and_the_trail_keeps_the_reason(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (donor, path) = a_numbered_donor(&superadmin, NUMBER).await;
    let reason = json!({ "reason": "Tax receipt for 2025" });
    let shown = superadmin.post(&format!("{path}/reveal"), &reason).await.expect(200);
    let number = json!({ "identity": { "kind": "tr_national_id", "number": NUMBER } });
    assert_eq!(shown.body, number);
    assert_eq!(shown.header("cache-control"), "no-store");

    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.text("/items/0/action"), "revealed");
    assert_eq!(history.text("/items/0/reason"), "Tax receipt for 2025");
    assert_eq!(history.text("/items/0/actor/user_id"), donor["created_by"]);
    assert_eq!(history.body.pointer("/items/0/version"), Some(&json!(1)), "looking is no change");
}

async fn a_number_stands_in_no_other_answer(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let identity = json!({ "kind": "tr_national_id", "number": NUMBER });
    let donor = json!({ "kind": "person", "name": "Ayşe", "identity": identity });
    let request = superadmin.request(Method::POST, "/donors").header("Idempotency-Key", "k");
    let mut answers = vec![Answer::to(request.json(&donor)).await.expect(201)];
    let request = superadmin.request(Method::POST, "/donors").header("Idempotency-Key", "k");
    answers.push(Answer::to(request.json(&donor)).await.expect(201));
    let path = format!("/donors/{}", answers[0].text("/id"));
    let reason = json!({ "reason": "Tax receipt" });
    superadmin.post(&format!("{path}/reveal"), &reason).await.expect(200);
    answers.push(
        superadmin.post("/donors/lookup", &json!({ "identity": identity })).await.expect(200),
    );
    answers.push(superadmin.patch(&path, 1, &json!({ "notes": "seen" })).await.expect(200));
    answers.push(superadmin.patch(&path, 1, &json!({ "notes": "stale" })).await.expect(412));
    answers.push(superadmin.post("/donors", &donor).await.expect(409));
    superadmin.delete(&path, 2).await.expect(204);
    for read in [&path, "/donors?deleted=only", &format!("{path}/history")] {
        answers.push(superadmin.get(read).await.expect(200));
    }
    answers.push(superadmin.act(&format!("{path}/restore")).await.expect(200));
    for read in ["/donors", "/audit/changes", "/audit/security-events"] {
        answers.push(superadmin.get(read).await.expect(200));
    }
    for answer in &answers {
        assert!(!answer.body.to_string().contains(NUMBER), "{}", answer.body);
        assert!(!format!("{:?}", answer.headers).contains(NUMBER));
    }
    // Nobody can grope for a number with a search.
    for q in [NUMBER, "1000000", "*********46", "46"] {
        let found = superadmin.get(&format!("/donors?q={q}")).await.expect(200);
        assert_eq!(found.body, json!({ "items": [] }), "{q}");
    }
    // Nor does it stand as it is in the database.
    for column in ["name", "identity_masked", "search"] {
        let rows = house.world.texts(column, "FROM donors").await;
        assert!(rows.iter().all(|text| !text.contains(NUMBER)), "{column}");
    }
}

async fn no_two_donors_have_the_same_number(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, first) = a_numbered_donor(&superadmin, NUMBER).await;
    let second = a_donor(&superadmin, "Second").await;
    let second = format!("/donors/{}", second["id"].as_str().unwrap());
    let same = json!({ "identity": { "kind": "tr_national_id", "number": "100 000 001 46" } });
    let taken = superadmin.patch(&second, 1, &same).await;
    assert_eq!(errors(&refused(taken, 409, "taken")), [("/identity/number", "taken")]);

    // A donor in the trash keeps no number from others, and comes back only when it is free.
    superadmin.delete(&first, 1).await.expect(204);
    superadmin.patch(&second, 1, &same).await.expect(200);
    refused(superadmin.act(&format!("{first}/restore")).await, 409, "taken");
    superadmin.patch(&second, 2, &json!({ "identity": null })).await.expect(200);
    superadmin.act(&format!("{first}/restore")).await.expect(200);
}

async fn a_reveal_needs_its_permission_a_reason_and_a_number(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let accountant = house.somebody(&superadmin, "accountant").await;
    let (_, path) = a_numbered_donor(&superadmin, NUMBER).await;
    let reveal = format!("{path}/reveal");
    let reason = json!({ "reason": "Tax receipt" });
    refused(accountant.post(&reveal, &reason).await, 403, "forbidden");
    for (body, wrong) in [
        (json!({}), ("/reason", "required")),
        (json!({ "reason": " x " }), ("/reason", "too_short")),
        (json!({ "reason": "x".repeat(501) }), ("/reason", "too_long")),
        (json!({ "reason": 5 }), ("/reason", "type")),
    ] {
        let answer = superadmin.post(&reveal, &body).await;
        assert_eq!(errors(&refused(answer, 422, "validation")), [wrong], "{body}");
    }
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/action"), ["created"]);

    let without = a_donor(&superadmin, "Without").await;
    let without = format!("/donors/{}/reveal", without["id"].as_str().unwrap());
    refused(superadmin.post(&without, &reason).await, 409, "no_identity");
}

async fn a_repeated_reveal_is_never_answered_from_memory(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, path) = a_numbered_donor(&superadmin, NUMBER).await;
    for _ in 0..2 {
        let request = superadmin.request(Method::POST, &format!("{path}/reveal"));
        let request = request.header("Idempotency-Key", "k");
        let shown = Answer::to(request.json(&json!({ "reason": "Tax receipt" }))).await.expect(200);
        assert_eq!(shown.header("idempotent-replayed"), "");
    }
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/action"), ["revealed", "revealed", "created"]);
    assert_eq!(house.world.rows("answers").await, 0);
}
