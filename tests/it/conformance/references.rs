//! Records that name others.

use almoner_kinds::REGISTRY;
use almoner_records::{Field, Kind};
use serde_json::{Value, json};

use super::{
    bench::{Bench, Made, at, delete, only, patch, sent},
    samples,
};
use crate::http::reading::{errors, refused};

use super::samples::is_optional;

of_every_kind![
    what_cannot_be_named_is_told,
    what_went_to_the_trash_meanwhile_is_kept,
    what_is_named_is_not_destroyed,
    what_is_named_is_shown_as_it_is_called_now,
];

/// Every field of a kind that names other records and can be sent. Users have no trash, and names of a house
/// of their own.
fn references(bench: &Bench<'_>) -> Vec<(&'static Kind, &'static Field)> {
    bench
        .kinds()
        .flat_map(|kind| {
            kind.references().filter(|field| names_a_record(field)).map(move |field| (kind, field))
        })
        .collect()
}

fn names_a_record(field: &Field) -> bool {
    field.is_sent && field.target.is_some_and(|many| REGISTRY.kind(many).is_some())
}

async fn in_the_trash(bench: &Bench<'_>, field: &Field) -> Made {
    let named = bench.named(&bench.superadmin, field).await;
    delete(&bench.superadmin, &named, "").await.expect(204);
    named
}

async fn what_cannot_be_named_is_told(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in references(bench) {
        let pointer = format!("/{}", field.name);
        let made = bench.one(somebody, kind).await;
        // An id of nobody, one of the trash, and one of something else.
        let trash = in_the_trash(bench, field).await.body["id"].clone();
        let nobody = json!("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
        for id in [nobody, trash, made.body["id"].clone()] {
            let answer = patch(somebody, &made, &only(field.name, id.clone())).await;
            assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, "unknown")]);
            let mut body = bench.full(somebody, kind).await;
            body[field.name] = id;
            let answer = somebody.post(&at(kind), &body).await;
            assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, "unknown")]);
        }
        assert_eq!(made.now(somebody).await.body, made.body);
    }
}

async fn what_went_to_the_trash_meanwhile_is_kept(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in references(bench) {
        let made = bench.one(somebody, kind).await;
        let target = field.target.and_then(|many| REGISTRY.kind(many)).unwrap();
        let path = format!("{}/{}", at(target), made.body[field.name].as_str().unwrap());
        let answer = somebody.get(&path).await.expect(200);
        let named =
            Made { path, body: answer.body.clone(), etag: answer.header("etag").to_owned() };
        delete(somebody, &named, "").await.expect(204);
        assert_eq!(made.now(somebody).await.body, made.body, "the name is still shown");
        // Another field, together with the reference as it was.
        let other =
            sent(kind).find(|field| is_optional(kind, field) && field.target.is_none()).unwrap();
        let mut change = only(field.name, made.body[field.name].clone());
        change[other.name] = (samples::of(kind).values)(bench.next())[other.name].clone();
        let answer = patch(somebody, &made, &change).await.expect(200);
        assert_eq!(answer.body[field.label_name], made.body[field.label_name]);
    }
}

async fn what_is_named_is_not_destroyed(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in references(bench) {
        let named = bench.named(somebody, field).await;
        let mut body = bench.full(somebody, kind).await;
        body[field.name] = named.body["id"].clone();
        let made = super::bench::post(somebody, kind, &body).await;
        delete(somebody, &named, "").await.expect(204);
        let named = named.now(somebody).await;
        refused(delete(somebody, &named, "?purge=true").await, 409, kind.holds);
        // From within the trash it is named as well.
        delete(somebody, &made, "").await.expect(204);
        refused(delete(somebody, &named, "?purge=true").await, 409, kind.holds);
        let made = made.now(somebody).await;
        delete(somebody, &made, "?purge=true").await.expect(204);
        delete(somebody, &named, "?purge=true").await.expect(204);
    }
}

async fn what_is_named_is_shown_as_it_is_called_now(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in references(bench) {
        let target = field.target.and_then(|many| REGISTRY.kind(many)).unwrap();
        let label = target.label().unwrap();
        let named = bench.named(somebody, field).await;
        let mut body = bench.full(somebody, kind).await;
        body[field.name] = named.body["id"].clone();
        let made = super::bench::post(somebody, kind, &body).await;
        assert_eq!(made.body[field.label_name], named.body[label.name]);
        let renamed: Value = (samples::of(target).values)(bench.next())[label.name].clone();
        patch(somebody, &named, &only(label.name, renamed.clone())).await.expect(200);
        let now = made.now(somebody).await;
        assert_eq!(now.body[field.label_name], renamed);
        let list = somebody.get(&at(kind)).await.expect(200);
        assert!(list.list("/items").contains(&now.body));
    }
}
