//! The OpenAPI document and its page.

use actix_web::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::house::{hear, server, settings, stranger, world};
use std::{collections::HashSet, sync::Arc};

use crate::{contract::openapi, kit::language::Language, settings::HttpSettings};

async fn document() -> Value {
    let server = server(settings(), &world());
    hear(&server, stranger(Method::GET, "/api/openapi.json")).await.json()
}

#[test]
fn the_document_of_the_real_resources_has_no_gaps() {
    assert_eq!(openapi::gaps(&openapi::api_document(&almoner_kinds::REGISTRY)), []);
}

#[test]
fn a_resource_without_examples_and_limits_has_gaps() {
    let document = openapi::document(
        &(Arc::new(super::widgets::routes) as crate::routes::Routes),
        &almoner_records::Registry::EMPTY,
    );
    let gaps: Vec<String> = openapi::gaps(&document).iter().map(ToString::to_string).collect();
    let body = "/components/schemas/NewWidgetBody";
    for gap in [
        "POST /api/v1/widgets: an example of its request".to_owned(),
        "POST /api/v1/widgets: an example of its response 201".to_owned(),
        "GET /api/v1/widgets: an example of size".to_owned(),
        format!("{body}: a description"),
        format!("{body}/properties/name: a description"),
        format!("{body}/properties/name: maxLength"),
        format!("{body}/properties/name: a form"),
        format!("{body}/properties/parts: maxItems"),
    ] {
        assert!(gaps.contains(&gap), "{gap} is not among {gaps:#?}");
    }
    // What follows from its form is not asked for again.
    let size = format!("{body}/properties/size: maximum");
    assert!(!gaps.contains(&size) && !gaps.iter().any(|gap| gap.contains("/id: maxLength")));
}

#[test]
fn the_registry_of_problems_keeps_to_the_limits_of_the_document() {
    let document = openapi::api_document(&almoner_kinds::REGISTRY);
    let explanation = &document["components"]["schemas"]["ProblemExplanation"]["properties"];
    let code = &document["components"]["schemas"]["Problem"]["properties"]["code"];
    let most = |schema: &Value| schema["maxLength"].as_u64().unwrap();
    for entry in crate::kit::problem::registry::ENTRIES {
        let length = |text: &str| u64::try_from(text.chars().count()).unwrap();
        assert!(length(entry.code) <= most(code), "{}", entry.code);
        for language in Language::all() {
            let (title, text) = (entry.title(language), entry.explanation(language));
            assert!(length(&title) <= most(&explanation["title"]), "{}", entry.code);
            assert!(length(&text) <= most(&explanation["explanation"]), "{}", entry.code);
        }
        assert!(entry.code.chars().all(|char| matches!(char, 'a'..='z' | '_')), "{}", entry.code);
    }
}

#[test]
fn the_form_of_a_value_brings_its_limits() {
    let document = openapi::api_document(&almoner_kinds::REGISTRY);
    let schemas = &document["components"]["schemas"];
    let donor = &schemas["Donor"]["properties"];
    assert_eq!(donor["id"]["maxLength"], 36);
    assert_eq!(donor["created_at"]["format"], "date-time");
    assert_eq!(donor["phone"]["maxLength"], 16);
    assert_eq!(donor["phone"]["format"], Value::Null);
    assert_eq!(donor["name"]["maxLength"], 200);
    assert_eq!(donor["version"]["maximum"], i64::MAX);
    let words = schemas["Permission"]["enum"].as_array().unwrap().len();
    assert_eq!(schemas["Role"]["properties"]["permissions"]["maxItems"], words);
    let list = &document["paths"]["/api/v1/donors"]["get"];
    let parameters = list["parameters"].as_array().unwrap();
    assert!(parameters.iter().any(|parameter| parameter["name"] == "sort"));
    assert_eq!(schemas["DonorSort"]["enum"], json!(["created_at", "-created_at", "name", "-name"]));
    let headers = &list["responses"]["200"]["headers"];
    for name in ["Link", "RateLimit-Remaining", "X-Request-Id"] {
        assert!(headers[name].is_object(), "{name}");
    }
}

