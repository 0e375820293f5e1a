//! The life of a campaign; its trash is in [`super::trash`].

use almoner_kernel::text::fold;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::House,
    reading::{
        errors, every, every_filter_keeps_its_word, every_sort_is_an_order, filter, refused, walk,
    },
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_campaign_is_answered_as_it_was_entered_and_stands_at_its_location,
    a_patch_of_a_campaign_changes_what_it_names_and_null_empties_it,
    no_two_campaigns_have_the_same_name_whatever_the_case,
    names_that_differ_in_more_than_case_are_different,
    a_campaign_that_contradicts_itself_is_refused_with_every_complaint,
    every_filter_of_campaigns_keeps_its_word,
    every_order_of_campaigns_holds_through_all_pages,
    the_history_of_a_campaign_shows_what_changed_the_newest_first,
];

fn ramazan() -> Value {
    json!({
        "name": "Ramazan kolisi 2026",
        "description": "One parcel feeds a family of four for a month.",
        "goal": { "amount": "500000", "currency": "TRY" },
        "starts_on": "2026-02-18",
        "ends_on": "2026-03-19",
    })
}

async fn a_campaign(browser: &Browser, campaign: &Value) -> (Value, String) {
    let campaign = browser.post("/campaigns", campaign).await.expect(201).body;
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    (campaign, path)
}

async fn a_campaign_is_answered_as_it_was_entered_and_stands_at_its_location(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let created = superadmin.post("/campaigns", &ramazan()).await.expect(201);
    let me = superadmin.get("/users/me").await.expect(200).text("/id");
    let id = created.text("/id");
    let campaign = json!({
        "id": id,
        "name": "Ramazan kolisi 2026",
        "description": "One parcel feeds a family of four for a month.",
        "goal": { "amount": "500000.00", "currency": "TRY" },
        "starts_on": "2026-02-18",
        "ends_on": "2026-03-19",
        "created_by": me,
        "created_at": "2026-03-14T12:00:00.000Z",
        "updated_at": "2026-03-14T12:00:00.000Z",
        "version": 1,
    });
    assert_eq!(created.body, campaign);
    assert_eq!(created.header("location"), format!("/api/v1/campaigns/{id}"));
    assert_eq!(created.version(), "1");
    let path = format!("/campaigns/{id}");
    let read = superadmin.get(&path).await.expect(200);
    assert_eq!((&read.body, read.version()), (&campaign, "1"));
    let known = superadmin.request(Method::GET, &path).header("If-None-Match", read.header("etag"));
    assert!(Answer::to(known).await.expect(304).body.is_null());
    // Campaigns have no row scope.
    let entry = house.somebody(&superadmin, "data_entry").await;
    assert_eq!(entry.get(&path).await.expect(200).body, campaign);
}

async fn a_patch_of_a_campaign_changes_what_it_names_and_null_empties_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (mut campaign, path) = a_campaign(&superadmin, &ramazan()).await;
    house.clock.forward(Duration::seconds(1));
    let patch = json!({
        "name": "Ramazan", "goal": { "amount": "10.50", "currency": "EUR" }, "ends_on": null,
    });
    let changed = superadmin.patch(&path, 1, &patch).await.expect(200);
    campaign["name"] = json!("Ramazan");
    campaign["goal"] = patch["goal"].clone();
    campaign["updated_at"] = json!("2026-03-14T12:00:01.000Z");
    campaign["version"] = json!(2);
    campaign.as_object_mut().unwrap().remove("ends_on");
    assert_eq!((&changed.body, changed.version()), (&campaign, "2"));
    assert_eq!(superadmin.get(&path).await.expect(200).body, campaign);
    let same = superadmin.patch(&path, 2, &json!({ "name": "Ramazan" })).await.expect(200);
    assert_eq!(same.body, campaign);
    let stale = refused(superadmin.patch(&path, 1, &json!({ "goal": null })).await, 412, "stale");
    let mut fields = stale.list("/fields").to_vec();
    fields.sort_by_key(ToString::to_string);
    assert_eq!(fields, ["ends_on", "goal", "name"]);
}

async fn no_two_campaigns_have_the_same_name_whatever_the_case(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, first) = a_campaign(&superadmin, &json!({ "name": "Ramazan" })).await;
    let taken = superadmin.post("/campaigns", &json!({ "name": "RAMAZAN " })).await;
    assert_eq!(errors(&refused(taken, 409, "taken")), [("/name", "taken")]);
    let (_, other) = a_campaign(&superadmin, &json!({ "name": "Kurban" })).await;
    let taken = superadmin.patch(&other, 1, &json!({ "name": "ramazan" })).await;
    assert_eq!(errors(&refused(taken, 409, "taken")), [("/name", "taken")]);

    superadmin.delete(&first, 1).await.expect(204);
    superadmin.patch(&other, 1, &json!({ "name": "ramazan" })).await.expect(200);
    let restored = superadmin.act(&format!("{first}/restore")).await;
    assert_eq!(errors(&refused(restored, 409, "taken")), [("/name", "taken")]);
}

