//! Examples of records and bodies, from those of their fields.

use almoner_records::{Example, Field, Form, Json, Kind, Part, Registry};
use serde_json::{Map, Value, json};

use super::super::show::POSSIBLE_DUPLICATES;

/// The id in the examples of a kind.
pub(super) const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
/// The id of another record.
pub(super) const OTHER_ID: &str = "019a9f3c-7d20-7b02-8a44-0c7e51d2f900";
const USER_ID: &str = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11";
const AT: &str = "2026-03-14T09:26:53.589Z";

/// A record as it is shown.
pub(super) fn record(kind: &Kind, registry: &Registry) -> Value {
    let mut fields = Map::from_iter([("id".to_owned(), json!(ID))]);
    for field in kind.fields.iter().filter(|field| !field.is_optional || field.is_sent) {
        fields.insert(field.name.to_owned(), value(field, &field.form));
        if field.target.is_some() {
            fields.insert(field.label_name.to_owned(), label(field, registry));
        }
    }
    let common = json!({
        "created_by": USER_ID, "created_at": AT, "updated_at": AT, "version": 1,
    });
    fields.extend(common.as_object().cloned().unwrap_or_default());
    Value::Object(fields)
}

/// A record as it is answered when it was just entered.
pub(super) fn created(kind: &Kind, registry: &Registry) -> Value {
    let mut record = record(kind, registry);
    let fields: Vec<&str> = twins(kind).map(|field| field.name).take(2).collect();
    let mut twin = json!({ "id": OTHER_ID, "fields": fields });
    if let Some(label) = kind.label() {
        twin["label"] = value(label, &label.form);
    }
    record[POSSIBLE_DUPLICATES] = json!([twin]);
    record
}

/// The fields by which two records may be one.
pub(super) fn twins(kind: &Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| field.tells_twins())
}

/// A new record as it is sent.
pub(super) fn new(kind: &Kind) -> Value {
    let sent = kind.fields.iter().filter(|field| field.is_sent);
    sent.map(|field| (field.name.to_owned(), value(field, &field.input))).collect()
}

/// A change: one field gets a value, another one is emptied.
pub(super) fn patch(kind: &Kind) -> Value {
    let stays = |field: &Field| kind.parent == Some(field.name);
    let mut sent = kind.fields.iter().filter(|field| field.is_sent && !stays(field));
    let first = sent.next().map(|field| (field.name.to_owned(), value(field, &field.input)));
    let last =
        sent.rfind(|field| field.is_optional).map(|field| (field.name.to_owned(), Value::Null));
    Value::Object(first.into_iter().chain(last).collect())
}

/// What one record is looked up by.
pub(super) fn lookup(kind: &Kind) -> Value {
    let by = kind.fields.iter().find(|field| field.is_looked_up);
    by.map(|field| (field.name.to_owned(), value(field, &field.input))).into_iter().collect()
}

/// What the named record is called: as in the example of its own kind.
pub(super) fn label(field: &Field, registry: &Registry) -> Value {
    let target = field.target.and_then(|many| registry.target(many));
    target.and_then(Kind::label).map_or_else(|| json!(ID), |label| value(label, &label.form))
}

/// A page of a list.
pub(super) fn list(kind: &Kind, registry: &Registry) -> Value {
    json!({ "items": [record(kind, registry)], "next_cursor": "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM" })
}

/// The value of a field in an example.
pub(super) fn value(field: &Field, form: &Form) -> Value {
    match (field.example, form.json) {
        (_, Json::Object) => object(field, form),
        (_, Json::List(item)) => json!([parts(item)]),
        (Example::Text(text), _) => json!(text),
        (Example::Flag(flag), _) => json!(flag),
        (Example::Whole(number), _) => json!(number),
        (Example::None, _) => of_form(form),
    }
}

/// Parts of an object: what the field says of each, separated by `, `, else what its form says.
fn object(field: &Field, form: &Form) -> Value {
    let said = match field.example {
        Example::Text(text) => text.split(", ").collect(),
        _ => Vec::new(),
    };
    let parts = form.parts.iter().enumerate();
    let parts = parts.map(|(at, part)| {
        let example = said.get(at).filter(|_| said.len() == form.parts.len());
        (part.name.to_owned(), json!(example.copied().unwrap_or(part.example)))
    });
    Value::Object(parts.collect())
}

/// An entry of a list.
fn parts(item: &Form) -> Value {
    item.parts.iter().map(|one| (one.name.to_owned(), part(one))).collect()
}

/// A field of an object.
pub(super) fn part(part: &Part) -> Value {
    match part.form.json {
        Json::Flag => json!(part.example == "true"),
        Json::Whole => json!(part.example.parse::<i64>().unwrap_or(1)),
        _ if part.example.is_empty() => of_form(part.form),
        _ => json!(part.example),
    }
}

fn of_form(form: &Form) -> Value {
    match (form.words.first(), form.json, form.format) {
        (Some(word), _, _) => json!(word),
        (None, Json::Flag, _) => json!(true),
        (None, Json::Whole, _) => json!(1),
        (None, _, "uuid") => json!(ID),
        (None, _, "date") => json!("2026-03-14"),
        (None, _, "date-time") => json!(AT),
        _ => json!("…"),
    }
}
