//! The server of examples: what it refuses, in which language, and what it never ends.

use std::time::Duration;

use actix_web::{
    body::MessageBody,
    dev::ServiceResponse,
    http::{Method, StatusCode},
    test::{self, TestRequest},
};
use almoner_kinds::REGISTRY;
use serde_json::{Value, json};

use super::house::stranger;
use crate::contract::mock::Mock;

async fn ask(request: TestRequest) -> ServiceResponse<impl MessageBody> {
    let app = test::init_service(Mock::new(&REGISTRY, None).app()).await;
    test::call_service(&app, request.to_request()).await
}

async fn answered(request: TestRequest) -> (StatusCode, Value) {
    let answer = ask(request).await;
    let status = answer.status();
    let body = test::read_body(answer).await;
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn sent(method: Method, uri: &str, body: Value) -> (StatusCode, Value) {
    answered(stranger(method, uri).insert_header(("If-Match", "\"1\"")).set_json(body)).await
}

/// Pointer and code of every complaint.
#[track_caller]
fn errors((status, problem): &(StatusCode, Value)) -> Vec<(String, String)> {
    assert_eq!(*status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["code"], "validation");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    let mut errors: Vec<_> =
        errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
    errors.sort();
    errors
}

fn named(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(place, code)| ((*place).to_owned(), (*code).to_owned())).collect()
}

const DONORS: &str = "/api/v1/donors";
const ONE: &str = "/api/v1/donors/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

#[actix_web::test]
async fn every_wrong_field_is_told_as_the_server_tells_it() {
    let wrong = json!({
        "kind": "robot", "name": " \t", "email": "ahmet", "contact_consent": "yes", "colour": "red",
        "notes": "a\u{7}b",
    });
    assert_eq!(
        errors(&sent(Method::POST, DONORS, wrong).await),
        named(&[
            ("/colour", "unknown_field"),
            ("/contact_consent", "type"),
            ("/email", "email"),
            ("/kind", "choice"),
            ("/name", "required"),
            ("/notes", "control_character"),
        ])
    );
    let none = errors(&sent(Method::POST, DONORS, json!({})).await);
    assert_eq!(none, named(&[("/kind", "required"), ("/name", "required")]));
    let long = json!({ "name": "a".repeat(201), "kind": null });
    assert_eq!(
        errors(&sent(Method::PATCH, ONE, long).await),
        named(&[("/kind", "required"), ("/name", "too_long")])
    );
    let role = json!({ "name": "A", "label": "A", "permissions": ["donors:read", "fly"] });
    let role = errors(&sent(Method::POST, "/api/v1/roles", role).await);
    assert!(role.contains(&("/permissions/1".to_owned(), "choice".to_owned())), "{role:?}");
    let both = json!({ "email": "a@example.org", "phone": "+905321234567" });
    let both = errors(&sent(Method::POST, "/api/v1/donors/lookup", both).await);
    assert!(!both.is_empty(), "exactly one is asked for");
}

#[actix_web::test]
async fn of_several_forms_the_one_that_is_meant_is_looked_at() {
    let batch =
        |item: Value| sent(Method::POST, "/api/v1/donors/batch", json!({ "items": [item] }));
    let create = batch(json!({ "op": "create", "value": { "kind": "person" } })).await;
    assert_eq!(errors(&create), named(&[("/items/0/value/name", "required")]));
    let other = batch(json!({ "op": "merge" })).await;
    assert_eq!(errors(&other), named(&[("/items/0/op", "choice")]));
    let none = batch(json!({})).await;
    assert_eq!(errors(&none), named(&[("/items/0/op", "required")]));
    let few = sent(Method::POST, "/api/v1/donors/batch", json!({ "items": [] })).await;
    assert_eq!(errors(&few), named(&[("/items", "range")]));
    let fine = batch(json!({ "op": "delete", "id": &ONE[ONE.len() - 36..], "version": 1 })).await;
    assert_eq!(fine.0, StatusCode::OK, "{}", fine.1);
    let emptied = sent(Method::PATCH, ONE, json!({ "identity": null })).await;
    assert_eq!(emptied.0, StatusCode::OK, "{}", emptied.1);
}

