//! Sums and counts, compared with the list they sum up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    house::House,
    reading::{errors, every, refused, walk},
};
use crate::support::{Browser, Dice};

in_both_houses![
    every_summary_is_the_sum_of_its_list,
    nothing_is_summed_up_to_no_line,
    a_summary_covers_only_what_the_caller_may_see,
    a_summary_that_cannot_be_made_is_400,
];

const GROUPS: [&str; 8] = [
    "",
    "month",
    "method",
    "campaign",
    "month,method",
    "campaign,month",
    "method,campaign",
    "campaign,method,month",
];

/// Donations of every currency, month, method, campaign and state.
async fn sixty(browser: &Browser) -> (Vec<Value>, Vec<Value>) {
    let (mut donors, mut campaigns) = (Vec::new(), Vec::new());
    for name in ["Ayşe", "Ahmet"] {
        let donor = json!({ "kind": "person", "name": name });
        donors.push(browser.post("/donors", &donor).await.expect(201).body);
        let campaign = json!({ "name": format!("For {name}") });
        campaigns.push(browser.post("/campaigns", &campaign).await.expect(201).body);
    }
    let mut dice = Dice::new(11);
    for _ in 0..60 {
        let cents = 1 + dice.below(1_000_000);
        let mut donation = json!({
            "amount": {
                "amount": format!("{}.{:02}", cents / 100, cents % 100),
                "currency": dice.pick(&["TRY", "TRY", "EUR", "USD"]),
            },
            "method": dice.pick(&["cash", "online", "in_kind"]),
            "donated_on": dice.pick(&["2025-12-31", "2026-01-01", "2026-01-31", "2026-03-14"]),
        });
        if let Some(donor) = dice.pick_once_in(2, &donors) {
            donation["donor_id"] = donor["id"].clone();
        }
        if !dice.once_in(3) {
            donation["campaign_id"] = dice.pick(&campaigns)["id"].clone();
        }
        let donation = browser.post("/donations", &donation).await.expect(201);
        let path = format!("/donations/{}", donation.text("/id"));
        match dice.below(6) {
            0 => {}
            1 => {
                let reason = json!({ "reason": "never came" });
                browser.post(&format!("{path}/cancel"), &reason).await.expect(200);
            }
            2 => {
                browser.delete(&path, 1).await.expect(204);
            }
            3 => {
                browser.act(&format!("{path}/complete")).await.expect(200);
                browser.post(&format!("{path}/refund"), &json!({})).await.expect(200);
            }
            _ => {
                browser.act(&format!("{path}/complete")).await.expect(200);
            }
        }
    }
    (donors, campaigns)
}

/// What the lines of a summary say: sum and count by currency, month, method and campaign.
type Lines = BTreeMap<[String; 5], (i64, i64)>;

