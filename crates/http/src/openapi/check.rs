//! What a generated client needs of every operation; a gap stops the server from starting, and
//! therefore every test.

use std::{collections::HashSet, fmt};

use almoner_kernel::Permission;
use serde_json::Value;

use super::TAGS;
use crate::routes;

/// Something an operation lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Method and address.
    pub operation: String,
    /// What it lacks.
    pub lacks: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.lacks)
    }
}

/// What `x-permission` says of an operation that every logged-in user may call.
const ANY_SESSION: &str = "session";

/// Every gap of a document: an operation without a unique camelCase name, a known tag, a summary, a
/// description, descriptions of its responses, or the permission it asks for.
pub fn gaps(document: &Value) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut names = HashSet::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let method = method.to_uppercase();
            let mut lacks = lacks(operation);
            let name = operation["operationId"].as_str().unwrap_or_default();
            if !names.insert(name.to_owned()) {
                lacks.push(format!("a name of its own, {name} is taken"));
            }
            if !routes::is_public(&method, path) && !says_permission(operation) {
                lacks.push("x-permission: a permission, or \"session\"".to_owned());
            }
            let gap = |lacks| Gap { operation: format!("{method} {path}"), lacks };
            gaps.extend(lacks.into_iter().map(gap));
        }
    }
    if paths.is_none_or(serde_json::Map::is_empty) {
        gaps.push(Gap { operation: "document".to_owned(), lacks: "operations".to_owned() });
    }
    gaps
}

fn lacks(operation: &Value) -> Vec<String> {
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
    let tags = operation["tags"].as_array().map_or(&[][..], Vec::as_slice);
    if tags.is_empty() || tags.iter().any(|tag| !TAGS.iter().any(|(known, _)| tag == known)) {
        lacks.push("a tag of openapi::TAGS".to_owned());
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let is_described = response["description"].as_str().is_some_and(|text| !text.is_empty());
        if !is_described && response.get("$ref").is_none() {
            lacks.push(format!("a description of its response {status}"));
        }
    }
    lacks
}

fn says_permission(operation: &Value) -> bool {
    let said = operation["x-permission"].as_str();
    said.is_some_and(|text| text == ANY_SESSION || text.parse::<Permission>().is_ok())
}
