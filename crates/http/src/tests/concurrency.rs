//! ETag, If-Match, If-None-Match.

use actix_web::http::{Method, StatusCode};
use almoner_kernel::{Epoch, Version};
use uuid::Uuid;

use super::house::{Heard, by, hear, server, settings, world};
use crate::{kit::etag::Tags, settings::HttpSettings};

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
        "\"3.\"",
        "\"3.q7Jx0cWn4Zk1VfYt8LmR2\"",
        "\"3.q7Jx0cWn4Zk1VfYt8LmR2gg\"",
        "\"3.q7Jx0cWn4Zk1VfYt8Lm+2g\"",
        "\".q7Jx0cWn4Zk1VfYt8LmR2g\"",
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
async fn what_is_known_as_it_is_shown_is_answered_with_304_and_nothing_else() {
    let server = server(settings(), &world());
    let fresh = hear(&server, by("admin", Method::GET, ONE)).await;
    let tag = fresh.header("etag").unwrap().to_owned();
    assert_eq!(tag.len(), "\"3.\"".len() + 22);
    let other = tag.replace("3.", "4.");
    for (known, is_known) in [
        (tag.clone(), true),
        (format!("W/{tag}"), true),
        (format!("\"1\", {tag}"), true),
        // Which body it was is not said.
        ("\"3\"".to_owned(), false),
        (other, false),
        ("\"2\"".to_owned(), false),
        ("junk".to_owned(), false),
    ] {
        let request = by("admin", Method::GET, ONE).insert_header(("If-None-Match", &*known));
        let heard = hear(&server, request).await;
        assert_eq!(heard.status == StatusCode::NOT_MODIFIED, is_known, "{known}");
        assert_eq!(heard.body.is_empty(), is_known);
        assert_eq!(heard.header("etag"), Some(&*tag));
    }
}

#[actix_web::test]
async fn a_tag_of_another_epoch_is_stale_and_known_to_nobody() {
    let world = world();
    let before = server(settings(), &world);
    let after = HttpSettings { epoch: Epoch::new(Uuid::from_u128(2)), ..settings() };
    let after = server(after, &world);
    let tag = |heard: Heard| heard.header("etag").unwrap().to_owned();
    let lost = tag(hear(&before, by("admin", Method::GET, ONE)).await);
    let there = tag(hear(&after, by("admin", Method::GET, ONE)).await);
    assert_ne!(lost, there);
    let patch = |tag: &str| {
        let request = by("admin", Method::PATCH, ONE)
            .insert_header(("If-Match", tag))
            .insert_header(("Content-Type", "application/merge-patch+json"));
        hear(&after, request.set_payload("{}"))
    };
    for tag in [lost.clone(), format!("W/{lost}")] {
        let heard = patch(&tag).await;
        assert_eq!((heard.status.as_u16(), heard.problem().as_str()), (412, "stale"), "{tag}");
        assert_eq!(heard.json()["current_version"], 3);
    }
    for tag in [there.clone(), format!("W/{there}"), "\"3\"".to_owned()] {
        assert_eq!(patch(&tag).await.status, StatusCode::OK, "{tag}");
    }
    let known = by("admin", Method::GET, ONE).insert_header(("If-None-Match", &*lost));
    assert_eq!(hear(&after, known).await.status, StatusCode::OK);
}

#[test]
fn a_tag_differs_with_the_version_the_body_the_epoch_and_the_key() {
    let tags = |key: u8, epoch: u128| Tags::new(&[key; 32], Epoch::new(Uuid::from_u128(epoch)));
    let of = |key, epoch, version, body| tags(key, epoch).of(Version::new(version), body);
    let one = of(1, 1, 3, "{}");
    assert_eq!(one, of(1, 1, 3, "{}"));
    let others = [of(2, 1, 3, "{}"), of(1, 2, 3, "{}"), of(1, 1, 4, "{}"), of(1, 1, 3, "[]")];
    let mark = |tag: &str| tag.split_once('.').unwrap().1.to_owned();
    for other in &others {
        assert_ne!(mark(&one), mark(other));
        // Of one epoch under one key, the beginning is the same.
        let is_same = mark(&one)[..6] == mark(other)[..6];
        assert_eq!(is_same, other == &others[2] || other == &others[3], "{one} {other}");
    }
}
