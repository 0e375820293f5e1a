//! Logins: what a refused one tells, the lock of an account, the limit of an address, and what is
//! written down of all of it. Addresses behind proxies are in [`super::proxies`].

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, SUPERADMIN},
    reading::{every, refused},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_login_says_who_it_is_and_what_they_may_do,
    nobody_learns_whether_an_account_exists,
    the_right_password_starts_the_count_of_a_known_browser_anew,
    what_an_address_has_used_up_survives_a_restart,
    an_office_behind_one_address_logs_in_as_often_as_it_likes,
    ten_logins_of_an_address_may_fail_in_ten_minutes,
    of_twenty_guesses_at_once_no_more_are_checked_than_one_after_the_other,
    every_login_is_written_down_without_address_or_password,
    a_wrong_current_password_counts_like_a_failed_login,
    a_login_with_half_of_its_fields_is_422,
];

const VIEWER: &str = "viewer@example.org";

async fn log_in(house: &House<'_>, email: &str, password: &str) -> Answer {
    house.stranger().post("/auth/login", &json!({ "email": email, "password": password })).await
}

async fn a_login_says_who_it_is_and_what_they_may_do(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let user = house.user(&superadmin, "Viewer@Example.org", "viewer").await;
    assert_eq!(user.get("last_login_at"), None);
    house.clock.forward(Duration::seconds(1));
    // However the address is typed.
    let answer = log_in(house, "  viewer@EXAMPLE.ORG ", PASSWORD).await.expect(200);
    let mut expected = json!({
        "user": user,
        "permissions": ["donors:read", "campaigns:read", "donations:read"],
        "reaches": { "donors": "all", "donations": "all" },
        "csrf_token": answer.text("/csrf_token"),
        "expires_at": "2026-03-15T00:00:01.000Z",
    });
    expected["user"]["last_login_at"] = json!("2026-03-14T12:00:01.000Z");
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("etag"), "");

    let browser = Browser::log_in(&house.url, VIEWER, PASSWORD).await;
    let session = browser.get("/auth/session").await.expect(200);
    assert_eq!(session.body["csrf_token"], browser.csrf.as_deref().unwrap());
    assert_eq!(session.body["permissions"], expected["permissions"]);
    assert_eq!(session.text("/user/email"), "Viewer@Example.org");
    refused(house.stranger().get("/auth/session").await, 401, "unauthenticated");
}

/// A refusal, byte for byte, without what differs between any two answers.
async fn told(house: &House<'_>, email: &str, password: &str) -> String {
    let request = house.stranger().request(Method::POST, "/auth/login");
    let request = request.json(&json!({ "email": email, "password": password }));
    let response = request.send().await.unwrap();
    let status = response.status();
    let mut headers: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = response.text().await.unwrap();
    assert!(body.contains(&id), "{body}");
    format!("{status}\n{}\n\n{}", headers.join("\n"), body.replace(&id, "[request_id]"))
}

async fn nobody_learns_whether_an_account_exists(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    house.user(&superadmin, VIEWER, "viewer").await;
    let inactive = house.user(&superadmin, "inactive@example.org", "viewer").await;
    let path = format!("/users/{}/deactivate", inactive["id"].as_str().unwrap());
    superadmin.act(&path).await.expect(200);
    let unknown = told(house, "nobody@example.org", PASSWORD).await;
    for (email, password) in [
        (VIEWER, "the wrong one"),
        ("inactive@example.org", PASSWORD),
        ("inactive@example.org", "the wrong one"),
        ("no address at all", PASSWORD),
        ("", ""),
        (VIEWER, &"x".repeat(10_000)),
    ] {
        assert_eq!(told(house, email, password).await, unknown, "{email}");
    }
    insta::assert_snapshot!("refused_login", unknown);
}

async fn the_right_password_starts_the_count_of_a_known_browser_anew(house: &House<'_>) {
    let known = house.superadmin().await;
    let log_in = async |password: &str| {
        known.post("/auth/login", &json!({ "email": SUPERADMIN, "password": password })).await
    };
    for _ in 0..3 {
        for _ in 0..4 {
            refused(log_in("wrong").await, 401, "invalid_credentials");
        }
        log_in(PASSWORD).await.expect(200);
    }
}

