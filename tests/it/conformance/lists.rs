//! Every filter and every order that a list offers, each against a naive reading of all records.

use std::{cmp::Ordering, sync::LazyLock};

use almoner_kernel::Locale;
use almoner_persistence::collation::Collation;
use almoner_records::{
    Field, Kind,
    query::{Asks, Parameter, parameters, sorts},
};
use serde_json::{Value, json};

use super::{
    bench::{Bench, at, ids, post, sent},
    samples,
};
use crate::http::reading::{Filter, errors, refused, walk};

of_every_kind![
    every_filter_keeps_its_word,
    a_filter_names_so_many_values_and_no_more,
    every_order_is_that_of_the_field,
];

/// Enough records for values to differ and to repeat: some with every field, some with the least.
async fn some(bench: &Bench<'_>, kind: &'static Kind) -> Vec<Value> {
    let somebody = &bench.superadmin;
    let other = bench.scoped("all").await;
    for n in 0..7_usize {
        let browser = if n.is_multiple_of(3) { &other } else { somebody };
        let body = bench.full(browser, kind).await;
        post(browser, kind, &body).await;
        if n.is_multiple_of(2) {
            // The same once more, apart from what only one may have: a tie.
            let mut same = bench.least(browser, kind).await;
            for field in sent(kind).filter(|field| !field.is_unique) {
                same[field.name] = body[field.name].clone();
            }
            post(browser, kind, &same).await;
        }
        let least = bench.least(somebody, kind).await;
        post(somebody, kind, &least).await;
    }
    for (field, other, value) in samples::of(kind).needs {
        let mut body = bench.full(somebody, kind).await;
        (body[*field], body[*other]) = (Value::Null, json!(value));
        post(somebody, kind, &body).await;
    }
    // What follows from steps has values, too.
    for standing in bench.standing(somebody, kind).await {
        standing.take(somebody, kind, &standing.path()).await;
    }
    let all = walk(somebody, &at(kind), 50).await;
    assert!(all.len() > 15);
    all
}

/// The part of a value that is an amount, in minor units of a currency with two digits.
fn amount(value: &Value) -> Option<i64> {
    let (whole, digits) = value["amount"].as_str()?.split_once('.')?;
    format!("{whole}{digits:0<2}").parse().ok()
}

/// Filters over that parameter, each with the records it keeps.
fn filters(parameter: &Parameter, all: &[Value]) -> Vec<Filter<'static>> {
    let (asks, name) = (parameter.asks, parameter.name.as_str());
    let several = parameter.values > 1;
    let mut filters: Vec<Filter<'static>> = Vec::new();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut add = |query: String, keeps: Box<dyn Fn(&Value) -> bool>| filters.push((query, keeps));
    let first = |of: &dyn Fn(&Value) -> Option<String>| {
        let value = all.iter().skip(2).find_map(of);
        value.unwrap_or_else(|| panic!("no record has a value for the filter {name}"))
    };
    let shown = move |field: &Field| {
        let name = field.name;
        move |record: &Value| record.get(name).filter(|value| !value.is_null()).map(text)
    };
    match asks {
        Asks::Is(field) | Asks::IsOrAbsent(field) => {
            let (value, of) = (first(&shown(field)), shown(field));
            let wanted = value.clone();
            add(format!("{name}={value}"), Box::new(move |it| of(it).as_ref() == Some(&wanted)));
            if matches!(asks, Asks::IsOrAbsent(_)) {
                let (of, with) = (shown(field), shown(field));
                add(format!("{name}=none"), Box::new(move |it| of(it).is_none()));
                add(format!("{name}=any"), Box::new(move |it| with(it).is_some()));
            }
            let mut values: Vec<String> = all.iter().filter_map(shown(field)).collect();
            values.sort();
            values.dedup();
            if several && values.len() > 2 {
                values.truncate(2);
                let (query, of) = (format!("{name}={},{}", values[0], values[1]), shown(field));
                let keeps = move |it: &Value| of(it).is_some_and(|it| values.contains(&it));
                add(query, Box::new(keeps));
            }
        }
        Asks::Presence(field) => {
            let (of, with) = (shown(field), shown(field));
            add(format!("{name}=none"), Box::new(move |it| of(it).is_none()));
            add(format!("{name}=any"), Box::new(move |it| with(it).is_some()));
        }
        Asks::From(field) | Asks::UpTo(field) => {
            let mut days: Vec<String> = all.iter().filter_map(shown(field)).collect();
            days.sort();
            let (day, of) = (days[days.len() / 2].clone(), shown(field));
            let is_from = matches!(asks, Asks::From(_));
            let limit = day.clone();
            let keeps = move |it: &Value| {
                of(it).is_some_and(|day| if is_from { day >= limit } else { day <= limit })
            };
            add(format!("{name}={day}"), Box::new(keeps));
        }
        Asks::Currency(field) => {
            let at = field.name;
            for code in ["TRY", "EUR"] {
                add(format!("{name}={code}"), Box::new(move |it| it[at]["currency"] == code));
            }
            add(format!("{name}=EUR,TRY"), Box::new(move |it| it[at]["currency"].is_string()));
        }
        Asks::Min(field) | Asks::Max(field) => {
            let at = field.name;
            let mut amounts: Vec<(i64, String)> = all
                .iter()
                .filter_map(|it| Some((amount(&it[at])?, it[at]["amount"].as_str()?.to_owned())))
                .collect();
            amounts.sort();
            let (limit, shown) = amounts[amounts.len() / 2].clone();
            let is_min = matches!(asks, Asks::Min(_));
            let keeps = move |it: &Value| {
                it[at]["currency"] == "TRY"
                    && amount(&it[at])
                        .is_some_and(|it| if is_min { it >= limit } else { it <= limit })
            };
            let currency = field.column_with("_currency");
            add(format!("{currency}=TRY&{name}={shown}"), Box::new(keeps));
        }
        Asks::CreatedBy => {
            let user = first(&|it: &Value| it["created_by"].as_str().map(str::to_owned));
            let wanted = user.clone();
            add(format!("{name}={user}"), Box::new(move |it| it["created_by"] == wanted.as_str()));
            let mut both: Vec<String> =
                all.iter().filter_map(|it| it["created_by"].as_str().map(str::to_owned)).collect();
            both.sort();
            both.dedup();
            let query = format!("{name}={}", both.join(","));
            add(query, Box::new(move |it| both.iter().any(|user| it["created_by"] == **user)));
        }
        Asks::On(span) => {
            let (from, to) = (span.from, span.to);
            let day = first(&|it: &Value| it[from].as_str().map(str::to_owned));
            let on = day.clone();
            let keeps = move |it: &Value| {
                it[from].as_str().is_none_or(|from| from <= on.as_str())
                    && it[to].as_str().is_none_or(|to| on.as_str() <= to)
            };
            add(format!("{name}={day}"), Box::new(keeps));
        }
    }
    filters
}

