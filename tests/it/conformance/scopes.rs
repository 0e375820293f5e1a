//! Whoever meets only their own records: to them the others do not exist, whatever they ask.

use serde_json::json;

use super::{
    bench::{Bench, at, changeable, delete, ids, only, patch, sent},
    steps::with,
};
use crate::{
    http::reading::{errors, refused, walk},
    support::{Event, Follower},
};

of_every_kind![
    records_of_others_are_never_found,
    what_belongs_to_the_organisation_is_met_by_everybody,
    records_of_others_cannot_be_named,
    who_follows_a_list_hears_nothing_of_others,
];

async fn records_of_others_are_never_found(bench: &Bench<'_>) {
    for scope in ["own", "assigned"] {
        let somebody = bench.scoped(scope).await;
        for kind in bench.kinds().filter(|kind| bench.shelf.is_scoped(kind)) {
            let foreign = bench.one(&bench.superadmin, kind).await;
            let mine = bench.one(&somebody, kind).await;
            let history = format!("{}/history", foreign.path);
            let batch = json!({ "items": [
                { "op": "update", "id": foreign.id(), "version": foreign.body["version"], "value": {} },
            ] });
            let mut answers = vec![
                somebody.get(&foreign.path).await,
                somebody.get(&history).await,
                patch(&somebody, &foreign, &json!({})).await,
                delete(&somebody, &foreign, "").await,
                delete(&somebody, &foreign, "?purge=true").await,
                somebody.act(&format!("{}/restore", foreign.path)).await,
            ];
            for step in kind.steps {
                let path = format!("{}/{}", foreign.path, step.name);
                answers.push(match step.has_body() {
                    true => somebody.post(&path, &with(step)).await,
                    false => somebody.act(&path).await,
                });
            }
            for answer in answers {
                refused(answer, 404, "not_found");
            }
            let answer = somebody.post(&format!("{}/batch", at(kind)), &batch).await;
            assert_eq!(errors(&refused(answer, 422, "batch_failed")), [("/items/0", "not_found")]);
            let list = walk(&somebody, &at(kind), 2).await;
            assert_eq!(ids(&list)[0], mine.id(), "{scope} {}", kind.many);
            assert!(!ids(&list).contains(&foreign.id()), "{scope} {}", kind.many);
            let counted = somebody.get(&format!("{}?count=exact", at(kind))).await.expect(200);
            assert_eq!(counted.number("/total"), i64::try_from(list.len()).unwrap());
            let word =
                kind.label().map(|field| foreign.body[field.name].as_str().unwrap().to_owned());
            if let Some(word) = word.filter(|_| kind.is_searched()) {
                let path = format!("{}?q={}", at(kind), word.replace(' ', "%20"));
                let found = somebody.get(&path).await.expect(200);
                assert!(!ids(found.list("/items")).contains(&foreign.id()));
            }
            delete(&bench.superadmin, &foreign, "").await.expect(204);
            let trash = walk(&somebody, &format!("{}?deleted=only", at(kind)), 2).await;
            assert!(trash.is_empty(), "{scope} {}", kind.many);
            for field in sent(kind).filter(|field| field.is_looked_up) {
                let body = bench.full(&bench.superadmin, kind).await;
                super::bench::post(&bench.superadmin, kind, &body).await;
                let asked = only(field.name, body[field.name].clone());
                let path = format!("{}/lookup", at(kind));
                let found =
                    |answer: crate::support::Answer| answer.expect(200).list("/items").len();
                assert_eq!(found(bench.superadmin.post(&path, &asked).await), 1, "{}", field.name);
                assert_eq!(found(somebody.post(&path, &asked).await), 0, "{}", field.name);
            }
        }
    }
}

async fn what_belongs_to_the_organisation_is_met_by_everybody(bench: &Bench<'_>) {
    let somebody = bench.scoped("own").await;
    for kind in bench.kinds().filter(|kind| !bench.shelf.is_scoped(kind)) {
        let made = bench.one(&bench.superadmin, kind).await;
        assert_eq!(made.now(&somebody).await.body, made.body);
        assert!(ids(&walk(&somebody, &at(kind), 2).await).contains(&made.id()));
        let (field, value) = bench.change(&somebody, kind, &made.body).await;
        patch(&somebody, &made, &only(field.name, value)).await.expect(200);
    }
}

async fn records_of_others_cannot_be_named(bench: &Bench<'_>) {
    let somebody = bench.scoped("own").await;
    for kind in bench.kinds() {
        let mine = bench.one(&somebody, kind).await;
        for field in kind.references().filter(|field| field.is_sent) {
            let foreign = bench.named(&bench.superadmin, kind, field).await;
            let foreign = foreign.body["id"].clone();
            let mut body = bench.full(&somebody, kind).await;
            body[field.name] = foreign.clone();
            let mut answers = vec![(somebody.post(&at(kind), &body).await, 201)];
            if changeable(kind).any(|known| known.name == field.name) {
                let mine = mine.now(&somebody).await;
                answers.push((patch(&somebody, &mine, &only(field.name, foreign)).await, 200));
            }
            let is_hidden =
                bench.shelf.target(field).is_some_and(|target| bench.shelf.is_scoped(target));
            for (answer, status) in answers {
                if !is_hidden {
                    answer.expect(status);
                    continue;
                }
                let pointer = format!("/{}", field.name);
                assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, "unknown")]);
            }
        }
    }
}

async fn who_follows_a_list_hears_nothing_of_others(bench: &Bench<'_>) {
    let somebody = bench.scoped("own").await;
    for kind in bench.kinds().filter(|kind| bench.shelf.is_scoped(kind)) {
        let mut follower = Follower::of(&somebody, &at(kind)).await;
        let foreign = bench.one(&bench.superadmin, kind).await;
        let mine = bench.one(&somebody, kind).await;
        let events = follower.until(|items| ids(items).contains(&mine.id())).await;
        let told = |event: &Event| event.data.to_string().contains(foreign.id());
        assert!(!events.iter().any(told), "{}", kind.many);
    }
}
