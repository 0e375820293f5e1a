//! Headers of every answer: security, CORS, compression, request ids; and HEAD.

use std::collections::{BTreeSet, HashSet};

use almoner_http::{HttpSettings, PublicUrl, openapi::api_document, settings::Origin};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, SUPERADMIN, a_donor, in_house, in_house_with},
    reading::refused,
};
use crate::support::{Answer, Backend, http};

/// One answer of each kind: of the API, a problem, the documents, an operator's.
async fn one_of_each(house: &House<'_>) -> Vec<(&'static str, Answer)> {
    let superadmin = house.superadmin().await;
    let get = async |path: &str| Answer::to(house.ask(Method::GET, path)).await;
    vec![
        ("/api/v1/donors", superadmin.get("/donors").await.expect(200)),
        ("/api/v1/donors?x=1", superadmin.get("/donors?x=1").await.expect(400)),
        ("/api/v1/nothing", superadmin.get("/nothing").await.expect(404)),
        ("/api/v1/auth/logout", superadmin.act("/auth/logout").await.expect(204)),
        ("/api/v1/users", get("/api/v1/users").await.expect(401)),
        ("/api/openapi.json", get("/api/openapi.json").await.expect(200)),
        ("/docs/", get("/docs/").await.expect(200)),
        ("/docs/swagger-initializer.js", get("/docs/swagger-initializer.js").await.expect(200)),
        ("/docs/nothing", get("/docs/nothing").await.expect(404)),
        ("/problems/stale", get("/problems/stale").await.expect(200)),
        ("/health/ready", get("/health/ready").await.expect(200)),
        ("/", get("/").await.expect(404)),
    ]
}

#[test]
fn every_answer_has_the_security_headers_and_a_request_id_of_its_own() {
    in_house(Backend::Sqlite, async |house| {
        let mut ids = HashSet::new();
        for (path, answer) in one_of_each(house).await {
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("x-frame-options", "DENY"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cross-origin-embedder-policy", "require-corp"),
                ("strict-transport-security", ""),
                ("server", ""),
                ("x-powered-by", ""),
            ] {
                assert_eq!(answer.header(name), value, "{path}: {name}");
            }
            assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
            let is_docs = path.starts_with("/docs");
            assert_eq!(policy.contains("script-src 'self'"), is_docs, "{path}: {policy}");
            if path.starts_with("/api/v1") || answer.status >= 400 {
                assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            }
            assert!(ids.insert(answer.header("x-request-id").to_owned()), "{path}");
        }
        assert!(!ids.contains(""));
    });
}

#[test]
fn behind_https_browsers_are_told_to_stay_there() {
    let https = |settings: &mut HttpSettings| {
        settings.public_url = PublicUrl::parse("https://almoner.example.org").unwrap();
    };
    in_house_with(Backend::Sqlite, https, async |house| {
        for path in ["/health/live", "/api/v1/donors", "/docs/", "/nothing"] {
            let answer = Answer::to(house.ask(Method::GET, path)).await;
            let hsts = "max-age=63072000; includeSubDomains";
            assert_eq!(answer.header("strict-transport-security"), hsts, "{path}");
        }
        // The public address is the origin that may make changes, not the one the server hears of.
        let login = json!({ "email": SUPERADMIN, "password": PASSWORD });
        for (origin, status) in [("https://almoner.example.org", 200), (&*house.url, 403)] {
            let request = house.ask(Method::POST, "/api/v1/auth/login").header("Origin", origin);
            Answer::to(request.json(&login)).await.expect(status);
        }
    });
}

const APP: &str = "https://app.example.org";

fn with_app(settings: &mut HttpSettings) {
    settings.cors_origins.push(Origin::parse(APP).unwrap());
}

