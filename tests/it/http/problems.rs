//! Wrong input of every kind gives the documented problem, whole, with its request id and a type
//! that resolves.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    house::{House, a_donor, in_house},
    reading::{errors, refused},
};
use crate::support::{Answer, Backend, Browser};

/// What somebody did wrong, how it is refused, and with which code.
type Wrong = (&'static str, RequestBuilder, u16, &'static str);

#[test]
fn wrong_input_of_every_kind_gives_the_documented_problem() {
    in_house(Backend::Sqlite, async |house| {
        let mut superadmin = house.superadmin().await;
        let mut wrong = wrong_addresses(house, &superadmin).await;
        wrong.extend(wrong_bodies(&superadmin));
        wrong.extend(wrong_queries(&superadmin).await);
        wrong.extend(wrong_versions(&superadmin).await);
        wrong.extend(forged_requests(house, &mut superadmin));

        let mut told = BTreeMap::new();
        for (what, request, status, code) in wrong {
            let answer = refused(Answer::to(request).await, status, code);
            let explained = house.ask(Method::GET, &answer.text("/type"));
            let explained = Answer::to(explained).await.expect(200);
            assert_eq!(explained.body["status"], status, "{what}");
            assert_eq!(explained.body["code"], code, "{what}");
            assert_eq!(explained.body["title"], answer.body["title"], "{what}");
            let mut body = answer.body;
            body["request_id"] = json!("[request_id]");
            assert!(told.insert(what, body).is_none(), "{what} stands twice");
        }
        insta::assert_json_snapshot!("wrong_input", told);
        assert_eq!(house.world.rows("donors").await, 2, "nothing of it was done");
    });
}

async fn wrong_addresses(house: &House<'_>, superadmin: &Browser) -> Vec<Wrong> {
    let get = |path: &str| superadmin.request(Method::GET, path);
    let absent = "/donors/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    vec![
        ("an unknown address of the API", get("/donor"), 404, "not_found"),
        ("a trailing slash", get("/donors/"), 404, "not_found"),
        ("an unknown address elsewhere", house.ask(Method::GET, "/favicon.ico"), 404, "not_found"),
        ("the root", house.ask(Method::GET, "/"), 404, "not_found"),
        ("an absent record", get(absent), 404, "not_found"),
        ("an id that is no UUID", get("/donors/42"), 404, "not_found"),
        (
            "an id without hyphens",
            get("/donors/019a9f3c6b1e7c419d553f0f6a0f8a11"),
            404,
            "not_found",
        ),
        ("an unknown problem", house.ask(Method::GET, "/problems/none"), 404, "not_found"),
        ("a percent sign alone", get("/donors?q=100%"), 400, "bad_request"),
        ("bytes that are not UTF-8", get("/donors?q=%FF"), 400, "bad_request"),
        (
            "a method that is not offered",
            superadmin.request(Method::PUT, "/donors"),
            405,
            "method_not_allowed",
        ),
        (
            "a method nobody knows",
            superadmin.request("BREW".parse().unwrap(), absent),
            405,
            "method_not_allowed",
        ),
        (
            "a client that wants no JSON",
            get("/donors").header("Accept", "text/html, application/json;q=0"),
            406,
            "not_acceptable",
        ),
        ("nobody", house.stranger().request(Method::GET, "/donors"), 401, "unauthenticated"),
    ]
}

