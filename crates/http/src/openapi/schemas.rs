//! Finding every schema of a document, wherever it stands.

use serde_json::{Map, Value, json};

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
