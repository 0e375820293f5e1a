//! The schemas of what is sent: records, changes of them, what goes with a step, what is looked up.

use almoner_records::{Field, Kind, Reason, Step, steps::MAX_REASON};
use serde_json::{Map, Value, json};

use super::{
    a,
    schemas::{described, nullable},
};

/// A record as it is sent: whole, or what changes about it.
pub(super) fn sent(kind: &Kind, is_patch: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    // A child stays with its parent.
    let stays = |field: &Field| is_patch && kind.parent == Some(field.name);
    for field in kind.fields.iter().filter(|field| field.is_sent && !stays(field)) {
        properties.insert(field.name.to_owned(), sent_field(field, is_patch));
        if !is_patch && !field.is_optional && field.default.is_none() {
            required.push(field.name);
        }
    }
    let about = match is_patch {
        true => {
            format!("What changes about {}: an absent field stays, `null` empties it.", a(kind))
        }
        false => format!("A new {}.", kind.noun()),
    };
    let mut schema = json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn sent_field(field: &Field, is_patch: bool) -> Value {
    let mut about = field.about.to_owned();
    if field.is_unique {
        about = format!("{} No two records outside the trash have the same.", about);
    }
    let mut schema = described(field, &field.input, &about);
    let may_be_null = field.is_optional || (!is_patch && field.default.is_some());
    if may_be_null {
        schema = nullable(schema);
    }
    if let Some(almoner_records::Fallback::Flag(flag)) = field.default.filter(|_| !is_patch) {
        schema["default"] = json!(flag);
    }
    schema
}

/// What a record is looked up by: exactly one of the fields.
pub(super) fn lookup(kind: &Kind) -> Value {
    let by = kind.fields.iter().filter(|field| field.is_looked_up);
    let properties =
        by.map(|field| (field.name.to_owned(), described(field, &field.input, field.about)));
    json!({
        "type": "object",
        "description": format!("What {} is found by: exactly one of the fields.", a(kind)),
        "properties": properties.collect::<Map<_, _>>(),
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// Why somebody takes a step, for examples.
pub(super) const REASON: &str = "Entered by mistake";

pub(super) fn step_body(kind: &Kind, step: &Step) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if step.reason != Reason::None {
        let mut reason = json!({
            "type": "string",
            "format": "text",
            "minLength": 1,
            "maxLength": MAX_REASON,
            "description": "Why, for the change trail.",
            "example": REASON,
        });
        if step.reason == Reason::Required {
            required.push("reason");
        } else {
            reason = nullable(reason);
        }
        properties.insert("reason".to_owned(), reason);
    }
    for field in kind.fields.iter().filter(|field| step.takes.contains(&field.name)) {
        properties.insert(field.name.to_owned(), sent_field(field, true));
    }
    required.extend(step.needs);
    let mut schema = json!({
        "type": "object",
        "description": format!("What goes with the step `{}`.", step.name),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}
