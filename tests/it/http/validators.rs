//! What a client has of a record, held against what there is: the version for a change, all that is
//! shown for a copy; and none of it after the database was put back.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donation, a_donor},
    reading::{errors, refused},
};
use crate::support::{Answer, Browser, Follower};

in_both_houses![
    a_name_that_a_record_shows_is_part_of_its_tag_and_not_of_its_version,
    every_answer_with_a_record_has_the_tag_that_a_reading_has,
    after_the_database_was_put_back_no_tag_no_cursor_and_no_mark_from_before_fits,
    an_answer_that_came_with_the_backup_is_given_again_with_a_tag_that_fits,
    what_is_shown_without_being_a_change_is_part_of_the_tag,
];

fn known(browser: &Browser, path: &str, tag: &str) -> reqwest::RequestBuilder {
    browser.request(Method::GET, path).header("If-None-Match", tag)
}

async fn patch_from(browser: &Browser, path: &str, tag: &str, body: &Value) -> Answer {
    Answer::to(browser.request(Method::PATCH, path).header("If-Match", tag).json(body)).await
}

/// A donation of a donor; their addresses.
async fn given(browser: &Browser) -> (String, String) {
    let donor = a_donor(browser, "Ayşe Yılmaz").await;
    let gift = json!({
        "donor_id": donor["id"], "amount": { "amount": "12.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14",
    });
    let gift = browser.post("/donations", &gift).await.expect(201).text("/id");
    (format!("/donors/{}", donor["id"].as_str().unwrap()), format!("/donations/{gift}"))
}

async fn a_name_that_a_record_shows_is_part_of_its_tag_and_not_of_its_version(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (donor, donation) = given(&superadmin).await;
    let before = superadmin.get(&donation).await.expect(200);
    let old = before.header("etag");
    Answer::to(known(&superadmin, &donation, old)).await.expect(304);

    superadmin.patch(&donor, 1, &json!({ "name": "Ayşe Demir" })).await.expect(200);
    let after = Answer::to(known(&superadmin, &donation, old)).await.expect(200);
    assert_eq!((before.version(), after.version()), ("1", "1"));
    assert_ne!(after.header("etag"), old);
    assert_eq!(after.text("/donor_name"), "Ayşe Demir");
    let again = Answer::to(known(&superadmin, &donation, after.header("etag"))).await.expect(304);
    assert_eq!(again.header("etag"), after.header("etag"));

    // The donation itself has not changed: who read it before may change it.
    let changed = patch_from(&superadmin, &donation, old, &json!({ "notes": "called" })).await;
    assert_eq!(changed.expect(200).version(), "2");
    let stale = patch_from(&superadmin, &donation, old, &json!({ "notes": "late" })).await;
    let stale = refused(stale, 412, "stale");
    assert_eq!(
        (&stale.body["current_version"], &stale.body["fields"]),
        (&json!(2), &json!(["notes"]))
    );

    // Its old name again: what is shown is what was shown.
    superadmin.patch(&donor, 2, &json!({ "name": "Ayşe Yılmaz" })).await.expect(200);
    let shown = superadmin.get(&donation).await.expect(200);
    assert_ne!(shown.header("etag"), old, "the notes and the version differ");
}

async fn every_answer_with_a_record_has_the_tag_that_a_reading_has(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, donation) = given(&superadmin).await;
    let restore = format!("{donation}/restore");
    let complete = format!("{donation}/complete");
    let patched = superadmin.patch(&donation, 1, &json!({ "notes": "called" })).await.expect(200);
    let tag = |answer: &Answer| answer.header("etag").to_owned();
    let read = async || tag(&superadmin.get(&donation).await.expect(200));
    assert_eq!(tag(&patched), read().await);
    superadmin.delete(&donation, 2).await.expect(204);
    assert_eq!(tag(&superadmin.act(&restore).await.expect(200)), read().await);
    let request = superadmin.request(Method::POST, &complete).header("If-Match", read().await);
    assert_eq!(tag(&Answer::to(request).await.expect(200)), read().await);

    let made = superadmin.post("/donors", &json!({ "kind": "person", "name": "B" })).await;
    let made = made.expect(201);
    let path = &made.header("location")["/api/v1".len()..];
    assert_eq!(tag(&superadmin.get(path).await.expect(200)), tag(&made));
    let head = Answer::to(superadmin.request(Method::HEAD, path)).await.expect(200);
    assert_eq!(tag(&head), tag(&made));
    let head = superadmin.request(Method::HEAD, path).header("If-None-Match", tag(&made));
    Answer::to(head).await.expect(304);
}

