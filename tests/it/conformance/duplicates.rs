//! A new record that may be another one: its answer says so, and nothing is refused for it.

use almoner_records::{Field, Kind};
use serde_json::{Value, json};

use super::{
    bench::{Bench, at, delete, sent},
    samples::is_optional,
};

of_every_kind![
    a_new_record_is_told_of_those_that_may_be_the_same,
    nobody_is_told_of_records_that_they_may_not_read,
];

fn twins(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    sent(kind).filter(|field| field.tells_twins())
}

/// A body that has nothing in common with others but these fields.
async fn with(bench: &Bench<'_>, kind: &'static Kind, same: &[(&'static Field, Value)]) -> Value {
    let mut body = bench.full(&bench.superadmin, kind).await;
    for (field, value) in same {
        body[field.name] = value.clone();
    }
    body
}

async fn a_new_record_is_told_of_those_that_may_be_the_same(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let body = bench.full(somebody, kind).await;
        let first = somebody.post(&at(kind), &body).await.expect(201);
        assert!(first.body.get("possible_duplicates").is_none(), "{}", kind.many);
        let label = kind.label().map_or(Value::Null, |field| first.body[field.name].clone());
        let mut told = Vec::new();
        for field in twins(kind) {
            let body = with(bench, kind, &[(field, body[field.name].clone())]).await;
            for path in [format!("{}?dry_run=true", at(kind)), at(kind)] {
                let answer = somebody.post(&path, &body).await.expect(201);
                let twins = answer.list("/possible_duplicates");
                let of_first = twins.iter().find(|twin| twin["id"] == first.body["id"]).unwrap();
                assert_eq!(of_first["fields"], json!([field.name]));
                assert_eq!(of_first["label"], label, "{}", kind.many);
                told.push(answer);
            }
        }
        for answer in &told {
            let now = somebody.get(&format!("{}/{}", at(kind), answer.text("/id"))).await;
            // A rehearsal leaves nothing.
            if now.status == 404 {
                continue;
            }
            // It is no part of the record, nor of its tag.
            let mut shown = answer.body.clone();
            shown.as_object_mut().unwrap().remove("possible_duplicates");
            assert_eq!(now.body, shown);
            assert_eq!(now.header("etag"), answer.header("etag"));
        }
        // What is alike in more comes first, and five are enough.
        let all: Vec<(&Field, Value)> =
            twins(kind).map(|field| (field, body[field.name].clone())).collect();
        if all.len() < 2 {
            continue;
        }
        for _ in 0..5 {
            let body = with(bench, kind, &all[..1]).await;
            somebody.post(&at(kind), &body).await.expect(201);
        }
        let body = with(bench, kind, &all).await;
        let answer = somebody.post(&at(kind), &body).await.expect(201);
        let twins = answer.list("/possible_duplicates");
        assert_eq!((twins.len(), &twins[0]["id"]), (5, &first.body["id"]));
        assert_eq!(twins[0]["fields"].as_array().unwrap().len(), all.len());
    }
}

async fn nobody_is_told_of_records_that_they_may_not_read(bench: &Bench<'_>) {
    for kind in bench.kinds().filter(|kind| twins(kind).next().is_some()) {
        let body = bench.full(&bench.superadmin, kind).await;
        let first = super::bench::post(&bench.superadmin, kind, &body).await;
        let all: Vec<(&Field, Value)> =
            twins(kind).map(|field| (field, body[field.name].clone())).collect();
        let mut others = Vec::new();
        // Whoever enters records need not read any: unless they are children, or name what they have entered.
        if kind.references().all(|field| is_optional(kind, field)) {
            let create = kind.permissions.create.as_str();
            let rights = sent(kind).filter_map(|field| field.right).map(|right| right.as_str());
            let may: Vec<&str> = rights.chain([create]).collect();
            others.push((bench.somebody("all", &may).await, false));
        }
        if bench.shelf.is_scoped(kind) {
            others.push((bench.scoped("own").await, false));
        }
        others.push((bench.scoped("all").await, true));
        for (other, is_told) in others {
            let path = format!("{}?dry_run=true", at(kind));
            let mut body = with(bench, kind, &all).await;
            for field in kind.references().filter(|field| field.is_sent) {
                body[field.name] = match is_optional(kind, field) {
                    true => Value::Null,
                    false => bench.named(&other, kind, field).await.body["id"].clone(),
                };
            }
            let answer = other.post(&path, &body).await.expect(201);
            assert_eq!(answer.body.to_string().contains(first.id()), is_told, "{}", kind.many);
        }
        delete(&bench.superadmin, &first, "").await.expect(204);
        let body = with(bench, kind, &all).await;
        let answer = bench.superadmin.post(&at(kind), &body).await.expect(201);
        assert!(!answer.body.to_string().contains(first.id()), "the trash is no twin");
    }
}
