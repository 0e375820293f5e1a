//! Sessions: their cookies, who sees and ends them, and what ends them by itself. When they time out
//! is in [`super::timeouts`].

use almoner_http::PublicUrl;
use chrono::Duration;
use reqwest::{Method, header};
use sea_orm::Statement;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, SUPERADMIN, in_house, in_house_with},
    reading::{every, refused},
};
use crate::support::{Answer, Backend, Browser};

in_both_houses![
    a_logout_ends_the_session_at_once_and_takes_the_cookies_back,
    every_login_makes_a_fresh_session_and_ends_the_one_it_came_with,
    somebody_sees_their_own_sessions_the_newest_first,
    somebody_ends_their_own_sessions_and_no_others,
    ending_all_others_leaves_the_own_one,
    a_new_password_ends_the_other_sessions,
    a_change_of_what_a_user_may_do_ends_their_sessions_at_the_next_request,
    a_change_of_a_custom_role_ends_the_sessions_of_those_who_have_it,
    an_eleventh_login_ends_the_oldest_session,
    a_session_survives_a_restart_and_its_end_does_too,
    a_session_in_use_costs_no_read,
];

/// `name=value` of the session cookie, for whoever has copied it.
pub fn cookie(browser: &Browser) -> String {
    browser.cookies[0].split(';').next().unwrap().to_owned()
}

/// True while a copied cookie opens the API; asking counts as using it.
pub async fn is_alive(house: &House<'_>, cookie: &str) -> bool {
    let request = house.ask(Method::GET, "/api/v1/auth/session").header("Cookie", cookie);
    let answer = Answer::to(request).await;
    if answer.status != 200 {
        refused(answer, 401, "unauthenticated");
        return false;
    }
    true
}

/// The attributes of a `Set-Cookie`, without the value.
fn attributes(cookie: &str) -> (&str, Vec<&str>) {
    let mut parts = cookie.split("; ");
    let name = parts.next().unwrap().split('=').next().unwrap();
    let mut attributes: Vec<&str> = parts.collect();
    attributes.sort_unstable();
    (name, attributes)
}

#[test]
fn the_cookies_of_a_login_have_the_attributes_that_guard_them() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let [session, device, csrf] = superadmin.cookies.as_slice() else {
            panic!("not three cookies")
        };
        let hidden = vec!["HttpOnly", "Path=/", "SameSite=Strict"];
        let kept = vec!["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Strict"];
        assert_eq!(attributes(device), ("almoner_device", kept));
        assert_eq!(attributes(session), ("almoner_session", hidden));
        assert_eq!(attributes(csrf), ("almoner_csrf", vec!["Path=/", "SameSite=Strict"]));
        let token = superadmin.csrf.as_deref().unwrap();
        assert!(csrf.starts_with(&format!("almoner_csrf={token};")));

        let remember = json!({ "email": SUPERADMIN, "password": PASSWORD, "remember_me": true });
        let (_, answer) = house.enter(&remember, |request| request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (name, attributes) = attributes(cookie.to_str().unwrap());
            // It outlives sessions, whatever they are.
            if name == "almoner_device" {
                continue;
            }
            assert!(attributes.contains(&"Max-Age=2592000"), "{attributes:?}");
        }
    });
}

#[test]
fn behind_https_the_cookies_belong_to_the_host_alone() {
    let https = |settings: &mut almoner_http::HttpSettings| {
        settings.public_url = PublicUrl::parse("https://almoner.example.org").unwrap();
    };
    in_house_with(Backend::Sqlite, https, async |house| {
        let superadmin = house.superadmin().await;
        let [session, device, csrf] = superadmin.cookies.as_slice() else {
            panic!("not three cookies")
        };
        assert_eq!(attributes(device).0, "__Host-almoner_device");
        assert!(attributes(device).1.contains(&"Secure"));
        let hidden = vec!["HttpOnly", "Path=/", "SameSite=Strict", "Secure"];
        assert_eq!(attributes(session), ("__Host-almoner_session", hidden));
        let readable = vec!["Path=/", "SameSite=Strict", "Secure"];
        assert_eq!(attributes(csrf), ("__Host-almoner_csrf", readable));
        // The proxy in front speaks plain HTTP to the server, with the browser's cookies.
        assert!(is_alive(house, &cookie(&superadmin)).await);
        let unprefixed = cookie(&superadmin).replace("__Host-", "");
        assert!(!is_alive(house, &unprefixed).await);
    });
}

