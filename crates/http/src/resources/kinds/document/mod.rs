//! The contract of kinds of record, written from their descriptions into the document that the routes of
//! the house were collected into. As plain JSON: composing schemas from generic Rust types, as the rest of
//! the document is, takes a type for each body of each kind and a compiler that builds them all.

mod bodies;
mod examples;
mod lists;
mod operations;
mod schemas;
mod summary;

use almoner_records::{Kind, Registry};
use serde_json::{Value, json};

/// Adds the operations, schemas and groups of every kind.
pub(crate) fn add(document: &mut Value, registry: &Registry) {
    for kind in registry.kinds {
        for (path, item) in operations::of(kind, registry) {
            let place = &mut document["paths"][path];
            if let (Value::Object(there), Value::Object(more)) = (&mut *place, &item) {
                there.extend(more.clone());
            } else {
                *place = item;
            }
        }
        for (name, schema) in schemas::of(kind, registry) {
            document["components"]["schemas"][name] = schema;
        }
        if let Some(tags) = document["tags"].as_array_mut()
            && !tags.iter().any(|tag| tag["name"] == kind.path)
        {
            tags.push(json!({ "name": kind.path, "description": kind.about }));
        }
    }
}

/// A reference to a component.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// `a donor`, `an aid application`.
fn a(kind: &Kind) -> String {
    let noun = kind.noun();
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
