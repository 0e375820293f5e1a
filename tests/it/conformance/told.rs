//! What is told of changes: the history of a record, live lists, and sealed values.

use serde_json::{Value, json};

use super::bench::{Bench, at, changeable, delete, ids, only, patch};
use crate::{
    http::reading::{refused, walk},
    support::Follower,
};

of_every_kind![
    the_history_has_every_change_with_what_it_changed,
    whoever_follows_a_list_has_what_the_list_shows,
    a_sealed_value_is_shown_with_a_reason_that_is_told,
];

async fn the_history_has_every_change_with_what_it_changed(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        let mut now = made.clone();
        let mut changed = Vec::new();
        for field in changeable(kind) {
            let value = bench.something_else(somebody, kind, field, &now.body).await;
            changed.push((field, value.is_null()));
            let answer = patch(somebody, &now, &only(field.name, value)).await.expect(200);
            now = now.after(&answer);
        }
        delete(somebody, &now, "").await.expect(204);
        somebody.act(&format!("{}/restore", now.path)).await.expect(200);
        let history = walk(somebody, &format!("{}/history", made.path), 2).await;
        let actions: Vec<&str> = history.iter().map(|it| it["action"].as_str().unwrap()).collect();
        let changes = vec!["updated"; changed.len()];
        assert_eq!(actions, [&["restored", "deleted"][..], &changes, &["created"]].concat());
        let versions: Vec<i64> = history.iter().map(|it| it["version"].as_i64().unwrap()).collect();
        assert!(versions.iter().rev().copied().eq(1..=i64::try_from(history.len()).unwrap()));
        for (change, (field, is_cleared)) in history[2..].iter().zip(changed.iter().rev()) {
            assert_eq!(change["after"][field.name].is_null(), *is_cleared, "{change}");
            assert!(!change["before"][field.name].is_null(), "{change}");
            assert_ne!(change["after"][field.name], change["before"][field.name], "{change}");
            let told = change["before"].as_object().unwrap().len();
            let expected = if field.beside_name.is_empty() { 1 } else { 2 };
            assert_eq!(told, expected, "{change}");
        }
        // What is sealed is told masked.
        let told = json!(history).to_string();
        for field in kind.fields.iter().filter(|field| !field.beside_name.is_empty()) {
            let masked = &made.body[field.name]["masked"];
            assert!(told.contains(masked.as_str().unwrap()), "{told}");
        }
    }
}

async fn whoever_follows_a_list_has_what_the_list_shows(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let path = at(kind);
        let before = bench.one(somebody, kind).await;
        let mut follower = Follower::of(somebody, &path).await;
        follower.until(|items| !items.is_empty()).await;
        let made = bench.one(somebody, kind).await;
        follower.until(|items| ids(items).contains(&made.id())).await;
        agrees(bench, &follower, &path).await;
        let (field, value) = bench.change(somebody, kind, &made.body).await;
        let answer = patch(somebody, &made, &only(field.name, value)).await.expect(200);
        follower.until(|items| items.contains(&answer.body)).await;
        agrees(bench, &follower, &path).await;
        delete(somebody, &before, "").await.expect(204);
        follower.until(|items| !ids(items).contains(&before.id())).await;
        somebody.act(&format!("{}/restore", before.path)).await.expect(200);
        follower.until(|items| ids(items).contains(&before.id())).await;
        agrees(bench, &follower, &path).await;
    }
}

async fn agrees(bench: &Bench<'_>, follower: &Follower, path: &str) {
    let list = bench.superadmin.get(path).await.expect(200);
    assert_eq!(follower.items, list.list("/items"), "{path}");
}

async fn a_sealed_value_is_shown_with_a_reason_that_is_told(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        for field in kind.fields.iter().filter(|field| !field.beside_name.is_empty()) {
            let body = bench.full(somebody, kind).await;
            let made = super::bench::post(somebody, kind, &body).await;
            let path = format!("{}/reveal", made.path);
            let why = json!({ "reason": "receipt" });
            let shown = somebody.post(&path, &why).await.expect(200);
            for (part, value) in body[field.name].as_object().unwrap() {
                assert!(shown.body.to_string().contains(value.as_str().unwrap()), "{part}");
            }
            let history = somebody.get(&format!("{}/history", made.path)).await.expect(200);
            assert_eq!(history.body["items"][0]["action"], "revealed");
            assert_eq!(history.body["items"][0]["reason"], "receipt");
            patch(somebody, &made, &only(field.name, Value::Null)).await.expect(200);
            refused(somebody.post(&path, &why).await, 409, field.none_code);
        }
    }
}