async fn names_that_differ_in_more_than_case_are_different(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for name in ["Aşı", "Asi", "Fon %10", "Fon 10", "Köln", "Koln"] {
        a_campaign(&superadmin, &json!({ "name": name })).await;
    }
    for name in ["AŞI", "aşi", "ASİ", "FON %10", "fon  10", "KÖLN", "Ko\u{308}ln", "K\u{200b}öln"]
    {
        let taken = superadmin.post("/campaigns", &json!({ "name": name })).await;
        assert_eq!(errors(&refused(taken, 409, "taken")), [("/name", "taken")], "{name}");
    }
    // Searches go on finding all of them.
    let found = superadmin.get("/campaigns?q=asi&sort=created_at").await.expect(200);
    assert_eq!(every(found.list("/items"), "/name"), ["Aşı", "Asi"]);
}

async fn a_campaign_that_contradicts_itself_is_refused_with_every_complaint(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let wrong = json!({
        "name": "Ramazan",
        "goal": { "amount": "0.00", "currency": "TRY" },
        "starts_on": "2026-03-19",
        "ends_on": "2026-03-18",
    });
    let answer = refused(superadmin.post("/campaigns", &wrong).await, 422, "validation");
    assert_eq!(errors(&answer), [("/ends_on", "range"), ("/goal/amount", "too_small")]);
    let (_, path) = a_campaign(&superadmin, &ramazan()).await;
    let answer = superadmin.patch(&path, 1, &json!({ "ends_on": "2026-01-01" })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/ends_on", "range")]);
    assert_eq!(superadmin.get("/campaigns").await.expect(200).list("/items").len(), 1);
}

async fn six(house: &House<'_>, browser: &Browser) -> Vec<Value> {
    let mut campaigns = Vec::new();
    for (name, starts_on, ends_on) in [
        ("Ramazan 2026", Some("2026-02-18"), Some("2026-03-19")),
        ("Ramazan 2027", Some("2027-02-08"), Some("2027-03-08")),
        ("Su kuyusu", None, None),
        ("Öğrenci bursu", Some("2026-03-14"), None),
        ("Işık", None, Some("2026-03-13")),
        ("çadır", None, Some("2026-03-14")),
    ] {
        let mut campaign = json!({ "name": name, "description": format!("For {name}") });
        for (field, day) in [("starts_on", starts_on), ("ends_on", ends_on)] {
            if let Some(day) = day {
                campaign[field] = json!(day);
            }
        }
        campaigns.push(browser.post("/campaigns", &campaign).await.expect(201).body);
        house.clock.forward(Duration::seconds(1));
    }
    campaigns.reverse();
    campaigns
}

async fn every_filter_of_campaigns_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let campaigns = six(house, &superadmin).await;
    assert_eq!(walk(&superadmin, "/campaigns", 2).await, campaigns);
    let runs = |day: &'static str| {
        move |campaign: &Value| {
            campaign["starts_on"].as_str().is_none_or(|first| first <= day)
                && campaign["ends_on"].as_str().is_none_or(|last| day <= last)
        }
    };
    let named = |campaign: &Value| campaign["name"].as_str().unwrap().to_owned();
    every_filter_keeps_its_word(
        &superadmin,
        "/campaigns",
        &campaigns,
        &[
            filter("running_on=2026-03-13", runs("2026-03-13")),
            filter("running_on=2026-03-14", runs("2026-03-14")),
            filter("running_on=2027-03-08", runs("2027-03-08")),
            filter("q=RAMAZAN", |campaign| named(campaign).starts_with("Ramazan")),
            filter("q=ogrenci%20for", |campaign| named(campaign) == "Öğrenci bursu"),
            filter("q=ramazan&running_on=2026-03-14", |campaign| named(campaign) == "Ramazan 2026"),
        ],
    )
    .await;
}

async fn every_order_of_campaigns_holds_through_all_pages(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    six(house, &superadmin).await;
    every_sort_is_an_order(
        &superadmin,
        "/campaigns",
        &[
            ("created_at", |campaign| campaign["created_at"].as_str().unwrap().to_owned()),
            ("name", |campaign| fold(campaign["name"].as_str().unwrap())),
        ],
    )
    .await;
}

async fn the_history_of_a_campaign_shows_what_changed_the_newest_first(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (_, path) = a_campaign(&superadmin, &ramazan()).await;
    house.clock.forward(Duration::seconds(1));
    let patch = json!({ "goal": { "amount": "650000", "currency": "TRY" }, "ends_on": null });
    superadmin.patch(&path, 1, &patch).await.expect(200);
    superadmin.delete(&path, 2).await.expect(204);
    superadmin.act(&format!("{path}/restore")).await.expect(200);
    let history = walk(&superadmin, &format!("{path}/history"), 2).await;
    assert_eq!(every(&history, "/action"), ["restored", "deleted", "updated", "created"]);
    assert_eq!(every(&history, "/version"), ["4", "3", "2", "1"]);
    let before = json!({ "goal": "500000.00 TRY", "ends_on": "2026-03-19" });
    let after = json!({ "goal": "650000.00 TRY", "ends_on": null });
    assert_eq!((&history[2]["before"], &history[2]["after"]), (&before, &after));
}
