//! `X-Forwarded-For` counts when a trusted proxy has written it, and never else.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use almoner_http::HttpSettings;
use reqwest::Method;
use serde_json::json;

use super::{
    house::{House, PASSWORD, SUPERADMIN, behind_a_proxy, in_house, in_house_with},
    reading::{every, refused},
};
use crate::support::{Answer, Backend};

/// A login that fails, each as somebody else: so only the address counts.
async fn log_in(house: &House<'_>, forwarded: &str) -> Answer {
    static GUESSES: AtomicU32 = AtomicU32::new(0);
    let email = format!("nobody{}@example.org", GUESSES.fetch_add(1, Ordering::Relaxed));
    let request = house.stranger().request(Method::POST, "/auth/login");
    let request = request.header("X-Forwarded-For", forwarded);
    Answer::to(request.json(&json!({ "email": email, "password": PASSWORD }))).await
}

#[test]
fn a_client_that_makes_up_its_address_is_counted_by_its_own() {
    in_house(Backend::Sqlite, async |house| {
        for at in 0..10 {
            log_in(house, &format!("203.0.113.{at}")).await.expect(401);
        }
        refused(log_in(house, "203.0.113.99").await, 429, "rate_limited");
    });
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_logins() {
    in_house_with(Backend::Sqlite, behind_a_proxy, async |house| {
        for at in 0..10 {
            // What the client itself wrote stands further left.
            log_in(house, &format!("198.51.100.{at}, 203.0.113.7")).await.expect(401);
        }
        refused(log_in(house, "203.0.113.7").await, 429, "rate_limited");
        refused(log_in(house, "::ffff:203.0.113.7").await, 429, "rate_limited");
        log_in(house, "203.0.113.8").await.expect(401);
        // Left of something unreadable nothing is believed: this is the proxy's own login.
        for _ in 0..10 {
            log_in(house, "203.0.113.9, nonsense").await.expect(401);
        }
        refused(log_in(house, "nonsense").await, 429, "rate_limited");
        log_in(house, "203.0.113.9").await.expect(401);
    });
}

#[test]
fn neighbours_in_one_ipv6_network_share_their_logins() {
    in_house_with(Backend::Sqlite, behind_a_proxy, async |house| {
        for at in 1..=10 {
            log_in(house, &format!("2001:db8:1:2::{at}")).await.expect(401);
        }
        refused(log_in(house, "2001:db8:1:2:ffff::1").await, 429, "rate_limited");
        log_in(house, "2001:db8:1:3::1").await.expect(401);
    });
}

#[test]
fn the_trail_has_the_address_and_a_session_its_network() {
    in_house_with(Backend::Sqlite, behind_a_proxy, async |house| {
        let body = json!({ "email": SUPERADMIN, "password": PASSWORD });
        let (browser, _) = house
            .enter(&body, |request| {
                request.header("X-Forwarded-For", "203.0.113.42").header("User-Agent", "Firefox")
            })
            .await;
        let sessions = browser.get("/auth/sessions").await.expect(200);
        assert_eq!(sessions.text("/items/0/address"), "203.0.113.0");
        let donor = browser.request(Method::POST, "/donors");
        let donor =
            donor.header("X-Forwarded-For", "2001:db8:1:2::42").header("User-Agent", "curl");
        let donor = donor.json(&json!({ "kind": "person", "name": "Ayşe" }));
        let donor = Answer::to(donor).await.expect(201);
        let change = browser.get("/audit/changes?entity=donor").await.expect(200);
        assert_eq!(change.text("/items/0/address"), "2001:db8:1:2::42");
        assert_eq!(change.text("/items/0/user_agent"), "curl");
        assert_eq!(change.text("/items/0/request_id"), donor.header("x-request-id"));
        let events = house.events(&browser, "").await;
        assert_eq!(every(&events, "/address"), ["203.0.113.42"]);
        assert_eq!(every(&events, "/user_agent"), ["Firefox"]);
    });
}

#[test]
fn behind_a_trusted_proxy_each_stranger_has_their_own_quota() {
    let change = |settings: &mut HttpSettings| {
        behind_a_proxy(settings);
        settings.quotas.is_on = true;
        settings.quotas.stranger = NonZeroU32::new(2).unwrap();
    };
    in_house_with(Backend::Sqlite, change, async |house| {
        let ask = async |address: &str| {
            let request = house.ask(Method::GET, "/api/v1/donors");
            Answer::to(request.header("X-Forwarded-For", address)).await
        };
        for _ in 0..2 {
            refused(ask("203.0.113.7").await, 401, "unauthenticated");
        }
        refused(ask("203.0.113.7").await, 429, "rate_limited");
        refused(ask("203.0.113.8").await, 401, "unauthenticated");
    });
}
