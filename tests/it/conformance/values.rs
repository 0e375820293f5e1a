//! Entering, reading and changing: every field alone, what is wrong with it, and all of that at once.

use almoner_records::{Field, form::Json};
use serde_json::{Value, json};

use super::{
    bench::{
        Bench, Made, as_sent, at, changeable, delete, ids, is_required, only, patch, post, sent,
    },
    samples,
};
use crate::{
    http::reading::{errors, refused},
    support::Answer,
};

of_every_kind![
    what_is_entered_is_read_back_where_the_answer_says,
    what_need_not_be_said_is_absent_or_has_its_default,
    every_field_changes_alone,
    what_may_be_absent_is_cleared_and_nothing_else,
    what_is_wrong_is_told_with_its_place_alone_and_all_at_once,
    what_nobody_knows_and_what_follows_is_not_sent,
    a_change_names_the_version_that_was_read,
];

/// Makes sure that a value is shown as it was sent: of one that is sealed, what may be shown.
#[track_caller]
fn assert_shown(field: &Field, sent: &Value, shown: &Value) {
    let names =
        |parts: &[almoner_records::Part]| parts.iter().map(|part| part.name).collect::<Vec<_>>();
    if names(field.form.parts) == names(field.input.parts) {
        assert_eq!(as_sent(shown), *sent, "{}", field.name);
        return;
    }
    for (part, value) in sent.as_object().unwrap() {
        match shown.get(part) {
            Some(shown) => assert_eq!(shown, value, "{}/{part}", field.name),
            None => assert!(!shown.to_string().contains(value.as_str().unwrap()), "{shown}"),
        }
    }
}

async fn what_is_entered_is_read_back_where_the_answer_says(bench: &Bench<'_>) {
    let me = bench.superadmin.get("/users/me").await.expect(200).text("/id");
    for kind in bench.kinds() {
        let body = bench.full(&bench.superadmin, kind).await;
        let answer = bench.superadmin.post(&at(kind), &body).await.expect(201);
        for field in sent(kind) {
            assert_shown(field, &body[field.name], &answer.body[field.name]);
        }
        assert_eq!(
            answer.header("location"),
            format!("/api/v1{}/{}", at(kind), answer.text("/id"))
        );
        assert_eq!((answer.text("/created_by"), answer.number("/version")), (me.clone(), 1));
        assert!(answer.body.get("deleted_at").is_none(), "{}", kind.many);
        for field in kind.references() {
            assert!(!answer.text(&format!("/{}", field.label_name)).is_empty());
        }
        let path = &answer.header("location")["/api/v1".len()..];
        let read = bench.superadmin.get(path).await.expect(200);
        assert_eq!((&read.body, read.header("etag")), (&answer.body, answer.header("etag")));
        let list = bench.superadmin.get(&at(kind)).await.expect(200);
        assert_eq!(list.list("/items")[0], answer.body, "the newest first");
    }
}

/// True for a number that a new record is given.
fn is_drawn(field: &Field) -> bool {
    field.counter.is_some_and(|counter| counter.step.is_empty())
}

async fn what_need_not_be_said_is_absent_or_has_its_default(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let least = bench.least(&bench.superadmin, kind).await;
        let made = post(&bench.superadmin, kind, &least).await;
        for field in kind.fields {
            let shown = made.body.get(field.name);
            match field.default {
                _ if is_required(kind, field) => {
                    assert_shown(field, &least[field.name], shown.unwrap())
                }
                Some(_) => assert!(shown.is_some(), "{}", field.name),
                // A number that is drawn at once.
                None if is_drawn(field) => assert!(shown.is_some(), "{}", field.name),
                None => assert_eq!(shown, None, "{}", field.name),
            }
        }
        let mut nulls = least.clone();
        for field in sent(kind).filter(|field| !is_required(kind, field)) {
            nulls[field.name] = Value::Null;
        }
        for field in sent(kind).filter(|field| field.is_unique && is_required(kind, field)) {
            nulls[field.name] = bench.another(&bench.superadmin, kind, field, &least).await;
        }
        let null = post(&bench.superadmin, kind, &nulls).await;
        for field in kind.fields {
            let (null, made) = (null.body.get(field.name), made.body.get(field.name));
            if is_drawn(field) || (field.is_unique && is_required(kind, field)) {
                assert_ne!(null, made, "{}", field.name);
                continue;
            }
            assert_eq!(null.map(as_sent), made.map(as_sent), "{}", field.name);
        }
        let answer = bench.superadmin.post(&at(kind), &json!({})).await;
        let answer = refused(answer, 422, "validation");
        let wanted: Vec<String> = kind
            .fields
            .iter()
            // What another field asks for is asked for once that one can be read.
            .filter(|field| field.is_sent && !field.is_optional && field.default.is_none())
            .map(|field| format!("/{}", field.name))
            .collect();
        let told: Vec<(&str, &str)> = wanted.iter().map(|at| (at.as_str(), "required")).collect();
        assert_eq!(errors(&answer), told, "{}", kind.many);
    }
}

