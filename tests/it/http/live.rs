//! Live lists: a list that is followed is at all times the list that is read.

use chrono::Duration;
use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{
    house::{House, a_donation, a_donor, in_house_with},
    reading::{errors, refused},
};
use crate::support::{Answer, Backend, Browser, Follower};

in_both_houses![
    a_list_that_is_followed_is_the_list_that_is_read,
    a_record_that_leaves_the_filter_is_removed,
    a_page_stays_full_while_records_leave_it,
    a_new_name_is_seen_wherever_it_is_shown,
    the_trail_and_the_users_can_be_followed,
    nobody_hears_of_records_outside_of_their_scope,
    a_client_that_was_away_goes_on_where_it_stopped,
    a_client_of_another_process_goes_on_as_well,
    what_cannot_be_gone_on_with_begins_anew,
    a_session_that_ends_ends_its_streams,
    a_role_that_changes_ends_the_streams_of_its_users,
    a_stream_is_no_use_of_the_session,
    a_stream_begins_at_the_first_page,
    only_who_may_read_a_list_may_follow_it,
    changes_are_told_by_topic,
    changes_outside_of_the_scope_are_not_told,
    changes_that_were_missed_are_told_later,
    looking_is_no_change,
    a_batch_is_told_at_once,
    a_head_is_no_stream,
];

/// What a fresh request says now.
async fn read(browser: &Browser, path: &str) -> Vec<Value> {
    browser.get(path).await.expect(200).list("/items").to_vec()
}

/// Follows until the list is the one that is read.
async fn catches_up(follower: &mut Follower, browser: &Browser, path: &str) {
    let now = read(browser, path).await;
    follower.until(|items| items == now).await;
}

async fn donors(browser: &Browser, names: &[&str]) -> Vec<Value> {
    let mut donors = Vec::new();
    for name in names {
        donors.push(a_donor(browser, name).await);
    }
    donors
}

fn at(kind: &str, record: &Value) -> String {
    format!("/{kind}/{}", record["id"].as_str().unwrap())
}

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
    changes.expect("upsert").await;
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

async fn a_client_that_was_away_goes_on_where_it_stopped(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = donors(&superadmin, &["A", "B", "C", "D", "E", "F"]).await;
    for path in ["/donors?limit=4", "/donors?limit=4&sort=name", "/donors?limit=20"] {
        let mut follower = Follower::of(&superadmin, path).await;
        follower.expect("snapshot").await;
        // Nothing happened: nothing is told.
        let follower = follower.resume(&superadmin, path).await;
        let unchanged = at("donors", &all[1]);
        let version = superadmin.get(&unchanged).await.number("/version");
        superadmin.patch(&unchanged, version, &json!({ "notes": path })).await.expect(200);
        let new = a_donor(&superadmin, "New").await;
        let gone = a_donor(&superadmin, "Gone").await;
        superadmin.delete(&at("donors", &gone), 1).await.expect(204);
        let mut follower = follower.resume(&superadmin, path).await;
        let now = read(&superadmin, path).await;
        let told = follower.until(|items| items == now).await;
        // The list is not sent again.
        let names: Vec<&str> = told.iter().map(|event| event.name.as_str()).collect();
        assert!(!names.contains(&"snapshot") && !names.contains(&"resync"), "{path}: {names:?}");
        let records = told.iter().filter(|event| event.name == "upsert");
        let again: Vec<&Value> = records
            .map(|event| &event.data["record"])
            .filter(|record| [&new, &gone, &all[1]].iter().all(|one| record["id"] != one["id"]))
            .collect();
        // Where a record has gone, one at the end may have moved up.
        assert!(again.len() <= 1, "{path}: {again:?}");
        superadmin.delete(&at("donors", &new), 1).await.expect(204);
        catches_up(&mut follower, &superadmin, path).await;
    }
}