#[test]
fn a_cookie_that_was_altered_or_made_up_is_a_stranger() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let cookie = cookie(&superadmin);
        let mut altered = cookie.clone().into_bytes();
        let last = altered.len() - 1;
        altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for foreign in
            [&*altered, "almoner_session=", "almoner_session=admin", "almoner_session=%00"]
        {
            assert!(!is_alive(house, foreign).await, "{foreign}");
        }
        assert!(is_alive(house, &cookie).await);
        // The session itself is stored by its hash alone.
        let key = cookie.rsplit_once("%3D").map_or(&*cookie, |(_, key)| key);
        let rows = house.world.texts("hex(key_hash)", "FROM sessions").await;
        assert_eq!(rows.len(), 1);
        assert!(!key.is_empty() && !rows[0].contains(key));
    });
}

async fn a_logout_ends_the_session_at_once_and_takes_the_cookies_back(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let copied = cookie(&superadmin);
    let gone = superadmin.act("/auth/logout").await.expect(204);
    let taken: Vec<&str> = gone
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(taken.len(), 2, "{taken:?}");
    for (cookie, name) in taken.iter().zip(["almoner_session=", "almoner_csrf="]) {
        assert!(cookie.starts_with(name) && cookie.contains("Max-Age=0"), "{cookie}");
    }
    assert!(!is_alive(house, &copied).await);
    refused(superadmin.get("/users/me").await, 401, "unauthenticated");
    refused(superadmin.act("/auth/logout").await, 401, "unauthenticated");
}

async fn every_login_makes_a_fresh_session_and_ends_the_one_it_came_with(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.user(&superadmin, "viewer@example.org", "viewer").await;
    let first = cookie(&superadmin);
    let log_in = async |email: &str, password: &str, cookie: &str| {
        let request = house.ask(Method::POST, "/api/v1/auth/login").header("Cookie", cookie);
        Answer::to(request.json(&json!({ "email": email, "password": password }))).await
    };
    let again = log_in(SUPERADMIN, PASSWORD, &first).await.expect(200);
    let second = again.headers.get_all(header::SET_COOKIE).iter().next().unwrap();
    let second = second.to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(second, first);
    assert!(!is_alive(house, &first).await);
    assert!(is_alive(house, &second).await);

    // Somebody else on the same device.
    let other = log_in("viewer@example.org", PASSWORD, &second).await.expect(200);
    assert_eq!(other.text("/user/id"), viewer["id"]);
    assert!(!is_alive(house, &second).await);

    // Whoever tries has given the device away, whether or not they get in.
    let third = house.superadmin().await;
    let failed = log_in(SUPERADMIN, "wrong", &cookie(&third)).await;
    let failed = refused(failed, 401, "invalid_credentials");
    assert_eq!(failed.headers.get_all(header::SET_COOKIE).iter().count(), 2);
    assert!(!is_alive(house, &cookie(&third)).await);
}

async fn sessions(browser: &Browser) -> Vec<Value> {
    browser.get("/auth/sessions").await.expect(200).list("/items").to_vec()
}

async fn somebody_sees_their_own_sessions_the_newest_first(house: &House<'_>) {
    let first = house.superadmin().await;
    house.somebody(&first, "viewer").await;
    house.clock.forward(Duration::minutes(5));
    let body = json!({ "email": SUPERADMIN, "password": PASSWORD, "remember_me": true });
    let named = |request: reqwest::RequestBuilder| request.header("User-Agent", "Firefox");
    let (second, _) = house.enter(&body, named).await;
    let mut seen = sessions(&second).await;
    assert_ne!(seen[0]["id"], seen[1]["id"]);
    for session in &mut seen {
        session.as_object_mut().unwrap().remove("id");
    }
    let newest = json!({
        "created_at": "2026-03-14T12:05:00.000Z",
        "last_seen_at": "2026-03-14T12:05:00.000Z",
        "expires_at": "2026-04-13T12:05:00.000Z",
        "remembered": true,
        "address": "127.0.0.0",
        "user_agent": "Firefox",
        "is_current": true,
    });
    let oldest = json!({
        "created_at": "2026-03-14T12:00:00.000Z",
        "last_seen_at": "2026-03-14T12:00:00.000Z",
        "expires_at": "2026-03-15T00:00:00.000Z",
        "remembered": false,
        "address": "127.0.0.0",
        "is_current": false,
    });
    assert_eq!(seen, [newest, oldest]);
    assert_eq!(every(&sessions(&first).await, "/is_current"), ["false", "true"]);
}