async fn every_field_changes_alone(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let mut made = bench.one(&bench.superadmin, kind).await;
        for field in changeable(kind) {
            let value = bench.another(&bench.superadmin, kind, field, &made.body).await;
            let answer = patch(&bench.superadmin, &made, &only(field.name, value.clone())).await;
            let after = made.after(&answer.expect(200));
            assert_shown(field, &value, &after.body[field.name]);
            assert_ne!(after.etag, made.etag, "{}", field.name);
            for other in kind.fields.iter().filter(|other| other.name != field.name) {
                assert_eq!(after.body[other.name], made.body[other.name], "{}", other.name);
            }
            // Parts are the same ones when they say so.
            let same = match field.has_parts() {
                true => after.body[field.name].clone(),
                false => value,
            };
            let again = patch(&bench.superadmin, &after, &only(field.name, same)).await.expect(200);
            assert_eq!(again.body, after.body, "the same {} once more", field.name);
            assert_eq!(after.now(&bench.superadmin).await.body, after.body);
            made = after;
        }
        // A child stays with its parent, and with which one it is is not even said once more.
        if let Some(parent) = kind.parent() {
            let pointer = format!("/{}", parent.name);
            for id in [
                made.body[parent.name].clone(),
                bench.another(&bench.superadmin, kind, parent, &made.body).await,
            ] {
                let answer = patch(&bench.superadmin, &made, &only(parent.name, id)).await;
                let answer = refused(answer, 422, "validation");
                assert_eq!(errors(&answer), [(&*pointer, "unknown_field")], "{}", kind.many);
            }
        }
        let answer = patch(&bench.superadmin, &made, &json!({})).await.expect(200);
        assert_eq!(answer.body, made.body, "{}: a change of nothing", kind.many);
    }
}

async fn what_may_be_absent_is_cleared_and_nothing_else(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let mut made = bench.one(&bench.superadmin, kind).await;
        for field in sent(kind) {
            let answer = patch(&bench.superadmin, &made, &only(field.name, Value::Null)).await;
            if !samples::is_optional(kind, field) {
                let is_parent = kind.parent == Some(field.name);
                let code = if is_parent { "unknown_field" } else { "required" };
                let answer = refused(answer, 422, "validation");
                assert_eq!(errors(&answer), [(format!("/{}", field.name).as_str(), code)]);
                continue;
            }
            let after = made.after(&answer.expect(200));
            assert!(after.body.get(field.name).is_none(), "{}", field.name);
            assert!(after.body.get(field.label_name).is_none(), "{}", field.label_name);
            made = after;
        }
    }
}

/// Values that are wrong for a field because of its type, with where the complaint points.
fn wrong(field: &Field) -> Vec<(Value, String, &'static str)> {
    let at = format!("/{}", field.name);
    let mut wrong = vec![(json!([]), at.clone(), "type")];
    match field.input.json {
        Json::Flag => wrong.push((json!("true"), at.clone(), "type")),
        // An empty list is one; its entries are judged by their own types.
        Json::List(_) => wrong = vec![(json!("text"), at.clone(), "type")],
        Json::Whole => wrong.push((json!("1"), at.clone(), "type")),
        Json::Text => {
            wrong.push((json!(1), at.clone(), "type"));
            wrong.push((json!({}), at.clone(), "type"));
            if field.target.is_some() {
                wrong.push((json!("none"), at.clone(), "uuid"));
            } else if !field.input.words.is_empty() {
                wrong.push((json!("nobody_knows"), at.clone(), "choice"));
            } else if field.input.format == "date" {
                wrong.push((json!("2026-02-30"), at.clone(), "date"));
            } else if let Some(max) = field.input.max {
                wrong.push((json!("x".repeat(max + 1)), at.clone(), "too_long"));
            }
        }
        Json::Object => {
            wrong.push((json!("text"), at.clone(), "type"));
            let parts = field.input.parts.iter();
            for part in parts {
                // Each part alone is missed; what is sent for the others is judged as well.
                let number = json!({ part.name: 1 });
                wrong.push((number, format!("{at}/{}", part.name), "type"));
            }
        }
    }
    wrong
}