async fn a_client_of_another_process_goes_on_as_well(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let mut follower = Follower::of(&superadmin, "/donors").await;
    follower.expect("snapshot").await;
    let new = a_donor(&superadmin, "C").await;
    follower.expect("upsert").await;
    superadmin.patch(&at("donors", &new), 1, &json!({ "name": "D" })).await.expect(200);
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut follower = follower.resume(&superadmin, "/donors").await;
            assert_eq!(follower.expect("keep").await.data["ids"].as_array().unwrap().len(), 2);
            assert_eq!(follower.expect("upsert").await.data["record"]["name"], "D");
            a_donor(&superadmin, "E").await;
            follower.expect("upsert").await;
            assert_eq!(follower.items, read(&superadmin, "/donors").await);
        })
        .await;
}

async fn what_cannot_be_gone_on_with_begins_anew(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let mut follower = Follower::of(&superadmin, "/donors").await;
    follower.expect("snapshot").await;
    let last = follower.last.clone().unwrap();
    let (position, tag) = last.split_once('-').unwrap();
    let far = format!("{}-{tag}", i64::MAX);
    let of_another_list = format!("{position}-00000000");
    for last in [far.as_str(), &of_another_list, "0-", "", "nonsense", "-1-00000000"] {
        let follower = Follower::attempt(&superadmin, "/donors", Some(last)).await;
        let mut follower = follower.expect("a stream");
        assert_eq!(follower.expect("resync").await.data, json!({ "reason": "too_old" }), "{last}");
        follower.expect("snapshot").await;
        assert_eq!(follower.items, read(&superadmin, "/donors").await);
    }
    // The rights are a part of what is followed.
    let viewer = house.somebody(&superadmin, "viewer").await;
    let follower = Follower::attempt(&viewer, "/donors", Some(&last)).await;
    follower.expect("a stream").expect("resync").await;
}

async fn a_session_that_ends_ends_its_streams(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ends: [(&str, &str); 3] =
        [("logout", "a@example.org"), ("deactivate", "b@example.org"), ("idle", "c@example.org")];
    for (end, email) in ends {
        let user = house.user(&superadmin, email, "viewer").await;
        let browser = Browser::log_in(&house.url, email, super::house::PASSWORD).await;
        let mut follower = Follower::of(&browser, "/donors").await;
        follower.expect("snapshot").await;
        match end {
            "logout" => drop(browser.act("/auth/logout").await.expect(204)),
            "deactivate" => {
                let path = format!("{}/deactivate", at("users", &user));
                superadmin.act(&path).await.expect(200);
            }
            _ => {
                house.clock.forward(Duration::minutes(29));
                superadmin.get("/users/me").await.expect(200);
                house.clock.forward(Duration::minutes(2));
            }
        }
        if end != "idle" {
            a_donor(&superadmin, "Unseen").await;
        }
        let last = follower.expect("end").await;
        assert_eq!(last.data, json!({ "code": "unauthenticated" }), "{end}");
        assert_eq!(follower.next().await, None);
        refused(browser.get("/donors").await, 401, "unauthenticated");
    }
}

async fn a_role_that_changes_ends_the_streams_of_its_users(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let role = json!({
        "name": "volunteer",
        "label": "Gönüllü",
        "permissions": ["donors:read", "campaigns:read"],
        "scope": "all",
    });
    superadmin.post("/roles", &role).await.expect(201);
    let browser = house.somebody(&superadmin, "volunteer").await;
    let mut follower = Follower::of(&browser, "/donors").await;
    follower.expect("snapshot").await;
    let less = json!({ "permissions": ["campaigns:read"] });
    superadmin.patch("/roles/volunteer", 1, &less).await.expect(200);
    a_donor(&superadmin, "Unseen").await;
    let last = follower.expect("end").await;
    let answer = Follower::attempt(&browser, "/donors", follower.last.as_deref()).await;
    let answer = *answer.err().expect("no stream");
    match last.data["code"].as_str() {
        Some("rights_changed") => refused(answer, 403, "forbidden"),
        _ => refused(answer, 401, "unauthenticated"),
    };
}

