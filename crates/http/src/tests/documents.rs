//! The OpenAPI document and its page.

use actix_web::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{hear, server, settings, stranger, world};
use crate::openapi;

async fn document() -> Value {
    let server = server(settings(), &world());
    hear(&server, stranger(Method::GET, "/api/openapi.json")).await.json()
}

#[test]
fn the_document_of_the_real_resources_has_no_gaps() {
    assert_eq!(openapi::gaps(&openapi::api_document()), []);
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
        ["201", "400", "401", "403", "406", "409", "413", "415", "422", "429", "500", "503"]
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
    let start = hear(&server, stranger(Method::GET, "/docs/swagger-initializer.js")).await;
    assert!(String::from_utf8(start.body).unwrap().contains("X-CSRF-Token"));
    let bundle = hear(&server, stranger(Method::GET, "/docs/swagger-ui-bundle.js")).await;
    assert!(bundle.body.len() > 100_000);
    let none = hear(&server, stranger(Method::GET, "/docs/none.js")).await;
    assert_eq!(none.problem(), "not_found");
}
