//! Values that no two records outside the trash have.

use almoner_records::{Field, Kind, form::Json};
use serde_json::{Value, json};

use super::{
    bench::{Bench, at, changeable, delete, only, patch, post, sent},
    samples::is_optional,
};
use crate::http::reading::{errors, refused};

of_every_kind![
    no_two_records_have_the_same_value,
    what_differs_in_more_than_case_is_another_value,
    the_trash_frees_a_value_until_it_is_taken,
];

fn unique(bench: &Bench<'_>) -> Vec<(&'static Kind, &'static Field)> {
    let kinds = bench.kinds();
    kinds
        .flat_map(|kind| sent(kind).filter(|field| field.is_unique).map(move |field| (kind, field)))
        .collect()
}

async fn no_two_records_have_the_same_value(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in unique(bench) {
        let first = bench.full(somebody, kind).await;
        post(somebody, kind, &first).await;
        let second = bench.one(somebody, kind).await;
        let mut same = vec![first[field.name].clone()];
        // By their text, capitals do not tell two records apart.
        if let (Json::Text, Some(text)) = (field.input.json, first[field.name].as_str()) {
            same.extend([
                json!(text.to_uppercase().replace('I', "İ").replace("İŞ", "IŞ")),
                json!(format!("  {text} ")),
            ]);
        }
        for value in same {
            let mut body = bench.full(somebody, kind).await;
            body[field.name] = value.clone();
            let answer = refused(somebody.post(&at(kind), &body).await, 409, "taken");
            assert_eq!(errors(&answer), [(&*field.pointer(), "taken")], "{value}");
            if !changeable(kind).any(|known| known.name == field.name) {
                continue;
            }
            let answer = patch(somebody, &second, &only(field.name, value.clone())).await;
            assert_eq!(errors(&refused(answer, 409, "taken")), [(&*field.pointer(), "taken")]);
        }
        if is_optional(kind, field) {
            // Absent twice is not the same.
            for _ in 0..2 {
                let mut body = bench.full(somebody, kind).await;
                body[field.name] = Value::Null;
                post(somebody, kind, &body).await;
            }
        }
    }
}

async fn what_differs_in_more_than_case_is_another_value(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in unique(bench).into_iter().filter(|(_, field)| field.has_unique_form) {
        for value in ["Aşı", "Asi", "%10", "10"] {
            let mut body = bench.full(somebody, kind).await;
            body[field.name] = json!(value);
            post(somebody, kind, &body).await;
        }
        let mut body = bench.full(somebody, kind).await;
        body[field.name] = json!("AŞI");
        refused(somebody.post(&at(kind), &body).await, 409, "taken");
    }
}

async fn the_trash_frees_a_value_until_it_is_taken(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for (kind, field) in unique(bench) {
        let body = bench.full(somebody, kind).await;
        let first = post(somebody, kind, &body).await;
        delete(somebody, &first, "").await.expect(204);
        let mut same = bench.full(somebody, kind).await;
        same[field.name] = body[field.name].clone();
        let second = post(somebody, kind, &same).await;
        let restore = format!("{}/restore", first.path);
        let answer = refused(somebody.act(&restore).await, 409, "taken");
        assert_eq!(errors(&answer), [(&*field.pointer(), "taken")], "{}", field.name);
        delete(somebody, &second, "").await.expect(204);
        somebody.act(&restore).await.expect(200);
        refused(somebody.act(&format!("{}/restore", second.path)).await, 409, "taken");
    }
}
