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

/// Few enough that none comes back while a test runs: one of 3 does after 20 seconds.
fn narrow(settings: &mut HttpSettings) {
    settings.quotas.is_on = true;
    settings.quotas.stranger = per_minute(3);
    settings.quotas.user = per_minute(2);
}

/// Strangers may log in as often as they like, and a viewer ask once a minute.
fn narrow_for_users(settings: &mut HttpSettings) {
    narrow(settings);
    settings.quotas.stranger = per_minute(600);
    settings.quotas.roles.insert("viewer".to_owned(), per_minute(1));
    settings.quotas.roles.insert("superadmin".to_owned(), per_minute(600));
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
        // Seconds until the whole quota is there again.
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
        for left in (0..3).rev() {
            let answer = refused(house.stranger().get("/donors").await, 401, "unauthenticated");
            assert_eq!(quota(&answer)[..2], ["3", &*left.to_string()]);
        }
        limited(house.stranger().get("/donors").await, 3);
        // Whatever they ask for: logins, documents, nonsense.
        let login = json!({ "email": SUPERADMIN, "password": PASSWORD });
        limited(house.stranger().post("/auth/login", &login).await, 3);
        for path in ["/api/openapi.json", "/docs/", "/nothing", "/problems/stale"] {
            limited(Answer::to(house.ask(Method::GET, path)).await, 3);
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
    in_house_with(Backend::Sqlite, narrow_for_users, async |house| {
        let superadmin = house.superadmin().await;
        let viewer = house.somebody(&superadmin, "viewer").await;
        let accountant = house.somebody(&superadmin, "accountant").await;
        spend(&viewer, 1).await;
        limited(viewer.get("/donors").await, 1);
        spend(&accountant, 2).await;
        limited(accountant.get("/donors").await, 2);
        // Another session is no other user.
        let again = Browser::log_in(&house.url, "accountant@example.org", PASSWORD).await;
        limited(again.get("/donors").await, 2);
        superadmin.get("/donors").await.expect(200);
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

/// One request a second, ten items a second; a whole batch at once.
fn narrow_for_batches(settings: &mut HttpSettings) {
    settings.quotas.is_on = true;
    settings.quotas.stranger = per_minute(600);
    settings.quotas.user = per_minute(60);
}

#[test]
fn items_of_batches_have_a_quota_beside_that_of_requests() {
    in_house_with(Backend::Sqlite, narrow_for_batches, async |house| {
        let superadmin = house.superadmin().await;
        let batch = async |items: usize| {
            let items = vec![json!({ "op": "burn" }); items];
            superadmin.post("/donors/batch?mode=each", &json!({ "items": items })).await
        };
        let [limit, remaining, _] = quota(&batch(1).await.expect(207)).map(str::to_owned);
        assert_eq!(limit, "60", "fewer requests are left than items: {remaining}");
        let first = batch(999).await.expect(207);
        let [limit, remaining, reset] = quota(&first).map(|told| told.parse::<u32>().unwrap());
        assert_eq!(limit, 1_000);
        assert!(remaining < 900, "{remaining}");
        assert!((1..=100).contains(&reset), "{reset}");
        // Whatever has come back meanwhile is not that many.
        let answer = refused(batch(1_000).await, 429, "rate_limited");
        assert_eq!(quota(&answer)[0], "1000");
        assert!((1..=100).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
        superadmin.get("/donors").await.expect(200);
    });
}
