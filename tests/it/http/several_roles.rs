//! Users with several roles: a right counts with the reach and the edit window of a role that gives it.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donation, a_donor},
    reading::{errors, every, refused, walk},
};
use crate::support::{Browser, Follower};

in_both_houses![
    a_user_has_the_rights_of_all_roles,
    each_right_reaches_as_far_as_its_role,
    a_role_reaches_as_far_as_it_says_of_each_kind,
    each_role_corrects_for_as_long_as_it_says,
    roles_are_sent_as_one_or_as_several,
    nobody_gives_what_no_role_of_theirs_has,
    a_role_is_in_use_while_one_user_has_it_beside_others,
    reaches_are_sent_shown_and_refused,
    a_change_of_one_role_ends_the_sessions_of_all_who_have_it,
    lists_and_topics_are_followed_as_far_as_they_are_read,
    whoever_has_another_second_role_follows_another_list,
    an_answer_is_kept_for_whoever_reaches_as_far,
    the_trail_tells_all_roles,
];

async fn role(superadmin: &Browser, name: &str, scope: &str, permissions: &[&str]) {
    let new = json!({ "name": name, "label": name, "scope": scope, "permissions": permissions });
    superadmin.post("/roles", &new).await.expect(201);
}

/// A user with these roles, logged in.
async fn with(house: &House<'_>, superadmin: &Browser, email: &str, roles: &[&str]) -> Browser {
    let user = json!({ "name": "Somebody", "email": email, "roles": roles, "password": PASSWORD });
    superadmin.post("/users", &user).await.expect(201);
    Browser::log_in(&house.url, email, PASSWORD).await
}

/// Reads all donors, records own ones and own donations.
async fn receptionist(house: &House<'_>, superadmin: &Browser) -> Browser {
    role(superadmin, "reader", "all", &["donors:read"]).await;
    let own =
        ["donors:read", "donors:create", "donors:update", "donations:read", "donations:create"];
    role(superadmin, "recorder", "own", &own).await;
    with(house, superadmin, "desk@example.org", &["reader", "recorder"]).await
}

fn at(kind: &str, record: &Value) -> String {
    format!("/{kind}/{}", record["id"].as_str().unwrap())
}

async fn a_user_has_the_rights_of_all_roles(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let desk = receptionist(house, &superadmin).await;
    let session = desk.get("/auth/session").await.expect(200);
    let permissions =
        ["donors:read", "donors:create", "donors:update", "donations:read", "donations:create"];
    assert_eq!(session.body["permissions"], json!(permissions));
    assert_eq!(session.body["reaches"], json!({ "donors": "all", "donations": "own" }));
    assert_eq!(session.body["user"]["roles"], json!(["reader", "recorder"]));
    assert!(session.body["user"].get("role").is_none());
    refused(desk.get("/users").await, 403, "forbidden");
}

