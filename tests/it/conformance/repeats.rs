//! Batches, rehearsals and repeated requests: each is answered as the change itself.

use almoner_records::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{Bench, Made, as_sent, at, delete, only, patch, post, sent};
use crate::support::{Answer, Backend};

of_every_kind![
    a_batch_does_what_single_requests_do,
    a_batch_with_a_wrong_item_stores_nothing,
    a_rehearsal_is_answered_and_leaves_nothing,
    a_repeated_request_is_answered_byte_for_byte,
    a_record_that_is_destroyed_takes_kept_answers_along,
];

/// A record without what no two have: ids, times, numbers that are drawn, and unique values.
fn common(kind: &Kind, record: &Value) -> Vec<Value> {
    let fields = kind
        .fields
        .iter()
        .filter(|field| !field.is_unique && field.target.is_none() && field.counter.is_none());
    fields.map(|field| as_sent(&record[field.name])).chain([record["version"].clone()]).collect()
}

async fn a_batch_does_what_single_requests_do(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let body = bench.full(somebody, kind).await;
        let mut same = bench.full(somebody, kind).await;
        for field in sent(kind).filter(|field| !field.is_unique) {
            same[field.name] = body[field.name].clone();
        }
        let alone = post(somebody, kind, &body).await;
        let (changed, gone) = (bench.one(somebody, kind).await, bench.one(somebody, kind).await);
        let (field, value) = bench.change(somebody, kind, &changed.body).await;
        let change = only(field.name, value);
        let items = json!({ "items": [
            { "op": "create", "value": same },
            { "op": "update", "id": changed.id(), "version": changed.body["version"], "value": change },
            { "op": "delete", "id": gone.id(), "version": gone.body["version"] },
        ] });
        let answer = somebody.post(&format!("{}/batch", at(kind)), &items).await.expect(200);
        let statuses: Vec<&Value> =
            answer.list("/items").iter().map(|item| &item["status"]).collect();
        assert_eq!(statuses, [&json!(201), &json!(200), &json!(204)]);
        assert_eq!(common(kind, &answer.body["items"][0]["record"]), common(kind, &alone.body));
        let path = answer.text("/items/0/location")["/api/v1".len()..].to_owned();
        let read = somebody.get(&path).await.expect(200);
        assert_eq!(read.body, answer.body["items"][0]["record"], "{}", kind.many);
        assert_eq!(changed.now(somebody).await.body, answer.body["items"][1]["record"]);
        assert!(gone.now(somebody).await.body["deleted_at"].is_string());
    }
}

async fn a_batch_with_a_wrong_item_stores_nothing(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let (body, made) = (bench.full(somebody, kind).await, bench.one(somebody, kind).await);
        let items = json!({ "items": [
            { "op": "create", "value": body },
            { "op": "delete", "id": made.id(), "version": made.body["version"] },
            { "op": "create", "value": only("nobody_knows", json!(1)) },
        ] });
        let before = tables(bench).await;
        let answer = somebody.post(&format!("{}/batch", at(kind)), &items).await.expect(422);
        assert!(answer.body.to_string().contains("nobody_knows"), "{}", answer.body);
        assert_eq!(tables(bench).await, before, "{}", kind.many);
    }
}

/// Everything in the tables of the kinds, and how much there is of the rest.
async fn tables(bench: &Bench<'_>) -> Vec<String> {
    let world = bench.house.world;
    let mut all = Vec::new();
    for kind in bench.kinds() {
        let own = kind.fields.iter().flat_map(|field| field.column_names());
        for column in own.chain(["version".to_owned(), "deleted_at".to_owned()]) {
            // Bytes are no text.
            let text = match world.backend {
                Backend::Sqlite => format!("hex({column})"),
                Backend::Postgres => column,
            };
            all.extend(world.texts(&text, &format!("FROM {} ORDER BY id", kind.many)).await);
        }
    }
    for table in ["changes", "answers", "jobs"] {
        all.push(format!("{table}: {}", world.rows(table).await));
    }
    all
}

async fn a_rehearsal_is_answered_and_leaves_nothing(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        let body = bench.full(somebody, kind).await;
        let (field, value) = bench.change(somebody, kind, &made.body).await;
        let change = only(field.name, value);
        let standing = bench.standing(somebody, kind).await;
        let dry = |path: &str| format!("{path}?dry_run=true");
        let trash = bench.one(somebody, kind).await;
        delete(somebody, &trash, "").await.expect(204);
        let trash = trash.now(somebody).await;
        let before = tables(bench).await;
        let created = somebody.post(&dry(&at(kind)), &body).await.expect(201);
        let elsewhere = Made { path: dry(&made.path), ..made.clone() };
        let changed = patch(somebody, &elsewhere, &change).await.expect(200);
        delete(somebody, &elsewhere, "").await.expect(204);
        somebody.act(&dry(&format!("{}/restore", trash.path))).await.expect(200);
        delete(somebody, &trash, "?purge=true&dry_run=true").await.expect(204);
        for standing in &standing {
            standing.take(somebody, kind, &dry(&standing.path())).await;
        }
        assert_eq!(tables(bench).await, before, "{}", kind.many);
        // The real thing is answered alike.
        let really = patch(somebody, &made, &change).await.expect(200);
        assert_eq!(really.body, changed.body);
        let really = post(somebody, kind, &body).await;
        for field in kind.fields {
            let (really, created) = (&really.body[field.name], &created.body[field.name]);
            assert_eq!(as_sent(really), as_sent(created), "{}", field.name);
        }
    }
}