async fn a_stream_is_no_use_of_the_session(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let browser = house.somebody(&superadmin, "viewer").await;
    let mut follower = Follower::of(&browser, "/donors").await;
    follower.expect("snapshot").await;
    for _ in 0..2 {
        house.clock.forward(Duration::minutes(14));
        a_donor(&superadmin, "Seen").await;
        follower.expect("upsert").await;
    }
    house.clock.forward(Duration::minutes(3));
    superadmin.get("/users/me").await.expect(200);
    assert_eq!(follower.expect("end").await.data, json!({ "code": "unauthenticated" }));
}

async fn a_stream_begins_at_the_first_page(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let first = superadmin.get("/donors?limit=1").await.expect(200);
    let path = format!("/donors?limit=1&count=exact&cursor={}", first.text("/next_cursor"));
    superadmin.get(&path).await.expect(200);
    let answer = Follower::attempt(&superadmin, &path, None).await.err().expect("no stream");
    let answer = refused(*answer, 400, "bad_request");
    assert_eq!(errors(&answer), [("cursor", "not_live"), ("count", "not_live")]);
    let mut follower = Follower::of(&superadmin, "/donors?limit=1").await;
    let snapshot = follower.expect("snapshot").await;
    assert_eq!(snapshot.data, first.body);
}

async fn only_who_may_read_a_list_may_follow_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let stream = |browser: &Browser, path: &str| {
        browser.request(Method::GET, path).header(header::ACCEPT, "text/event-stream")
    };
    for path in ["/donors", "/events?topics=donors"] {
        let answer = Answer::to(stream(&house.stranger(), path)).await;
        refused(answer, 401, "unauthenticated");
    }
    let member = house.somebody(&superadmin, "member").await;
    for path in ["/donors", "/users", "/audit/changes", "/events?topics=donors"] {
        refused(Answer::to(stream(&member, path)).await, 403, "forbidden");
    }
    for path in ["/roles", "/audit/security-events", "/donations/summary", "/users/me"] {
        refused(Answer::to(stream(&superadmin, path)).await, 406, "not_acceptable");
    }
    let json = superadmin.request(Method::GET, "/events?topics=donors");
    let answer = Answer::to(json.header(header::ACCEPT, "application/json")).await;
    refused(answer, 406, "not_acceptable");
    // JSON is what is meant when both will do: generated clients name all that there is.
    for accept in [
        "application/json, text/event-stream;q=0.5, */*;q=0.1",
        "application/json, text/event-stream",
        "text/event-stream, application/json",
    ] {
        for path in ["/donors", "/campaigns", "/donations", "/users", "/audit/changes"] {
            let both = superadmin.request(Method::GET, path).header(header::ACCEPT, accept);
            assert!(Answer::to(both).await.expect(200).body["items"].is_array(), "{accept}");
        }
    }
    let wrong = stream(&superadmin, "/donors?sort=age&colour=red");
    refused(Answer::to(wrong).await, 400, "bad_request");
}

async fn changes_are_told_by_topic(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut follower = Follower::of(&superadmin, "/events?topics=donors,campaigns").await;
    a_donation(&superadmin).await;
    a_donor(&superadmin, "Ayşe").await;
    let campaign = superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);
    let donor = follower.expect("change").await;
    assert_eq!(donor.data["topic"], "donors");
    let told = follower.expect("change").await;
    assert_eq!(
        told.data,
        json!({
            "topic": "campaigns",
            "id": campaign.body["id"],
            "action": "created",
            "version": 1,
            "at": campaign.body["created_at"],
        })
    );
    let lacking = superadmin.get("/events").await;
    assert_eq!(errors(&refused(lacking, 400, "bad_request")), [("topics", "required")]);
    for wrong in ["donors,donors", "donors,", "", "everything", "donors,%20users"] {
        let answer = superadmin.get(&format!("/events?topics={wrong}")).await;
        assert_eq!(errors(&refused(answer, 400, "bad_request")), [("topics", "choice")]);
    }
}

