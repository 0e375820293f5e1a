//! Answers of success.

use actix_web::http::{Method, StatusCode};

use super::house::{by, hear, server, settings, world};

#[actix_web::test]
async fn a_new_record_has_an_address_and_a_version() {
    let request = by("admin", Method::POST, "/api/v1/widgets")
        .insert_header(("Content-Type", "application/json"))
        .set_payload("{\"name\":\"a\"}");
    let heard = hear(&server(settings(), &world()), request).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    assert!(heard.header("etag").unwrap().starts_with("\"1."), "{heard:?}");
    let at = "/api/v1/widgets/00000000-0000-0000-0000-000000000009";
    assert_eq!(heard.header("location"), Some(at));
    assert_eq!(heard.header("content-type"), Some("application/json"));
    assert_eq!(heard.header("idempotent-replayed"), None);
}

#[actix_web::test]
async fn a_head_request_is_answered_as_a_get() {
    let request = by("admin", Method::HEAD, "/api/v1/widgets/summary");
    let heard = hear(&server(settings(), &world()), request).await;
    assert_eq!(heard.status, StatusCode::OK);
}