async fn keyed(
    bench: &Bench<'_>,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> (u16, String, String) {
    let request = bench.superadmin.request(Method::POST, path).header("Idempotency-Key", key);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let etag = response.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
    (status, etag.unwrap_or_default(), response.text().await.unwrap())
}

async fn a_repeated_request_is_answered_byte_for_byte(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let body = bench.full(somebody, kind).await;
        let key = format!("create-{}", kind.many);
        let first = keyed(bench, &at(kind), &key, Some(&body)).await;
        assert_eq!(first.0, 201, "{}", first.2);
        assert_eq!(keyed(bench, &at(kind), &key, Some(&body)).await, first);
        // Also with what was told of others then.
        let mut same = bench.full(somebody, kind).await;
        let twins = sent(kind).filter(|field| field.tells_twins());
        let has_twins = twins.map(|field| same[field.name] = body[field.name].clone()).count() > 0;
        let twin = format!("twin-{}", kind.many);
        let told = keyed(bench, &at(kind), &twin, Some(&same)).await;
        assert_eq!(told.2.contains("possible_duplicates"), has_twins, "{}", told.2);
        assert_eq!(keyed(bench, &at(kind), &twin, Some(&same)).await, told);
        let id =
            serde_json::from_str::<Value>(&first.2).unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("{}/{id}", at(kind));
        let answer: Answer = somebody.get(&path).await.expect(200);
        let made =
            Made { path: path.clone(), etag: answer.header("etag").to_owned(), body: answer.body };
        delete(somebody, &made, "").await.expect(204);
        let (restore, again) = (format!("{path}/restore"), format!("restore-{}", kind.many));
        let restored = keyed(bench, &restore, &again, None).await;
        assert_eq!(restored.0, 200, "{}", restored.2);
        assert_eq!(keyed(bench, &restore, &again, None).await, restored);
        // The same key for something else is an error.
        let mut other = body;
        let (field, value) = bench.change(somebody, kind, &other).await;
        other[field.name] = value;
        let (status, _, told) = keyed(bench, &at(kind), &key, Some(&other)).await;
        assert_eq!(status, 422, "{told}");
        assert!(told.contains("idempotency"), "{told}");
    }
}

/// What was kept shows the record: it goes with it, and the request is one like any other again.
async fn a_record_that_is_destroyed_takes_kept_answers_along(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let body = bench.full(somebody, kind).await;
        let key = format!("create-{}", kind.many);
        let (status, _, first) = keyed(bench, &at(kind), &key, Some(&body)).await;
        assert_eq!(status, 201, "{first}");
        let id = serde_json::from_str::<Value>(&first).unwrap()["id"].as_str().unwrap().to_owned();
        // A batch shows it beside another one.
        let made =
            Made { path: format!("{}/{id}", at(kind)), body: json!({}), etag: String::new() };
        let made = made.now(somebody).await;
        let (field, value) = bench.change(somebody, kind, &made.body).await;
        let other = bench.full(somebody, kind).await;
        let items = json!({ "items": [
            { "op": "update", "id": id, "version": made.body["version"], "value": only(field.name, value) },
            { "op": "create", "value": other },
        ] });
        let batch = format!("{}/batch", at(kind));
        let of_batch = format!("batch-{}", kind.many);
        assert_eq!(keyed(bench, &batch, &of_batch, Some(&items)).await.0, 200);
        // That of another record stays.
        let (of_stays, back) = (format!("stays-{}", kind.many), format!("back-{}", kind.many));
        let stays = bench.full(somebody, kind).await;
        let kept = keyed(bench, &at(kind), &of_stays, Some(&stays)).await;
        delete(somebody, &made.now(somebody).await, "").await.expect(204);
        let restore = format!("{}/restore", made.path);
        assert_eq!(keyed(bench, &restore, &back, None).await.0, 200);
        delete(somebody, &made.now(somebody).await, "").await.expect(204);
        let made = made.now(somebody).await;
        // A rehearsal takes nothing along.
        delete(somebody, &made, "?purge=true&dry_run=true").await.expect(204);
        assert_eq!(keyed(bench, &at(kind), &key, Some(&body)).await.2, first);
        delete(somebody, &made, "?purge=true").await.expect(204);
        // Nothing is done twice, and nothing of it is shown.
        let asked: [(&str, &str, Option<&Value>); 3] = [
            (&restore, &back, None),
            (&batch, &of_batch, Some(&items)),
            (&at(kind), &key, Some(&body)),
        ];
        for (path, key, body) in asked {
            let (status, _, again) = keyed(bench, path, key, body).await;
            assert_eq!(status, 409, "{again}");
            assert!(again.contains("answer_gone") && !again.contains(&id), "{again}");
        }
        assert_eq!(keyed(bench, &at(kind), &of_stays, Some(&stays)).await, kept);
        let text = match bench.house.world.backend {
            Backend::Sqlite => "CAST(body AS text)",
            Backend::Postgres => "convert_from(body, 'UTF8')",
        };
        let kept = bench.house.world.texts(text, "FROM answers").await;
        assert!(!kept.iter().any(|kept| kept.contains(&id)), "{kept:?}");
    }
}
