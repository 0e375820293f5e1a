//! The life of a donation: recorded, read, found, changed. Its states are in [`super::steps`], its
//! trash in [`super::trash`], sums in [`super::summary`].

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donation, a_donor},
    reading::{
        errors, every, every_filter_keeps_its_word, every_sort_is_an_order, filter, refused, walk,
    },
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_donation_is_answered_as_it_was_entered_and_stands_at_its_location,
    a_donation_needs_a_sum_that_can_be_given_here_and_a_day_that_has_come,
    only_goods_can_be_of_unknown_worth,
    a_donation_names_only_donors_and_campaigns_that_can_be_seen,
    a_patch_of_a_donation_changes_what_it_names_and_null_empties_it,
    every_filter_of_donations_keeps_its_word,
    every_order_of_donations_holds_through_all_pages,
    an_amount_means_nothing_without_its_currency,
    the_history_of_a_donation_shows_what_changed_the_newest_first,
];

async fn a_campaign(browser: &Browser, name: &str) -> Value {
    browser.post("/campaigns", &json!({ "name": name })).await.expect(201).body
}

async fn a_donation_is_answered_as_it_was_entered_and_stands_at_its_location(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe Yılmaz").await;
    let campaign = a_campaign(&superadmin, "Ramazan").await;
    let new = json!({
        "donor_id": donor["id"],
        "campaign_id": campaign["id"],
        "amount": { "amount": "1250", "currency": "TRY" },
        "method": "bank_transfer",
        "purpose": "For families with small children",
        "donated_on": "2026-03-14",
        "reference": "FT26073123456",
        "notes": "Asked for a receipt by post.",
    });
    let created = superadmin.post("/donations", &new).await.expect(201);
    let id = created.text("/id");
    let mut donation = new;
    for (field, value) in [
        ("id", json!(id)),
        ("donor_name", json!("Ayşe Yılmaz")),
        ("campaign_name", json!("Ramazan")),
        ("amount", json!({ "amount": "1250.00", "currency": "TRY" })),
        ("state", json!("pending")),
        ("created_by", donor["created_by"].clone()),
        ("created_at", json!("2026-03-14T12:00:00.000Z")),
        ("updated_at", json!("2026-03-14T12:00:00.000Z")),
        ("version", json!(1)),
    ] {
        donation[field] = value;
    }
    assert_eq!(created.body, donation);
    assert_eq!(created.header("location"), format!("/api/v1/donations/{id}"));
    assert_eq!(created.version(), "1");
    let path = format!("/donations/{id}");
    let read = superadmin.get(&path).await.expect(200);
    assert_eq!((&read.body, read.version()), (&donation, "1"));
    let known = superadmin.request(Method::GET, &path).header("If-None-Match", read.header("etag"));
    assert!(Answer::to(known).await.expect(304).body.is_null());

    // Names are today's names.
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    superadmin.patch(&path, 1, &json!({ "name": "Ayşe Demir" })).await.expect(200);
    let found = superadmin.get("/donations?q=demir").await.expect(200);
    assert_eq!(found.text("/items/0/donor_name"), "Ayşe Demir");
    let found = superadmin.get("/donations?q=yilmaz").await.expect(200);
    assert!(found.list("/items").is_empty());
}

async fn a_donation_needs_a_sum_that_can_be_given_here_and_a_day_that_has_come(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for (amount, currency, day, wrong) in [
        ("0", "TRY", "2026-03-14", &[("/amount/amount", "too_small")][..]),
        ("1.005", "TRY", "2026-03-14", &[("/amount/amount", "amount")]),
        ("-5", "TRY", "2026-03-14", &[("/amount/amount", "amount")]),
        ("1e3", "TRY", "2026-03-14", &[("/amount/amount", "amount")]),
        ("1,50", "TRY", "2026-03-14", &[("/amount/amount", "amount")]),
        ("10000000000000.01", "TRY", "2026-03-14", &[("/amount/amount", "too_large")]),
        ("5", "JPY", "2026-03-14", &[("/amount/currency", "currency")]),
        ("5", "try", "2026-03-14", &[("/amount/currency", "currency")]),
        ("5", "TRY", "2026-03-16", &[("/donated_on", "future")]),
        ("5", "TRY", "1899-12-31", &[("/donated_on", "range")]),
        ("5", "TRY", "2026-02-29", &[("/donated_on", "date")]),
        ("5", "TRY", "14.03.2026", &[("/donated_on", "date")]),
        (
            "0",
            "JPY",
            "2026-03-16",
            &[
                ("/amount/amount", "too_small"),
                ("/donated_on", "future"),
                ("/amount/currency", "currency"),
            ],
        ),
    ] {
        let donation = json!({
            "amount": { "amount": amount, "currency": currency },
            "method": "cash",
            "donated_on": day,
        });
        let answer = refused(superadmin.post("/donations", &donation).await, 422, "validation");
        assert_eq!(errors(&answer), wrong, "{donation}");
    }
    // East of Greenwich tomorrow has come already.
    for (amount, day) in [("10000000000000.00", "2026-03-15"), ("0.01", "1900-01-01")] {
        let donation = json!({
            "amount": { "amount": amount, "currency": "TRY" }, "method": "cash", "donated_on": day,
        });
        let donation = superadmin.post("/donations", &donation).await.expect(201);
        assert_eq!(donation.text("/amount/amount"), amount);
    }
}

