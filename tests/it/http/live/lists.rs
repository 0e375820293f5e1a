//! A list that is followed says what the list that is read says, and nothing more.

use serde_json::{Value, json};

use super::{at, catches_up, donors, read};
use crate::{
    http::house::{House, a_donation, a_donor},
    support::Follower,
};

in_both_houses![
    a_list_that_is_followed_is_the_list_that_is_read,
    a_record_that_leaves_the_filter_is_removed,
    a_page_stays_full_while_records_leave_it,
    a_new_name_is_seen_wherever_it_is_shown,
    the_trail_and_the_users_can_be_followed,
    nobody_hears_of_records_outside_of_their_scope,
    a_batch_is_told_at_once,
];

async fn a_list_that_is_followed_is_the_list_that_is_read(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["Ayşe", "Bora"]).await;
    for path in ["/donors", "/donors?sort=name", "/donors?q=ca", "/donors?kind=person&limit=3"] {
        let mut follower = Follower::of(&superadmin, path).await;
        let first = follower.expect("snapshot").await;
        assert!(first.id.is_some());
        assert_eq!(follower.items, read(&superadmin, path).await);

        let new = a_donor(&superadmin, "Çağla").await;
        let told = follower.expect("upsert").await;
        assert_eq!(told.data["record"]["name"], "Çağla", "{path}");
        catches_up(&mut follower, &superadmin, path).await;

        let new = at("donors", &new);
        superadmin.patch(&new, 1, &json!({ "name": "Aylin" })).await.expect(200);
        catches_up(&mut follower, &superadmin, path).await;
        superadmin.delete(&new, 2).await.expect(204);
        catches_up(&mut follower, &superadmin, path).await;
        superadmin.act(&format!("{new}/restore")).await.expect(200);
        catches_up(&mut follower, &superadmin, path).await;
        superadmin.delete(&new, 4).await.expect(204);
        superadmin.delete(&format!("{new}?purge=true"), 5).await.expect(204);
        catches_up(&mut follower, &superadmin, path).await;
    }
}

async fn a_record_that_leaves_the_filter_is_removed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let path = "/donations?state=pending";
    let mut pending = Follower::of(&superadmin, path).await;
    let mut completed = Follower::of(&superadmin, "/donations?state=completed").await;
    let mut trash = Follower::of(&superadmin, "/donations?deleted=only").await;
    for follower in [&mut pending, &mut completed, &mut trash] {
        assert_eq!(follower.expect("snapshot").await.data, json!({ "items": [] }));
    }
    let donation = a_donation(&superadmin).await;
    pending.expect("upsert").await;
    superadmin.act(&format!("{}/complete", at("donations", &donation))).await.expect(200);
    assert_eq!(pending.expect("remove").await.data, json!({ "id": donation["id"] }));
    // The state it was in before was never a part of this list.
    let told = completed.expect("upsert").await;
    assert_eq!(told.data["record"]["version"], 2);
    let other = a_donation(&superadmin).await;
    pending.expect("upsert").await;
    superadmin.delete(&at("donations", &other), 1).await.expect(204);
    assert_eq!(pending.expect("remove").await.data, json!({ "id": other["id"] }));
    assert_eq!(trash.expect("upsert").await.data["record"]["id"], other["id"]);
    assert_eq!(pending.items, read(&superadmin, path).await);
}

async fn a_page_stays_full_while_records_leave_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = donors(&superadmin, &["A", "B", "C", "D", "E"]).await;
    let path = "/donors?sort=name&limit=2";
    let mut follower = Follower::of(&superadmin, path).await;
    follower.expect("snapshot").await;
    assert_eq!(follower.all("name"), ["A", "B"]);
    superadmin.delete(&at("donors", &all[0]), 1).await.expect(204);
    follower.until(|items| items.len() == 2 && items[0]["name"] == "B").await;
    assert_eq!(follower.all("name"), ["B", "C"]);
    a_donor(&superadmin, "Aa").await;
    follower.until(|items| items[0]["name"] == "Aa").await;
    assert_eq!(follower.all("name"), ["Aa", "B"]);
    assert_eq!(follower.items, read(&superadmin, path).await);
}