async fn each_right_reaches_as_far_as_its_role(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let desk = receptionist(house, &superadmin).await;
    let (theirs, gift) = (a_donor(&superadmin, "Ayşe").await, a_donation(&superadmin).await);
    let own = a_donor(&desk, "Ahmet").await;
    // Every donor is listed, searched, read and exported, with the history.
    assert_eq!(walk(&desk, "/donors", 2).await.len(), 2);
    assert_eq!(desk.get("/donors?q=ayse").await.expect(200).list("/items").len(), 1);
    desk.get(&at("donors", &theirs)).await.expect(200);
    desk.get(&format!("{}/history", at("donors", &theirs))).await.expect(200);
    // Only the own ones are changed, in batches too.
    let notes = json!({ "notes": "x" });
    refused(desk.patch(&at("donors", &theirs), 1, &notes).await, 404, "not_found");
    desk.patch(&at("donors", &own), 1, &notes).await.expect(200);
    let items: Vec<Value> = [(&theirs, 1), (&own, 2)]
        .map(|(donor, version)| {
            json!({ "op": "update", "id": donor["id"], "version": version, "value": { "notes": "y" } })
        })
        .to_vec();
    let batch = json!({ "items": items });
    let batch = desk.post("/donors/batch?mode=each", &batch).await.expect(207);
    assert_eq!(batch.body["items"][0]["problem"]["code"], "not_found");
    assert_eq!(batch.body["items"][1]["record"]["notes"], "y");
    // Donations are the own ones alone, whatever they are asked by.
    assert!(walk(&desk, "/donations", 2).await.is_empty());
    refused(desk.get(&at("donations", &gift)).await, 404, "not_found");
    refused(desk.get(&format!("{}/history", at("donations", &gift))).await, 404, "not_found");
    assert!(
        desk.get("/donations/summary?state=pending").await.expect(200).list("/items").is_empty()
    );
    // Whoever may read a donor may record what was given by them.
    let mut new = json!({
        "amount": { "amount": "5.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14",
    });
    new["donor_id"] = theirs["id"].clone();
    let made = desk.post("/donations", &new).await.expect(201);
    assert_eq!(made.text("/donor_name"), "Ayşe");
    assert_eq!(walk(&desk, "/donations", 2).await.len(), 1);
}

async fn a_role_reaches_as_far_as_it_says_of_each_kind(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let new = json!({
        "name": "desk", "label": "Desk", "scope": "own", "reaches": { "donors": "all" },
        "permissions": ["donors:read", "donors:update", "donations:read", "users:read"],
    });
    superadmin.post("/roles", &new).await.expect(201);
    let desk = house.somebody(&superadmin, "desk").await;
    let (donor, gift) = (a_donor(&superadmin, "Ayşe").await, a_donation(&superadmin).await);
    desk.patch(&at("donors", &donor), 1, &json!({ "notes": "x" })).await.expect(200);
    refused(desk.get(&at("donations", &gift)).await, 404, "not_found");
    assert_eq!(walk(&desk, "/users", 2).await.len(), 1);
    let session = desk.get("/auth/session").await.expect(200);
    let reaches = json!({ "donors": "all", "donations": "own", "users": "own" });
    assert_eq!(session.body["reaches"], reaches);
}

async fn each_role_corrects_for_as_long_as_it_says(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = ["donors:read", "donors:create", "donors:update", "donors:delete"];
    for (name, scope, minutes) in [("soon", "all", 15), ("later", "own", 60)] {
        let new = json!({
            "name": name, "label": name, "scope": scope, "permissions": all,
            "edit_window_minutes": minutes,
        });
        superadmin.post("/roles", &new).await.expect(201);
    }
    let desk = with(house, &superadmin, "desk@example.org", &["soon", "later"]).await;
    let (theirs, own) = (a_donor(&superadmin, "Ayşe").await, a_donor(&desk, "Ahmet").await);
    let (theirs, own) = (at("donors", &theirs), at("donors", &own));
    desk.patch(&theirs, 1, &json!({ "notes": "1" })).await.expect(200);
    house.clock.forward(Duration::minutes(25));
    desk.patch(&own, 1, &json!({ "notes": "1" })).await.expect(200);
    let late = desk.patch(&theirs, 2, &json!({ "notes": "2" })).await;
    refused(late, 403, "edit_window_closed");
    refused(desk.delete(&theirs, 2).await, 403, "edit_window_closed");
    desk.get(&theirs).await.expect(200);
    house.clock.forward(Duration::minutes(25));
    desk.get(&own).await.expect(200);
    house.clock.forward(Duration::minutes(25));
    let late = desk.patch(&own, 2, &json!({ "notes": "2" })).await;
    refused(late, 403, "edit_window_closed");
    refused(desk.delete(&own, 2).await, 403, "edit_window_closed");
}

async fn roles_are_sent_as_one_or_as_several(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let new = |fields: Value| {
        let mut new = json!({ "name": "A", "email": "a@example.org", "password": PASSWORD });
        new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        new
    };
    let nine: Vec<String> = (0..9).map(|at| format!("role_{at}")).collect();
    for (fields, expected) in [
        (json!({}), vec![("/role", "required")]),
        (json!({ "role": "viewer", "roles": ["viewer"] }), vec![("/role", "one_of")]),
        (json!({ "roles": [] }), vec![("/roles", "role_names")]),
        (json!({ "roles": ["viewer", "viewer"] }), vec![("/roles", "role_names")]),
        (json!({ "roles": nine }), vec![("/roles", "role_names")]),
        (json!({ "roles": ["viewer", "No"] }), vec![("/roles/1", "role_name")]),
        (json!({ "roles": ["viewer", "phantom"] }), vec![("/roles/1", "unknown_role")]),
        (json!({ "roles": ["phantom"] }), vec![("/roles/0", "unknown_role")]),
        (json!({ "role": "phantom" }), vec![("/role", "unknown_role")]),
    ] {
        let answer = superadmin.post("/users", &new(fields.clone())).await.expect(422);
        assert_eq!(errors(&answer), expected, "{fields}");
        if fields != json!({}) {
            let made = house.world.rows("users").await;
            assert_eq!(made, 1);
        }
    }
    let one = superadmin.post("/users", &new(json!({ "roles": ["viewer"] }))).await.expect(201);
    assert_eq!((one.text("/role"), &one.body["roles"]), ("viewer".into(), &json!(["viewer"])));
    let path = at("users", &one.body);
    let both = json!({ "roles": ["viewer", "data_entry"] });
    let both = superadmin.patch(&path, 1, &both).await.expect(200);
    assert_eq!(both.body["roles"], json!(["viewer", "data_entry"]));
    assert!(both.body.get("role").is_none());
    for (fields, expected) in [
        (json!({ "role": "viewer", "roles": ["viewer"] }), ("/role", "one_of")),
        (json!({ "roles": null }), ("/roles", "required")),
        (json!({ "roles": ["data_entry", "phantom"] }), ("/roles/1", "unknown_role")),
        (json!({ "role": "phantom" }), ("/role", "unknown_role")),
    ] {
        let answer = superadmin.patch(&path, 2, &fields).await.expect(422);
        assert_eq!(errors(&answer), [expected], "{fields}");
    }
    // Found by each of them.
    for role in ["viewer", "data_entry"] {
        let found = superadmin.get(&format!("/users?role={role}")).await.expect(200);
        assert_eq!(every(found.list("/items"), "/email"), ["a@example.org"], "{role}");
    }
    assert!(superadmin.get("/users?role=admin").await.expect(200).list("/items").is_empty());
    let back = superadmin.patch(&path, 2, &json!({ "role": "data_entry" })).await.expect(200);
    assert_eq!(back.body["roles"], json!(["data_entry"]));
    assert!(superadmin.get("/users?role=viewer").await.expect(200).list("/items").is_empty());
}

async fn nobody_gives_what_no_role_of_theirs_has(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let manages = ["users:read", "users:manage", "roles:read", "roles:manage"];
    role(&superadmin, "manager", "all", &manages).await;
    role(&superadmin, "reader", "all", &["donors:read"]).await;
    role(&superadmin, "own_gifts", "own", &["donations:read"]).await;
    role(&superadmin, "all_gifts", "all", &["donations:read"]).await;
    let roles = ["manager", "reader", "own_gifts"];
    let manager = with(house, &superadmin, "manager@example.org", &roles).await;
    let new = |email: &str, roles: &[&str]| json!({ "name": "A", "email": email, "roles": roles, "password": PASSWORD });
    let fits = new("a@example.org", &["reader", "own_gifts"]);
    let made = manager.post("/users", &fits).await.expect(201);
    let path = at("users", &made.body);
    for roles in [&["reader", "all_gifts"][..], &["viewer"], &["reader", "data_entry"]] {
        let answer = manager.post("/users", &new("b@example.org", roles)).await;
        refused(answer, 403, "role_not_granted");
        let answer = manager.patch(&path, 1, &json!({ "roles": roles })).await;
        refused(answer, 403, "role_not_granted");
    }
    let mighty = superadmin.post("/users", &new("c@example.org", &["reader", "all_gifts"])).await;
    let mighty = at("users", &mighty.expect(201).body);
    let answer = manager.patch(&mighty, 1, &json!({ "role": "reader" })).await;
    refused(answer, 403, "user_not_manageable");
    refused(manager.act(&format!("{mighty}/deactivate")).await, 403, "user_not_manageable");
    let made = |reaches: Value| {
        json!({
            "name": "made", "label": "Made", "scope": "own", "reaches": reaches,
            "permissions": ["donors:read", "donations:read"],
        })
    };
    let answer = manager.post("/roles", &made(json!({ "donations": "all" }))).await;
    refused(answer, 403, "role_not_granted");
    manager.post("/roles", &made(json!({ "donors": "all" }))).await.expect(201);
    let wider = json!({ "reaches": { "donors": "all", "donations": "all" } });
    refused(manager.patch("/roles/made", 1, &wider).await, 403, "role_not_granted");
    // What one has by one of several roles is no less their own.
    let answer = manager.patch("/roles/reader", 1, &json!({ "scope": "own" })).await;
    refused(answer, 409, "own_role");
    let me = manager.get("/users/me").await.expect(200);
    let answer = manager.patch(&at("users", &me.body), 1, &json!({ "role": "manager" })).await;
    refused(answer, 409, "own_role");
}

async fn a_role_is_in_use_while_one_user_has_it_beside_others(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    role(&superadmin, "reader", "all", &["donors:read"]).await;
    let new = json!({
        "name": "A", "email": "a@example.org", "roles": ["viewer", "reader"], "password": PASSWORD,
    });
    let path = at("users", &superadmin.post("/users", &new).await.expect(201).body);
    refused(superadmin.delete("/roles/reader", 1).await, 409, "role_in_use");
    superadmin.patch(&path, 1, &json!({ "roles": ["viewer", "member"] })).await.expect(200);
    superadmin.delete("/roles/reader", 1).await.expect(204);
}

async fn reaches_are_sent_shown_and_refused(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut new = json!({
        "name": "desk", "label": "Desk", "scope": "own", "permissions": ["donors:read"],
        "reaches": { "donors": "all", "nobody": "all", "campaigns": "own" },
    });
    let answer = superadmin.post("/roles", &new).await.expect(422);
    let wrong = [("/reaches/campaigns", "unknown_field"), ("/reaches/nobody", "unknown_field")];
    assert_eq!(errors(&answer), wrong);
    new["reaches"] = json!({ "donors": "theirs" });
    let answer = superadmin.post("/roles", &new).await.expect(422);
    assert_eq!(errors(&answer), [("/reaches/donors", "choice")]);
    new["reaches"] = json!({ "donors": "all", "donations": "assigned" });
    let made = superadmin.post("/roles", &new).await.expect(201);
    assert_eq!(made.body["reaches"], new["reaches"]);
    let kept = superadmin.patch("/roles/desk", 1, &json!({ "label": "D" })).await.expect(200);
    assert_eq!(kept.body["reaches"], new["reaches"]);
    let answer = superadmin.patch("/roles/desk", 2, &json!({ "reaches": null })).await.expect(422);
    assert_eq!(errors(&answer), [("/reaches", "required")]);
    let none = superadmin.patch("/roles/desk", 2, &json!({ "reaches": {} })).await.expect(200);
    assert_eq!(none.body["reaches"], json!({}));
    let told = superadmin.get("/roles/desk/history").await.expect(200);
    assert_eq!(told.body["items"][0]["before"]["reaches"], "donations:assigned donors:all");
    let built_in = superadmin.get("/roles/viewer").await.expect(200);
    assert_eq!(built_in.body["reaches"], json!({}));
}

async fn a_change_of_one_role_ends_the_sessions_of_all_who_have_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    role(&superadmin, "reader", "own", &["donors:read"]).await;
    let both = with(house, &superadmin, "both@example.org", &["viewer", "reader"]).await;
    let one = with(house, &superadmin, "one@example.org", &["viewer"]).await;
    let wider = json!({ "reaches": { "donors": "all" } });
    superadmin.patch("/roles/reader", 1, &wider).await.expect(200);
    refused(both.get("/donors").await, 401, "unauthenticated");
    one.get("/donors").await.expect(200);
    let both = Browser::log_in(&house.url, "both@example.org", PASSWORD).await;
    both.get("/donors").await.expect(200);
}