async fn every_filter_keeps_its_word(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let all = some(bench, kind).await;
        for parameter in parameters(kind) {
            for (query, keeps) in filters(&parameter, &all) {
                let expected: Vec<Value> = all.iter().filter(|it| keeps(it)).cloned().collect();
                let path = format!("{}?{query}", at(kind));
                let found = walk(&bench.superadmin, &path, 3).await;
                assert_eq!(ids(&found), ids(&expected), "{path}");
                let counted = bench.superadmin.get(&format!("{path}&count=exact&limit=1")).await;
                let total = counted.expect(200).number("/total");
                assert_eq!(total, i64::try_from(expected.len()).unwrap(), "{path}");
            }
        }
    }
}

async fn a_filter_names_so_many_values_and_no_more(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        for parameter in parameters(kind).into_iter().filter(|parameter| parameter.values > 1) {
            if parameter.form.format != "uuid" {
                continue;
            }
            let ids = |count: usize| {
                let ids = (0..count).map(|n| uuid::Uuid::from_u128(n as u128).to_string());
                ids.collect::<Vec<_>>().join(",")
            };
            let name = &parameter.name;
            let ask = async |ids: String| {
                bench.superadmin.get(&format!("{}?{name}={ids}", at(kind))).await
            };
            assert!(ask(ids(parameter.values)).await.expect(200).list("/items").is_empty());
            let answer = refused(ask(ids(parameter.values + 1)).await, 400, "bad_request");
            assert_eq!(errors(&answer), [(name.as_str(), "length")]);
            let wrong = format!("{},nobody", ids(1));
            let answer = refused(ask(wrong).await, 400, "bad_request");
            assert_eq!(errors(&answer), [(name.as_str(), "uuid")]);
        }
    }
}

/// What records are compared by: what is shown, of names their place in the language, of money the minor units.
fn place(record: &Value, field: Option<&Field>) -> (Option<Place>, String) {
    let value = match field {
        None => None,
        Some(field) => match &record[field.name] {
            Value::Null => None,
            value if value.is_object() => amount(value).map(Place::Number),
            Value::String(text) if field.sort == "_sort" => Some(Place::Text(key(text))),
            Value::String(text) => Some(Place::Text(text.clone())),
            other => Some(Place::Text(other.to_string())),
        },
    };
    (value, record["id"].as_str().unwrap().to_owned())
}

/// Where a name stands in the language of the bench.
fn key(name: &str) -> String {
    static TURKISH: LazyLock<Collation> =
        LazyLock::new(|| Collation::of(&Locale::from_stored("tr".to_owned())).unwrap());
    TURKISH.key(name)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Number(i64),
    Text(String),
}

async fn every_order_is_that_of_the_field(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let all = some(bench, kind).await;
        for name in sorts(kind) {
            let field = kind.field(name).filter(|field| field.is_sorted);
            let mut expected = all.clone();
            expected
                .sort_by(|one, other| -> Ordering { place(one, field).cmp(&place(other, field)) });
            let up = walk(&bench.superadmin, &format!("{}?sort={name}", at(kind)), 3).await;
            assert_eq!(ids(&up), ids(&expected), "{} by {name}", kind.many);
            expected.reverse();
            let down = walk(&bench.superadmin, &format!("{}?sort=-{name}", at(kind)), 4).await;
            assert_eq!(ids(&down), ids(&expected), "{} by -{name}", kind.many);
        }
    }
}