#[actix_web::test]
async fn what_is_no_json_of_the_contract_is_refused_before_it_is_looked_at() {
    let post = || stranger(Method::POST, DONORS);
    let status = async |request: TestRequest| answered(request).await.0;
    assert_eq!(status(post().set_payload("{}")).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let json = || post().insert_header(("Content-Type", "application/json"));
    assert_eq!(status(json().set_payload("{")).await, StatusCode::BAD_REQUEST);
    assert_eq!(status(json().set_payload("[]")).await, StatusCode::UNPROCESSABLE_ENTITY);
    let large = json().set_payload("a".repeat(2 * 1024 * 1024));
    assert_eq!(status(large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let restore = format!("{ONE}/restore");
    assert_eq!(sent(Method::POST, &restore, json!({ "now": true })).await.0, 422);
    assert_eq!(sent(Method::POST, &restore, json!({})).await.0, 200);
    // Somebody who wants to see an answer sees it, whatever they send.
    let wanted = post().insert_header(("Prefer", "code=409")).set_json(json!({ "colour": 1 }));
    assert_eq!(status(wanted).await, StatusCode::CONFLICT);
}

#[actix_web::test]
async fn every_example_of_a_body_is_taken() {
    let document = crate::contract::openapi::api_document(&REGISTRY);
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            let Some(example) = content.get("example") else { continue };
            let path = path.replace("{id}", &ONE[ONE.len() - 36..]).replace("{name}", "viewer");
            let method: Method = method.to_uppercase().parse().unwrap();
            let (status, body) = sent(method, &path, example.clone()).await;
            assert!(status.is_success(), "{path}: {body}");
            count += 1;
        }
    }
    assert!(count > 20, "only {count} bodies");
}

/// What a page would only find out from a real server.
#[actix_web::test]
async fn what_is_forgotten_is_said() {
    let change = stranger(Method::PATCH, ONE).set_json(json!({ "notes": "x" }));
    assert_eq!(answered(change).await.0, StatusCode::PRECONDITION_REQUIRED);
    let (status, problem) = answered(stranger(Method::GET, "/api/v1/donors?stat=1")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let error = &problem["errors"][0];
    assert_eq!(
        (&error["parameter"], &error["code"]),
        (&json!("stat"), &json!("unknown_parameter"))
    );
    let fine = "/api/v1/donors?fields=name&kind=person&sort=-name&limit=5&count=exact&cursor=x";
    assert_eq!(answered(stranger(Method::GET, fine)).await.0, StatusCode::OK);
    let explained =
        stranger(Method::GET, "/problems/taken").insert_header(("Accept-Language", "tr"));
    let (status, explained) = answered(explained).await;
    assert_eq!((status, &explained["code"]), (StatusCode::OK, &json!("taken")));
    assert_eq!(
        answered(stranger(Method::GET, "/problems/nonsense")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[actix_web::test]
async fn problems_are_told_in_the_language_of_the_caller() {
    let turkish = |request: TestRequest| request.insert_header(("Accept-Language", "tr"));
    let answer = ask(turkish(stranger(Method::POST, DONORS).set_json(json!({})))).await;
    assert_eq!(answer.headers().get("content-language").unwrap(), "tr");
    assert!(answer.headers().contains_key("x-request-id"));
    let problem: Value = test::read_body_json(answer).await;
    assert_eq!(problem["title"], "İstek geçerli değil");
    assert_ne!(problem["errors"][0]["detail"], "is required");
    // An example of a problem, too.
    let wanted = stranger(Method::GET, DONORS).insert_header(("Prefer", "code=403"));
    let answer = ask(turkish(wanted)).await;
    assert_eq!(answer.headers().get("content-language").unwrap(), "tr");
    let problem: Value = test::read_body_json(answer).await;
    assert_ne!(problem["title"], "You may not do this");
    let (status, problem) = answered(turkish(stranger(Method::GET, "/api/v1/nowhere"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_ne!(problem["title"], "There is no such thing");
}

#[actix_web::test]
async fn a_list_is_followed_and_never_ends() {
    for (uri, event) in [(DONORS, "snapshot"), ("/api/v1/events?topics=donors", "change")] {
        let accept = ("Accept", "text/event-stream");
        let answer = ask(stranger(Method::GET, uri).insert_header(accept)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers().get("content-type").unwrap(), "text/event-stream");
        assert_eq!(answer.headers().get("content-encoding").unwrap(), "identity");
        let mut body = std::pin::pin!(answer.into_body());
        let first = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await;
        let first = String::from_utf8(first.unwrap().ok().unwrap().to_vec()).unwrap();
        assert!(first.contains(&format!("event: {event}\ndata: {{")), "{first}");
        assert!(first.starts_with("retry: ") && !first.contains("event: remove"), "{first}");
        let next = std::future::poll_fn(|cx| body.as_mut().poll_next(cx));
        let next = tokio::time::timeout(Duration::from_millis(50), next).await;
        assert!(next.is_err(), "it goes on");
    }
    let json = ("Accept", "application/json, text/event-stream");
    let (status, page) = answered(stranger(Method::GET, DONORS).insert_header(json)).await;
    assert_eq!((status, page["items"].is_array()), (StatusCode::OK, true));
    let html = stranger(Method::GET, DONORS).insert_header(("Accept", "text/html"));
    let (status, problem) = answered(html).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("application/json, text/event-stream"), "{detail}");
}