async fn lists_and_topics_are_followed_as_far_as_they_are_read(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let desk = receptionist(house, &superadmin).await;
    let mut donors = Follower::of(&desk, "/donors").await;
    let mut gifts = Follower::of(&desk, "/donations").await;
    let mut topics = Follower::of(&desk, "/events?topics=donations,donors").await;
    assert!(donors.expect("snapshot").await.data["items"].as_array().unwrap().is_empty());
    assert!(gifts.expect("snapshot").await.data["items"].as_array().unwrap().is_empty());
    let _theirs = a_donation(&superadmin).await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let own = a_donation(&desk).await;
    donors.until(|items| every(items, "/id") == [donor["id"].as_str().unwrap()]).await;
    gifts.until(|items| every(items, "/id") == [own["id"].as_str().unwrap()]).await;
    for (topic, id) in [("donors", &donor["id"]), ("donations", &own["id"])] {
        let told = topics.expect("change").await;
        assert_eq!((&told.data["topic"], &told.data["id"]), (&json!(topic), id));
    }
}

async fn whoever_has_another_second_role_follows_another_list(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    role(&superadmin, "own_reader", "own", &["donors:read"]).await;
    role(&superadmin, "reader", "all", &["donors:read"]).await;
    let few = with(house, &superadmin, "few@example.org", &["own_reader", "member"]).await;
    let all = with(house, &superadmin, "all@example.org", &["own_reader", "reader"]).await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    for browser in [&all, &few, &all] {
        let mut list = Follower::of(browser, "/donors").await;
        let snapshot = list.expect("snapshot").await;
        let read = browser.get("/donors").await.expect(200);
        assert_eq!(snapshot.data["items"], read.body["items"]);
    }
    assert!(walk(&few, "/donors", 2).await.is_empty());
    assert_eq!(walk(&all, "/donors", 2).await, [donor]);
}

