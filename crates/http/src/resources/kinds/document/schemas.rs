//! The schemas of a kind.

use almoner_records::{Field, Form, Json, Kind, Part, Registry, service::MAX_ALIKE};
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::{
    super::show::{HIDDEN, POSSIBLE_DUPLICATES},
    bodies::{lookup, sent, step_body},
    examples::{self, ID, value},
    reference, summary,
};
use crate::{
    kit::answer::ListOf,
    resources::batch::{BatchBody, BatchDelete, BatchResult, BatchResults},
};

/// Every component of a kind, by name.
pub(super) fn of(kind: &'static Kind, registry: &Registry) -> Vec<(String, Value)> {
    let name = kind.name;
    let (new, patch) = (format!("New{name}"), format!("{name}Patch"));
    let mut all = vec![
        (name.to_owned(), record(kind, registry)),
        (new.clone(), sent(kind, false)),
        (patch.clone(), sent(kind, true)),
        (format!("ListOf_{name}"), list(name)),
        ("BatchDelete".to_owned(), generic::<BatchDelete>()),
    ];
    if has_twins(kind) {
        all.push((format!("Created{name}"), created(kind, registry)));
    }
    if kind.has_summary() {
        all.extend(summary::schemas(kind));
    }
    all.extend(batch(name, &new, &patch));
    if kind.fields.iter().any(|field| field.is_looked_up) {
        all.push((format!("{name}Lookup"), lookup(kind)));
    }
    let steps = kind.steps.iter().filter(|step| step.has_body());
    all.extend(steps.map(|step| (step.body.to_owned(), step_body(kind, step))));
    for field in kind.fields {
        components(&field.form, &mut all);
        if field.is_sent {
            components(&field.input, &mut all);
        }
    }
    all
}

/// The components that a form stands in, and its parts.
fn components(form: &Form, all: &mut Vec<(String, Value)>) {
    if let Json::List(item) = form.json {
        components(item, all);
    }
    for part in form.parts {
        components(part.form, all);
    }
    if form.component.is_empty() {
        return;
    }
    let schema = match form.json {
        Json::Object => object(form),
        _ => json!({
            "type": "string",
            "description": form.about,
            "enum": form.words,
            "examples": form.words.first().into_iter().collect::<Vec<_>>(),
        }),
    };
    all.push((form.component.to_owned(), schema));
}

