//! What the document promises of kinds of record.

use std::collections::HashSet;

use almoner_kinds::REGISTRY;
use almoner_records::Kind;
use serde_json::{Map, Value, json};

use crate::contract::openapi::api_document;

/// Every operation of the kinds, with its address.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    all.filter(|(_, operation)| REGISTRY.kinds.iter().any(|kind| operation["tags"][0] == kind.path))
        .collect()
}

/// Every JSON content of a request or a good answer, with its place.
fn contents(document: &Value) -> Vec<(String, &Value)> {
    let mut contents = Vec::new();
    for (operation, fields) in operations(document) {
        let answers = fields["responses"].as_object().unwrap().iter();
        let answers = answers.map(|(status, answer)| (status.as_str(), answer));
        for (place, holder) in answers.chain([("request", &fields["requestBody"])]) {
            if let Some(content) = holder["content"].get("application/json") {
                contents.push((format!("{operation} {place}"), content));
            }
        }
    }
    contents
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => match schema["oneOf"].as_array() {
            Some(choices) => resolved(document, &choices[0]),
            None => schema,
        },
    }
}

/// The operations that follow from the description of a kind.
fn described(kind: &Kind) -> Vec<String> {
    let of_one = ["create", "get", "update", "delete", "restore"].into_iter();
    let of_one = of_one.chain(kind.steps.iter().map(|step| step.name));
    let mut all: Vec<String> = of_one.map(|verb| format!("{verb}_{}", kind.one)).collect();
    let is_looked_up = kind.fields.iter().any(|field| field.is_looked_up);
    let of_many = [
        ("list", true),
        ("batch", true),
        ("lookup", is_looked_up),
        ("summarise", kind.has_summary()),
    ];
    let of_many = of_many.into_iter().filter(|(_, is_there)| *is_there);
    all.extend(of_many.map(|(verb, _)| format!("{verb}_{}", kind.many)));
    all.iter().map(|name| camel(name)).collect()
}

/// `lookupDonors`
fn camel(name: &str) -> String {
    let mut words = name.split(['_', '-']);
    let first = words.next().unwrap().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn the_operations_of_a_kind_follow_from_its_description() {
    // What a domain adds by hand, in a module of `resources`.
    const BY_HAND: [&str; 2] = ["revealDonor", "summariseDonations"];
    let document = api_document(&REGISTRY);
    let all = operations(&document);
    let mut names: Vec<&str> =
        all.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    names.sort_unstable();
    let described = REGISTRY.kinds.iter().flat_map(|kind| described(kind));
    let mut expected: Vec<String> = described.chain(BY_HAND.map(str::to_owned)).collect();
    expected.sort_unstable();
    assert_eq!(
        names, expected,
        "an operation by hand is written into BY_HAND; every other one follows from a kind"
    );
}

#[test]
fn every_example_has_the_fields_of_its_schema() {
    fn check(document: &Value, schema: &Value, example: &Value, place: &str) {
        let schema = resolved(document, schema);
        match example {
            Value::Object(fields) => {
                let none = Map::new();
                // Of several shapes it is the one for this operation.
                let shapes = schema["oneOf"].as_array().into_iter().flatten();
                let schema = shapes
                    .map(|shape| resolved(document, shape))
                    .find(|shape| shape["properties"]["op"]["enum"] == json!([fields["op"]]))
                    .unwrap_or(schema);
                let known = schema["properties"].as_object().unwrap_or(&none);
                for (name, value) in fields {
                    let place = format!("{place}/{name}");
                    check(document, known.get(name).expect(&place), value, &place);
                }
                for name in schema["required"].as_array().into_iter().flatten() {
                    let name = name.as_str().unwrap();
                    assert!(fields.contains_key(name), "{place} lacks {name}");
                }
            }
            Value::Array(items) => {
                for item in items {
                    check(document, &schema["items"], item, place);
                }
            }
            _ => {}
        }
    }
    let document = api_document(&REGISTRY);
    let contents = contents(&document);
    assert!(contents.len() > 30, "{}", contents.len());
    for (place, content) in contents {
        let example = content.get("example").expect(&place);
        check(&document, &content["schema"], example, &place);
    }
}

#[test]
fn every_field_and_parameter_is_described_with_an_example() {
    let document = api_document(&REGISTRY);
    let mut names = HashSet::new();
    for (place, content) in contents(&document) {
        collect(&document, &content["schema"], &place, &mut names);
    }
    assert!(names.len() > 15, "{names:?}");
    for (operation, fields) in operations(&document) {
        for parameter in fields["parameters"].as_array().into_iter().flatten() {
            let place = format!("{operation} {}", parameter["name"]);
            assert!(parameter["description"].is_string(), "{place}");
            let is_alone = ["id", "count"].iter().any(|name| parameter["name"] == *name);
            assert!(is_alone || parameter.get("example").is_some(), "{place}");
            // A query string has no null.
            let is_null = parameter["schema"].to_string().contains("null");
            assert!(parameter["in"] != "query" || !is_null, "{place}");
        }
    }
}

/// Goes through a schema and everything it refers to.
fn collect(document: &Value, schema: &Value, place: &str, names: &mut HashSet<String>) {
    if let Some(name) = schema["$ref"].as_str()
        && !names.insert(name.to_owned())
    {
        return;
    }
    let schema = resolved(document, schema);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        let inner = resolved(document, field);
        let is_described = [field, inner].iter().any(|schema| schema["description"].is_string());
        assert!(is_described, "{place} has no description");
        let is_plain = !["properties", "enum", "items"].iter().any(|key| inner.get(key).is_some());
        // What all lists have is described with them.
        let is_shared = ["next_cursor", "total_is_capped"].contains(&name.as_str());
        assert!(!is_plain || is_shared || field.get("example").is_some(), "{place} has no example");
        collect(document, field, &place, names);
    }
    if let Some(items) = schema.get("items") {
        collect(document, items, place, names);
    }
}

#[test]
fn every_reference_of_the_real_document_leads_somewhere() {
    fn check(document: &Value, value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|value| check(document, value)),
            Value::Array(items) => items.iter().for_each(|value| check(document, value)),
            _ => {}
        }
    }
    let document = api_document(&REGISTRY);
    check(&document, &document);
}

#[test]
fn a_new_record_links_to_its_changes_and_a_deleted_one_to_its_return() {
    let document = api_document(&REGISTRY);
    let names = |path: &str, method: &str, status: &str| -> Vec<String> {
        let links = &document["paths"][path][method]["responses"][status]["links"];
        links.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let created = names("/api/v1/campaigns", "post", "201");
    let of_one = ["deleteCampaign", "getCampaign", "getCampaignHistory", "restoreCampaign"];
    assert_eq!(created, [&of_one[..], &["updateCampaign"]].concat());
    let deleted = names("/api/v1/campaigns/{id}", "delete", "204");
    assert_eq!(deleted, ["getCampaignHistory", "restoreCampaign"]);
    assert!(names("/api/v1/auth/sessions", "delete", "204").is_empty(), "it has no key");
    let create = &document["paths"]["/api/v1/campaigns"]["post"]["responses"]["201"];
    let parameters = json!({
        "path.id": "$response.body#/id",
        "header.If-Match": "$response.header.ETag",
    });
    assert_eq!(create["links"]["updateCampaign"]["parameters"], parameters);
}