async fn an_answer_is_kept_for_whoever_reaches_as_far(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = ["donors:read", "donors:create"];
    role(&superadmin, "recorder", "own", &all).await;
    role(&superadmin, "reader", "all", &["donors:read"]).await;
    let user = |roles: &[&str]| json!({ "roles": roles });
    let desk = with(house, &superadmin, "desk@example.org", &["recorder", "reader"]).await;
    let path = at("users", &desk.get("/users/me").await.expect(200).body);
    let new = json!({ "kind": "person", "name": "Ayşe" });
    let post = async |browser: &Browser| {
        let request = browser.request(reqwest::Method::POST, "/donors");
        crate::support::Answer::to(request.header("Idempotency-Key", "once").json(&new)).await
    };
    let made = post(&desk).await.expect(201);
    assert_eq!(post(&desk).await.expect(201).body, made.body);
    superadmin.patch(&path, 1, &user(&["recorder"])).await.expect(200);
    let desk = Browser::log_in(&house.url, "desk@example.org", PASSWORD).await;
    refused(post(&desk).await, 409, "answer_gone");
    superadmin.patch(&path, 2, &user(&["reader", "recorder"])).await.expect(200);
    let desk = Browser::log_in(&house.url, "desk@example.org", PASSWORD).await;
    assert_eq!(post(&desk).await.expect(201).body, made.body);
}

async fn the_trail_tells_all_roles(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let desk = receptionist(house, &superadmin).await;
    a_donor(&desk, "Ahmet").await;
    let told = superadmin.get("/audit/changes?entity=donor").await.expect(200);
    let actor = &told.body["items"][0]["actor"];
    assert_eq!((actor.get("role"), &actor["roles"]), (None, &json!(["reader", "recorder"])));
    let told = superadmin.get("/audit/changes?entity=user").await.expect(200);
    let change = &told.body["items"][0];
    assert_eq!(change["after"]["role"], "reader,recorder");
    assert_eq!(change["actor"]["role"], "superadmin");
    assert_eq!(change["actor"]["roles"], json!(["superadmin"]));
}
