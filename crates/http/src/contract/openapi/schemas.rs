//! Finding every schema of a document, wherever it stands.

use almoner_records::{Field, Registry, parts::MAX_PARTS};
use serde_json::{Map, Value, json};

use crate::resources::{events, reaches, words::record_kinds};

/// Keys whose values are data, however much they look like a schema.
const DATA: &[&str] = &["example", "examples", "default", "enum", "const"];

/// Calls `see` for every schema that says its type, with the JSON Pointer of its place; the outer
/// ones first.
pub(super) fn visit(document: &mut Value, see: &mut dyn FnMut(&str, &mut Map<String, Value>)) {
    visit_at("", document, see);
}

fn visit_at(place: &str, value: &mut Value, see: &mut dyn FnMut(&str, &mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            // A property may be called `type`: then it is an object.
            if fields.get("type").is_some_and(|of| of.is_string() || of.is_array()) {
                see(place, fields);
            }
            for (name, value) in fields.iter_mut().filter(|(name, _)| !is_data(place, name)) {
                let name = name.replace('~', "~0").replace('/', "~1");
                visit_at(&format!("{place}/{name}"), value, see);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter_mut().enumerate() {
                visit_at(&format!("{place}/{at}"), value, see);
            }
        }
        _ => {}
    }
}

/// A property may have such a name, too: then it is a schema.
fn is_data(place: &str, name: &str) -> bool {
    DATA.contains(&name) && !place.ends_with("/properties")
}

/// Puts a reference wherever the whole schema of a component is written out, as generic types do:
/// a generated client then has one type for it.
pub(super) fn refer(document: &mut Value) {
    let named: Vec<(String, Value)> = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema["type"] == "object")
        .map(|(name, schema)| (format!("#/components/schemas/{name}"), schema.clone()))
        .collect();
    let known = |schema: &Map<String, Value>| {
        named.iter().find(|(_, known)| known.as_object() == Some(schema)).map(|(name, _)| name)
    };
    visit(document, &mut |place, schema| {
        let own = format!("#{place}");
        if let Some(name) = known(schema).filter(|name| **name != own) {
            *schema = Map::from_iter([("$ref".to_owned(), json!(name))]);
        }
    });
}

/// Says which permissions there are, and of what somebody can reach more or less.
pub(super) fn name_permissions(document: &mut Value, registry: &Registry) {
    let permission = &mut document["components"]["schemas"]["Permission"];
    // The documents of tests have none.
    if permission.is_object() {
        let all = registry.all_permissions();
        permission["enum"] = all.iter().map(|permission| permission.as_str()).collect();
    }
    let schema = &mut document["components"]["schemas"]["Reaches"];
    if schema.is_object() {
        reaches::describe(schema, registry);
    }
}

/// Says which kinds of record there are and what can be done to them, wherever that is asked for by name.
pub(super) fn name_kinds(document: &mut Value, registry: &Registry) {
    let kinds = record_kinds(registry);
    let actions = registry.all_actions();
    for (name, words) in [("RecordKind", &kinds), ("Action", &actions)] {
        let schema = &mut document["components"]["schemas"][name];
        // The documents of tests have none.
        if schema.is_object() {
            schema["enum"] = json!(words);
        }
    }
    if registry.kinds.iter().flat_map(|kind| kind.fields).any(Field::has_parts) {
        record_parts(document);
    }
    const CHANGES: &str = "/api/v1/audit/changes";
    for (path, name) in [(CHANGES, "entity"), (CHANGES, "action"), ("/api/v1/events", "topics")] {
        let parameters = document["paths"][path]["get"].get_mut("parameters");
        let parameters = parameters.and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["name"] == name) {
            match name {
                "topics" => events::describe(parameter, registry),
                "action" => parameter["schema"]["enum"] = json!(actions),
                _ => parameter["schema"]["enum"] = json!(kinds),
            }
        }
    }
}

/// What a change says of a list of parts, where there is a kind with one.
fn record_parts(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    if let Some(choices) = schemas["RecordedValue"]["oneOf"].as_array_mut() {
        choices.push(reference("RecordedParts"));
        schemas["RecordedParts"] = json!({
            "type": "object",
            "description": "The parts of a list that changed, by their ids: those that went before, those \
                            that came after, and both of those that changed.",
            "additionalProperties": reference("RecordedFields"),
            "maxProperties": MAX_PARTS,
        });
    }
}
