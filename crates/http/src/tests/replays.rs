//! Requests that are repeated.

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use almoner_kernel::{Epoch, Version};
use uuid::Uuid;

use super::house::{by, hear, server, settings, world};
use crate::{kit::answer::Answer, settings::HttpSettings};

fn create(key: &str, name: &str) -> TestRequest {
    by("admin", Method::POST, "/api/v1/widgets")
        .insert_header(("Content-Type", "application/json"))
        .insert_header(("Idempotency-Key", key))
        .set_payload(format!("{{\"name\":\"{name}\"}}"))
}

#[actix_web::test]
async fn a_repeated_request_is_answered_as_the_first_one() {
    let server = server(settings(), &world());
    let first = hear(&server, create("k", "a")).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = hear(&server, create("k", "a")).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(again.header(name), first.header(name));
    }
}

#[actix_web::test]
async fn an_answer_that_came_with_a_backup_is_given_again_with_a_tag_of_the_present_epoch() {
    let world = world();
    let first = hear(&server(settings(), &world), create("k", "a")).await;
    let later = HttpSettings { epoch: Epoch::new(Uuid::from_u128(2)), ..settings() };
    let again = hear(&server(later, &world), create("k", "a")).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    let (lost, there) = (first.header("etag").unwrap(), again.header("etag").unwrap());
    assert!(there.starts_with("\"1.") && there != lost, "{there}");
}

#[test]
fn an_answer_is_kept_with_its_version_as_every_version_of_the_program_has_kept_it() {
    let kept = br#"{"status":201,"location":"/x","etag":"\"7\"","body":"{}"}"#;
    let answer = serde_json::from_slice::<Answer>(kept).unwrap();
    assert_eq!(answer, Answer::created("/x", Version::new(7), &serde_json::json!({})));
    assert_eq!(serde_json::to_vec(&answer).unwrap(), kept);
    assert!(serde_json::from_slice::<Answer>(br#"{"status":201,"etag":"junk"}"#).is_err());
    assert_eq!(
        serde_json::from_slice::<Answer>(br#"{"status":204}"#).unwrap(),
        Answer::no_content()
    );
}

#[actix_web::test]
async fn the_same_key_with_another_request_is_422() {
    let server = server(settings(), &world());
    hear(&server, create("k", "a")).await;
    let other = hear(&server, create("k", "b")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.problem(), "idempotency_key_reused");
}

#[actix_web::test]
async fn a_twin_that_is_still_running_is_409() {
    let server = server(settings(), &world());
    let twins = futures_util::future::join(
        hear(&server, create("k", "slow")),
        hear(&server, create("k", "slow")),
    );
    let (first, second) = twins.await;
    let mut answers = [first, second];
    answers.sort_by_key(|heard| heard.status);
    assert_eq!(answers[0].status, StatusCode::CREATED);
    assert_eq!(answers[1].problem(), "conflict");
    assert_eq!(
        hear(&server, create("k", "slow")).await.header("idempotent-replayed"),
        Some("true")
    );
}

#[actix_web::test]
async fn a_twin_on_another_instance_gives_its_answer() {
    let server = server(settings(), &world());
    let heard = hear(&server, create("k", "raced")).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    assert_eq!(heard.header("idempotent-replayed"), Some("true"));
}

#[actix_web::test]
async fn a_key_that_cannot_be_kept_is_400() {
    let server = server(settings(), &world());
    for key in ["", "a b", "ä", &"k".repeat(256)] {
        assert_eq!(hear(&server, create(key, "a")).await.problem(), "bad_request", "{key}");
    }
    assert_eq!(hear(&server, create(&"k".repeat(255), "a")).await.status, StatusCode::CREATED);
}