fn minor(amount: &Value) -> i64 {
    amount["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

fn summed(donations: &[Value], groups: &str) -> Lines {
    let mut lines = Lines::new();
    for donation in donations {
        let text = |group: &str, field: &str| match groups.split(',').any(|one| one == group) {
            true => donation[field].as_str().unwrap_or_default().to_owned(),
            false => String::new(),
        };
        let currency = donation["amount"]["currency"].as_str().unwrap().to_owned();
        let mut month = text("month", "donated_on");
        month.truncate(7);
        let campaign = [text("campaign", "campaign_id"), text("campaign", "campaign_name")];
        let [campaign_id, campaign_name] = campaign;
        let key = [currency, month, text("method", "method"), campaign_id, campaign_name];
        let line = lines.entry(key).or_default();
        line.0 += minor(&donation["amount"]);
        line.1 += 1;
    }
    lines
}

fn told(summary: &[Value]) -> Lines {
    let line = |line: &Value| {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        let currency = line["sum"]["currency"].as_str().unwrap().to_owned();
        let campaign = (text("campaign_id"), text("campaign_name"));
        let key = [currency, text("month"), text("method"), campaign.0, campaign.1];
        (key, (minor(&line["sum"]), line["count"].as_i64().unwrap()))
    };
    let lines: Lines = summary.iter().map(line).collect();
    assert_eq!(lines.len(), summary.len(), "a group has two lines");
    lines
}

async fn every_summary_is_the_sum_of_its_list(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (donors, campaigns) = sixty(&superadmin).await;
    let donor = donors[0]["id"].as_str().unwrap();
    let campaign = campaigns[0]["id"].as_str().unwrap();
    for filter in [
        "state=completed".to_owned(),
        "state=pending".to_owned(),
        "state=refunded".to_owned(),
        "state=cancelled".to_owned(),
        "state=completed&currency=TRY".to_owned(),
        "state=completed&method=cash".to_owned(),
        "state=completed&donated_from=2026-01-01".to_owned(),
        "state=completed&donated_to=2026-01-01".to_owned(),
        format!("state=completed&donor_id={donor}"),
        format!("state=completed&campaign_id={campaign}"),
        "state=completed&donated_from=2026-01-01&donated_to=2026-01-31&method=online".to_owned(),
    ] {
        let list = walk(&superadmin, &format!("/donations?{filter}"), 50).await;
        assert!(!list.is_empty(), "{filter} is no test");
        for groups in GROUPS {
            let grouping =
                if groups.is_empty() { String::new() } else { format!("&group_by={groups}") };
            let path = format!("/donations/summary?{filter}{grouping}");
            let summary = superadmin.get(&path).await.expect(200);
            assert_eq!(told(summary.list("/items")), summed(&list, groups), "{path}");
        }
    }
    // Completed ones unless somebody asks otherwise; by month first, then by currency.
    let completed = superadmin.get("/donations/summary?state=completed&group_by=month").await;
    let usual = superadmin.get("/donations/summary?group_by=month").await.expect(200);
    assert_eq!(usual.body, completed.expect(200).body);
    let order = |line: &Value| [line["month"].to_string(), line["sum"]["currency"].to_string()];
    assert!(usual.list("/items").is_sorted_by_key(order));
}

async fn nothing_is_summed_up_to_no_line(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for query in ["", "?group_by=month,method,campaign", "?state=pending"] {
        let summary = superadmin.get(&format!("/donations/summary{query}")).await.expect(200);
        assert_eq!(summary.body, json!({ "items": [] }), "{query}");
    }
}

async fn a_summary_covers_only_what_the_caller_may_see(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    for (browser, amount) in [(&superadmin, "5"), (&entry, "7"), (&entry, "0.50")] {
        let donation = json!({
            "amount": { "amount": amount, "currency": "TRY" },
            "method": "cash",
            "donated_on": "2026-03-14",
        });
        browser.post("/donations", &donation).await.expect(201);
    }
    for (browser, sum, count) in [(&superadmin, "12.50", 3), (&entry, "7.50", 2)] {
        let summary = browser.get("/donations/summary?state=pending").await.expect(200);
        let sum = json!({ "sum": { "amount": sum, "currency": "TRY" }, "count": count });
        assert_eq!(summary.body, json!({ "items": [sum] }));
    }
}

async fn a_summary_that_cannot_be_made_is_400(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for (query, wrong) in [
        ("group_by=week", [("group_by", "choice")]),
        ("group_by=month,month", [("group_by", "choice")]),
        ("state=done", [("state", "choice")]),
        ("sort=month", [("sort", "unknown_parameter")]),
        ("limit=5", [("limit", "unknown_parameter")]),
        ("donated_from=2026-13-01", [("donated_from", "date")]),
    ] {
        let answer = superadmin.get(&format!("/donations/summary?{query}")).await;
        let answer = refused(answer, 400, "bad_request");
        assert_eq!(errors(&answer), wrong, "{query}");
        assert_eq!(every(answer.list("/errors"), "/parameter"), [wrong[0].0], "{query}");
    }
}
