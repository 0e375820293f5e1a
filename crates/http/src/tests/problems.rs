//! Every failure is a problem.

use actix_web::http::{Method, StatusCode};

use super::house::{by, hear, server, session_cookie, settings, stranger, world};
use crate::kit::language::Language;

const ONE: &str = "/api/v1/widgets/00000000-0000-0000-0000-000000000005";

#[actix_web::test]
async fn an_unknown_address_is_404_for_strangers_and_users_alike() {
    let server = server(settings(), &world());
    for request in [stranger(Method::GET, "/api/v1/nothing"), by("admin", Method::GET, "/nothing")]
    {
        let heard = hear(&server, request).await;
        assert_eq!((heard.status, heard.problem().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }
    let heard = hear(&server, stranger(Method::GET, "/api/v1/widgets/")).await;
    assert_eq!(heard.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_wrong_method_is_405_with_allow_on_every_address() {
    let server = server(settings(), &world());
    for (uri, allow) in [
        ("/api/v1/widgets", "GET, HEAD, POST"),
        (ONE, "DELETE, GET, HEAD, PATCH"),
        ("/api/v1/auth/login", "POST"),
        ("/health/live", "GET, HEAD"),
        ("/problems/stale", "GET, HEAD"),
        ("/docs/", "GET, HEAD"),
        ("/api/openapi.json", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
    ] {
        for method in [Method::PUT, Method::TRACE, Method::OPTIONS, "BREW".parse().unwrap()] {
            let heard = hear(&server, stranger(method.clone(), uri)).await;
            assert_eq!(heard.problem(), "method_not_allowed", "{method} {uri}");
            assert_eq!(heard.header("allow"), Some(allow), "{method} {uri}");
        }
    }
}

#[actix_web::test]
async fn a_stranger_is_refused_before_the_body_is_read() {
    let server = server(settings(), &world());
    let broken = stranger(Method::POST, "/api/v1/widgets").set_payload("{");
    let heard = hear(&server, broken).await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
    assert_eq!(heard.problem(), "unauthenticated");
    assert!(heard.header("www-authenticate").is_some());
}

#[actix_web::test]
async fn a_cookie_that_is_forged_or_dead_is_a_stranger() {
    let server = server(settings(), &world());
    let dead = stranger(Method::GET, "/api/v1/widgets").cookie(session_cookie("dead"));
    let forged = stranger(Method::GET, "/api/v1/widgets")
        .cookie(actix_web::cookie::Cookie::new("almoner_session", "admin"));
    for request in [dead, forged] {
        assert_eq!(hear(&server, request).await.problem(), "unauthenticated");
    }
}

#[actix_web::test]
async fn a_session_that_cannot_be_looked_up_is_503_and_not_401() {
    let world = world();
    let server = server(settings(), &world);
    *world.is_database_away.lock().unwrap() = true;
    let heard = hear(&server, by("admin", Method::GET, "/api/v1/widgets")).await;
    assert_eq!(heard.problem(), "unavailable");
    assert_eq!(heard.header("retry-after"), Some("5"));
    let ready = hear(&server, stranger(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["parts"][0]["status"], "down");
}

#[actix_web::test]
async fn only_what_rules_json_out_is_not_acceptable() {
    let server = server(settings(), &world());
    for (accept, is_met) in [
        ("*/*", true),
        ("application/*", true),
        ("text/html, application/json;q=0.1", true),
        ("text/html", false),
        ("application/json;q=0", false),
        ("application/json;q=0, */*;q=0.0", false),
    ] {
        let request = by("admin", Method::GET, "/api/v1/widgets").insert_header(("Accept", accept));
        let heard = hear(&server, request).await;
        if is_met {
            assert_eq!(heard.status, StatusCode::OK, "{accept}");
        } else {
            assert_eq!(heard.problem(), "not_acceptable", "{accept}");
        }
    }
}

#[actix_web::test]
async fn an_address_that_is_badly_escaped_is_400() {
    let server = server(settings(), &world());
    for uri in [
        "/api/v1/widgets/%zz",
        "/api/v1/widgets/%FF",
        "/api/v1/widgets?size=%f",
        "/api/v1/widgets/%00",
        "/api/v1/widgets?name=a%00b",
    ] {
        let heard = hear(&server, by("admin", Method::GET, uri)).await;
        assert_eq!(heard.problem(), "bad_request", "{uri}");
    }
}

#[actix_web::test]
async fn an_id_that_is_no_uuid_belongs_to_no_record() {
    let server = server(settings(), &world());
    for id in ["nonsense", "00000000000000000000000000000005", "%7B5%7D"] {
        let heard = hear(&server, by("admin", Method::GET, &format!("/api/v1/widgets/{id}"))).await;
        assert_eq!(heard.problem(), "not_found", "{id}");
    }
}

#[actix_web::test]
async fn a_fault_of_the_server_tells_nothing_but_the_request_id() {
    let server = server(settings(), &world());
    for (how, code, wait) in [
        ("panic", "internal", None),
        ("failed", "internal", None),
        ("away", "unavailable", Some("5")),
        ("busy", "unavailable", Some("5")),
        ("locked", "locked", Some("2")),
    ] {
        let uri = format!("{ONE}/break?role={how}");
        let heard = hear(&server, by("admin", Method::POST, &uri)).await;
        assert_eq!(heard.problem(), code, "{how}");
        assert_eq!(heard.header("retry-after"), wait, "{how}");
        let text = String::from_utf8(heard.body).unwrap();
        assert!(!text.contains("secret") && !text.contains("purpose"), "{text}");
    }
}

#[actix_web::test]
async fn a_middleware_of_somebody_else_answers_with_a_problem_too() {
    let server = server(settings(), &world());
    let preflight = stranger(Method::OPTIONS, "/api/v1/widgets")
        .insert_header(("Origin", "https://evil.test"))
        .insert_header(("Access-Control-Request-Method", "POST"));
    let heard = hear(&server, preflight).await;
    assert_eq!((heard.status, heard.problem().as_str()), (StatusCode::BAD_REQUEST, "bad_request"));
    let compressor = by("admin", Method::GET, "/api/v1/widgets")
        .insert_header(("Accept-Encoding", "identity;q=0, nonsense"));
    assert_eq!(hear(&server, compressor).await.problem(), "not_acceptable");
}

#[actix_web::test]
async fn a_missing_permission_is_403_and_written_down() {
    let world = world();
    let server = server(settings(), &world);
    let request = by("viewer", Method::DELETE, ONE).insert_header(("If-Match", "\"3\""));
    let heard = hear(&server, request).await;
    assert_eq!(heard.problem(), "forbidden");
    let refusals = world.refusals.lock().unwrap();
    let (kind, detail) = &refusals[0];
    assert_eq!(kind.as_str(), "access_denied");
    assert_eq!(detail, "DELETE /api/v1/widgets/{id}: this needs the permission donors:delete");
}

#[actix_web::test]
async fn every_problem_is_explained_to_browsers_and_to_programs() {
    let server = server(settings(), &world());
    for entry in crate::kit::problem::registry::ENTRIES {
        let uri = format!("/problems/{}", entry.code);
        let program = hear(&server, stranger(Method::GET, &uri)).await;
        assert_eq!(program.json()["status"], entry.status.as_u16());
        let browser = stranger(Method::GET, &uri).insert_header(("Accept", "text/html,*/*"));
        let page = hear(&server, browser).await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(String::from_utf8(page.body).unwrap().contains(&entry.title(Language::english())));
    }
    let unknown = hear(&server, stranger(Method::GET, "/problems/none")).await;
    assert_eq!(unknown.problem(), "not_found");
}
