//! Into the trash, back, and out of it for good.

use serde_json::json;

use super::{
    bench::{Bench, at, delete, ids, patch},
    steps::with,
};
use crate::http::reading::{refused, walk};

of_every_kind![
    what_is_deleted_is_in_the_trash_and_nowhere_else,
    what_is_restored_is_as_it_was,
    only_what_is_in_the_trash_is_destroyed,
];

async fn what_is_deleted_is_in_the_trash_and_nowhere_else(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        assert!(delete(somebody, &made, "").await.expect(204).body.is_null());
        let deleted = made.now(somebody).await;
        assert!(deleted.body["deleted_at"].is_string() && deleted.etag != made.etag);
        for field in kind.fields {
            assert_eq!(deleted.body[field.name], made.body[field.name], "{}", field.name);
        }
        let others = walk(somebody, &at(kind), 2).await;
        assert!(!ids(&others).contains(&made.id()), "{}", kind.many);
        let trash = walk(somebody, &format!("{}?deleted=only", at(kind)), 2).await;
        assert!(trash.contains(&deleted.body), "{}", kind.many);
        refused(patch(somebody, &deleted, &json!({})).await, 404, "not_found");
        refused(delete(somebody, &deleted, "").await, 404, "not_found");
        for step in kind.steps {
            let path = format!("{}/{}", made.path, step.name);
            let answer = match step.has_body() {
                true => somebody.post(&path, &with(step)).await,
                false => somebody.act(&path).await,
            };
            refused(answer, 404, "not_found");
        }
    }
}

async fn what_is_restored_is_as_it_was(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        let restore = format!("{}/restore", made.path);
        refused(somebody.act(&restore).await, 409, "not_in_trash");
        delete(somebody, &made, "").await.expect(204);
        let restored = made.after(&somebody.act(&restore).await.expect(200));
        let mut expected = made.body.clone();
        expected["version"] = restored.body["version"].clone();
        expected["updated_at"] = restored.body["updated_at"].clone();
        assert_eq!(restored.body, expected);
        assert_eq!(made.now(somebody).await.etag, restored.etag);
        assert!(ids(&walk(somebody, &at(kind), 2).await).contains(&made.id()));
        refused(somebody.act(&restore).await, 409, "not_in_trash");
    }
}

async fn only_what_is_in_the_trash_is_destroyed(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        refused(delete(somebody, &made, "?purge=true").await, 409, "not_in_trash");
        delete(somebody, &made, "").await.expect(204);
        refused(delete(somebody, &made, "?purge=true").await, 412, "stale");
        let deleted = made.now(somebody).await;
        delete(somebody, &deleted, "?purge=true").await.expect(204);
        for gone in [
            somebody.get(&made.path).await,
            somebody.get(&format!("{}/history", made.path)).await,
            delete(somebody, &deleted, "?purge=true").await,
            somebody.act(&format!("{}/restore", made.path)).await,
        ] {
            refused(gone, 404, "not_found");
        }
        let trash = walk(somebody, &format!("{}?deleted=only", at(kind)), 2).await;
        assert!(!ids(&trash).contains(&made.id()), "{}", kind.many);
        let changes = format!("/audit/changes?entity_id={}", made.id());
        let changes = walk(somebody, &changes, 2).await;
        let actions: Vec<&str> =
            changes.iter().map(|change| change["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["purged", "deleted", "created"], "{}", kind.many);
    }
}
