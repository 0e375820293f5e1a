//! Headers of every answer.

use actix_web::http::{Method, StatusCode};

use super::house::{by, hear, server, settings, stranger, world};
use crate::settings::{HttpSettings, PublicUrl};

#[actix_web::test]
async fn every_answer_has_the_security_headers_a_failure_and_a_panic_too() {
    let server = server(settings(), &world());
    let one = "/api/v1/widgets/00000000-0000-0000-0000-000000000005/break?role=panic";
    for request in [
        stranger(Method::GET, "/health/live"),
        stranger(Method::GET, "/nothing"),
        by("admin", Method::GET, "/api/v1/widgets"),
        by("admin", Method::POST, one),
    ] {
        let heard = hear(&server, request).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(heard.header(name), Some(value), "{heard:?}");
        }
        let policy = heard.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
        assert!(heard.header("permissions-policy").is_some());
        assert!(heard.header("x-request-id").is_some());
        assert_eq!(heard.header("strict-transport-security"), None);
    }
}

#[actix_web::test]
async fn nothing_of_the_api_is_kept_by_a_cache() {
    let server = server(settings(), &world());
    let heard = hear(&server, by("admin", Method::GET, "/api/v1/widgets")).await;
    assert_eq!(heard.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn an_allowed_page_may_read_answers_and_failures() {
    let server = server(settings(), &world());
    for (request, is_allowed) in [
        (
            by("admin", Method::GET, "/api/v1/widgets")
                .insert_header(("Origin", "https://app.test")),
            true,
        ),
        (
            stranger(Method::GET, "/api/v1/widgets").insert_header(("Origin", "https://app.test")),
            true,
        ),
        (stranger(Method::GET, "/nothing").insert_header(("Origin", "https://evil.test")), false),
    ] {
        let heard = hear(&server, request).await;
        let origin = heard.header("access-control-allow-origin");
        assert_eq!(origin, is_allowed.then_some("https://app.test"), "{heard:?}");
        if is_allowed {
            let exposed = heard.header("access-control-expose-headers").unwrap().to_lowercase();
            for name in ["etag", "location", "link", "ratelimit-reset", "retry-after"] {
                assert!(exposed.contains(name), "{exposed}");
            }
            assert_eq!(heard.header("access-control-allow-credentials"), Some("true"));
        }
    }
    let preflight = stranger(Method::OPTIONS, "/api/v1/widgets")
        .insert_header(("Origin", "https://app.test"))
        .insert_header(("Access-Control-Request-Method", "POST"))
        .insert_header(("Access-Control-Request-Headers", "x-csrf-token, idempotency-key"));
    assert_eq!(hear(&server, preflight).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn answers_are_compressed_unless_they_hold_a_token() {
    let server = server(settings(), &world());
    let document =
        stranger(Method::GET, "/api/openapi.json").insert_header(("Accept-Encoding", "gzip"));
    assert_eq!(hear(&server, document).await.header("content-encoding"), Some("gzip"));
    let login = stranger(Method::POST, "/api/v1/auth/login?role=admin")
        .insert_header(("Accept-Encoding", "gzip, br"));
    let heard = hear(&server, login).await;
    assert_eq!(heard.header("content-encoding"), None);
    assert!(heard.json()["csrf_token"].is_string());
}

#[actix_web::test]
async fn metrics_are_for_the_token_or_for_a_machine_that_serves_itself_alone() {
    let loopback = || stranger(Method::GET, "/metrics").peer_addr(([127, 0, 0, 1], 1).into());
    // No recorder here, hence 404 instead of text for those who may.
    for url in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"] {
        let public_url = PublicUrl::parse(url).unwrap();
        let local = server(HttpSettings { public_url, ..settings() }, &world());
        assert_eq!(hear(&local, loopback()).await.status, StatusCode::NOT_FOUND, "{url}");
        let other = stranger(Method::GET, "/metrics");
        assert_eq!(hear(&local, other).await.problem(), "unauthenticated");
        for (host, may) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("example.org", false),
            ("localhost.example.org:8080", false),
            ("", false),
        ] {
            let named = hear(&local, loopback().insert_header(("Host", host))).await;
            assert_eq!(named.status == StatusCode::NOT_FOUND, may, "{host}");
        }
        for name in [
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "Forwarded",
            "Via",
            "X-Real-IP",
            "CF-Connecting-IP",
        ] {
            let forwarded = loopback().insert_header((name, "127.0.0.1"));
            assert_eq!(hear(&local, forwarded).await.problem(), "unauthenticated", "{name}");
        }
    }
    // Somebody stands in front of it, who may not say so.
    let open = server(settings(), &world());
    assert_eq!(hear(&open, loopback()).await.problem(), "unauthenticated");
    let mut settings = settings();
    settings.metrics_token = Some("scrape".to_owned());
    let closed = server(settings, &world());
    assert_eq!(hear(&closed, loopback()).await.problem(), "unauthenticated");
    let scraper =
        stranger(Method::GET, "/metrics").insert_header(("Authorization", "Bearer scrape"));
    assert_eq!(hear(&closed, scraper).await.status, StatusCode::NOT_FOUND);
}
