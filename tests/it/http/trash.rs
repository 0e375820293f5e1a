//! The trash of donors, campaigns and donations: in, back, and gone for good.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donation},
    reading::{every, refused, walk},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_deleted_record_is_in_the_trash_and_nowhere_else,
    a_restored_record_is_as_it_was,
    only_what_is_in_the_trash_is_destroyed_and_only_with_the_permission,
    a_record_with_donations_is_never_destroyed,
    a_completed_donation_is_not_deleted,
    deleting_names_the_version_and_takes_only_words_it_knows,
    what_was_destroyed_is_still_in_the_trail,
];

const KINDS: [&str; 3] = ["donors", "campaigns", "donations"];

/// One record of a kind, and where it is.
async fn one(browser: &Browser, kind: &str) -> (Value, String) {
    let record = match kind {
        "donors" => {
            let donor = json!({ "kind": "person", "name": "Ayşe Yılmaz" });
            browser.post("/donors", &donor).await.expect(201).body
        }
        "campaigns" => {
            let campaign = json!({ "name": "Ramazan" });
            browser.post("/campaigns", &campaign).await.expect(201).body
        }
        _ => a_donation(browser).await,
    };
    let path = format!("/{kind}/{}", record["id"].as_str().unwrap());
    (record, path)
}

async fn a_deleted_record_is_in_the_trash_and_nowhere_else(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for kind in KINDS {
        let (mut record, path) = one(&superadmin, kind).await;
        let deleted = superadmin.delete(&path, 1).await.expect(204);
        assert!(deleted.body.is_null());
        record["deleted_at"] = json!("2026-03-14T12:00:00.000Z");
        record["version"] = json!(2);
        assert_eq!(superadmin.get(&path).await.expect(200).body, record);
        let list = |query: &str| format!("/{kind}{query}");
        assert_eq!(walk(&superadmin, &list(""), 2).await, Vec::<Value>::new());
        assert_eq!(walk(&superadmin, &list("?deleted=only"), 2).await, [record]);
        let counted = superadmin.get(&list("?deleted=only&count=exact")).await.expect(200);
        assert_eq!(counted.body["total"], 1);
        refused(superadmin.patch(&path, 2, &json!({})).await, 404, "not_found");
        refused(superadmin.delete(&path, 2).await, 404, "not_found");
    }
    let (_, pending) = one(&superadmin, "donations").await;
    superadmin.delete(&pending, 1).await.expect(204);
    refused(superadmin.act(&format!("{pending}/complete")).await, 404, "not_found");
}

async fn a_restored_record_is_as_it_was(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for kind in KINDS {
        let (mut record, path) = one(&superadmin, kind).await;
        refused(superadmin.act(&format!("{path}/restore")).await, 409, "not_in_trash");
        superadmin.delete(&path, 1).await.expect(204);
        let restored = superadmin.act(&format!("{path}/restore")).await.expect(200);
        record["version"] = json!(3);
        assert_eq!((&restored.body, restored.version()), (&record, "3"));
        assert_eq!(walk(&superadmin, &format!("/{kind}"), 2).await, [record]);
        refused(superadmin.act(&format!("{path}/restore")).await, 409, "not_in_trash");
    }
}

async fn only_what_is_in_the_trash_is_destroyed_and_only_with_the_permission(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let admin = house.somebody(&superadmin, "admin").await;
    for kind in KINDS {
        let (_, path) = one(&superadmin, kind).await;
        let purge = format!("{path}?purge=true");
        refused(superadmin.delete(&purge, 1).await, 409, "not_in_trash");
        admin.delete(&path, 1).await.expect(204);
        let denied = refused(admin.delete(&purge, 2).await, 403, "forbidden");
        assert!(denied.text("/detail").ends_with(&format!("{kind}:purge")), "{}", denied.body);
        refused(superadmin.delete(&purge, 1).await, 412, "stale");
        superadmin.delete(&purge, 2).await.expect(204);
        for gone in [superadmin.get(&path).await, superadmin.delete(&purge, 2).await] {
            refused(gone, 404, "not_found");
        }
        refused(superadmin.act(&format!("{path}/restore")).await, 404, "not_found");
        let trash = walk(&superadmin, &format!("/{kind}?deleted=only"), 2).await;
        assert_eq!(trash, Vec::<Value>::new());
    }
}

