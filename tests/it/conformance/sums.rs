//! Sums: as many as the list shows, group by group, within the scope.

use almoner_records::{
    Kind, Rows,
    summing::{Grouping, Of, sums},
};
use serde_json::{Value, json};

use super::bench::{Bench, at, delete};
use crate::{
    http::reading::{errors, refused},
    support::Browser,
};

of_every_kind![
    a_summary_counts_what_the_list_shows,
    amounts_are_added_up_by_currency,
    a_summary_is_of_the_scope_and_of_one_side_of_the_trash,
    what_cannot_be_summed_up_so_is_refused,
];

/// The kinds that are summed up from their description.
fn summed(bench: &Bench<'_>) -> impl Iterator<Item = &'static Kind> + use<> {
    bench.kinds().filter(|kind| kind.has_summary())
}

async fn lines(browser: &Browser, kind: &Kind, query: &str) -> Vec<Value> {
    let answer = browser.get(&format!("{}/summary?{query}", at(kind))).await.expect(200);
    answer.list("/items").to_vec()
}

async fn listed(browser: &Browser, kind: &Kind, query: &str) -> i64 {
    let path = format!("{}?count=exact&limit=1&{query}", at(kind));
    browser.get(&path).await.expect(200).number("/total")
}

fn counted(lines: &[Value]) -> i64 {
    lines.iter().map(|line| line["count"].as_i64().unwrap()).sum()
}

async fn a_summary_counts_what_the_list_shows(bench: &Bench<'_>) {
    let browser = &bench.superadmin;
    for kind in summed(bench) {
        assert_eq!(lines(browser, kind, "").await, [json!({ "count": 0 })], "{}", kind.many);
        for _ in 0..5 {
            bench.one(browser, kind).await;
        }
        let least = bench.least(browser, kind).await;
        super::bench::post(browser, kind, &least).await;
        assert_eq!(lines(browser, kind, "").await, [json!({ "count": 6 })], "{}", kind.many);
        for grouping in Grouping::all(kind) {
            let name = grouping.name();
            let groups = lines(browser, kind, &format!("group_by={name}")).await;
            assert_eq!(counted(&groups), 6, "{} by {name}", kind.many);
            for line in &groups {
                let (field, value) = (grouping.field, &line[&name]);
                let query = match (grouping.of, value) {
                    (Of::Month, Value::Null) => continue,
                    (Of::Month, month) => {
                        let month = month.as_str().unwrap();
                        assert!(month.starts_with("2026-"), "{month}");
                        continue;
                    }
                    (_, Value::Null) => format!("{}=none", field.name),
                    (_, Value::String(text)) => format!("{}={text}", field.name),
                    (_, other) => format!("{}={other}", field.name),
                };
                assert_eq!(
                    listed(browser, kind, &query).await,
                    counted(std::slice::from_ref(line))
                );
                let one = lines(browser, kind, &query).await;
                assert_eq!(one[0]["count"], line["count"], "{} {query}", kind.many);
            }
        }
        let all: Vec<String> = Grouping::all(kind).map(|grouping| grouping.name()).collect();
        let groups = lines(browser, kind, &format!("group_by={}", all.join(","))).await;
        assert_eq!(counted(&groups), 6, "{}", kind.many);
    }
}

async fn amounts_are_added_up_by_currency(bench: &Bench<'_>) {
    let browser = &bench.superadmin;
    for kind in summed(bench) {
        for field in sums(kind) {
            let mut cents = 0;
            for _ in 0..4 {
                let made = bench.one(browser, kind).await;
                let amount = made.body[field.name]["amount"].as_str().unwrap().replace('.', "");
                cents += amount.parse::<i64>().unwrap();
            }
            for _ in 0..2 {
                let made = bench.one(browser, kind).await;
                let amount = json!({ "amount": "10000000.01", "currency": "EUR" });
                super::bench::patch(browser, &made, &super::bench::only(field.name, amount))
                    .await
                    .expect(200);
            }
            let without = bench.least(browser, kind).await;
            super::bench::post(browser, kind, &without).await;
            let lines = lines(browser, kind, &format!("sum={}", field.name)).await;
            let sum =
                |amount: String, currency: &str| json!({ "amount": amount, "currency": currency });
            let lira = sum(format!("{}.{:02}", cents / 100, cents % 100), "TRY");
            let expected = [
                json!({ "count": 1 }),
                json!({ "count": 2, "sum": sum("20000000.02".into(), "EUR") }),
                json!({ "count": 4, "sum": lira }),
            ];
            assert_eq!(lines, expected, "{}", kind.many);
        }
    }
}

async fn a_summary_is_of_the_scope_and_of_one_side_of_the_trash(bench: &Bench<'_>) {
    let browser = &bench.superadmin;
    for scope in ["own", "assigned"] {
        let somebody = bench.scoped(scope).await;
        for kind in summed(bench) {
            let foreign = bench.one(browser, kind).await;
            bench.one(&somebody, kind).await;
            let all = listed(browser, kind, "").await;
            assert_eq!(counted(&lines(browser, kind, "").await), all);
            if kind.rows == Rows::OfCreator {
                assert_eq!(lines(&somebody, kind, "").await, [json!({ "count": 1 })]);
            }
            delete(browser, &foreign, "").await.expect(204);
            assert_eq!(counted(&lines(browser, kind, "").await), all - 1);
            let gone = listed(browser, kind, "deleted=only").await;
            assert_eq!(counted(&lines(browser, kind, "deleted=only").await), gone);
        }
    }
    let other = bench.somebody("all", &["audit:read"]).await;
    for kind in summed(bench) {
        let path = format!("{}/summary", at(kind));
        refused(other.get(&path).await, 403, "forbidden");
        refused(bench.house.stranger().get(&path).await, 401, "unauthenticated");
    }
}

async fn what_cannot_be_summed_up_so_is_refused(bench: &Bench<'_>) {
    for kind in summed(bench) {
        let ask = async |query: String| {
            bench.superadmin.get(&format!("{}/summary?{query}", at(kind))).await
        };
        let wrong = refused(ask("group_by=nobody".into()).await, 400, "bad_request");
        assert_eq!(errors(&wrong), [("group_by", "choice")]);
        if sums(kind).next().is_none() {
            let wrong = refused(ask("sum=amount".into()).await, 400, "bad_request");
            assert_eq!(errors(&wrong), [("sum", "unknown_parameter")]);
        } else {
            let wrong = refused(ask("sum=nobody".into()).await, 400, "bad_request");
            assert_eq!(errors(&wrong), [("sum", "choice")]);
        }
        for unknown in ["sort=created_at", "limit=5", "fields=id", "cursor=x", "count=exact"] {
            let wrong = refused(ask(unknown.into()).await, 400, "bad_request");
            assert_eq!(errors(&wrong)[0].1, "unknown_parameter", "{unknown}");
        }
        if let Some(grouping) = Grouping::all(kind).next() {
            let name = grouping.name();
            let twice = refused(ask(format!("group_by={name},{name}")).await, 400, "bad_request");
            assert_eq!(errors(&twice), [("group_by", "choice")]);
            ask("group_by=".into()).await.expect(200);
        }
    }
}
