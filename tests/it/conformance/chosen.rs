//! `fields`: what of a record is shown.

use almoner_records::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value};

use super::bench::{Bench, at, only, patch};
use crate::{
    http::reading::{errors, refused, walk},
    support::Follower,
};

of_every_kind![
    a_record_and_a_list_show_what_is_asked_for,
    a_tag_is_of_what_is_shown,
    a_field_that_there_is_not_is_refused,
    who_follows_a_list_sees_what_they_asked_for,
];

/// Every field that a record of the kind shows.
fn names(kind: &'static Kind) -> Vec<&'static str> {
    let own = kind.fields.iter().flat_map(|field| {
        [field.name].into_iter().chain(field.target.is_some().then_some(field.label_name))
    });
    own.chain(["created_by", "created_at", "updated_at", "deleted_at"]).collect()
}

/// What is left of a record.
fn narrowed(record: &Value, names: &[&str]) -> Value {
    let shown = |name: &String| ["id", "version"].contains(&&**name) || names.contains(&&**name);
    let fields = record.as_object().unwrap().iter().filter(|(name, _)| shown(name));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

async fn a_record_and_a_list_show_what_is_asked_for(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await.now(somebody).await;
        bench.one(somebody, kind).await;
        let whole = walk(somebody, &at(kind), 50).await;
        let all = names(kind);
        let mut asked: Vec<Vec<&str>> = all.iter().map(|name| vec![*name]).collect();
        asked.extend([vec!["id"], all.clone(), vec![all[0], "version", all[0]]]);
        for names in asked {
            let query = format!("fields={}", names.join(","));
            let one = somebody.get(&format!("{}?{query}", made.path)).await.expect(200);
            assert_eq!(one.body, narrowed(&made.body, &names), "{} {query}", kind.many);
            let list = walk(somebody, &format!("{}?{query}", at(kind)), 1).await;
            let expected: Vec<Value> = whole.iter().map(|it| narrowed(it, &names)).collect();
            assert_eq!(list, expected, "{} {query}", kind.many);
        }
    }
}

async fn a_tag_is_of_what_is_shown(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await.now(somebody).await;
        let narrow = format!("{}?fields={}", made.path, kind.fields[0].name);
        let tag = somebody.get(&narrow).await.expect(200).header("etag").to_owned();
        assert_ne!(tag, made.etag);
        let known = async |path: &str, tag: &str| {
            let request = somebody.request(Method::GET, path).header("If-None-Match", tag);
            request.send().await.unwrap().status()
        };
        assert_eq!(known(&narrow, &tag).await, StatusCode::NOT_MODIFIED);
        assert_eq!(known(&narrow, &made.etag).await, StatusCode::OK);
        assert_eq!(known(&made.path, &tag).await, StatusCode::OK);
        // A change is made from a version, whatever was shown of it.
        let of_version = super::bench::Made { etag: tag, ..made.clone() };
        let (field, value) = bench.change(somebody, kind, &made.body).await;
        patch(somebody, &of_version, &only(field.name, value)).await.expect(200);
    }
}

async fn a_field_that_there_is_not_is_refused(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        for path in [made.path.as_str(), &at(kind)] {
            for wrong in ["", "nobody_knows", "id,nobody_knows", "id,,version"] {
                let answer = somebody.get(&format!("{path}?fields={wrong}")).await;
                let answer = refused(answer, 400, "bad_request");
                assert_eq!(errors(&answer), [("fields", "choice")], "{path} {wrong}");
                let told = answer.body["errors"][0]["detail"].as_str().unwrap();
                assert!(names(kind).iter().all(|name| told.contains(name)), "{told}");
            }
            let many = vec!["id"; 201].join(",");
            let answer =
                refused(somebody.get(&format!("{path}?fields={many}")).await, 400, "bad_request");
            assert_eq!(errors(&answer), [("fields", "length")]);
            let twice = somebody.get(&format!("{path}?fields=id&fields=id")).await;
            let answer = refused(twice, 400, "bad_request");
            assert_eq!(errors(&answer), [("fields", "repeated_parameter")]);
        }
        let answer = somebody.get(&format!("{}?field=id", made.path)).await;
        assert_eq!(errors(&refused(answer, 400, "bad_request")), [("field", "unknown_parameter")]);
    }
}

async fn who_follows_a_list_sees_what_they_asked_for(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let made = bench.one(somebody, kind).await;
        let (field, value) = bench.change(somebody, kind, &made.body).await;
        let path = format!("{}?fields={}", at(kind), field.name);
        let mut follower = Follower::of(somebody, &path).await;
        follower.until(|items| items.iter().any(|it| it["id"] == made.body["id"])).await;
        let answer = patch(somebody, &made, &only(field.name, value)).await.expect(200);
        let expected = narrowed(&answer.body, &[field.name]);
        follower.until(|items| items.contains(&expected)).await;
        let list = somebody.get(&path).await.expect(200);
        assert_eq!(follower.items, list.list("/items"), "{}", kind.many);
    }
}
