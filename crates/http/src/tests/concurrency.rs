//! ETag, If-Match, If-None-Match.

use actix_web::http::{Method, StatusCode};

use super::house::{by, hear, server, settings, world};

const ONE: &str = "/api/v1/widgets/00000000-0000-0000-0000-000000000005";

#[actix_web::test]
async fn a_change_without_if_match_is_428_and_with_a_malformed_one_400() {
    let server = server(settings(), &world());
    let heard = hear(&server, by("admin", Method::DELETE, ONE)).await;
    assert_eq!(heard.problem(), "precondition_required");
    for tag in [
        "*",
        "3",
        "W/3",
        "w/\"3\"",
        "W/W/\"3\"",
        "\"3\", \"4\"",
        "\"x\"",
        "\"03\"",
        "\"-1\"",
        "",
        "\"3",
    ] {
        let request = by("admin", Method::DELETE, ONE).insert_header(("If-Match", tag));
        let heard = hear(&server, request).await;
        assert_eq!(
            (heard.status.as_u16(), heard.problem().as_str()),
            (400, "bad_request"),
            "{tag}"
        );
    }
}

#[actix_web::test]
async fn a_tag_that_a_proxy_has_weakened_names_the_same_version() {
    let server = server(settings(), &world());
    let patch = |tag: &'static str| {
        let request = by("admin", Method::PATCH, ONE)
            .insert_header(("If-Match", tag))
            .insert_header(("Content-Type", "application/merge-patch+json"));
        hear(&server, request.set_payload("{}"))
    };
    assert_eq!(patch("W/\"2\"").await.problem(), "stale");
    assert_eq!(patch("\"10000000000000000000\"").await.problem(), "stale", "beyond all versions");
    assert_eq!(patch("W/\"3\"").await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_stale_change_is_told_the_version_and_the_fields_that_differ() {
    let server = server(settings(), &world());
    let request = by("admin", Method::PATCH, ONE)
        .insert_header(("If-Match", "\"2\""))
        .insert_header(("Content-Type", "application/merge-patch+json"));
    let heard = hear(&server, request.set_payload("{}")).await;
    assert_eq!((heard.status.as_u16(), heard.problem().as_str()), (412, "stale"));
    assert_eq!(heard.json()["current_version"], 3);
    assert_eq!(heard.json()["fields"], serde_json::json!(["note"]));
}

#[actix_web::test]
async fn a_known_version_is_answered_with_304_and_nothing_else() {
    let server = server(settings(), &world());
    let fresh = hear(&server, by("admin", Method::GET, ONE)).await;
    assert_eq!(fresh.header("etag"), Some("\"3\""));
    for (tag, is_known) in [
        ("\"3\"", true),
        ("W/\"3\"", true),
        ("\"1\", \"3\"", true),
        ("\"2\"", false),
        ("junk", false),
    ] {
        let request = by("admin", Method::GET, ONE).insert_header(("If-None-Match", tag));
        let heard = hear(&server, request).await;
        assert_eq!(heard.status == StatusCode::NOT_MODIFIED, is_known, "{tag}");
        assert_eq!(heard.body.is_empty(), is_known);
        assert_eq!(heard.header("etag"), Some("\"3\""));
    }
}
