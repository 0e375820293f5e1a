//! Records that name others.

use almoner_records::{Field, Kind};
use serde_json::json;

use super::bench::{Bench, Made, at, changeable, delete, ids, only, patch, post};
use crate::http::reading::{errors, refused, walk};

of_every_kind![
    what_cannot_be_named_is_told,
    what_went_to_the_trash_meanwhile_is_kept,
    what_is_named_is_not_destroyed,
    what_has_a_parent_goes_where_that_goes,
    what_is_named_is_shown_as_it_is_called_now,
];

/// A kind, a field of it that names records, and the kind of these.
type Reference = (&'static Kind, &'static Field, &'static Kind);

/// Every field of a kind that names other records and can be sent. Users have no trash, and names of a house
/// of their own.
fn references(bench: &Bench<'_>) -> Vec<Reference> {
    let mut all = Vec::new();
    for kind in bench.kinds() {
        let fields = kind.references().filter(|field| field.is_sent);
        all.extend(fields.filter_map(|field| Some((kind, field, bench.shelf.target(field)?))));
    }
    all
}

/// Those of a child to its parent, or all others.
fn of_parents(bench: &Bench<'_>, are: bool) -> impl Iterator<Item = Reference> {
    let all = references(bench).into_iter();
    all.filter(move |(kind, field, _)| (kind.parent == Some(field.name)) == are)
}

async fn in_the_trash(bench: &Bench<'_>, kind: &'static Kind, field: &Field) -> Made {
    let named = bench.named(&bench.superadmin, kind, field).await;
    delete(&bench.superadmin, &named, "").await.expect(204);
    named
}

async fn what_cannot_be_named_is_told(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field, _) in references(bench) {
        // A child stays with its parent: to a change the field is unknown.
        let code = if kind.parent == Some(field.name) { "unknown_field" } else { "unknown" };
        let pointer = format!("/{}", field.name);
        let made = bench.one(somebody, kind).await;
        // An id of nobody, one of the trash, and one of something else.
        let trash = in_the_trash(bench, kind, field).await.body["id"].clone();
        let nobody = json!("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
        for id in [nobody, trash, made.body["id"].clone()] {
            let answer = patch(somebody, &made, &only(field.name, id.clone())).await;
            assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, code)]);
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
    for (kind, field, target) in of_parents(bench, false) {
        let made = bench.one(somebody, kind).await;
        let path = format!("{}/{}", at(target), made.body[field.name].as_str().unwrap());
        let answer = somebody.get(&path).await.expect(200);
        let named =
            Made { path, body: answer.body.clone(), etag: answer.header("etag").to_owned() };
        delete(somebody, &named, "").await.expect(204);
        assert_eq!(made.now(somebody).await.body, made.body, "the name is still shown");
        // Another field, together with the reference as it was.
        let mut change = only(field.name, made.body[field.name].clone());
        if let Some(other) = changeable(kind).find(|field| field.target.is_none()) {
            change[other.name] = bench.another(somebody, kind, other, &made.body).await;
        }
        let answer = patch(somebody, &made, &change).await.expect(200);
        assert_eq!(answer.body[field.label_name], made.body[field.label_name]);
    }
}

/// A record that names another one.
async fn naming(bench: &Bench<'_>, kind: &'static Kind, field: &Field, named: &Made) -> Made {
    let mut body = bench.full(&bench.superadmin, kind).await;
    body[field.name] = named.body["id"].clone();
    post(&bench.superadmin, kind, &body).await
}

async fn what_is_named_is_not_destroyed(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field, _) in of_parents(bench, false) {
        let named = bench.named(somebody, kind, field).await;
        let made = naming(bench, kind, field, &named).await;
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

/// Into the trash, back, and out of it for good.
async fn what_has_a_parent_goes_where_that_goes(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field, _) in of_parents(bench, true) {
        let parent = bench.named(somebody, kind, field).await;
        let stays = naming(bench, kind, field, &parent).await;
        let gone = naming(bench, kind, field, &parent).await;
        delete(somebody, &gone, "").await.expect(204);
        let of_another = bench.one(somebody, kind).await;
        let list = at(kind);
        let listed = async || {
            let all = walk(somebody, &list, 3).await;
            [&stays, &gone, &of_another].map(|made| ids(&all).contains(&made.id()))
        };
        assert_eq!(listed().await, [true, false, true], "{}", kind.many);
        delete(somebody, &parent, "").await.expect(204);
        assert_eq!(listed().await, [false, false, true], "{}", kind.many);
        let (change, value) = bench.change(somebody, kind, &stays.body).await;
        let answer = patch(somebody, &stays, &only(change.name, value)).await;
        refused(answer, 404, "not_found");
        somebody.act(&format!("{}/restore", parent.path)).await.expect(200);
        assert_eq!(listed().await, [true, false, true], "{}", kind.many);
        assert_eq!(stays.now(somebody).await.body, stays.body);
        delete(somebody, &parent.now(somebody).await, "").await.expect(204);
        delete(somebody, &parent.now(somebody).await, "?purge=true").await.expect(204);
        for made in [&stays, &gone] {
            refused(somebody.get(&made.path).await, 404, "not_found");
            let changes = format!("/audit/changes?entity_id={}", made.id());
            let changes = walk(somebody, &changes, 2).await;
            assert_eq!(changes[0]["action"], "purged", "{}", kind.many);
        }
        assert_eq!(of_another.now(somebody).await.body, of_another.body);
    }
}

async fn what_is_named_is_shown_as_it_is_called_now(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field, target) in references(bench) {
        let named = bench.named(somebody, kind, field).await;
        let made = naming(bench, kind, field, &named).await;
        // What is called nothing is called by its id.
        let Some(label) = target.label() else {
            assert!(made.body[field.label_name].is_string(), "{}", made.body);
            continue;
        };
        assert_eq!(made.body[field.label_name], named.body[label.name]);
        let renamed = bench.another(somebody, target, label, &named.body).await;
        patch(somebody, &named, &only(label.name, renamed.clone())).await.expect(200);
        let now = made.now(somebody).await;
        assert_eq!(now.body[field.label_name], renamed);
        let list = somebody.get(&at(kind)).await.expect(200);
        assert!(list.list("/items").contains(&now.body));
    }
}
