//! Bodies: strict, limited, and all wrong fields at once.

use std::time::Duration;

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use serde_json::json;
use tokio::time::Instant;

use super::house::{Heard, by, hear, server, settings, world};
use crate::BodySettings;

async fn post(body: impl Into<Vec<u8>>, content_type: &str) -> Heard {
    let request = by("admin", Method::POST, "/api/v1/widgets").set_payload(body.into());
    send(request.insert_header(("Content-Type", content_type))).await
}

async fn send(request: TestRequest) -> Heard {
    hear(&server(settings(), &world()), request).await
}

fn wrong(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(place, code)| ((*place).to_owned(), (*code).to_owned())).collect()
}

#[actix_web::test]
async fn a_body_that_is_not_json_is_400() {
    for body in ["", "{", "{]", "{\"a\":NaN}", "{\"a\":1} x", "{\"name\":\"a\",\"name\":\"b\"}"] {
        let heard = post(body, "application/json").await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(heard.problem(), "bad_request", "{body}");
    }
    let heard = post(b"{\"name\":\"\xff\"}".to_vec(), "application/json").await;
    assert_eq!(heard.problem(), "bad_request");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(post(deep, "application/json").await.problem(), "bad_request");
}

#[actix_web::test]
async fn a_body_of_another_type_is_415() {
    for content_type in [
        "text/plain",
        "application/merge-patch+json",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let heard = post("{}", content_type).await;
        assert_eq!(heard.problem(), "unsupported_media_type", "{content_type}");
    }
    let packed = by("admin", Method::POST, "/api/v1/widgets")
        .insert_header(("Content-Type", "application/json"))
        .insert_header(("Content-Encoding", "gzip"));
    assert_eq!(send(packed.set_payload("{}")).await.problem(), "unsupported_media_type");
    let utf8 = post("{\"name\":\"a\"}", "application/json; charset=UTF-8").await;
    assert_eq!(utf8.status, StatusCode::CREATED);
}

#[actix_web::test]
async fn a_body_of_two_mebibytes_is_413_announced_or_not() {
    let large = format!("{{\"name\":\"{}\"}}", "a".repeat(2 * 1024 * 1024));
    assert_eq!(post(large.clone(), "application/json").await.problem(), "payload_too_large");
    let announced = by("admin", Method::POST, "/api/v1/widgets")
        .insert_header(("Content-Type", "application/json"))
        .insert_header(("Content-Length", "2097152"));
    assert_eq!(send(announced).await.problem(), "payload_too_large");
}

#[actix_web::test]
async fn a_body_that_is_no_object_is_422() {
    for body in ["[]", "null", "1", "\"x\""] {
        let heard = post(body, "application/json").await;
        assert_eq!(heard.problem(), "validation", "{body}");
        assert_eq!(heard.errors(), wrong(&[("", "type")]));
    }
}

#[actix_web::test]
async fn all_wrong_fields_come_back_at_once() {
    let body = json!({
        "name": "much too long a name",
        "size": "secret",
        "colour": "secret",
        "tags/~": 1,
        "parts": [{ "weight": -1 }, 7, { "weight": 2, "secret": 1 }, { "weight": "secret" }],
    });
    let heard = post(body.to_string(), "application/json").await;
    assert_eq!(heard.problem(), "validation");
    let expected = wrong(&[
        ("/colour", "choice"),
        ("/name", "too_long"),
        ("/parts/0/weight", "type"),
        ("/parts/1", "type"),
        ("/parts/2/secret", "unknown_field"),
        ("/parts/3/weight", "type"),
        ("/size", "type"),
        ("/tags~1~0", "unknown_field"),
    ]);
    assert_eq!(heard.errors(), expected);
    let texts = heard.json()["errors"].to_string().replace("/secret", "");
    assert!(!texts.contains("secret"), "{texts}");
}

#[actix_web::test]
async fn a_name_that_a_client_made_up_is_not_told_back_at_any_length() {
    let name = "ş/".repeat(40_000);
    let heard = post(json!({ "name": "a", name: 1 }).to_string(), "application/json").await;
    let shown = format!("/{}…", "ş~1".repeat(50));
    assert_eq!(heard.errors(), wrong(&[(shown.as_str(), "unknown_field")]));
}

#[actix_web::test]
async fn a_required_field_of_the_wrong_type_is_not_also_missing() {
    let heard = post("{\"name\":5}", "application/json").await;
    assert_eq!(heard.errors(), wrong(&[("/name", "type")]));
    let heard = post("{}", "application/json").await;
    assert_eq!(heard.errors(), wrong(&[("/name", "required")]));
    let heard = post("{\"name\":null}", "application/json").await;
    assert_eq!(heard.errors(), wrong(&[("/name", "required")]));
}

#[actix_web::test]
async fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let heard = post("{\"name\":\"a\",\"size\":10.0}", "application/json").await;
    assert_eq!(heard.status, StatusCode::CREATED);
    let heard = post("{\"name\":\"a\",\"size\":10.5}", "application/json").await;
    assert_eq!(heard.errors(), wrong(&[("/size", "type")]));
}

#[actix_web::test]
async fn a_partial_update_tells_absent_null_and_value_apart() {
    let one = "/api/v1/widgets/00000000-0000-0000-0000-000000000005";
    for (body, name) in
        [("{}", "Keep"), ("{\"note\":null}", "Clear"), ("{\"note\":\"x\"}", "Set(\"X\")")]
    {
        for content_type in ["application/merge-patch+json", "application/json"] {
            let request = by("admin", Method::PATCH, one)
                .insert_header(("If-Match", "\"3\""))
                .insert_header(("Content-Type", content_type));
            let heard = send(request.set_payload(body)).await;
            assert_eq!(heard.json()["name"], name);
        }
    }
}

#[actix_web::test]
async fn an_action_without_a_body_refuses_one() {
    let uri = "/api/v1/widgets/00000000-0000-0000-0000-000000000005/break?role=not";
    let request =
        || by("admin", Method::POST, uri).insert_header(("Content-Type", "application/json"));
    assert_eq!(send(request()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(request().set_payload("{}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(request().set_payload("{\"a\":1}")).await.problem(), "validation");
}

#[actix_web::test]
async fn a_text_with_a_nul_is_wrong_where_it_stands() {
    let body = r#"{"name":"a\u0000b","colour":7,"\u0000":1}"#;
    let heard = post(body, "application/json").await;
    assert_eq!(heard.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong_places = heard.errors();
    assert!(wrong_places.contains(&("/name".to_owned(), "control_character".to_owned())));
    assert!(!wrong_places.contains(&("/name".to_owned(), "required".to_owned())));
    assert!(wrong_places.iter().any(|(_, code)| code == "unknown_field"), "{wrong_places:?}");
}

#[test]
fn a_body_earns_time_by_coming_up_to_the_deadline() {
    let settings = BodySettings { least_rate: 1_000, ..BodySettings::default() };
    let began = Instant::now();
    // The first five seconds are given, each thousand bytes earn one more.
    for (received, seconds) in [(0, 5), (1, 5), (10_000, 15), (55_000, 60), (1_000_000, 60)] {
        let waits = settings.due(began, received) - began;
        assert_eq!(waits.as_secs(), seconds, "{received}");
    }
    let short = BodySettings { deadline: Duration::from_secs(2), ..settings };
    assert_eq!((short.due(began, 1_000_000) - began).as_secs(), 2);
}