fn object(form: &Form) -> Value {
    let is_sent = form.component.ends_with("Input");
    let properties = form.parts.iter().map(|part| (part.name.to_owned(), of_part(part)));
    let required = form.parts.iter().filter(|part| !part.is_optional);
    let required: Vec<&str> = required.map(|part| part.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": form.about,
        "properties": properties.collect::<Map<_, _>>(),
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if is_sent {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn of_part(part: &Part) -> Value {
    let mut schema = plain(part.form);
    schema["description"] = json!(part.about);
    if part.form.component.is_empty() {
        schema["example"] = examples::part(part);
    }
    let is_sent_empty = part.is_optional && part.name != "id";
    if is_sent_empty { nullable(schema) } else { schema }
}

/// A form where it is used: a reference to its component, or written out.
pub(super) fn plain(form: &Form) -> Value {
    if !form.component.is_empty() {
        return reference(form.component);
    }
    let mut schema = Map::new();
    let mut say = |name: &str, value: Value| {
        schema.insert(name.to_owned(), value);
    };
    say(
        "type",
        json!(match form.json {
            Json::Text => "string",
            Json::Flag => "boolean",
            Json::Whole => "integer",
            Json::Object => "object",
            Json::List(_) => "array",
        }),
    );
    if let Json::List(item) = form.json {
        say("items", plain(item));
    }
    if !form.format.is_empty() {
        say("format", json!(form.format));
    }
    if !form.pattern.is_empty() {
        say("pattern", json!(form.pattern));
    }
    if form.format.is_empty() && !form.words.is_empty() {
        say("enum", json!(form.words));
    }
    let (min, max) = match form.json {
        Json::Whole => ("minimum", "maximum"),
        Json::List(_) => ("minItems", "maxItems"),
        _ => ("minLength", "maxLength"),
    };
    if let Some(least) = form.min {
        say(min, json!(least));
    }
    if let Some(most) = form.max {
        say(max, json!(most));
    }
    Value::Object(schema)
}

pub(super) fn described(field: &Field, form: &Form, about: &str) -> Value {
    let mut schema = plain(form);
    schema["description"] = json!(about);
    if form.component.is_empty() {
        schema["example"] = value(field, form);
    }
    schema
}

/// A record as it is shown.
fn record(kind: &Kind, registry: &Registry) -> Value {
    let noun = kind.noun();
    let mut properties = Map::new();
    let mut required = vec!["id"];
    properties.insert("id".to_owned(), id(&format!("The id of the {noun}.")));
    for field in kind.fields {
        let form = shown(&field.form);
        properties.insert(field.name.to_owned(), described(field, &form, &about(field)));
        if !field.is_optional {
            required.push(field.name);
        }
        if field.target.is_some() {
            let called = json!({
                "type": "string",
                "format": "line",
                "minLength": 1,
                "maxLength": 200,
                "description": format!("What the {} is called.", field.stem().replace('_', " ")),
                "example": examples::label(field, registry),
            });
            properties.insert(field.label_name.to_owned(), called);
        }
    }
    let common = json!({
        "created_by": {
            "type": "string", "format": "uuid",
            "description": "The user who entered it; absent when the program did.",
            "example": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11",
        },
        "created_at": instant("When it was entered."),
        "updated_at": instant("When it was last changed."),
        "deleted_at": instant("When it was put in the trash; absent outside of it."),
        "version": {
            "type": "integer", "format": "int64", "minimum": 1,
            "description": "The version, as in the `ETag`.", "example": 1,
        },
    });
    properties.extend(common.as_object().cloned().unwrap_or_default());
    let withheld: Vec<&Field> = kind.fields.iter().filter(|field| field.right.is_some()).collect();
    if !withheld.is_empty() {
        let quoted: Vec<String> =
            withheld.iter().map(|field| format!("`{}`", field.name)).collect();
        let hidden = json!({
            "type": "array", "minItems": 1, "maxItems": withheld.len(),
            "description": format!(
                "The fields that are withheld from the caller, who lacks a right to them: of {}. Absent when \
                 everything is shown.",
                quoted.join(", "),
            ),
            "items": { "type": "string", "format": "word" },
        });
        properties.insert(HIDDEN.to_owned(), hidden);
    }
    required.extend(["created_at", "updated_at", "version"]);
    json!({
        "type": "object",
        "description": kind.about,
        "properties": properties,
        "required": required,
    })
}

/// True when records may be the same as others.
pub(super) fn has_twins(kind: &Kind) -> bool {
    examples::twins(kind).next().is_some()
}

/// A record as it is answered when it was just entered.
fn created(kind: &Kind, registry: &Registry) -> Value {
    let fields: Vec<&str> = examples::twins(kind).map(|field| field.name).collect();
    let quoted: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
    let mut schema = record(kind, registry);
    schema["properties"][POSSIBLE_DUPLICATES] = json!({
        "type": "array", "minItems": 1, "maxItems": MAX_ALIKE,
        "description": "Records that the caller may read and that may be the same, most alike first; absent \
                        when there is none.",
        "items": {
            "type": "object",
            "description": format!("A {} that may be the same.", kind.noun()),
            "properties": {
                "id": id(&format!("The id of the {}.", kind.noun())),
                "label": {
                    "type": "string", "format": "line", "minLength": 1, "maxLength": 200,
                    "description": "What it is called.",
                    "example": kind.label().map(|label| value(label, &label.form)),
                },
                "fields": {
                    "type": "array", "minItems": 1, "maxItems": fields.len(),
                    "description": format!("In what both are the same: {}; may grow.", quoted.join(", ")),
                    "items": { "type": "string", "format": "word" },
                },
            },
            "required": ["id", "fields"],
        },
    });
    schema
}

/// Words that are shown may grow: their list is told, not promised.
pub(super) fn shown(form: &Form) -> Form {
    if form.words.is_empty() { *form } else { Form { component: "", ..Form::text("word") } }
}

fn about(field: &Field) -> String {
    let about = told(field);
    match field.right {
        None => about,
        Some(right) => format!(
            "{about} Shown to callers with `{right}`; the others find its name in `hidden`."
        ),
    }
}

fn told(field: &Field) -> String {
    match field.form.words {
        [] => field.about.to_owned(),
        words => {
            let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            let list = match quoted.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => quoted.join(", "),
            };
            format!("{}: {list}; may grow.", field.about.trim_end_matches('.'))
        }
    }
}

/// The same, or `null`.
pub(super) fn nullable(mut schema: Value) -> Value {
    match schema["type"].as_str() {
        Some(name) => {
            schema["type"] = json!([name, "null"]);
            schema
        }
        None => json!({ "oneOf": [schema, { "type": "null" }] }),
    }
}

fn id(about: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": about, "example": ID })
}

fn instant(about: &str) -> Value {
    json!({
        "type": "string", "format": "date-time", "description": about,
        "example": "2026-03-14T09:26:53.589Z",
    })
}

/// A schema of the house that has a record in it.
fn generic<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

/// Stands for a record in schemas of the house.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only its place in other schemas is used")]
struct AnyRecord {}

fn list(name: &str) -> Value {
    let mut schema = generic::<ListOf<AnyRecord>>();
    schema["properties"]["items"]["items"] = reference(name);
    schema
}

fn batch(name: &str, new: &str, patch: &str) -> Vec<(String, Value)> {
    let item = format!("BatchItem_{new}_{patch}");
    let (create, update) = (format!("BatchCreate_{new}"), format!("BatchUpdate_{patch}"));
    let mut body = generic::<BatchBody<AnyRecord, AnyRecord>>();
    body["properties"]["items"]["items"] = reference(&item);
    let items = json!({
        "description": "One change; `op` says which.",
        "oneOf": [reference(&create), reference(&update), reference("BatchDelete")],
    });
    let mut creating = generic::<crate::resources::batch::BatchCreate<AnyRecord>>();
    creating["properties"]["value"] = reference(new);
    let mut updating = generic::<crate::resources::batch::BatchUpdate<AnyRecord>>();
    updating["properties"]["value"] = reference(patch);
    let mut results = generic::<BatchResults<AnyRecord>>();
    let result = format!("BatchResult_{name}");
    results["properties"]["items"]["items"] = reference(&result);
    let mut one = generic::<BatchResult<AnyRecord>>();
    one["properties"]["record"] = reference(name);
    vec![
        (format!("BatchBody_{new}_{patch}"), body),
        (item, items),
        (create, creating),
        (update, updating),
        (format!("BatchResults_{name}"), results),
        (result, one),
    ]
}