async fn a_new_name_is_seen_wherever_it_is_shown(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let donation = json!({
        "donor_id": donor["id"],
        "amount": { "amount": "1250.00", "currency": "TRY" },
        "method": "bank_transfer",
        "donated_on": "2026-03-14",
    });
    superadmin.post("/donations", &donation).await.expect(201);
    let (donor, version) = (at("donors", &donor), 1);
    let mut all = Follower::of(&superadmin, "/donations").await;
    let mut found = Follower::of(&superadmin, "/donations?q=nobody").await;
    all.expect("snapshot").await;
    found.expect("snapshot").await;
    superadmin.patch(&donor, version, &json!({ "name": "Nobody Else" })).await.expect(200);
    let now = read(&superadmin, "/donations").await;
    all.until(|items| items == now).await;
    let now = read(&superadmin, "/donations?q=nobody").await;
    found.until(|items| items == now).await;
    // Who was away when it happened sees it too.
    let all = all.resume(&superadmin, "/donations").await;
    superadmin.patch(&donor, version + 1, &json!({ "name": "Somebody Else" })).await.expect(200);
    let mut all = all.resume(&superadmin, "/donations").await;
    let mut found = found.resume(&superadmin, "/donations?q=nobody").await;
    catches_up(&mut all, &superadmin, "/donations").await;
    catches_up(&mut found, &superadmin, "/donations?q=nobody").await;
    let before = read(&superadmin, "/donations?q=nobody").await;
    assert_eq!(found.items, before);
}

async fn the_trail_and_the_users_can_be_followed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut changes = Follower::of(&superadmin, "/audit/changes?entity=donor").await;
    let mut users = Follower::of(&superadmin, "/users?sort=name").await;
    let mut campaigns = Follower::of(&superadmin, "/campaigns").await;
    for follower in [&mut changes, &mut users, &mut campaigns] {
        follower.expect("snapshot").await;
    }
    a_donor(&superadmin, "Ayşe").await;
    changes.expect("upsert").await;
    house.user(&superadmin, "kaya@example.org", "viewer").await;
    users.expect("upsert").await;
    superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);
    campaigns.expect("upsert").await;
    let donor = a_donor(&superadmin, "Bora").await;
    changes.expect("upsert").await;
    let mut changes = changes.resume(&superadmin, "/audit/changes?entity=donor").await;
    superadmin.patch(&at("donors", &donor), 1, &json!({ "name": "Can" })).await.expect(200);
    // Whoever came back may be told once more of what they had, as far as their mark did not cover it.
    changes.until(|items| items.len() == 3).await;
    let mut changes = changes.resume(&superadmin, "/audit/changes?entity=donor").await;
    catches_up(&mut changes, &superadmin, "/audit/changes?entity=donor").await;
    catches_up(&mut users, &superadmin, "/users?sort=name").await;
    catches_up(&mut campaigns, &superadmin, "/campaigns").await;
}

async fn nobody_hears_of_records_outside_of_their_scope(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let clerk = house.somebody(&superadmin, "data_entry").await;
    let own = a_donor(&clerk, "Own").await;
    let foreign = a_donor(&superadmin, "Foreign").await;
    let mut follower = Follower::of(&clerk, "/donors").await;
    follower.expect("snapshot").await;
    assert_eq!(follower.all("name"), ["Own"]);
    superadmin.patch(&at("donors", &foreign), 1, &json!({ "name": "Far" })).await.expect(200);
    a_donor(&superadmin, "Farther").await;
    superadmin.delete(&at("donors", &own), 1).await.expect(204);
    // The first thing that is heard is the own record.
    assert_eq!(follower.expect("remove").await.data, json!({ "id": own["id"] }));
    let resumed = follower.resume(&clerk, "/donors").await;
    let other = a_donor(&superadmin, "Farthest").await;
    superadmin.delete(&at("donors", &other), 1).await.expect(204);
    superadmin.act(&format!("{}/restore", at("donors", &own))).await.expect(200);
    let mut resumed = resumed.resume(&clerk, "/donors").await;
    let told = resumed.until(|items| items.len() == 1).await;
    let told = serde_json::to_string(&told.iter().map(|event| &event.data).collect::<Vec<_>>());
    for foreign in [&foreign, &other] {
        assert!(!told.as_ref().unwrap().contains(foreign["id"].as_str().unwrap()));
    }
    assert_eq!(resumed.all("name"), ["Own"]);
}

async fn a_batch_is_told_at_once(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut follower = Follower::of(&superadmin, "/donors").await;
    follower.expect("snapshot").await;
    let items: Vec<Value> = (0..20)
        .map(|number| json!({ "kind": "person", "name": format!("Donor {number}") }))
        .map(|value| json!({ "op": "create", "value": value }))
        .collect();
    superadmin.post("/donors/batch", &json!({ "items": items })).await.expect(200);
    let told = follower.until(|items| items.len() == 20).await;
    let names: Vec<&str> =
        told.iter().map(|event| event.data["record"]["name"].as_str().unwrap()).collect();
    let in_order: Vec<String> = (0..20).map(|number| format!("Donor {number}")).collect();
    assert_eq!(names, in_order);
    // They belong together: only the last one can be gone on from.
    assert_eq!(told.iter().filter(|event| event.id.is_some()).count(), 1);
    assert!(told[19].id.is_some());
    assert_eq!(follower.items, read(&superadmin, "/donors").await);
}