async fn what_is_wrong_is_told_with_its_place_alone_and_all_at_once(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let made = bench.one(&bench.superadmin, kind).await;
        let (mut every, mut told) = (json!({}), Vec::new());
        for field in sent(kind) {
            let is_parent = kind.parent == Some(field.name);
            for (value, pointer, code) in wrong(field) {
                let answer =
                    patch(&bench.superadmin, &made, &only(field.name, value.clone())).await;
                match is_parent {
                    true => {
                        assert_wrong(answer, &format!("/{}", field.name), "unknown_field", &value)
                    }
                    false => assert_wrong(answer, &pointer, code, &value),
                }
                let mut body = bench.least(&bench.superadmin, kind).await;
                body[field.name] = value.clone();
                let answer = bench.superadmin.post(&at(kind), &body).await;
                assert_wrong(answer, &pointer, code, &value);
            }
            every[field.name] = if field.has_parts() { json!("text") } else { json!([]) };
            told.push(format!("/{}", field.name));
        }
        for (field, value, pointer, code) in (samples::of(kind).wrong)() {
            let mut body = bench.full(&bench.superadmin, kind).await;
            body[field] = value.clone();
            assert_wrong(bench.superadmin.post(&at(kind), &body).await, pointer, code, &value);
            let answer = patch(&bench.superadmin, &made, &only(field, value.clone())).await;
            assert_wrong(answer, pointer, code, &value);
        }
        every["nobody/knows~it"] = json!(1);
        told.push("/nobody~1knows~0it".to_owned());
        for (answer, is_change) in [
            (bench.superadmin.post(&at(kind), &every).await, false),
            (patch(&bench.superadmin, &made, &every).await, true),
        ] {
            let answer = refused(answer, 422, "validation");
            let mut pointers: Vec<&str> = errors(&answer).into_iter().map(|(at, _)| at).collect();
            let mut expected: Vec<&str> = told.iter().map(String::as_str).collect();
            // What is unknown comes last, of a change also the parent.
            if is_change && kind.parent.is_some() {
                pointers.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(pointers, expected, "{}", kind.many);
        }
        assert_eq!(made.now(&bench.superadmin).await.body, made.body, "nothing of it was stored");
    }
}

#[track_caller]
fn assert_wrong(answer: Answer, pointer: &str, code: &str, value: &Value) {
    let answer = refused(answer, 422, "validation");
    assert!(
        errors(&answer).contains(&(pointer, code)),
        "{value}: {pointer} {code} {}",
        answer.body
    );
}

async fn what_nobody_knows_and_what_follows_is_not_sent(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let made = bench.one(&bench.superadmin, kind).await;
        let outputs = kind.fields.iter().filter(|field| !field.is_sent).map(|field| field.name);
        let labels = kind.references().map(|field| field.label_name);
        let house = ["id", "version", "created_by", "created_at", "updated_at", "deleted_at", "x"];
        for name in house.into_iter().chain(outputs).chain(labels) {
            let pointer = format!("/{name}");
            let answer = patch(&bench.superadmin, &made, &only(name, json!("x"))).await;
            assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, "unknown_field")]);
            let mut body = bench.full(&bench.superadmin, kind).await;
            body[name] = Value::Null;
            let answer = bench.superadmin.post(&at(kind), &body).await;
            assert_eq!(errors(&refused(answer, 422, "validation")), [(&*pointer, "unknown_field")]);
        }
    }
}

async fn a_change_names_the_version_that_was_read(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        let read = bench.one(&bench.superadmin, kind).await;
        let mut now = read.clone();
        let changed: Vec<&Field> = changeable(kind).take(2).collect();
        for field in &changed {
            let value = bench.another(&bench.superadmin, kind, field, &now.body).await;
            let answer = patch(&bench.superadmin, &now, &only(field.name, value)).await;
            now = now.after(&answer.expect(200));
        }
        let mut names: Vec<&str> = changed.iter().map(|field| field.name).collect();
        names.sort_unstable();
        for late in [
            patch(&bench.superadmin, &read, &json!({})).await,
            delete(&bench.superadmin, &read, "").await,
        ] {
            let late = refused(late, 412, "stale");
            assert_eq!(late.body["current_version"], now.body["version"], "{}", kind.many);
            assert_eq!(late.body["fields"], json!(names), "{}", kind.many);
        }
        for method in [reqwest::Method::PATCH, reqwest::Method::DELETE] {
            let request = bench.superadmin.request(method.clone(), &read.path);
            let request =
                if method == reqwest::Method::PATCH { request.json(&json!({})) } else { request };
            refused(Answer::to(request).await, 428, "precondition_required");
        }
        let list = bench.superadmin.get(&at(kind)).await.expect(200);
        assert!(ids(list.list("/items")).contains(&Made::id(&read)));
    }
}