#[test]
fn a_preflight_of_an_allowed_page_is_answered_and_no_other() {
    in_house_with(Backend::Sqlite, with_app, async |house| {
        let preflight = |origin: &str, method: &str, headers: &str| {
            let request = house.ask(Method::OPTIONS, "/api/v1/donors").header("Origin", origin);
            let request = request.header("Access-Control-Request-Method", method);
            Answer::to(request.header("Access-Control-Request-Headers", headers))
        };
        let asked = "content-type, if-match, x-csrf-token, idempotency-key";
        for method in ["POST", "PATCH", "DELETE", "GET"] {
            let answer = preflight(APP, method, asked).await.expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), APP);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            assert_eq!(answer.header("access-control-max-age"), "7200");
            assert!(answer.header("access-control-allow-methods").contains(method), "{method}");
            let allowed = answer.header("access-control-allow-headers").to_lowercase();
            for name in asked.split(", ") {
                assert!(allowed.contains(name), "{name}: {allowed}");
            }
            assert!(answer.header("vary").to_lowercase().contains("origin"));
        }
        for (origin, method, headers) in [
            ("https://evil.example", "POST", asked),
            ("https://app.example.org.evil.example", "POST", asked),
            ("http://app.example.org", "POST", asked),
            ("null", "POST", asked),
            (APP, "TRACE", asked),
            (APP, "POST", "x-own-header"),
        ] {
            let answer = preflight(origin, method, headers).await;
            let answer = refused(answer, 400, "bad_request");
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin} {method}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{origin}");
        }
    });
}

/// The names of headers that the contract has: of requests, and of answers.
fn headers_of_the_contract() -> (BTreeSet<String>, BTreeSet<String>) {
    let document = api_document(&almoner_kinds::REGISTRY);
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let mut parts = vec![&document];
    while let Some(part) = parts.pop() {
        if part["in"] == "header" {
            asked.insert(part["name"].as_str().unwrap().to_lowercase());
        }
        match part {
            Value::Object(fields) => {
                let headers = fields.get("headers").and_then(Value::as_object);
                answered.extend(headers.into_iter().flatten().map(|(name, _)| name.to_lowercase()));
                parts.extend(fields.values());
            }
            Value::Array(items) => parts.extend(items),
            _ => {}
        }
    }
    (asked, answered)
}

#[test]
fn a_page_elsewhere_may_send_and_see_every_header_of_the_contract() {
    in_house_with(Backend::Sqlite, with_app, async |house| {
        let (mut asked, answered) = headers_of_the_contract();
        assert!(asked.contains("last-event-id") && asked.contains("x-csrf-token"), "{asked:?}");
        assert!(answered.contains("www-authenticate"), "{answered:?}");
        // What is read of every request.
        let of_all = ["accept", "accept-language", "content-type", "traceparent", "x-request-id"];
        asked.extend(of_all.map(str::to_owned));
        for name in asked {
            let request = house.ask(Method::OPTIONS, "/api/v1/donors").header("Origin", APP);
            let request = request.header("Access-Control-Request-Method", "GET");
            let answer = Answer::to(request.header("Access-Control-Request-Headers", &name)).await;
            assert_eq!(answer.status, 200, "{name} is refused");
        }
        let page = house.stranger().request(Method::GET, "/donors").header("Origin", APP);
        let exposed = Answer::to(page).await.expect(401);
        let exposed = exposed.header("access-control-expose-headers").to_lowercase();
        let exposed: Vec<&str> = exposed.split(',').map(str::trim).collect();
        for name in answered {
            // Pages never see cookies, and those of CORS are the browser's.
            let is_hidden = name == "set-cookie" || name.starts_with("access-control-");
            assert!(is_hidden || exposed.contains(&&*name), "{name} is not shown: {exposed:?}");
        }
    });
}

#[test]
fn an_allowed_page_reads_answers_and_makes_changes_and_a_foreign_one_neither() {
    in_house_with(Backend::Sqlite, with_app, async |house| {
        let superadmin = house.superadmin().await;
        let donor = json!({ "kind": "person", "name": "Ayşe" });
        let by = |method: Method, path: &str, origin: &str| {
            superadmin.request(method, path).header("Origin", origin)
        };
        let made = by(Method::POST, "/donors", APP).header("Sec-Fetch-Site", "cross-site");
        let made = Answer::to(made.json(&donor)).await.expect(201);
        let read = Answer::to(by(Method::GET, "/donors", APP)).await.expect(200);
        let failed = Answer::to(by(Method::GET, "/donors?x=1", APP)).await.expect(400);
        let stranger = house.stranger().request(Method::GET, "/donors").header("Origin", APP);
        let stranger = Answer::to(stranger).await.expect(401);
        for answer in [made, read, failed, stranger] {
            assert_eq!(answer.header("access-control-allow-origin"), APP);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            let exposed = answer.header("access-control-expose-headers").to_lowercase();
            for name in [
                "etag",
                "location",
                "link",
                "retry-after",
                "ratelimit-limit",
                "ratelimit-remaining",
                "ratelimit-reset",
                "x-request-id",
                "idempotent-replayed",
            ] {
                assert!(exposed.split(',').any(|one| one.trim() == name), "{name}: {exposed}");
            }
        }
        let foreign = "https://evil.example";
        let read = Answer::to(by(Method::GET, "/donors", foreign)).await;
        assert_eq!(read.header("access-control-allow-origin"), "");
        assert_eq!(read.header("access-control-allow-credentials"), "");
        let made = Answer::to(by(Method::POST, "/donors", foreign).json(&donor)).await;
        assert_eq!(refused(made, 403, "csrf").header("access-control-allow-origin"), "");
        assert_eq!(house.world.rows("donors").await, 1);
    });
}