async fn what_an_address_has_used_up_survives_a_restart(house: &House<'_>) {
    for at in 0..10 {
        let email = format!("nobody{at}@example.org");
        refused(log_in(house, &email, "x").await, 401, "invalid_credentials");
    }
    house
        .restarted(async |house| {
            refused(log_in(house, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
        })
        .await;
}

async fn an_office_behind_one_address_logs_in_as_often_as_it_likes(house: &House<'_>) {
    for _ in 0..12 {
        log_in(house, SUPERADMIN, PASSWORD).await.expect(200);
    }
    house
        .restarted(async |house| {
            for _ in 0..12 {
                log_in(house, SUPERADMIN, PASSWORD).await.expect(200);
            }
        })
        .await;
}

async fn ten_logins_of_an_address_may_fail_in_ten_minutes(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for at in 0..10 {
        house.clock.forward(Duration::seconds(10));
        // The successful ones do not count.
        if at % 2 == 0 {
            log_in(house, SUPERADMIN, PASSWORD).await.expect(200);
        }
        let email = format!("nobody{at}@example.org");
        refused(log_in(house, &email, "x").await, 401, "invalid_credentials");
    }
    for _ in 0..3 {
        let limited = refused(log_in(house, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
        assert_eq!(limited.header("retry-after"), "510");
        // Of the quota that was used up, not of all requests from the address.
        let told = ["limit", "remaining", "reset"]
            .map(|what| limited.header(&format!("ratelimit-{what}")));
        assert_eq!(told, ["10", "0", "600"]);
    }
    // The first refusal leaves a trace, and hammering does not fill the trail.
    assert_eq!(house.events(&superadmin, "&kind=login_limited").await.len(), 1);
    // The window slides: one more when the first one is ten minutes old.
    house.clock.forward(Duration::seconds(510) - Duration::milliseconds(1));
    let limited = refused(log_in(house, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
    assert_eq!(limited.header("retry-after"), "1");
    house.clock.forward(Duration::milliseconds(1));
    log_in(house, SUPERADMIN, PASSWORD).await.expect(200);
    refused(log_in(house, "nobody@example.org", "x").await, 401, "invalid_credentials");
    refused(log_in(house, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
}

async fn of_twenty_guesses_at_once_no_more_are_checked_than_one_after_the_other(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let at_once = async |email: &dyn Fn(usize) -> String| {
        let mut running = Vec::new();
        for at in 0..20 {
            let request = house.stranger().request(Method::POST, "/auth/login");
            let body = json!({ "email": email(at), "password": "wrong" });
            running.push(tokio::spawn(Answer::to(request.json(&body))));
        }
        let (mut checked, mut limited) = (0, 0);
        for answer in running {
            let answer = answer.await.unwrap();
            match answer.status {
                401 => checked += 1,
                _ => {
                    refused(answer, 429, "rate_limited");
                    limited += 1;
                }
            }
        }
        (checked, limited)
    };
    // At one account, and at the limit of the address.
    assert_eq!(at_once(&|_| SUPERADMIN.to_owned()).await, (3, 17));
    assert_eq!(at_once(&|at| format!("nobody{at}@example.org")).await, (7, 13));
    let kinds = every(&house.events(&superadmin, "").await, "/kind");
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    assert_eq!((count("login_failed"), count("login_limited")), (10, 2));
}

async fn every_login_is_written_down_without_address_or_password(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.user(&superadmin, VIEWER, "viewer").await;
    log_in(house, "nobody@example.org", "secret of nobody").await.expect(401);
    let browser = Browser::log_in(&house.url, VIEWER, PASSWORD).await;
    let log_in_there = async |password: &str| {
        browser.post("/auth/login", &json!({ "email": VIEWER, "password": password })).await
    };
    for _ in 0..5 {
        log_in_there("secret of somebody").await.expect(401);
    }
    log_in_there(PASSWORD).await.expect(423);
    house.clock.forward(Duration::minutes(15));
    let browser = Browser::log_in(&house.url, VIEWER, PASSWORD).await;
    let wrong =
        json!({ "current_password": "secret guess", "new_password": "secret of tomorrow, long" });
    browser.post("/auth/password", &wrong).await.expect(422);
    browser.act("/auth/logout").await.expect(204);

    let superadmin = house.superadmin().await;
    let events = house.events(&superadmin, "").await;
    let mut kinds = every(&events, "/kind");
    kinds.reverse();
    assert_eq!(
        kinds,
        [
            &["logged_in", "login_failed", "logged_in"][..],
            // Whoever tries from a session has given it away.
            &["logged_out"],
            &["login_failed"; 5],
            &["account_locked", "login_locked", "logged_in", "new_device"],
            &["password_refused", "logged_out"],
            // The superadmin again, without the cookie of the first time.
            &["logged_in", "new_device"],
        ]
        .concat()
    );
    let about = |event: &Value| event["user_id"].as_str().map(str::to_owned);
    let whom: Vec<Option<String>> = events.iter().rev().map(about).collect();
    assert_eq!(whom[1], None, "an unknown address is nobody");
    assert!(whom[2..=14].iter().all(|id| id.as_deref() == viewer["id"].as_str()));
    for event in &events {
        assert_eq!(event["address"], "127.0.0.1");
        let text = event.to_string();
        for secret in ["@", "secret", PASSWORD, "nobody"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

async fn a_wrong_current_password_counts_like_a_failed_login(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let change = |current: &str| json!({ "current_password": current, "new_password": "another quiet boat at dusk" });
    for _ in 0..5 {
        refused(viewer.post("/auth/password", &change("wrong")).await, 422, "validation");
    }
    let locked = viewer.post("/auth/password", &change(PASSWORD)).await;
    assert_eq!(refused(locked, 423, "locked").header("retry-after"), "900");
    // For this browser alone.
    log_in(house, VIEWER, PASSWORD).await.expect(200);
    house.clock.forward(Duration::minutes(15));
    viewer.post("/auth/password", &change(PASSWORD)).await.expect(204);
    log_in(house, VIEWER, "another quiet boat at dusk").await.expect(200);
}

async fn a_login_with_half_of_its_fields_is_422(house: &House<'_>) {
    let stranger = house.stranger();
    for (body, pointers) in [
        (json!({}), &["/email", "/password"][..]),
        (json!({ "email": SUPERADMIN }), &["/password"]),
        (
            json!({ "email": 5, "password": null, "remember_me": "yes" }),
            &["/email", "/password", "/remember_me"],
        ),
        (json!({ "email": SUPERADMIN, "password": PASSWORD, "remember": true }), &["/remember"]),
    ] {
        let answer = refused(stranger.post("/auth/login", &body).await, 422, "validation");
        let mut told = every(answer.list("/errors"), "/pointer");
        told.sort();
        assert_eq!(told, pointers, "{body}");
    }
    // None of it was an attempt.
    assert_eq!(house.world.rows("login_attempts").await, 0);
}
