//! What every schema says: what it is, and how large, long or many its values can be.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Gap;
use crate::contract::openapi::{limits::is_of_type, schemas};

/// What has no limit, and why. The rule sets in `openapi/lint` have the same exceptions.
const UNLIMITED: &[(&str, &str, &str)] = &[
    (
        "/components/schemas/DonationSummary/properties/items",
        "maxItems",
        "a line for each campaign, month and method there is",
    ),
    (
        "/components/schemas/DonationSummary/properties/of_unknown_worth",
        "maxItems",
        "a line for each campaign and month there is",
    ),
    (
        "/components/schemas/RoleList/properties/items",
        "maxItems",
        "an organisation makes as many roles as it likes",
    ),
    (
        "/components/schemas/Problem/properties/detail",
        "a form",
        "names parameters as they were sent",
    ),
    ("/components/schemas/ProblemField/properties/parameter", "a form", "the name as it was sent"),
];

/// Formats of the OpenAPI and JSON Schema registries that are used; our own are replaced by their
/// patterns, so that another name here is misspelt.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "email",
    "int32",
    "int64",
    "json-pointer",
    "password",
    "uri",
    "uri-reference",
    "uuid",
];

/// Every gap of the schemas.
pub(super) fn gaps(document: &Value) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let requested = requested(document);
    // Only looked at: visiting changes what it is told to change.
    let mut document = document.clone();
    schemas::visit(&mut document, &mut |place, schema| {
        let mut lacks = limits(schema);
        lacks.retain(|lack| {
            !UNLIMITED.iter().any(|(known, what, _)| *known == place && what == lack)
        });
        if is_named(place) && !has_text(schema, "description") {
            lacks.push("a description");
        }
        let name = place.strip_prefix("/components/schemas/");
        let is_request = name.is_some_and(|name| requested.contains(name));
        if is_request
            && is_of_type(schema, "object")
            && schema.get("additionalProperties").is_none()
        {
            lacks.push("additionalProperties: a misspelt field must be refused");
        }
        let place = place.to_owned();
        gaps.extend(
            lacks.into_iter().map(|lack| Gap { place: place.clone(), lacks: lack.to_owned() }),
        );
    });
    gaps
}

/// A component or one of its fields, as opposed to the items of an array or a parameter, which are
/// described around them.
fn is_named(place: &str) -> bool {
    let parts: Vec<&str> = place.split('/').collect();
    matches!(parts[..], ["", "components", "schemas", _] | [.., "properties", _])
}

fn limits(schema: &Map<String, Value>) -> Vec<&'static str> {
    let has = |name: &str| schema.contains_key(name);
    let is_closed = has("enum") || has("const");
    let mut lacks = Vec::new();
    let mut must = |applies: bool, fulfilled: bool, lack| {
        if applies && !fulfilled {
            lacks.push(lack);
        }
    };
    let is_text = is_of_type(schema, "string") && !is_closed;
    must(is_text, has("maxLength"), "maxLength");
    must(is_text, has("pattern") || has("format"), "a form");
    let is_number = is_of_type(schema, "integer") && !is_closed;
    must(is_number, has("minimum"), "minimum");
    must(is_number, has("maximum"), "maximum");
    must(is_number, has("format"), "format");
    let format = schema.get("format").and_then(Value::as_str);
    must(true, format.is_none_or(|name| FORMATS.contains(&name)), "a known format");
    must(is_of_type(schema, "array"), has("maxItems"), "maxItems");
    must(is_of_type(schema, "number"), false, "an exact type: integer, or a decimal text");
    lacks
}

fn has_text(schema: &Map<String, Value>, name: &str) -> bool {
    schema.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

/// The names of the components that requests are made of.
fn requested(document: &Value) -> HashSet<String> {
    let mut names = HashSet::new();
    let paths = document["paths"].as_object();
    let operations = paths.into_iter().flatten().filter_map(|(_, item)| item.as_object()).flatten();
    let mut left: Vec<&Value> =
        operations.map(|(_, operation)| &operation["requestBody"]).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str);
                let name = reference.and_then(|text| text.strip_prefix("#/components/schemas/"));
                if let Some(name) = name.filter(|name| names.insert((*name).to_owned())) {
                    left.push(&document["components"]["schemas"][name]);
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    names
}
