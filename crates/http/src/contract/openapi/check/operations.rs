//! What every operation says of itself.

use std::collections::HashSet;

use serde_json::Value;

use super::Gap;
use crate::routes;

/// What `x-permission` says of an operation that every logged-in user may call.
const ANY_SESSION: &str = "session";

/// Every gap of the operations.
pub(super) fn gaps(document: &Value) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut names = HashSet::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let method = method.to_uppercase();
            let mut lacks = lacks(document, operation);
            let name = operation["operationId"].as_str().unwrap_or_default();
            if !names.insert(name.to_owned()) {
                lacks.push(format!("a name of its own, {name} is taken"));
            }
            if !routes::is_public(&method, path) && !says_permission(document, operation) {
                lacks.push("x-permission: a permission, or \"session\"".to_owned());
            }
            let gap = |lacks| Gap { place: format!("{method} {path}"), lacks };
            gaps.extend(lacks.into_iter().map(gap));
        }
    }
    if paths.is_none_or(serde_json::Map::is_empty) {
        gaps.push(Gap { place: "document".to_owned(), lacks: "operations".to_owned() });
    }
    gaps
}

fn lacks(document: &Value, operation: &Value) -> Vec<String> {
    let mut lacks = Vec::new();
    let text = |name: &str| operation[name].as_str().filter(|text| !text.is_empty());
    let is_camel = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|char| char.is_ascii_alphanumeric())
    };
    if !text("operationId").is_some_and(is_camel) {
        lacks.push("a camelCase operationId".to_owned());
    }
    for name in ["summary", "description"] {
        if text(name).is_none() {
            lacks.push(format!("a {name}"));
        }
    }
    let known = document["tags"].as_array().map_or(&[][..], Vec::as_slice);
    let known: Vec<Option<&str>> = known.iter().map(|tag| tag["name"].as_str()).collect();
    let tags = operation["tags"].as_array().map_or(&[][..], Vec::as_slice);
    if tags.is_empty() || tags.iter().any(|tag| !known.contains(&tag.as_str())) {
        lacks.push("a tag of openapi::TAGS".to_owned());
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let is_described = response["description"].as_str().is_some_and(|text| !text.is_empty());
        if !is_described && response.get("$ref").is_none() {
            lacks.push(format!("a description of its response {status}"));
        }
        if !has_examples(response) {
            lacks.push(format!("an example of its response {status}"));
        }
    }
    if !has_examples(&operation["requestBody"]) {
        lacks.push("an example of its request".to_owned());
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["description"].as_str().is_none_or(str::is_empty) {
            lacks.push(format!("a description of {name}"));
        }
        let is_explained =
            parameter.get("example").is_some() || parameter["schema"]["enum"].is_array();
        if !is_explained && parameter["schema"]["type"] != "boolean" {
            lacks.push(format!("an example of {name}"));
        }
    }
    lacks
}

/// True when every body, if there is one, comes with an example.
fn has_examples(message: &Value) -> bool {
    let bodies = message["content"].as_object();
    bodies.into_iter().flatten().all(|(_, body)| {
        body.get("example").is_some()
            || body["examples"].as_object().is_some_and(|all| !all.is_empty())
    })
}

fn says_permission(document: &Value, operation: &Value) -> bool {
    let known = document["components"]["schemas"]["Permission"]["enum"].as_array();
    // The documents of tests name none.
    let is_known = |text: &str| {
        known.map_or(text.contains(':'), |known| known.iter().any(|permission| permission == text))
    };
    let said = operation["x-permission"].as_str();
    said.is_some_and(|text| text == ANY_SESSION || is_known(text))
}
