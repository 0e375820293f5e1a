//! How many requests are answered: by address for strangers, by user and role for everybody else.

use std::num::NonZeroU32;

use almoner_http::HttpSettings;
use reqwest::Method;
use serde_json::json;

use super::{
    house::{House, PASSWORD, SUPERADMIN, in_house, in_house_with},
    reading::refused,
};
use crate::support::{Answer, Backend, Browser};

fn per_minute(limit: u32) -> NonZeroU32 {
    NonZeroU32::new(limit).unwrap()
}

/// 6 requests for strangers, 4 for users, 2 for viewers.
fn narrow(settings: &mut HttpSettings) {
    settings.quotas.is_on = true;
    settings.quotas.stranger = per_minute(6);
    settings.quotas.user = per_minute(4);
    settings.quotas.roles.insert("viewer".to_owned(), per_minute(2));
}

fn quota(answer: &Answer) -> [&str; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name))
}

async fn spend(browser: &Browser, limit: u32) {
    for left in (0..limit).rev() {
        let answer = browser.get("/donors?limit=0").await.expect(400);
        let [told, remaining, reset] = quota(&answer);
        assert_eq!((told, remaining), (&*limit.to_string(), &*left.to_string()));
        let reset: u32 = reset.parse().unwrap();
        // Seconds until the whole quota is there again; a slow machine has some of it back already.
        assert!((1..=60).contains(&reset), "{reset}");
    }
}

fn limited(answer: Answer, limit: u32) {
    let answer = refused(answer, 429, "rate_limited");
    let [told, remaining, _] = quota(&answer);
    assert_eq!((told, remaining), (&*limit.to_string(), "0"));
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60 / limit).contains(&wait), "{wait}");
    assert_eq!(answer.text("/detail"), format!("wait {wait} seconds"));
}

#[test]
fn a_stranger_is_stopped_when_the_quota_of_their_address_is_spent() {
    in_house_with(Backend::Sqlite, narrow, async |house| {
        for left in (0..6).rev() {
            let answer = refused(house.stranger().get("/donors").await, 401, "unauthenticated");
            assert_eq!(quota(&answer)[..2], ["6", &*left.to_string()]);
        }
        limited(house.stranger().get("/donors").await, 6);
        // Whatever they ask for: logins, documents, nonsense.
        let login = json!({ "email": SUPERADMIN, "password": PASSWORD });
        limited(house.stranger().post("/auth/login", &login).await, 6);
        for path in ["/api/openapi.json", "/docs/", "/nothing", "/problems/stale"] {
            limited(Answer::to(house.ask(Method::GET, path)).await, 6);
        }
        // What an operator's tools ask is never counted.
        for _ in 0..10 {
            let live = Answer::to(house.ask(Method::GET, "/health/live")).await.expect(200);
            assert_eq!(quota(&live), [""; 3]);
        }
    });
}

#[test]
fn a_user_has_a_quota_of_their_own_and_a_role_may_have_another() {
    in_house_with(Backend::Sqlite, narrow, async |house| {
        let superadmin = house.superadmin().await;
        house.user(&superadmin, "viewer@example.org", "viewer").await;
        house.user(&superadmin, "elif@example.org", "accountant").await;
        for _ in 0..2 {
            superadmin.get("/donors?limit=0").await.expect(400);
        }
        limited(superadmin.get("/donors").await, 4);
        let viewer = Browser::log_in(&house.url, "viewer@example.org", PASSWORD).await;
        spend(&viewer, 2).await;
        limited(viewer.get("/donors").await, 2);
        let elif = Browser::log_in(&house.url, "elif@example.org", PASSWORD).await;
        spend(&elif, 4).await;
        limited(elif.get("/donors").await, 4);
        // Another session is no other user.
        let again = Browser::log_in(&house.url, "elif@example.org", PASSWORD).await;
        limited(again.get("/donors").await, 4);
    });
}

#[test]
fn quotas_can_be_off() {
    in_house(Backend::Sqlite, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        for _ in 0..20 {
            let stranger = refused(house.stranger().get("/donors").await, 401, "unauthenticated");
            let user = superadmin.get("/donors?limit=0").await.expect(400);
            assert_eq!((quota(&stranger), quota(&user)), ([""; 3], [""; 3]));
        }
    });
}