#[actix_web::test]
async fn every_operation_is_completed_with_what_all_have_in_common() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    let create = &document["paths"]["/api/v1/widgets"]["post"];
    assert_eq!(create["operationId"], "createWidget");
    assert_eq!(create["security"], json!([{ "session": [], "csrf": [] }]));
    assert_eq!(create["x-permission"], "donors:create");
    assert_eq!(create["parameters"][0]["name"], "Idempotency-Key");
    for header in ["ETag", "Location"] {
        assert!(create["responses"]["201"]["headers"][header].is_object());
    }
    let statuses = |operation: &Value| -> Vec<String> {
        operation["responses"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        statuses(create),
        ["201", "400", "401", "403", "406", "408", "409", "413", "415", "422", "429", "500", "503"]
    );
    let one = &document["paths"]["/api/v1/widgets/{id}"];
    assert_eq!(
        statuses(&one["get"]),
        ["200", "304", "400", "401", "403", "404", "406", "429", "500", "503"]
    );
    assert_eq!(one["get"]["security"], json!([{ "session": [] }]));
    let change = statuses(&one["patch"]);
    assert!(change.contains(&"412".to_owned()) && change.contains(&"428".to_owned()));
    let content = &one["patch"]["requestBody"]["content"];
    assert!(content["application/merge-patch+json"].is_object());
    let login = &document["paths"]["/api/v1/auth/login"]["post"];
    assert_eq!(login["security"], json!([]));
    assert_eq!(statuses(login), ["200", "400", "403", "406", "429", "500", "503"]);
}

#[actix_web::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document().await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.iter().any(|reference| reference == "#/components/schemas/Problem"));
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[actix_web::test]
async fn the_page_works_offline_and_sends_the_token() {
    let server = server(settings(), &world());
    let away = hear(&server, stranger(Method::GET, "/docs")).await;
    assert_eq!(away.header("location"), Some("/docs/"));
    let page = hear(&server, stranger(Method::GET, "/docs/")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
    let text = String::from_utf8(page.body).unwrap();
    assert!(!text.contains("<script>") && !text.contains("https://"), "{text}");
    assert!(text.contains("<title>Almoner API</title>"), "{text}");
    // Every file that the page names is there.
    for name in text.split('"').filter_map(|part| part.strip_prefix("./")) {
        let file = hear(&server, stranger(Method::GET, &format!("/docs/{name}"))).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
    }
    let start = hear(&server, stranger(Method::GET, "/docs/swagger-initializer.js")).await;
    let start = String::from_utf8(start.body).unwrap();
    for part in ["X-CSRF-Token", "filter: true", "docExpansion: \"none\"", "log in first"] {
        assert!(start.contains(part), "{part}");
    }
    let bundle = hear(&server, stranger(Method::GET, "/docs/swagger-ui-bundle.js")).await;
    assert!(bundle.body.len() > 100_000);
    let none = hear(&server, stranger(Method::GET, "/docs/none.js")).await;
    assert_eq!(none.problem(), "not_found");
}

#[actix_web::test]
async fn the_document_says_where_the_api_is_once_somebody_has_said_it() {
    assert_eq!(document().await["servers"][0]["url"], "/");
    let settings = HttpSettings { is_public_url_given: true, ..settings() };
    let server = server(settings, &world());
    let document = hear(&server, stranger(Method::GET, "/api/openapi.json")).await.json();
    assert_eq!(document["servers"][0]["url"], "http://almoner.test");
}

/// Calls `see` with every object within.
fn every(value: &Value, see: &mut dyn FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(fields);
            fields.values().for_each(|value| every(value, see));
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, see)),
        _ => {}
    }
}

#[test]
fn generators_understand_what_the_document_says() {
    let document = openapi::api_document(&almoner_kinds::REGISTRY);
    every(&document, &mut |schema| {
        assert!(!schema.contains_key("uniqueItems"), "a set is no JSON: {schema:?}");
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            assert!(!pattern.contains(r"\u"), "not every engine knows it: {pattern}");
            assert!(!pattern.contains(['\u{2028}', '\u{2029}']), "ends a literal: {pattern}");
            regex::Regex::new(pattern).unwrap();
        }
        // Several types at once have no name in most languages; one that may be null has.
        let types = schema.get("type").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        assert!(types.iter().filter(|one| *one != "null").count() <= 1, "{schema:?}");
        let words = schema.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let names: HashSet<&Value> = words.iter().collect();
        assert_eq!(names.len(), words.len(), "{schema:?}");
    });
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["DonorSort"]["x-enum-varnames"],
        json!(["CREATED_AT", "CREATED_AT_DESC", "NAME", "NAME_DESC"])
    );
    let list = document["paths"]["/api/v1/donors"]["get"]["parameters"].as_array().unwrap();
    let sort = list.iter().find(|parameter| parameter["name"] == "sort").unwrap();
    assert_eq!(sort["schema"], json!({ "$ref": "#/components/schemas/DonorSort" }));
    let value = &schemas["RecordedFields"]["additionalProperties"];
    assert_eq!(*value, json!({ "$ref": "#/components/schemas/RecordedValue" }));
    assert_eq!(schemas["RecordedValue"]["oneOf"].as_array().unwrap().len(), 5);
}
