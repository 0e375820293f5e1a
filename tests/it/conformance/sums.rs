//! Sums: as many as the list shows, group by group, within the scope.

use std::collections::BTreeMap;

use almoner_records::{
    Field, Kind,
    query::{Asks, parameters},
    summing::{Grouping, Of, sums},
};
use serde_json::{Value, json};

use super::bench::{Bench, at, delete};
use crate::{
    http::reading::{errors, refused, walk},
    support::Browser,
};

of_every_kind![
    a_summary_counts_what_the_list_shows,
    amounts_are_added_up_by_currency,
    a_summary_is_of_the_scope_and_of_one_side_of_the_trash,
    what_cannot_be_summed_up_so_is_refused,
];

/// True for a field that lists are narrowed by.
fn is_filter(kind: &'static Kind, field: &Field) -> bool {
    parameters(kind).iter().any(|parameter| match parameter.asks {
        Asks::Is(asked) | Asks::IsOrAbsent(asked) => asked.name == field.name,
        _ => false,
    })
}

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
        // What others name was made with these.
        let before = listed(browser, kind, "").await;
        assert_eq!(lines(browser, kind, "").await, [json!({ "count": before })], "{}", kind.many);
        for _ in 0..5 {
            bench.one(browser, kind).await;
        }
        let least = bench.least(browser, kind).await;
        super::bench::post(browser, kind, &least).await;
        let shown = walk(browser, &at(kind), 50).await;
        let count = i64::try_from(shown.len()).unwrap();
        assert!(count >= before + 6, "{}", kind.many);
        assert_eq!(lines(browser, kind, "").await, [json!({ "count": count })], "{}", kind.many);
        for grouping in Grouping::all(kind) {
            let name = grouping.name();
            let groups = lines(browser, kind, &format!("group_by={name}")).await;
            assert_eq!(counted(&groups), count, "{} by {name}", kind.many);
            for line in &groups {
                let (field, value) = (grouping.field, &line[&name]);
                let is_of = |record: &&Value| match (grouping.of, value.as_str()) {
                    (Of::Month, Some(month)) => {
                        record[field.name].as_str().is_some_and(|day| day.starts_with(month))
                    }
                    _ => record[field.name] == *value,
                };
                let of_group = i64::try_from(shown.iter().filter(is_of).count()).unwrap();
                assert_eq!(line["count"], of_group, "{} by {name}: {line}", kind.many);
                let query = match (grouping.of, value) {
                    (Of::Month, _) => continue,
                    // A list is not narrowed by everything that makes groups.
                    _ if !is_filter(kind, field) => continue,
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
        assert_eq!(counted(&groups), count, "{}", kind.many);
    }
}

async fn amounts_are_added_up_by_currency(bench: &Bench<'_>) {
    let browser = &bench.superadmin;
    for kind in summed(bench) {
        for field in sums(kind) {
            for _ in 0..4 {
                bench.one(browser, kind).await;
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
            // Those without an amount first, then currency by currency.
            let mut sums: BTreeMap<Option<String>, (i64, i64)> = BTreeMap::new();
            for record in walk(browser, &at(kind), 50).await {
                let amount = &record[field.name];
                let sum = sums.entry(amount["currency"].as_str().map(str::to_owned)).or_default();
                let minor =
                    amount["amount"].as_str().map_or("0".to_owned(), |it| it.replace('.', ""));
                *sum = (sum.0 + 1, sum.1 + minor.parse::<i64>().unwrap());
            }
            assert!(sums[&Some("TRY".to_owned())].0 >= 4 && sums.len() >= 2, "{sums:?}");
            assert_eq!(sums[&Some("EUR".to_owned())].1, 2_000_000_002);
            let line = |(currency, (count, minor)): (&Option<String>, &(i64, i64))| match currency {
                None => json!({ "count": count }),
                Some(currency) => {
                    let amount = format!("{}.{:02}", minor / 100, minor % 100);
                    json!({ "count": count, "sum": { "amount": amount, "currency": currency } })
                }
            };
            assert_eq!(lines, sums.iter().map(line).collect::<Vec<_>>(), "{}", kind.many);
        }
    }
}

async fn a_summary_is_of_the_scope_and_of_one_side_of_the_trash(bench: &Bench<'_>) {
    let browser = &bench.superadmin;
    for scope in ["own", "assigned"] {
        let somebody = bench.scoped(scope).await;
        for kind in summed(bench) {
            let foreign = bench.one(browser, kind).await;
            let mine = bench.one(&somebody, kind).await;
            let all = listed(browser, kind, "").await;
            assert_eq!(counted(&lines(browser, kind, "").await), all);
            if bench.shelf.is_scoped(kind) {
                // Nothing but what they entered, be it because others of theirs name it.
                let theirs = walk(&somebody, &at(kind), 50).await;
                assert!(theirs.iter().all(|it| it["created_by"] == mine.body["created_by"]));
                let count = theirs.len();
                assert_eq!(lines(&somebody, kind, "").await, [json!({ "count": count })]);
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
