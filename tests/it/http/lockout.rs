//! Guessing at one account: strangers wait, nobody learns whether there is such an account, and whoever
//! comes with a browser that the account knows is not kept out by what others do.

use almoner_accounts::{
    LinkKey,
    link::{Link, Purpose},
};
use chrono::Duration;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    house::{House, LINK_KEY, PASSWORD, SUPERADMIN},
    reading::{every, refused},
};
use crate::support::{Answer, Browser, session_noted};

in_both_houses_with![crate::http::house::behind_a_proxy:
    strangers_wait_longer_after_each_guess_and_learn_nothing,
    a_hundred_guesses_in_a_day_are_all_there_are,
    strangers_keep_nobody_out_who_comes_with_a_known_browser,
    a_known_browser_is_locked_for_itself_and_tells_only_who_knows_the_password,
    the_waiting_survives_a_restart,
    a_mailed_link_is_a_way_in_that_strangers_cannot_close,
    an_administrator_sees_a_lock_and_ends_it,
    a_nul_is_a_guess_like_any_other,
];

const VIEWER: &str = "viewer@example.org";

/// A guess of a stranger from an address of its own.
async fn guess(house: &House<'_>, number: u32, email: &str, password: &str) -> Answer {
    let from = format!("198.51.{}.{}", number / 250, 1 + number % 250);
    let request = house.stranger().request(Method::POST, "/auth/login");
    let request = request.header("X-Forwarded-For", from);
    Answer::to(request.json(&json!({ "email": email, "password": password }))).await
}

/// A login with what the browser keeps.
async fn log_in(browser: &Browser, email: &str, password: &str) -> Answer {
    browser.post("/auth/login", &json!({ "email": email, "password": password })).await
}

/// What an answer tells, without what differs between any two.
fn told(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let mut body = answer.body.clone();
    body["request_id"] = Value::Null;
    (answer.status, headers, body)
}

async fn strangers_wait_longer_after_each_guess_and_learn_nothing(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    house.user(&superadmin, VIEWER, "viewer").await;
    let inactive = house.user(&superadmin, "inactive@example.org", "viewer").await;
    let path = format!("/users/{}/deactivate", inactive["id"].as_str().unwrap());
    superadmin.act(&path).await.expect(200);
    let mut number = 0;
    let mut at_all = async |password: &str| {
        let mut told_of_all = Vec::new();
        for email in [VIEWER, "nobody@example.org", "inactive@example.org", "no address"] {
            number += 1;
            told_of_all.push(told(&guess(house, number, email, password).await));
        }
        let first = told_of_all.remove(0);
        for other in told_of_all {
            assert_eq!(other, first);
        }
        first
    };
    for _ in 0..2 {
        assert_eq!(at_all("wrong").await.0, 401);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        assert_eq!(at_all("wrong").await.0, 401, "{seconds} s");
        // The right one too: nobody has looked at it.
        let (status, headers, _) = at_all(PASSWORD).await;
        assert_eq!(status, 429);
        assert!(headers.contains(&format!("retry-after: {seconds}")), "{headers:?}");
        house.clock.forward(Duration::seconds(seconds) - Duration::milliseconds(1));
        assert_eq!(at_all(PASSWORD).await.0, 429);
        house.clock.forward(Duration::milliseconds(1));
    }
    guess(house, 9_000, VIEWER, PASSWORD).await.expect(200);
    refused(guess(house, 9_001, "nobody@example.org", PASSWORD).await, 401, "invalid_credentials");
    // Each account leaves one refusal in a day, whether or not there is one.
    let superadmin = house.superadmin().await;
    assert_eq!(house.events(&superadmin, "&kind=login_limited").await.len(), 4);
}