async fn only_goods_can_be_of_unknown_worth(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let goods = json!({ "method": "in_kind", "donated_on": "2026-03-14" });
    let made = superadmin.post("/donations", &goods).await.expect(201);
    assert!(made.body.get("amount").is_none(), "{}", made.body);
    let money = json!({ "method": "cash", "donated_on": "2026-03-14", "amount": null });
    let answer = refused(superadmin.post("/donations", &money).await, 422, "validation");
    assert_eq!(errors(&answer), [("/amount", "required")]);
    let path = format!("/donations/{}", made.text("/id"));
    let answer = superadmin.patch(&path, 1, &json!({ "method": "cash" })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/amount", "required")]);
    // It counts, in no sum.
    let unknown = superadmin.act(&format!("{path}/complete")).await.expect(200).text("/id");
    a_donation(&superadmin).await;
    let told = superadmin.get("/donations/summary?group_by=method").await.expect(200);
    assert_eq!(
        told.body,
        json!({
            "items": [],
            "of_unknown_worth": [{ "count": 1, "method": "in_kind" }],
        })
    );
    let of_lira = superadmin.get("/donations/summary?currency=TRY").await.expect(200);
    assert_eq!(of_lira.body, json!({ "items": [] }));
    let found = superadmin.get("/donations?amount=none").await.expect(200);
    assert_eq!(every(found.list("/items"), "/id"), [made.text("/id")]);
    // Once somebody has said what they are worth, there is a sum.
    let goods = superadmin.post("/donations", &goods).await.expect(201);
    let path = format!("/donations/{}", goods.text("/id"));
    let worth = json!({ "amount": { "amount": "10", "currency": "TRY" }, "method": "cash" });
    superadmin.patch(&path, 1, &worth).await.expect(200);
    let answer = superadmin.patch(&path, 2, &json!({ "amount": null })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/amount", "required")]);
    superadmin.act(&format!("{path}/complete")).await.expect(200);
    let answer = superadmin.patch(&path, 3, &json!({ "amount": null })).await;
    refused(answer, 409, "settled");
    let told = superadmin.get("/donations/summary").await.expect(200);
    assert_eq!(told.body["items"][0]["sum"], json!({ "amount": "10.00", "currency": "TRY" }));
    assert_eq!(told.body["of_unknown_worth"], json!([{ "count": 1 }]));
    // A completed one is valued as well, once.
    let path = format!("/donations/{unknown}");
    let worth = |amount: &str| json!({ "amount": { "amount": amount, "currency": "TRY" } });
    superadmin.patch(&path, 2, &worth("5")).await.expect(200);
    refused(superadmin.patch(&path, 3, &worth("6")).await, 409, "settled");
    let told = superadmin.get("/donations/summary").await.expect(200);
    assert_eq!(told.body["items"][0]["sum"], json!({ "amount": "15.00", "currency": "TRY" }));
    assert!(told.body.get("of_unknown_worth").is_none());
}

async fn a_donation_names_only_donors_and_campaigns_that_can_be_seen(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    let donation = |donor: &Value, campaign: &Value| {
        json!({
            "donor_id": donor["id"],
            "campaign_id": campaign["id"],
            "amount": { "amount": "5", "currency": "TRY" },
            "method": "cash",
            "donated_on": "2026-03-14",
        })
    };
    let (foreign, own) = (a_donor(&superadmin, "Ayşe").await, a_donor(&entry, "Ahmet").await);
    let campaign = a_campaign(&superadmin, "Ramazan").await;
    let absent = json!({ "id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11" });
    let answer = entry.post("/donations", &donation(&foreign, &absent)).await;
    assert_eq!(
        errors(&refused(answer, 422, "validation")),
        [("/donor_id", "unknown"), ("/campaign_id", "unknown")]
    );
    let kept = entry.post("/donations", &donation(&own, &campaign)).await.expect(201);

    // In the trash both keep their old donations, and get no new ones.
    for (records, record) in [("donors", &own), ("campaigns", &campaign)] {
        let path = format!("/{records}/{}", record["id"].as_str().unwrap());
        superadmin.delete(&path, 1).await.expect(204);
    }
    let answer = superadmin.post("/donations", &donation(&own, &campaign)).await;
    assert_eq!(errors(&refused(answer, 422, "validation")).len(), 2);
    let path = format!("/donations/{}", kept.text("/id"));
    let same = json!({ "donor_id": own["id"], "campaign_id": campaign["id"], "notes": "kept" });
    let changed = entry.patch(&path, 1, &same).await.expect(200);
    assert_eq!(changed.text("/donor_name"), "Ahmet");
    assert_eq!(changed.text("/campaign_name"), "Ramazan");
}

async fn a_patch_of_a_donation_changes_what_it_names_and_null_empties_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let mut donation = a_donation(&superadmin).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    let patch = json!({
        "donor_id": donor["id"], "purpose": "School books", "reference": "FT1",
        "amount": { "amount": "1500.00", "currency": "EUR" }, "method": "cash",
        "donated_on": "2026-03-13",
    });
    let changed = superadmin.patch(&path, 1, &patch).await.expect(200);
    for (field, value) in patch.as_object().unwrap() {
        donation[field] = value.clone();
    }
    donation["donor_name"] = json!("Ayşe");
    donation["version"] = json!(2);
    assert_eq!((&changed.body, changed.version()), (&donation, "2"));
    let emptied = json!({ "donor_id": null, "purpose": null, "reference": null });
    let emptied = superadmin.patch(&path, 2, &emptied).await.expect(200);
    for field in ["donor_id", "donor_name", "purpose", "reference"] {
        donation.as_object_mut().unwrap().remove(field);
    }
    donation["version"] = json!(3);
    assert_eq!(emptied.body, donation);
    let answer = superadmin.patch(&path, 3, &json!({ "amount": null, "method": null })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/method", "required")]);
    let answer = superadmin.patch(&path, 3, &json!({ "amount": null })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/amount", "required")]);
    // A part of an amount is no amount.
    let answer = superadmin.patch(&path, 3, &json!({ "amount": { "amount": "5" } })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/amount/currency", "required")]);
    let stale = refused(superadmin.patch(&path, 1, &json!({ "notes": "x" })).await, 412, "stale");
    assert_eq!(stale.body["current_version"], 3);
}

/// Eight donations of two users, one after the other; the newest first.
async fn eight(house: &House<'_>, superadmin: &Browser, other: &Browser) -> Vec<Value> {
    let donor = a_donor(superadmin, "Ahmet Işık").await;
    let campaign = a_campaign(superadmin, "Ramazan").await;
    let methods = ["cash", "check", "credit_card", "bank_transfer", "online", "sms", "in_kind"];
    let mut donations = Vec::new();
    for at in 0..8_usize {
        let by = if at % 3 == 0 { other } else { superadmin };
        let mut donation = json!({
            "amount": {
                "amount": (["10.00", "99.99", "100.00", "10.00"][at % 4]),
                "currency": if at < 6 { "TRY" } else { "EUR" },
            },
            "method": methods[at % 7],
            "donated_on": (["2026-03-01", "2026-02-28", "2026-03-14"][at % 3]),
            "reference": format!("FT{at}"),
        });
        if at % 2 == 0 {
            donation["donor_id"] = donor["id"].clone();
        }
        if at < 3 {
            donation["campaign_id"] = campaign["id"].clone();
        }
        let mut donation = by.post("/donations", &donation).await.expect(201).body;
        let step = |step: &str| format!("/donations/{}/{step}", donation["id"].as_str().unwrap());
        if at < 4 {
            donation = match at {
                0 => superadmin.post(&step("cancel"), &json!({ "reason": "never came" })).await,
                _ => superadmin.act(&step("complete")).await,
            }
            .expect(200)
            .body;
        }
        if at == 3 {
            let step = format!("/donations/{}/refund", donation["id"].as_str().unwrap());
            donation = superadmin.post(&step, &json!({})).await.expect(200).body;
        }
        donations.push(donation);
        house.clock.forward(Duration::seconds(1));
    }
    donations.reverse();
    donations
}

fn kurus(donation: &Value) -> i64 {
    donation["amount"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

async fn every_filter_of_donations_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let other = house.somebody(&superadmin, "accountant").await;
    let donations = eight(house, &superadmin, &other).await;
    assert_eq!(walk(&superadmin, "/donations", 2).await, donations);
    let named = |field: &str| {
        let named = donations.iter().find_map(|donation| donation[field].as_str());
        named.unwrap().to_owned()
    };
    let other = other.get("/users/me").await.expect(200).text("/id");
    let day = |donation: &Value| donation["donated_on"].as_str().unwrap().to_owned();
    let is_lira = |donation: &Value| donation["amount"]["currency"] == "TRY";
    let mut filters = vec![
        filter("currency=TRY", is_lira),
        filter("currency=EUR", |donation| donation["amount"]["currency"] == "EUR"),
        filter(format!("campaign_id={}", named("campaign_id")), |donation| {
            donation["campaign_name"] == "Ramazan"
        }),
        filter(format!("donor_id={}", named("donor_id")), |donation| {
            donation["donor_name"] == "Ahmet Işık"
        }),
        filter(format!("created_by={other}"), |donation| donation["created_by"] == *other),
        filter("donated_from=2026-03-01", |donation| day(donation).as_str() >= "2026-03-01"),
        filter("donated_to=2026-03-01", |donation| day(donation).as_str() <= "2026-03-01"),
        filter("donated_from=2026-02-01&donated_to=2026-02-28", |donation| {
            day(donation) == "2026-02-28"
        }),
        filter("amount_min=99.99&currency=TRY", |donation| {
            is_lira(donation) && kurus(donation) >= 9_999
        }),
        filter("amount_max=99.99&currency=TRY", |donation| {
            is_lira(donation) && kurus(donation) <= 9_999
        }),
        filter("amount_min=10&amount_max=10.00&currency=TRY", |donation| {
            is_lira(donation) && kurus(donation) == 1_000
        }),
        filter("amount=any&currency=EUR", |donation| donation["amount"]["currency"] == "EUR"),
        filter("reference=FT3", |donation| donation["reference"] == "FT3"),
        filter("campaign_id=none", |donation| donation["campaign_id"].is_null()),
        filter("donor_id=none", |donation| donation["donor_id"].is_null()),
        filter("q=ft3", |donation| donation["reference"] == "FT3"),
        filter("q=IŞIK%20ahm", |donation| donation["donor_name"] == "Ahmet Işık"),
        filter("q=isik&state=completed&currency=TRY&method=credit_card", |donation| {
            donation["reference"] == "FT2"
        }),
    ];
    for state in ["pending", "completed", "refunded", "cancelled"] {
        filters.push(filter(format!("state={state}"), move |donation| donation["state"] == state));
    }
    for method in ["cash", "check", "credit_card", "bank_transfer", "online", "sms", "in_kind"] {
        let keeps = move |donation: &Value| donation["method"] == method;
        filters.push(filter(format!("method={method}"), keeps));
    }
    every_filter_keeps_its_word(&superadmin, "/donations", &donations, &filters).await;
}

async fn every_order_of_donations_holds_through_all_pages(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let other = house.somebody(&superadmin, "accountant").await;
    eight(house, &superadmin, &other).await;
    every_sort_is_an_order(
        &superadmin,
        "/donations",
        &[
            ("created_at", |donation| donation["created_at"].as_str().unwrap().to_owned()),
            ("amount", |donation| format!("{:09}", kurus(donation))),
            ("donated_on", |donation| donation["donated_on"].as_str().unwrap().to_owned()),
        ],
    )
    .await;
}

async fn an_amount_means_nothing_without_its_currency(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for (query, wrong) in [
        ("amount_min=5", &[("amount_min", "needs_currency")][..]),
        (
            "amount_max=5&amount_min=1",
            &[("amount_min", "needs_currency"), ("amount_max", "needs_currency")],
        ),
        ("amount_min=5&currency=lira", &[("currency", "currency")]),
        ("amount_min=5.001&currency=TRY", &[("amount_min", "amount")]),
    ] {
        let answer = superadmin.get(&format!("/donations?{query}")).await;
        assert_eq!(errors(&refused(answer, 400, "bad_request")), wrong, "{query}");
    }
}

async fn the_history_of_a_donation_shows_what_changed_the_newest_first(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donation = a_donation(&superadmin).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    let patch = json!({ "amount": { "amount": "1300", "currency": "TRY" }, "notes": "more" });
    superadmin.patch(&path, 1, &patch).await.expect(200);
    house.clock.forward(Duration::seconds(1));
    superadmin.act(&format!("{path}/complete")).await.expect(200);
    let reason = json!({ "reason": "Transferred twice" });
    superadmin.post(&format!("{path}/refund"), &reason).await.expect(200);
    let history = walk(&superadmin, &format!("{path}/history"), 3).await;
    assert_eq!(every(&history, "/action"), ["refunded", "completed", "updated", "created"]);
    assert_eq!(history[0]["reason"], "Transferred twice");
    assert_eq!(history[0]["before"], json!({ "state": "completed", "reason": null }));
    let after = json!({ "state": "refunded", "reason": "Transferred twice" });
    assert_eq!(history[0]["after"], after);
    assert_eq!(history[1]["before"], json!({ "state": "pending", "settled_at": null }));
    assert_eq!(history[2]["before"], json!({ "amount": "1250.00 TRY", "notes": null }));
    assert_eq!(history[2]["after"], json!({ "amount": "1300.00 TRY", "notes": "more" }));
}
