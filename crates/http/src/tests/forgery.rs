//! Cookies, tokens and origins.

use actix_web::http::{Method, StatusCode};
use almoner_kernel::SessionId;
use uuid::Uuid;

use super::house::{CSRF_KEY, by, hear, server, session_cookie, settings, stranger, world};
use crate::{
    middleware::csrf,
    settings::{PublicUrl, SameSite},
};

const OUT: &str = "/api/v1/auth/logout";
const IN: &str = "/api/v1/auth/login?role=admin";

#[actix_web::test]
async fn a_login_sets_a_hidden_cookie_and_a_readable_token() {
    let server = server(settings(), &world());
    let heard = hear(&server, stranger(Method::POST, IN)).await;
    assert_eq!(heard.status, StatusCode::OK);
    let token = csrf::token(&CSRF_KEY, SessionId::new(Uuid::from_u128(77)));
    assert_eq!(heard.json()["csrf_token"], token);
    let cookies = heard.cookies();
    assert!(cookies[0].starts_with("almoner_session=") && cookies[0].contains("HttpOnly"));
    assert!(cookies[0].contains("SameSite=Strict") && cookies[0].contains("Path=/"));
    assert!(!cookies[0].contains("Max-Age") && !cookies[0].contains("Secure"));
    assert_eq!(cookies[1], format!("almoner_csrf={token}; SameSite=Strict; Path=/"));
    assert_eq!(heard.header("content-encoding"), None);
}

#[actix_web::test]
async fn the_cookie_of_a_login_opens_the_api() {
    let server = server(settings(), &world());
    let heard = hear(&server, stranger(Method::POST, IN)).await;
    let cookie = actix_web::cookie::Cookie::parse_encoded(heard.cookies()[0].to_owned()).unwrap();
    let request = stranger(Method::GET, "/api/v1/widgets").cookie(cookie.into_owned());
    assert_eq!(hear(&server, request).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn only_a_remembered_session_outlives_the_browser() {
    let server = server(settings(), &world());
    let heard = hear(&server, stranger(Method::POST, &format!("{IN}&remember=true"))).await;
    assert!(heard.cookies().iter().all(|cookie| cookie.contains("Max-Age=600")));
    assert_eq!(heard.cookies().len(), 2);
}

#[actix_web::test]
async fn behind_https_the_cookies_belong_to_the_host() {
    let mut settings = settings();
    settings.public_url = PublicUrl::parse("https://almoner.test/").unwrap();
    let heard = hear(&server(settings, &world()), stranger(Method::POST, IN)).await;
    for (cookie, name) in
        heard.cookies().iter().zip(["__Host-almoner_session", "__Host-almoner_csrf"])
    {
        assert!(cookie.starts_with(name) && cookie.contains("Secure"), "{cookie}");
    }
    assert!(heard.header("strict-transport-security").is_some());
}

#[actix_web::test]
async fn the_operator_says_with_which_requests_cookies_are_sent() {
    let mut settings = settings();
    settings.same_site = SameSite::Lax;
    let heard = hear(&server(settings, &world()), stranger(Method::POST, IN)).await;
    assert_eq!(heard.cookies().len(), 2);
    assert!(heard.cookies().iter().all(|cookie| cookie.contains("SameSite=Lax")));
}

#[actix_web::test]
async fn a_logout_takes_both_cookies_back() {
    let heard = hear(&server(settings(), &world()), by("admin", Method::POST, OUT)).await;
    assert_eq!(heard.status, StatusCode::NO_CONTENT);
    assert_eq!(heard.cookies().len(), 2);
    assert!(heard.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")), "{heard:?}");
}

#[actix_web::test]
async fn a_change_without_the_token_of_its_session_is_refused_and_written_down() {
    let world = world();
    let server = server(settings(), &world);
    let without = || stranger(Method::POST, OUT).cookie(session_cookie("admin"));
    let other = csrf::token(&CSRF_KEY, SessionId::new(Uuid::from_u128(1)));
    for request in [without(), without().insert_header(("X-CSRF-Token", other))] {
        let heard = hear(&server, request).await;
        assert_eq!((heard.status, heard.problem().as_str()), (StatusCode::FORBIDDEN, "csrf"));
    }
    let refusals = world.refusals.lock().unwrap();
    assert_eq!(refusals.len(), 2);
    assert_eq!(refusals[0].0.as_str(), "forgery_refused");
    assert_eq!(refusals[0].1, "POST /api/v1/auth/logout: X-CSRF-Token is missing");
}

#[actix_web::test]
async fn a_foreign_page_is_refused_whatever_its_token() {
    let server = server(settings(), &world());
    for (origin, site, is_let_in) in [
        (None, None, true),
        (None, Some("same-origin"), true),
        (None, Some("none"), true),
        (None, Some("cross-site"), false),
        (None, Some("same-site"), false),
        (Some("http://almoner.test"), Some("same-origin"), true),
        (Some("https://app.test"), Some("cross-site"), true),
        (Some("https://evil.test"), Some("same-origin"), false),
        (Some("https://evil.test"), None, false),
        (Some("null"), None, false),
    ] {
        for request in [by("admin", Method::POST, OUT), stranger(Method::POST, IN)] {
            let mut request = request;
            if let Some(origin) = origin {
                request = request.insert_header(("Origin", origin));
            }
            if let Some(site) = site {
                request = request.insert_header(("Sec-Fetch-Site", site));
            }
            let heard = hear(&server, request).await;
            assert_eq!(heard.status.is_success(), is_let_in, "{origin:?} {site:?}");
            if !is_let_in {
                assert_eq!(heard.problem(), "csrf");
            }
        }
    }
    let read =
        by("admin", Method::GET, "/api/v1/widgets").insert_header(("Sec-Fetch-Site", "cross-site"));
    assert_eq!(hear(&server, read).await.status, StatusCode::OK);
}