#[test]
fn lists_and_documents_are_compressed_and_answers_with_a_token_never() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        for at in 0..50 {
            a_donor(&superadmin, &format!("Ayşe {at}")).await;
        }
        for (accept, coding) in
            [("gzip", "gzip"), ("gzip, deflate, br, zstd", "gzip"), ("br", ""), ("x", "")]
        {
            let list = superadmin.request(Method::GET, "/donors").header("Accept-Encoding", accept);
            let document =
                house.ask(Method::GET, "/api/openapi.json").header("Accept-Encoding", accept);
            for request in [list, document] {
                let response = request.send().await.unwrap();
                let told = response.headers().get("content-encoding");
                assert_eq!(told.map_or("", |told| told.to_str().unwrap()), coding, "{accept}");
                if !coding.is_empty() {
                    let vary = response.headers()["vary"].to_str().unwrap().to_lowercase();
                    assert!(vary.contains("accept-encoding"), "{vary}");
                    assert!(response.bytes().await.unwrap().first() != Some(&b'{'));
                }
            }
            // BREACH: the token stands in it.
            let session = superadmin.request(Method::GET, "/auth/session");
            let session = Answer::to(session.header("Accept-Encoding", accept)).await.expect(200);
            assert_eq!(session.header("content-encoding"), "", "{accept}");
            assert_eq!(session.body["csrf_token"], superadmin.csrf.as_deref().unwrap());
        }
        let login =
            house.ask(Method::POST, "/api/v1/auth/login").header("Accept-Encoding", "gzip, br");
        let login = login.json(&json!({ "email": SUPERADMIN, "password": PASSWORD }));
        let login = Answer::to(login).await.expect(200);
        assert_eq!(login.header("content-encoding"), "");
    });
}

#[test]
fn head_is_get_without_the_body() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let donor = a_donor(&superadmin, "Ayşe").await;
        let path = format!("/donors/{}", donor["id"].as_str().unwrap());
        for path in [&*path, "/donors?limit=1", "/donors?x=1", "/donations/summary", "/nothing"] {
            let got = superadmin.get(path).await;
            let head = Answer::to(superadmin.request(Method::HEAD, path)).await;
            assert_eq!(head.status, got.status, "{path}");
            assert!(head.body.is_null(), "{path}");
            for name in ["etag", "content-type", "content-length", "cache-control"] {
                assert_eq!(head.header(name), got.header(name), "{path}: {name}");
            }
        }
        let action = superadmin.request(Method::HEAD, "/auth/logout");
        assert_eq!(Answer::to(action).await.expect(405).header("allow"), "POST");
        let stranger = house.stranger().request(Method::HEAD, "/donors");
        Answer::to(stranger).await.expect(401);
    });
}

#[test]
fn the_documents_stand_where_they_are_promised() {
    in_house(Backend::Sqlite, async |house| {
        let document = Answer::to(house.ask(Method::GET, "/api/openapi.json")).await.expect(200);
        assert_eq!(document.text("/openapi"), "3.1.0");
        assert_eq!(document.body, almoner_http::openapi::api_document(&almoner_kinds::REGISTRY));
        let still = http::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let moved = Answer::to(still.get(format!("{}/docs", house.url))).await.expect(308);
        assert_eq!(moved.header("location"), "/docs/");
        let page = house.ask(Method::GET, "/docs/").send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains("swagger-initializer.js") && !page.contains("https://"), "{page}");
        let script = house.ask(Method::GET, "/docs/swagger-initializer.js").send().await.unwrap();
        assert!(script.text().await.unwrap().contains("X-CSRF-Token"));
        let ready = Answer::to(house.ask(Method::GET, "/health/ready")).await.expect(200);
        assert_eq!(ready.body["status"], "up");
    });
}