fn wrong_bodies(superadmin: &Browser) -> Vec<Wrong> {
    let raw = |body: &'static str| {
        let request = superadmin.request(Method::POST, "/donors");
        request.header("Content-Type", "application/json").body(body)
    };
    let post = |path: &str, body: Value| superadmin.request(Method::POST, path).json(&body);
    let typed = |content_type: &str| {
        let request = superadmin.request(Method::POST, "/donors");
        request.header("Content-Type", content_type).body(r#"{"kind":"person","name":"A"}"#)
    };
    vec![
        ("JSON that ends too early", raw("{"), 400, "bad_request"),
        ("JSON that is none", raw("{\n  \"kind\": person }"), 400, "bad_request"),
        ("text after the JSON", raw("{} {}"), 400, "bad_request"),
        ("no body", raw(""), 400, "bad_request"),
        (
            "a key that stands twice",
            raw(r#"{"kind":"person","kind":"person"}"#),
            400,
            "bad_request",
        ),
        ("an array", raw("[]"), 422, "validation"),
        ("null", raw("null"), 422, "validation"),
        (
            "an unknown field",
            post("/donors", json!({ "kind": "person", "name": "A", "emial": "a@example.org" })),
            422,
            "validation",
        ),
        (
            "an unknown field inside of a field",
            post(
                "/campaigns",
                json!({ "name": "A", "goal": { "amount": "5", "currency": "TRY", "tax": "1" } }),
            ),
            422,
            "validation",
        ),
        (
            "wrong types and wrong values together",
            post(
                "/donors",
                json!({
                    "kind": "dog",
                    "name": " ",
                    "email": "nonsense",
                    "phone": 5,
                    "identity": { "kind": "tr_national_id", "number": "10000000147", "x": 1 },
                    "contact_consent": "yes",
                    "colour": "red",
                }),
            ),
            422,
            "validation",
        ),
        ("nothing of what is required", post("/donations", json!({})), 422, "validation"),
        (
            "a number where a decimal text belongs",
            post(
                "/donations",
                json!({
                    "amount": { "amount": 12.5, "currency": "TRY" },
                    "method": "cash",
                    "donated_on": "2026-03-14",
                }),
            ),
            422,
            "validation",
        ),
        ("a form", typed("application/x-www-form-urlencoded"), 415, "unsupported_media_type"),
        ("text", typed("text/plain"), 415, "unsupported_media_type"),
        (
            "a merge patch where nothing is patched",
            typed("application/merge-patch+json"),
            415,
            "unsupported_media_type",
        ),
        (
            "another character set",
            typed("application/json; charset=iso-8859-9"),
            415,
            "unsupported_media_type",
        ),
        (
            "no content type",
            superadmin.request(Method::POST, "/donors").body("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            "a compressed body",
            typed("application/json").header("Content-Encoding", "gzip"),
            415,
            "unsupported_media_type",
        ),
        (
            "a query where a record is made",
            post("/donors?trial=true", json!({ "kind": "person", "name": "A" })),
            400,
            "bad_request",
        ),
        (
            "an Idempotency-Key with a space",
            post("/donors", json!({ "kind": "person", "name": "A" }))
                .header("Idempotency-Key", "a b"),
            400,
            "bad_request",
        ),
    ]
}

async fn wrong_queries(superadmin: &Browser) -> Vec<Wrong> {
    for name in ["Ayşe", "Ahmet"] {
        a_donor(superadmin, name).await;
    }
    let page = superadmin.get("/donors?limit=1&kind=person").await.expect(200);
    let cursor = page.text("/next_cursor");
    let mut altered = cursor.clone();
    altered.replace_range(5..6, if &cursor[5..6] == "A" { "B" } else { "A" });
    let get = |path: String| superadmin.request(Method::GET, &path);
    let one = |what, path: &str| (what, get(path.to_owned()), 400, "bad_request");
    vec![
        one("an unknown filter", "/donors?knd=person"),
        one("a filter that stands twice", "/donors?kind=person&kind=person"),
        one("a filter value that is none", "/donors?kind=dog"),
        one("several wrong parameters", "/donors?knd=x&kind=dog&limit=0&created_by=me&sort=age"),
        one("an empty search", "/donors?q="),
        one("an endless search", &format!("/donors?q={}", "x".repeat(201))),
        one("a limit of nothing", "/donors?limit=0"),
        one("a limit above the largest", "/donors?limit=201"),
        one("a limit that is no number", "/donors?limit=many"),
        one("a sort that is not offered", "/donors?sort=email"),
        one("a count that is not offered", "/donors?count=roughly"),
        one("a day that never was", "/donations?donated_from=2026-02-30"),
        one("an instant without a zone", "/audit/changes?from=2026-03-14T12:00:00"),
        one("a query where none is read", "/auth/sessions?all=true"),
        one("a cursor without its filter", &format!("/donors?cursor={cursor}")),
        one("a cursor of another filter", &format!("/donors?kind=organisation&cursor={cursor}")),
        one("a cursor of another sort", &format!("/donors?kind=person&sort=name&cursor={cursor}")),
        one("a cursor of another list", &format!("/campaigns?cursor={cursor}")),
        one("an altered cursor", &format!("/donors?kind=person&cursor={altered}")),
        one("a cursor that is none", "/donors?cursor=nonsense"),
    ]
}

async fn wrong_versions(superadmin: &Browser) -> Vec<Wrong> {
    let donors = superadmin.get("/donors?sort=created_at").await.expect(200);
    let path = format!("/donors/{}", donors.text("/items/0/id"));
    superadmin
        .patch(&path, 1, &json!({ "notes": "moved", "email": "a@example.org" }))
        .await
        .expect(200);
    let patch = |tag: &str| {
        let request = superadmin.request(Method::PATCH, &path).header("If-Match", tag);
        request.json(&json!({ "notes": "mine" }))
    };
    let bare = superadmin.request(Method::PATCH, &path).json(&json!({ "notes": "mine" }));
    vec![
        ("a change without If-Match", bare, 428, "precondition_required"),
        ("a change of any version", patch("*"), 400, "bad_request"),
        ("a change of an old version, weakened", patch("W/\"1\""), 412, "stale"),
        ("a change of one version or another", patch("\"1\", \"2\""), 400, "bad_request"),
        ("a change of a version without quotes", patch("2"), 400, "bad_request"),
        ("a change of an old version", patch("\"1\""), 412, "stale"),
    ]
}

fn forged_requests(house: &House<'_>, superadmin: &mut Browser) -> Vec<Wrong> {
    let token = superadmin.csrf.take();
    let without = superadmin.request(Method::POST, "/auth/logout");
    let wrong = without.try_clone().unwrap().header("X-CSRF-Token", "nonsense");
    superadmin.csrf = token;
    let logout = || superadmin.request(Method::POST, "/auth/logout");
    let login = || {
        let login = house.stranger().request(Method::POST, "/auth/login");
        login
            .json(&json!({ "email": super::house::SUPERADMIN, "password": super::house::PASSWORD }))
    };
    let foreign = ("Origin", "https://evil.example");
    let across = ("Sec-Fetch-Site", "cross-site");
    vec![
        ("a change without the token", without, 403, "csrf"),
        ("a change with a wrong token", wrong, 403, "csrf"),
        ("a change from a foreign page", logout().header(foreign.0, foreign.1), 403, "csrf"),
        ("a change across sites", logout().header(across.0, across.1), 403, "csrf"),
        ("a change from nowhere", logout().header("Origin", "null"), 403, "csrf"),
        ("a login from a foreign page", login().header(foreign.0, foreign.1), 403, "csrf"),
        ("a login across sites", login().header(across.0, across.1), 403, "csrf"),
    ]
}

#[test]
fn a_wrong_method_names_those_that_are_offered() {
    in_house(Backend::Sqlite, async |house| {
        let absent = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
        for (path, allow) in [
            ("/api/v1/donors".to_owned(), "GET, HEAD, POST"),
            (format!("/api/v1/donors/{absent}"), "DELETE, GET, HEAD, PATCH"),
            (format!("/api/v1/donations/{absent}/complete"), "POST"),
            // A word is never somebody's id.
            ("/api/v1/donations/summary".to_owned(), "GET, HEAD"),
            ("/api/v1/donors/lookup".to_owned(), "POST"),
            ("/api/v1/users/me".to_owned(), "GET, HEAD, PATCH"),
            ("/api/v1/auth/sessions".to_owned(), "DELETE, GET, HEAD"),
            ("/health/ready".to_owned(), "GET, HEAD"),
        ] {
            let answer = Answer::to(house.ask(Method::PUT, &path)).await;
            let answer = refused(answer, 405, "method_not_allowed");
            assert_eq!(answer.header("allow"), allow, "{path}");
        }
    });
}

#[test]
fn a_body_of_two_mebibytes_is_413() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let donor = json!({ "kind": "person", "name": "A", "notes": "x".repeat(2 * 1024 * 1024) });
        let announced = superadmin.post("/donors", &donor).await;
        let announced = refused(announced, 413, "payload_too_large");
        assert_eq!(announced.text("/detail"), "the body may have at most 1048576 bytes");

        // Right below the limit it is read, and judged by its fields.
        let donor =
            json!({ "kind": "person", "name": "A", "notes": "x".repeat(1024 * 1024 - 100) });
        let small = refused(superadmin.post("/donors", &donor).await, 422, "validation");
        assert_eq!(errors(&small), [("/notes", "too_long")]);
        // The server is as well as before.
        a_donor(&superadmin, "Ayşe").await;
    });
}

#[test]
fn a_trusted_proxy_hands_on_the_request_id_and_nobody_else_does() {
    use super::house::{behind_a_proxy, in_house_with};
    let ask = async |house: &House<'_>, id: &str| {
        let request = house.ask(Method::GET, "/nothing").header("X-Request-Id", id);
        refused(Answer::to(request).await, 404, "not_found").text("/request_id")
    };
    in_house_with(Backend::Sqlite, behind_a_proxy, async |house| {
        assert_eq!(ask(house, "proxy-7.a_b").await, "proxy-7.a_b");
        assert_ne!(ask(house, "a b").await, "a b");
        assert_ne!(ask(house, &"x".repeat(129)).await, "x".repeat(129));
    });
    in_house(Backend::Sqlite, async |house| {
        assert_ne!(ask(house, "proxy-7").await, "proxy-7");
    });
}
