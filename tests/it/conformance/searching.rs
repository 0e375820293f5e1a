//! Words, as people type them.

use almoner_records::{Field, Kind, form::Json};
use serde_json::{Value, json};

use super::bench::{Bench, Made, at, delete, ids, only, patch, post};

use super::samples::is_optional;

of_every_kind![
    words_are_found_by_their_beginnings_however_they_are_written,
    what_is_named_is_found_and_a_rename_followed,
];

/// The ids that a search finds.
async fn found(bench: &Bench<'_>, kind: &Kind, words: &str) -> Vec<String> {
    let encoded: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = bench.superadmin.get(&format!("{}?q={encoded}", at(kind))).await.expect(200);
    ids(answer.list("/items")).into_iter().map(str::to_owned).collect()
}

/// Fields of free text that are searched.
fn texts(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| {
        let form = field.input;
        let is_free = form.json == Json::Text && form.words.is_empty() && field.target.is_none();
        // An address or a number has a form of its own.
        is_free
            && field.is_searched
            && field.is_sent
            && ["line", "text"].contains(&field.form.format)
    })
}

async fn words_are_found_by_their_beginnings_however_they_are_written(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds().filter(|kind| kind.is_searched()) {
        for field in texts(kind) {
            let mut body = bench.full(somebody, kind).await;
            body[field.name] = json!(format!("Iğdır'lı Şükrü {}", field.stem()));
            let made = post(somebody, kind, &body).await;
            let last = field.stem();
            for words in ["ığdır şükrü", "IGDIR sukru", "şükr", "SÜK", "lı iğd", "Iğdırlı", last]
            {
                let found = found(bench, kind, words).await;
                assert!(found.iter().any(|id| id == made.id()), "{}: {words}", field.name);
            }
            for words in ["ükrü", "şükrü nobody", "iğdırx"] {
                let found = found(bench, kind, words).await;
                assert!(!found.iter().any(|id| id == made.id()), "{}: {words}", field.name);
            }
            let other = patch(somebody, &made, &only(field.name, json!("Something Else"))).await;
            other.expect(200);
            assert!(found(bench, kind, "şükrü").await.is_empty(), "{}: as it was", field.name);
            assert!(found(bench, kind, "something els").await.contains(&made.id().to_owned()));
            delete(somebody, &made.now(somebody).await, "").await.expect(204);
            assert!(!found(bench, kind, "something").await.contains(&made.id().to_owned()));
        }
        // Nothing strange in a search is more than words.
        for words in ["\"", "*", "a* OR b", "' --", "(", "NEAR(", ":", "a:b", "^", "&|!"] {
            found(bench, kind, words).await;
        }
    }
}

async fn what_is_named_is_found_and_a_rename_followed(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let fields = kind.references().filter(|field| field.is_searched && field.is_sent);
        for field in fields {
            let target = bench.shelf.target(field).unwrap_or_else(|| {
                panic!("{}: `{}` names users, who are not searched", kind.many, field.name)
            });
            let label = target.label().unwrap_or_else(|| {
                panic!("{}: `{}` names what has no label to search", kind.many, field.name)
            });
            let label = label.name;
            let named = bench.named(somebody, kind, field).await;
            let named = renamed(bench, &named, label, "Gülşah Nadir").await;
            let mut body = bench.full(somebody, kind).await;
            body[field.name] = named.body["id"].clone();
            let made = post(somebody, kind, &body).await;
            assert_eq!(found(bench, kind, "gulsah").await, [made.id()], "{}", field.name);
            renamed(bench, &named, label, "Çiğdem Ender").await;
            assert!(found(bench, kind, "gulsah").await.is_empty(), "{}", field.name);
            assert_eq!(found(bench, kind, "cigdem end").await, [made.id()], "{}", field.name);
            if is_optional(kind, field) {
                patch(somebody, &made, &only(field.name, Value::Null)).await.expect(200);
                assert!(found(bench, kind, "cigdem").await.is_empty(), "{}", field.name);
            }
        }
    }
}

async fn renamed(bench: &Bench<'_>, made: &Made, label: &str, name: &str) -> Made {
    made.after(&patch(&bench.superadmin, made, &only(label, json!(name))).await.expect(200))
}