async fn a_record_with_donations_is_never_destroyed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ((donor, donor_path), (campaign, campaign_path)) =
        (one(&superadmin, "donors").await, one(&superadmin, "campaigns").await);
    let donation = json!({
        "donor_id": donor["id"], "campaign_id": campaign["id"], "method": "cash",
        "amount": { "amount": "5", "currency": "TRY" }, "donated_on": "2026-03-14",
    });
    let donation = superadmin.post("/donations", &donation).await.expect(201);
    let donation_path = format!("/donations/{}", donation.text("/id"));
    for path in [&donor_path, &campaign_path, &donation_path] {
        superadmin.delete(path, 1).await.expect(204);
    }
    // Its donation keeps the name, in the trash too.
    let kept = superadmin.get(&donation_path).await.expect(200);
    assert_eq!(
        (kept.text("/donor_name"), kept.text("/campaign_name")),
        ("Ayşe Yılmaz".to_owned(), "Ramazan".to_owned(),)
    );
    for path in [&donor_path, &campaign_path] {
        let purge = superadmin.delete(&format!("{path}?purge=true"), 2).await;
        refused(purge, 409, "has_donations");
    }
    superadmin.delete(&format!("{donation_path}?purge=true"), 2).await.expect(204);
    for path in [&donor_path, &campaign_path] {
        superadmin.delete(&format!("{path}?purge=true"), 2).await.expect(204);
    }
}

async fn a_completed_donation_is_not_deleted(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, path) = one(&superadmin, "donations").await;
    superadmin.act(&format!("{path}/complete")).await.expect(200);
    refused(superadmin.delete(&path, 2).await, 409, "completed_stays");
    superadmin.post(&format!("{path}/refund"), &json!({})).await.expect(200);
    superadmin.delete(&path, 3).await.expect(204);
    let restored = superadmin.act(&format!("{path}/restore")).await.expect(200);
    assert_eq!(restored.text("/state"), "refunded");
}

async fn deleting_names_the_version_and_takes_only_words_it_knows(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for kind in KINDS {
        let (record, path) = one(&superadmin, kind).await;
        let bare = Answer::to(superadmin.request(Method::DELETE, &path)).await;
        refused(bare, 428, "precondition_required");
        refused(superadmin.delete(&path, 2).await, 412, "stale");
        for query in ["purge=yes", "purge=", "force=true", "purge=true&purge=true"] {
            let answer = superadmin.delete(&format!("{path}?{query}"), 1).await;
            let answer = refused(answer, 400, "bad_request");
            let name = query.split('=').next().unwrap();
            assert_eq!(every(answer.list("/errors"), "/parameter"), [name], "{query}");
        }
        assert_eq!(superadmin.get(&path).await.expect(200).body, record);
        superadmin.delete(&format!("{path}?purge=false"), 1).await.expect(204);
        superadmin.get(&path).await.expect(200);
    }
}

async fn what_was_destroyed_is_still_in_the_trail(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (donor, path) = one(&superadmin, "donors").await;
    superadmin.delete(&path, 1).await.expect(204);
    superadmin.delete(&format!("{path}?purge=true"), 2).await.expect(204);
    refused(superadmin.get(&format!("{path}/history")).await, 404, "not_found");
    let changes = format!("/audit/changes?entity_id={}", donor["id"].as_str().unwrap());
    let changes = walk(&superadmin, &changes, 2).await;
    assert_eq!(every(&changes, "/action"), ["purged", "deleted", "created"]);
    assert!(house.world.verify().await.is_intact());
}