async fn a_hundred_guesses_in_a_day_are_all_there_are(house: &House<'_>) {
    // Somebody patient, with as many addresses as they like.
    let mut guesses: u32 = 0;
    let limited = loop {
        assert!(guesses <= 100, "there is no end");
        let answer = guess(house, guesses, SUPERADMIN, "wrong").await;
        if answer.status != 401 {
            break refused(answer, 429, "rate_limited");
        }
        guesses += 1;
        let doublings = guesses.saturating_sub(3).min(20);
        let pause = if guesses < 3 { 0 } else { 900.min(1_i64 << doublings) };
        house.clock.forward(Duration::seconds(pause));
    };
    assert_eq!(guesses, 100);
    assert_eq!(limited.header("ratelimit-limit"), "100");
    assert_eq!(limited.header("ratelimit-reset"), "86400");
    // All of that took 1,023 s and 88 quarters of an hour; the first one is a day old after the rest.
    assert_eq!(limited.header("retry-after"), "6177");
    refused(guess(house, 200, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
    house.clock.forward(Duration::seconds(6_177));
    guess(house, 201, SUPERADMIN, PASSWORD).await.expect(200);
}

async fn strangers_keep_nobody_out_who_comes_with_a_known_browser(house: &House<'_>) {
    let known = house.superadmin().await;
    let phone = house.superadmin().await;
    for number in 0..40 {
        guess(house, number, SUPERADMIN, "wrong").await;
        house.clock.forward(Duration::seconds(20));
    }
    refused(guess(house, 99, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
    for browser in [&known, &phone] {
        log_in(browser, SUPERADMIN, PASSWORD).await.expect(200);
    }
    // Nor by strangers at the same address.
    for at in 0..10 {
        let answer = log_in(&house.stranger(), &format!("nobody{at}@example.org"), "x").await;
        refused(answer, 401, "invalid_credentials");
    }
    refused(log_in(&house.stranger(), SUPERADMIN, PASSWORD).await, 429, "rate_limited");
    log_in(&known, SUPERADMIN, PASSWORD).await.expect(200);
    // A browser that another account knows is a stranger to this one.
    refused(log_in(&known, VIEWER, PASSWORD).await, 429, "rate_limited");
    log_in(&phone, SUPERADMIN, PASSWORD).await.expect(200);
}

async fn a_known_browser_is_locked_for_itself_and_tells_only_who_knows_the_password(
    house: &House<'_>,
) {
    let (here, there) = (house.superadmin().await, house.superadmin().await);
    for _ in 0..5 {
        refused(log_in(&here, SUPERADMIN, "wrong").await, 401, "invalid_credentials");
    }
    let locked = refused(log_in(&here, SUPERADMIN, PASSWORD).await, 423, "locked");
    assert_eq!(locked.header("retry-after"), "900");
    refused(log_in(&here, SUPERADMIN, "wrong").await, 401, "invalid_credentials");
    log_in(&there, SUPERADMIN, PASSWORD).await.expect(200);
    guess(house, 1, SUPERADMIN, PASSWORD).await.expect(200);
    // Others' successes change nothing here.
    refused(log_in(&here, SUPERADMIN, PASSWORD).await, 423, "locked");

    // To the end of the 15 minutes, which no attempt prolongs.
    house.clock.forward(Duration::minutes(15) - Duration::milliseconds(1));
    let locked = refused(log_in(&here, SUPERADMIN, PASSWORD).await, 423, "locked");
    assert_eq!(locked.header("retry-after"), "1");
    house.clock.forward(Duration::milliseconds(1));
    log_in(&here, SUPERADMIN, PASSWORD).await.expect(200);

    // Behind its lock it has no more guesses than before it.
    for _ in 0..10 {
        refused(log_in(&here, SUPERADMIN, "wrong").await, 401, "invalid_credentials");
    }
    refused(log_in(&here, SUPERADMIN, PASSWORD).await, 401, "invalid_credentials");
    house.clock.forward(Duration::minutes(15));
    log_in(&here, SUPERADMIN, PASSWORD).await.expect(200);
}

async fn the_waiting_survives_a_restart(house: &House<'_>) {
    for number in 0..3 {
        refused(guess(house, number, SUPERADMIN, "wrong").await, 401, "invalid_credentials");
    }
    house
        .restarted(async |house| {
            refused(guess(house, 7, SUPERADMIN, PASSWORD).await, 429, "rate_limited");
            house.clock.forward(Duration::seconds(1));
            guess(house, 8, SUPERADMIN, PASSWORD).await.expect(200);
        })
        .await;
}

/// The token of a link that was mailed to a user.
async fn mailed_link(house: &House<'_>, user: &Value) -> String {
    let purpose = Purpose::PasswordReset;
    let user_id = user["id"].as_str().unwrap().parse().unwrap();
    let expires_at = crate::support::START + Duration::days(1);
    let link = Link { id: house.world.id(), user_id, purpose, expires_at };
    let mut tx = house.world.accounts().begin().await.unwrap();
    tx.insert_link(&link).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    LinkKey::new(&LINK_KEY).token(purpose, link.id).expose_secret().to_owned()
}

async fn a_mailed_link_is_a_way_in_that_strangers_cannot_close(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let user = house.user(&superadmin, VIEWER, "viewer").await;
    let laptop = Browser::log_in(&house.url, VIEWER, PASSWORD).await;
    let attack = async |from: u32| {
        for number in from..from + 10 {
            guess(house, number, VIEWER, "wrong").await;
            house.clock.forward(Duration::seconds(5));
        }
    };
    attack(0).await;
    let phone = house.stranger();
    refused(log_in(&phone, VIEWER, PASSWORD).await, 429, "rate_limited");
    let new = "another quiet boat at dusk";
    let body = json!({ "token": mailed_link(house, &user).await, "new_password": new });
    let answer = phone.post("/auth/password-reset/confirm", &body).await.expect(204);
    assert!(answer.header("set-cookie").starts_with("almoner_device="));
    attack(100).await;
    log_in(&phone, VIEWER, new).await.expect(200);
    // Whoever has copied what another browser was known by has it no longer.
    refused(log_in(&laptop, VIEWER, new).await, 429, "rate_limited");
    // Also with what the phone keeps, a wrong password counts for the phone.
    refused(log_in(&phone, VIEWER, "wrong").await, 401, "invalid_credentials");
    log_in(&phone, VIEWER, new).await.expect(200);
}

async fn an_administrator_sees_a_lock_and_ends_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let user = house.user(&superadmin, VIEWER, "viewer").await;
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let viewer = Browser::log_in(&house.url, VIEWER, PASSWORD).await;
    let seen = superadmin.get(&path).await.expect(200);
    assert_eq!(seen.body.get("locks"), None);
    let etag = seen.header("etag").to_owned();
    for number in 0..7 {
        guess(house, number, VIEWER, "wrong").await;
        house.clock.forward(Duration::seconds(16));
    }
    guess(house, 8, VIEWER, "wrong").await;
    for _ in 0..5 {
        refused(log_in(&viewer, VIEWER, "wrong").await, 401, "invalid_credentials");
    }
    let seen = superadmin.get(&path).await.expect(200);
    let locks = json!([
        { "kind": "device", "until": "2026-03-14T12:16:52.000Z" },
        { "kind": "strangers", "until": "2026-03-14T12:02:24.000Z" },
    ]);
    assert_eq!(seen.body["locks"], locks);
    // What is shown has changed, the user has not.
    let known = superadmin.request(Method::GET, &path).header("If-None-Match", &etag);
    let known = Answer::to(known).await.expect(200);
    assert_eq!((known.version(), &known.body["locks"]), ("1", &locks));
    assert_ne!(known.header("etag"), etag);
    let known =
        superadmin.request(Method::GET, &path).header("If-None-Match", known.header("etag"));
    Answer::to(known).await.expect(304);
    let list = superadmin.get("/users?q=viewer").await.expect(200);
    assert_eq!(list.list("/items")[0]["locks"], locks);
    refused(guess(house, 9, VIEWER, PASSWORD).await, 429, "rate_limited");
    refused(log_in(&viewer, VIEWER, PASSWORD).await, 423, "locked");

    refused(viewer.act(&format!("{path}/unlock")).await, 401, "unauthenticated");
    superadmin.act(&format!("{path}/unlock?dry_run=true")).await.expect(200);
    refused(log_in(&viewer, VIEWER, PASSWORD).await, 423, "locked");
    let stale = superadmin.request(Method::POST, &format!("{path}/unlock"));
    refused(Answer::to(stale.header("If-Match", "\"7\"")).await, 412, "stale");
    for _ in 0..2 {
        let unlocked = superadmin.act(&format!("{path}/unlock")).await.expect(200);
        assert_eq!(unlocked.body.get("locks"), None);
        assert_eq!(unlocked.number("/version"), 1);
    }
    log_in(&viewer, VIEWER, PASSWORD).await.expect(200);
    guess(house, 9, VIEWER, PASSWORD).await.expect(200);
    let seen = superadmin.get(&path).await.expect(200);
    assert_eq!((seen.version(), seen.body.get("locks")), ("1", None));
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/action"), ["unlocked", "unlocked", "created"]);
    assert_eq!(house.events(&superadmin, "&kind=account_unlocked").await.len(), 2);
}

async fn a_nul_is_a_guess_like_any_other(house: &House<'_>) {
    for at in 0..10 {
        let answer = log_in(&house.stranger(), &format!("a{at}\0@example.org"), "x\0y").await;
        refused(answer, 401, "invalid_credentials");
    }
    refused(log_in(&house.stranger(), "a\0@example.org", "x").await, 429, "rate_limited");
    refused(log_in(&house.stranger(), SUPERADMIN, PASSWORD).await, 429, "rate_limited");
}