async fn changes_outside_of_the_scope_are_not_told(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let clerk = house.somebody(&superadmin, "data_entry").await;
    let mut follower = Follower::of(&clerk, "/events?topics=donors").await;
    a_donor(&superadmin, "Foreign").await;
    let own = a_donor(&clerk, "Own").await;
    assert_eq!(follower.expect("change").await.data["id"], own["id"]);
    let answer = Follower::attempt(&clerk, "/events?topics=donors,users", None).await;
    refused(*answer.err().expect("no stream"), 403, "forbidden");
}

async fn changes_that_were_missed_are_told_later(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let path = "/events?topics=donors";
    let mut follower = Follower::of(&superadmin, path).await;
    a_donor(&superadmin, "A").await;
    follower.expect("change").await;
    let missed = donors(&superadmin, &["B", "C", "D"]).await;
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut follower = follower.resume(&superadmin, path).await;
            for donor in &missed {
                assert_eq!(follower.expect("change").await.data["id"], donor["id"]);
            }
            let mut follower = follower.resume(&superadmin, path).await;
            let next = a_donor(&superadmin, "E").await;
            assert_eq!(follower.expect("change").await.data["id"], next["id"]);
        })
        .await;
    let follower = Follower::attempt(&superadmin, path, Some("1-00000000")).await;
    follower.expect("a stream").expect("resync").await;
}

async fn looking_is_no_change(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = json!({
        "kind": "person",
        "name": "Ayşe",
        "identity": { "kind": "tr_national_id", "number": "10000000146" },
    });
    let donor = superadmin.post("/donors", &donor).await.expect(201).body;
    let mut follower = Follower::of(&superadmin, "/events?topics=donors").await;
    let reveal = format!("{}/reveal", at("donors", &donor));
    let reason = json!({ "reason": "The receipt has to name it" });
    superadmin.post(&reveal, &reason).await.expect(200);
    let next = a_donor(&superadmin, "Bora").await;
    assert_eq!(follower.expect("change").await.data["id"], next["id"]);
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

async fn a_head_is_no_stream(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for path in ["/donors", "/events?topics=donors"] {
        let head = superadmin.request(Method::HEAD, path);
        let answer = Answer::to(head.header(header::ACCEPT, "text/event-stream")).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn one_user_follows_so_many_lists_and_no_more() {
    let few = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 2;
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let viewer = house.somebody(&superadmin, "viewer").await;
        let first = Follower::of(&superadmin, "/donors").await;
        let mut second = Follower::of(&superadmin, "/donations").await;
        let third = Follower::attempt(&superadmin, "/campaigns", None).await;
        let answer = refused(*third.err().expect("no stream"), 429, "rate_limited");
        assert_eq!(answer.header("retry-after"), "30");
        assert_eq!(answer.header("ratelimit-limit"), "2");
        assert_eq!(answer.header("ratelimit-remaining"), "0");
        Follower::of(&viewer, "/donors").await;
        // A place is free again once the server has seen that the connection is gone.
        drop(first);
        second.expect("snapshot").await;
        for round in 0.. {
            a_donor(&superadmin, "Somebody").await;
            match Follower::attempt(&superadmin, "/campaigns", None).await {
                Ok(_) => break,
                Err(_) => assert!(round < 500, "the place is never free"),
            }
        }
    });
}

#[test]
fn an_idle_stream_gives_signs_of_life() {
    in_house_with(
        Backend::Sqlite,
        |_| {},
        async |house: &House<'_>| {
            let superadmin = house.superadmin().await;
            let request = superadmin.request(Method::GET, "/donors?kind=person");
            let mut response =
                request.header(header::ACCEPT, "text/event-stream").send().await.unwrap();
            superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);
            let mut heard = String::new();
            let alive = async {
                while !heard.contains(": still here\nid: ") {
                    let chunk = response.chunk().await.unwrap().expect("the stream ended");
                    heard.push_str(std::str::from_utf8(&chunk).unwrap());
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(40), alive).await.unwrap();
            assert!(heard.starts_with("retry: 1000\n\n"));
            // The position moves on, though nothing that is seen has changed.
            let ids: Vec<&str> =
                heard.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
            assert_eq!(ids.len(), 2);
            assert_ne!(ids[0], ids[1]);
        },
    );
}
