//! One example of each body the API answers with, as a snapshot: a change that clients would notice
//! shows here.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PASSWORD};
use crate::support::Answer;

in_both_houses![every_body_looks_as_it_did];

/// Takes out what no test can know beforehand: ids, cursors and tokens, each by its kind.
fn redacted(body: &mut Value) {
    match body {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if is_id(text) => *text = "[id]".to_owned(),
                    Value::String(text) if name == "csrf_token" || name == "next_cursor" => {
                        *text = format!("[{name}]");
                    }
                    value => redacted(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redacted),
        _ => {}
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.parse::<uuid::Uuid>().is_ok()
}

async fn every_body_looks_as_it_did(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let post = async |path: &str, body: Value| superadmin.post(path, &body).await.body;
    let donor = post(
        "/donors",
        json!({
            "kind": "person", "name": "Ayşe Yılmaz", "email": "ayse.yilmaz@example.org",
            "phone": "0532 123 45 67", "address": "Ankara", "language": "tr", "notes": "Evenings",
            "identity": { "kind": "tr_national_id", "number": "10000000146" },
            "contact_consent": true,
        }),
    )
    .await;
    let campaign = post(
        "/campaigns",
        json!({
            "name": "Ramazan", "description": "Parcels", "starts_on": "2026-02-18",
            "ends_on": "2026-03-19", "goal": { "amount": "500000", "currency": "TRY" },
        }),
    )
    .await;
    let donation = post(
        "/donations",
        json!({
            "donor_id": donor["id"], "campaign_id": campaign["id"], "method": "bank_transfer",
            "amount": { "amount": "1250.00", "currency": "TRY" }, "purpose": "Children",
            "donated_on": "2026-03-14", "reference": "FT1", "notes": "Receipt by post",
        }),
    )
    .await;
    let role = post(
        "/roles",
        json!({
            "name": "volunteer", "label": "Gönüllü", "description": "At stands",
            "permissions": ["donors:read"], "scope": "own", "edit_window_minutes": 60,
        }),
    )
    .await;
    let user = post(
        "/users",
        json!({
            "name": "Elif Kaya", "email": "elif@example.org", "role": "volunteer",
            "password": PASSWORD, "phone": "0532 765 43 21", "locale": "tr",
            "time_zone": "Europe/Istanbul",
        }),
    )
    .await;
    let path = |kind: &str, record: &Value| format!("/{kind}/{}", record["id"].as_str().unwrap());
    let get = async |path: &str| superadmin.get(path).await.expect(200).body;
    let reveal = format!("{}/reveal", path("donors", &donor));
    let revealed = post(&reveal, json!({ "reason": "Tax receipt" })).await;
    let lookup = post("/donors/lookup", json!({ "phone": "0532 123 45 67" })).await;
    let step = format!("{}/complete", path("donations", &donation));
    let completed = superadmin.act(&step).await.expect(200).body;
    let reason = json!({ "reason": "Transferred twice" });
    let refunded = post(&format!("{}/refund", path("donations", &donation)), reason).await;
    let deactivated = superadmin.act(&format!("{}/deactivate", path("users", &user))).await;
    superadmin.delete(&path("campaigns", &campaign), 1).await.expect(204);
    let page = get("/audit/changes?limit=1&count=exact").await;
    let named = |request: reqwest::RequestBuilder| request.header("User-Agent", "Firefox");
    let patch =
        superadmin.request(Method::PATCH, &path("donors", &donor)).header("If-Match", "\"1\"");
    Answer::to(named(patch).json(&json!({ "email": null, "contact_consent": false })))
        .await
        .expect(200);
    let stale = superadmin.patch(&path("donors", &donor), 1, &json!({ "notes": "x" })).await;
    let root = async |path: &str| Answer::to(house.ask(Method::GET, path)).await.expect(200).body;

    for (name, mut body) in [
        ("donor", donor.clone()),
        ("donor_lookup", lookup),
        ("donor_revealed", revealed),
        ("donor_history", get(&format!("{}/history", path("donors", &donor))).await),
        ("campaign", campaign.clone()),
        ("campaign_in_the_trash", get(&path("campaigns", &campaign)).await),
        ("donation", donation.clone()),
        ("donation_completed", completed),
        ("donation_refunded", refunded),
        ("donation_summary", {
            get("/donations/summary?state=refunded&group_by=month,method,campaign").await
        }),
        ("user", user.clone()),
        ("user_deactivated", deactivated.expect(200).body),
        ("role", role),
        ("role_built_in", get("/roles/data_entry").await),
        ("current_session", get("/auth/session").await),
        ("session_list", get("/auth/sessions").await),
        ("page_with_total", page),
        ("security_events", get("/audit/security-events").await),
        ("problem_stale", stale.expect(412).body),
        ("problem_explained", root("/problems/stale").await),
        ("health_live", root("/health/live").await),
        ("health_ready", root("/health/ready").await),
    ] {
        redacted(&mut body);
        insta::assert_json_snapshot!(name, body);
    }
}
