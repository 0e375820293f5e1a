//! The states of a donation: pending → completed → refunded, and pending → cancelled.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donation},
    reading::{errors, refused},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_step_moves_the_donation_and_says_when,
    a_step_that_the_state_does_not_allow_is_409_and_changes_nothing,
    a_cancellation_needs_a_reason_and_a_refund_may_have_one,
    a_settled_donation_keeps_what_was_settled,
    a_step_honours_the_version_it_was_decided_on,
    who_records_donations_does_not_settle_them,
];

async fn step(browser: &Browser, path: &str, step: &str) -> Answer {
    let path = format!("{path}/{step}");
    match step {
        "complete" => browser.act(&path).await,
        "refund" => browser.post(&path, &json!({})).await,
        _ => browser.post(&path, &json!({ "reason": "never came" })).await,
    }
}

async fn a_pending_one(browser: &Browser) -> (Value, String) {
    let donation = a_donation(browser).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    (donation, path)
}

async fn a_step_moves_the_donation_and_says_when(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (mut donation, path) = a_pending_one(&superadmin).await;
    assert_eq!(donation.get("settled_at"), None);
    house.clock.forward(Duration::seconds(5));
    let completed = step(&superadmin, &path, "complete").await.expect(200);
    for (field, value) in [
        ("state", json!("completed")),
        ("settled_at", json!("2026-03-14T12:00:05.000Z")),
        ("updated_at", json!("2026-03-14T12:00:05.000Z")),
        ("version", json!(2)),
    ] {
        donation[field] = value;
    }
    assert_eq!((&completed.body, completed.version()), (&donation, "2"));
    assert_eq!(superadmin.get(&path).await.expect(200).body, donation);

    house.clock.forward(Duration::seconds(5));
    let reason = json!({ "reason": "Transferred twice by mistake" });
    let refunded = superadmin.post(&format!("{path}/refund"), &reason).await.expect(200);
    for (field, value) in [
        ("state", json!("refunded")),
        ("reason", reason["reason"].clone()),
        ("settled_at", json!("2026-03-14T12:00:10.000Z")),
        ("updated_at", json!("2026-03-14T12:00:10.000Z")),
        ("version", json!(3)),
    ] {
        donation[field] = value;
    }
    assert_eq!(refunded.body, donation);

    let (_, path) = a_pending_one(&superadmin).await;
    let cancelled = step(&superadmin, &path, "cancel").await.expect(200);
    assert_eq!(cancelled.text("/state"), "cancelled");
    assert_eq!(cancelled.text("/reason"), "never came");
}

async fn a_step_that_the_state_does_not_allow_is_409_and_changes_nothing(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for (before, offered) in [
        (&[][..], &["complete", "cancel"][..]),
        (&["complete"], &["refund"]),
        (&["complete", "refund"], &[]),
        (&["cancel"], &[]),
    ] {
        let (mut donation, path) = a_pending_one(&superadmin).await;
        for one in before {
            donation = step(&superadmin, &path, one).await.expect(200).body;
        }
        for one in ["complete", "refund", "cancel"] {
            if !offered.contains(&one) {
                let answer = refused(step(&superadmin, &path, one).await, 409, "transition");
                let state = donation["state"].as_str().unwrap();
                assert!(answer.text("/detail").contains(state), "{}", answer.body);
                assert_eq!(superadmin.get(&path).await.expect(200).body, donation);
            }
        }
    }
    let absent = "/donations/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    for one in ["complete", "refund", "cancel"] {
        refused(step(&superadmin, absent, one).await, 404, "not_found");
    }
}

async fn a_cancellation_needs_a_reason_and_a_refund_may_have_one(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (donation, path) = a_pending_one(&superadmin).await;
    for (body, wrong) in [
        (json!({}), ("/reason", "required")),
        (json!({ "reason": "  " }), ("/reason", "required")),
        (json!({ "reason": "x".repeat(501) }), ("/reason", "too_long")),
        (json!({ "reason": "x", "because": "y" }), ("/because", "unknown_field")),
    ] {
        let answer = superadmin.post(&format!("{path}/cancel"), &body).await;
        assert_eq!(errors(&refused(answer, 422, "validation")), [wrong], "{body}");
    }
    let body = superadmin.post(&format!("{path}/complete"), &json!({ "reason": "x" })).await;
    assert_eq!(errors(&refused(body, 422, "validation")), [("", "unknown_field")]);
    assert_eq!(superadmin.get(&path).await.expect(200).body, donation);
    superadmin.post(&format!("{path}/complete"), &json!({})).await.expect(200);
    let refunded = superadmin.post(&format!("{path}/refund"), &json!({})).await.expect(200);
    assert_eq!(refunded.body.get("reason"), None);
}

async fn a_settled_donation_keeps_what_was_settled(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for steps in [&["complete"][..], &["complete", "refund"], &["cancel"]] {
        let (_, path) = a_pending_one(&superadmin).await;
        let mut version = 1;
        for one in steps {
            version = step(&superadmin, &path, one).await.expect(200).number("/version");
        }
        for (patch, fixed) in [
            (json!({ "amount": { "amount": "1.00", "currency": "TRY" } }), "amount"),
            (json!({ "method": "cash", "notes": "x" }), "method"),
            (json!({ "donated_on": "2026-03-13", "method": "cash" }), "method, donated_on"),
        ] {
            let answer = superadmin.patch(&path, version, &patch).await;
            let answer = refused(answer, 409, "settled");
            assert!(answer.text("/detail").ends_with(&format!("its {fixed}")), "{}", answer.body);
        }
        // What stands there already is no change, and the rest stays open.
        let patch = json!({
            "amount": { "amount": "1250.00", "currency": "TRY" }, "method": "bank_transfer",
            "notes": "receipt sent", "purpose": "School books", "reference": "FT9",
        });
        let changed = superadmin.patch(&path, version, &patch).await.expect(200);
        assert_eq!(changed.text("/reference"), "FT9");
        assert_eq!(changed.number("/version"), version + 1);
    }
}

async fn a_step_honours_the_version_it_was_decided_on(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, path) = a_pending_one(&superadmin).await;
    superadmin.patch(&path, 1, &json!({ "notes": "more" })).await.expect(200);
    let complete = |version: &str| {
        let request = superadmin.request(Method::POST, &format!("{path}/complete"));
        Answer::to(request.header("If-Match", version))
    };
    let stale = refused(complete("\"1\"").await, 412, "stale");
    assert_eq!(
        (&stale.body["current_version"], &stale.body["fields"]),
        (&json!(2), &json!(["notes"]))
    );
    refused(complete("*").await, 400, "bad_request");
    assert_eq!(superadmin.get(&path).await.expect(200).text("/state"), "pending");
    complete("\"2\"").await.expect(200);
}

async fn who_records_donations_does_not_settle_them(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let accountant = house.somebody(&superadmin, "accountant").await;
    let (_, path) = a_pending_one(&entry).await;
    for one in ["complete", "cancel", "refund"] {
        for browser in [&entry, &viewer] {
            let answer = refused(step(browser, &path, one).await, 403, "forbidden");
            let permission =
                if one == "refund" { "donations:refund" } else { "donations:complete" };
            assert!(answer.text("/detail").ends_with(permission), "{}", answer.body);
        }
    }
    step(&accountant, &path, "complete").await.expect(200);
    step(&accountant, &path, "refund").await.expect(200);
}
