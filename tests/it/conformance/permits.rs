//! Whoever may not do something learns that, and nothing about what they sent.

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{Bench, at, delete, patch};
use crate::{http::reading::refused, support::Answer};

of_every_kind![
    who_may_not_do_it_hears_nothing_about_the_body,
    who_may_not_do_it_any_more_is_given_no_kept_answer,
    nobody_reads_without_the_permission,
];

async fn who_may_not_do_it_hears_nothing_about_the_body(bench: &Bench<'_>) {
    let permissions: Vec<&str> = bench.kinds().map(|kind| kind.permissions.read.as_str()).collect();
    let reader = bench.somebody("all", &permissions).await;
    for kind in bench.kinds() {
        let made = bench.one(&bench.superadmin, kind).await;
        let rubbish = json!({ "nobody": "knows", kind.fields[0].name: [] });
        let mut answers = vec![
            reader.post(&at(kind), &rubbish).await,
            patch(&reader, &made, &rubbish).await,
            delete(&reader, &made, "").await,
            delete(&reader, &made, "?purge=true").await,
            reader.act(&format!("{}/restore", made.path)).await,
        ];
        for step in kind.steps {
            // One that takes nothing is sent something all the same.
            answers.push(reader.post(&format!("{}/{}", made.path, step.name), &rubbish).await);
        }
        answers.push(reader.post(&format!("{}/restore", made.path), &rubbish).await);
        for items in [json!({ "items": [] }), json!({ "nothing": 1 }), rubbish.clone()] {
            answers.push(reader.post(&format!("{}/batch", at(kind)), &items).await);
        }
        let without_version = reader.request(Method::PATCH, &made.path).json(&rubbish);
        answers.push(Answer::to(without_version).await);
        for answer in answers {
            let answer = refused(answer, 403, "forbidden");
            assert!(answer.body.get("errors").is_none(), "{}", answer.body);
        }
        let batch = json!({ "items": [{ "op": "create", "value": rubbish }] });
        let answer = reader.post(&format!("{}/batch?mode=each", at(kind)), &batch).await;
        let told = answer.body["items"][0]["status"].as_i64().or(answer.body["status"].as_i64());
        assert_eq!(told, Some(403), "{}", answer.body);
        assert!(!answer.body.to_string().contains("unknown_field"), "{}", answer.body);
        assert_eq!(made.now(&reader).await.body["version"], made.body["version"]);
    }
}

/// Somebody does something with a key, loses the permission, and asks once more.
async fn who_may_not_do_it_any_more_is_given_no_kept_answer(bench: &Bench<'_>) {
    let (somebody, role) = bench.somebody_of_a_role("all", &bench.permissions()).await;
    let mut asked: Vec<(String, Option<Value>)> = Vec::new();
    for kind in bench.kinds() {
        let body = bench.full(&bench.superadmin, kind).await;
        asked.push((at(kind), Some(body)));
        let body = bench.full(&bench.superadmin, kind).await;
        let items = json!({ "items": [{ "op": "create", "value": body }] });
        asked.push((format!("{}/batch", at(kind)), Some(items)));
        let made = bench.one(&bench.superadmin, kind).await;
        delete(&bench.superadmin, &made, "").await.expect(204);
        asked.push((format!("{}/restore", made.path), None));
        for standing in bench.standing(&bench.superadmin, kind).await {
            asked.push((standing.path(), standing.body.clone()));
        }
    }
    let ask = async |browser: &crate::support::Browser, number: usize| {
        let (path, body) = &asked[number];
        let request = browser.request(Method::POST, path);
        let request = request.header("Idempotency-Key", format!("key-{number}"));
        Answer::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    };
    for (number, what) in asked.iter().enumerate() {
        let first = ask(&somebody, number).await;
        assert!((200..300).contains(&first.status), "{what:?}: {}", first.body);
        let again = ask(&somebody, number).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    let reads: Vec<&str> = bench.kinds().map(|kind| kind.permissions.read.as_str()).collect();
    bench.allow_only(&role, &reads).await;
    let somebody = bench.log_in_as(&role).await;
    for (number, what) in asked.iter().enumerate() {
        let answer = refused(ask(&somebody, number).await, 403, "forbidden");
        assert_eq!(answer.header("idempotent-replayed"), "", "{what:?}");
    }
}

async fn nobody_reads_without_the_permission(bench: &Bench<'_>) {
    let other = bench.somebody("all", &["audit:read"]).await;
    let stranger = bench.house.stranger();
    for kind in bench.kinds() {
        let made = bench.one(&bench.superadmin, kind).await;
        let history = format!("{}/history", made.path);
        for path in [at(kind), made.path.clone(), history] {
            refused(other.get(&path).await, 403, "forbidden");
            refused(stranger.get(&path).await, 401, "unauthenticated");
        }
    }
}
