//! The orders of lists as components. A generated client has one type for the words of each list, and a
//! name for every word: made up by the generator, `name` and `-name` would have the same one.

use serde_json::{Map, Value, json};

/// Names the words of every parameter `sort`: those of `ListOf_Donor` are a `DonorSort`.
pub(super) fn name(document: &mut Value) {
    let mut named = Map::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut());
    for (_, operation) in items.flatten() {
        let page = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let record = page.as_str().and_then(|page| page.strip_prefix(PAGE));
        let Some(name) = record.map(|record| format!("{record}Sort")) else { continue };
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        let sort = parameters.into_iter().flatten().find(|parameter| parameter["name"] == "sort");
        let Some(parameter) = sort.and_then(Value::as_object_mut) else { continue };
        let Some(Value::Object(mut schema)) = parameter.remove("schema") else { continue };
        let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<String> = words.filter_map(Value::as_str).map(variable).collect();
        schema.insert("x-enum-varnames".to_owned(), json!(names));
        schema.insert("description".to_owned(), parameter.get("description").cloned().into());
        let reference = format!("#/components/schemas/{name}");
        parameter.insert("schema".to_owned(), json!({ "$ref": reference }));
        named.insert(name, Value::Object(schema));
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.append(&mut named);
    }
}

/// What the page of a list is called.
const PAGE: &str = "#/components/schemas/ListOf_";

/// `-created_at` → `CREATED_AT_DESC`.
fn variable(word: &str) -> String {
    match word.strip_prefix('-') {
        Some(falling) => format!("{}_DESC", falling.to_uppercase()),
        None => word.to_uppercase(),
    }
}