async fn somebody_ends_their_own_sessions_and_no_others(house: &House<'_>) {
    let here = house.superadmin().await;
    let there = house.superadmin().await;
    let viewer = house.somebody(&here, "viewer").await;
    let end = async |browser: &Browser, id: &str| {
        Answer::to(browser.request(Method::DELETE, &format!("/auth/sessions/{id}"))).await
    };
    let current = |sessions: Vec<Value>| {
        let current = sessions.into_iter().find(|session| session["is_current"] == true);
        current.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (id_there, id_viewer) = (current(sessions(&there).await), current(sessions(&viewer).await));
    let absent = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    for foreign in [&*id_viewer, absent, "nonsense"] {
        refused(end(&here, foreign).await, 404, "not_found");
    }
    sessions(&viewer).await;
    end(&here, &id_there).await.expect(204);
    assert!(!is_alive(house, &cookie(&there)).await);
    refused(end(&here, &id_there).await, 404, "not_found");
    assert_eq!(sessions(&here).await.len(), 1);

    // Ending the session one is in is logging out.
    let id_here = current(sessions(&here).await);
    let gone = end(&here, &id_here).await.expect(204);
    assert_eq!(gone.headers.get_all(header::SET_COOKIE).iter().count(), 2);
    assert!(!is_alive(house, &cookie(&here)).await);
}

async fn ending_all_others_leaves_the_own_one(house: &House<'_>) {
    let here = house.superadmin().await;
    let others = [house.superadmin().await, house.superadmin().await];
    let viewer = house.somebody(&here, "viewer").await;
    for _ in 0..2 {
        Answer::to(here.request(Method::DELETE, "/auth/sessions")).await.expect(204);
        for other in &others {
            assert!(!is_alive(house, &cookie(other)).await);
        }
        assert_eq!(every(&sessions(&here).await, "/is_current"), ["true"]);
    }
    sessions(&viewer).await;
}

async fn a_new_password_ends_the_other_sessions(house: &House<'_>) {
    let here = house.superadmin().await;
    let there = house.superadmin().await;
    let new = "another quiet boat at dusk";
    let change = json!({ "current_password": PASSWORD, "new_password": new });
    let wrong = json!({ "current_password": "wrong", "new_password": new });
    let answer = refused(here.post("/auth/password", &wrong).await, 422, "validation");
    assert_eq!(every(answer.list("/errors"), "/code"), ["wrong_password"]);
    assert!(is_alive(house, &cookie(&there)).await);
    here.post("/auth/password", &change).await.expect(204);
    assert!(!is_alive(house, &cookie(&there)).await);
    // The session that stays has a new cookie: a copy of the old one opens nothing.
    assert!(!is_alive(house, &cookie(&here)).await);
    here.get("/auth/session").await.expect(200);
    let old = json!({ "email": SUPERADMIN, "password": PASSWORD });
    refused(house.stranger().post("/auth/login", &old).await, 401, "invalid_credentials");
    Browser::log_in(&house.url, SUPERADMIN, new).await;
}

async fn a_change_of_what_a_user_may_do_ends_their_sessions_at_the_next_request(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let email = "elif@example.org";
    let user = house.user(&superadmin, email, "viewer").await;
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let mut version = 1;
    for (patch, ends) in [
        (json!({ "name": "Elif Kaya", "phone": "0532 123 45 67", "locale": "tr" }), false),
        (json!({ "role": "accountant" }), true),
        (json!({ "email": "elif.kaya@example.org" }), true),
        (json!({ "email": "Elif.Kaya@example.org" }), true),
    ] {
        let email = superadmin.get(&path).await.expect(200).text("/email");
        let user = Browser::log_in(&house.url, &email, PASSWORD).await;
        user.get("/donors").await.expect(200);
        version = superadmin.patch(&path, version, &patch).await.expect(200).number("/version");
        assert_eq!(is_alive(house, &cookie(&user)).await, !ends, "{patch}");
    }
    let user = Browser::log_in(&house.url, "elif.kaya@example.org", PASSWORD).await;
    superadmin.act(&format!("{path}/deactivate")).await.expect(200);
    refused(user.get("/donors").await, 401, "unauthenticated");
    // Activity gives no old session back.
    superadmin.act(&format!("{path}/restore")).await.expect(200);
    assert!(!is_alive(house, &cookie(&user)).await);
    Browser::log_in(&house.url, "elif.kaya@example.org", PASSWORD).await;
}

async fn a_change_of_a_custom_role_ends_the_sessions_of_those_who_have_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for name in ["volunteer", "intern"] {
        let role = json!({
            "name": name, "label": "A role", "permissions": ["donors:read"], "scope": "own",
        });
        superadmin.post("/roles", &role).await.expect(201);
    }
    let volunteer = house.somebody(&superadmin, "volunteer").await;
    let intern = house.somebody(&superadmin, "intern").await;
    let renamed = json!({ "label": "Gönüllü" });
    superadmin.patch("/roles/volunteer", 1, &renamed).await.expect(200);
    volunteer.get("/donors").await.expect(200);
    for (version, patch) in [
        (2, json!({ "permissions": ["donors:read", "donors:create"] })),
        (3, json!({ "scope": "all" })),
        (4, json!({ "edit_window_minutes": 5 })),
    ] {
        let volunteer = Browser::log_in(&house.url, "volunteer@example.org", PASSWORD).await;
        volunteer.get("/donors").await.expect(200);
        superadmin.patch("/roles/volunteer", version, &patch).await.expect(200);
        refused(volunteer.get("/donors").await, 401, "unauthenticated");
    }
    assert!(!is_alive(house, &cookie(&volunteer)).await);
    intern.get("/donors").await.expect(200);
}