async fn after_the_database_was_put_back_no_tag_no_cursor_and_no_mark_from_before_fits(
    house: &House<'_>,
) {
    let superadmin = house.superadmin().await;
    let (_, donation) = given(&superadmin).await;
    a_donation(&superadmin).await;
    let tag = superadmin.get(&donation).await.expect(200).header("etag").to_owned();
    let cursor = superadmin.get("/donations?limit=1").await.expect(200).text("/next_cursor");
    let mut follower = Follower::of(&superadmin, "/donations").await;
    follower.expect("snapshot").await;
    let mut changes = Follower::of(&superadmin, "/events?topics=donations").await;
    a_donation(&superadmin).await;
    follower.expect("upsert").await;
    changes.expect("change").await;
    house
        .put_back(async |later| {
            let superadmin = superadmin.at(&later.url);
            let stale = patch_from(&superadmin, &donation, &tag, &json!({ "notes": "x" })).await;
            let stale = refused(stale, 412, "stale");
            assert_eq!(stale.body["current_version"], 1);
            // What differs nobody can say, so nothing is named.
            assert_eq!(stale.body["fields"], json!([]));
            assert!(stale.text("/detail").contains("restored"), "{}", stale.body);
            let act = superadmin.request(Method::POST, &format!("{donation}/complete"));
            refused(Answer::to(act.header("If-Match", &tag)).await, 412, "stale");
            let gone = superadmin.request(Method::DELETE, &donation).header("If-Match", &tag);
            refused(Answer::to(gone).await, 412, "stale");
            let read = Answer::to(known(&superadmin, &donation, &tag)).await.expect(200);
            let there = read.header("etag");
            Answer::to(known(&superadmin, &donation, there)).await.expect(304);
            patch_from(&superadmin, &donation, there, &json!({ "notes": "y" })).await.expect(200);
            patch_from(&superadmin, &donation, "\"2\"", &json!({ "notes": "z" })).await.expect(200);

            let page = superadmin.get(&format!("/donations?limit=1&cursor={cursor}")).await;
            assert_eq!(errors(&refused(page, 400, "bad_request")), [("cursor", "cursor")]);
            let mut follower = follower.resume(&superadmin, "/donations").await;
            follower.expect("resync").await;
            follower.expect("snapshot").await;
            let mut changes = changes.resume(&superadmin, "/events?topics=donations").await;
            changes.expect("resync").await;
        })
        .await;
}

async fn an_answer_that_came_with_the_backup_is_given_again_with_a_tag_that_fits(
    house: &House<'_>,
) {
    let superadmin = house.superadmin().await;
    let post = async |browser: &Browser| {
        let request = browser.request(Method::POST, "/donors").header("Idempotency-Key", "once");
        Answer::to(request.json(&json!({ "kind": "person", "name": "Ayşe" }))).await.expect(201)
    };
    let first = post(&superadmin).await;
    let path = first.header("location")["/api/v1".len()..].to_owned();
    house
        .put_back(async |later| {
            let superadmin = superadmin.at(&later.url);
            let again = post(&superadmin).await;
            assert_eq!(again.header("idempotent-replayed"), "true");
            assert_eq!(
                (&again.body, again.header("location")),
                (&first.body, first.header("location"))
            );
            assert_ne!(again.header("etag"), first.header("etag"));
            let tag = again.header("etag").to_owned();
            Answer::to(known(&superadmin, &path, &tag)).await.expect(304);
            patch_from(&superadmin, &path, &tag, &json!({ "notes": "x" })).await.expect(200);
        })
        .await;
}

async fn what_is_shown_without_being_a_change_is_part_of_the_tag(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let email = "elif@example.org";
    let user = house.user(&superadmin, email, "viewer").await;
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let before = superadmin.get(&path).await.expect(200);
    // A login is no change of the user, and it is shown.
    Browser::log_in(&house.url, email, PASSWORD).await;
    let after = Answer::to(known(&superadmin, &path, before.header("etag"))).await.expect(200);
    assert_eq!(after.version(), before.version());
    assert!(after.body["last_login_at"].is_string(), "{}", after.body);
}