async fn an_eleventh_login_ends_the_oldest_session(house: &House<'_>) {
    let mut cookies = Vec::new();
    for _ in 0..11 {
        cookies.push(cookie(&house.superadmin().await));
        house.clock.forward(Duration::seconds(61));
    }
    let newest = house.superadmin().await;
    for (at, cookie) in cookies.iter().enumerate() {
        assert_eq!(is_alive(house, cookie).await, at >= 2, "the {at}th");
    }
    assert_eq!(sessions(&newest).await.len(), 10);
    let ended = house.events(&newest, "&kind=session_ended").await;
    assert_eq!(every(&ended, "/detail"), ["more sessions than a user may have"; 2]);
}

async fn a_session_survives_a_restart_and_its_end_does_too(house: &House<'_>) {
    let here = house.superadmin().await;
    let there = house.superadmin().await;
    there.act("/auth/logout").await.expect(204);
    house
        .restarted(async |house| {
            assert!(is_alive(house, &cookie(&here)).await);
            assert!(!is_alive(house, &cookie(&there)).await);
        })
        .await;
}

/// What requests read. The end of the feed is looked at beside them.
async fn reads(house: &House<'_>, requests: impl Future<Output = ()>) -> Vec<Statement> {
    let mut statements = house.world.statements(requests).await;
    statements.retain(|statement| !statement.sql.contains("trail_head"));
    statements
}

async fn a_session_in_use_costs_no_read(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    // Refused before any use case is asked, and after the session was judged.
    let ask = async |house: &House<'_>| {
        let request = house.ask(Method::GET, "/api/v1/donors?limit=0");
        Answer::to(request.header("Cookie", cookie(&superadmin))).await.expect(400);
    };
    ask(house).await;
    let steady = async {
        for _ in 0..20 {
            house.clock.forward(Duration::seconds(2));
            ask(house).await;
        }
    };
    let steady = reads(house, steady).await;
    assert!(steady.is_empty(), "{steady:?}");
    // Who does not know the session yet reads it, once.
    house
        .restarted(async |house| {
            assert!(!reads(house, ask(house)).await.is_empty());
            assert!(reads(house, ask(house)).await.is_empty());
        })
        .await;
}
