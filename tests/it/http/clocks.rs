//! The clock is set back, because it was wrong: nobody is locked out for the difference, nobody has
//! it as a present, and the trail keeps its order.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use super::{
    house::{House, PASSWORD, SUPERADMIN, a_donation},
    reading::refused,
    sessions::{cookie, is_alive},
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_session_goes_on_when_the_clock_is_set_back_a_little,
    a_session_gets_no_day_more_when_the_clock_is_set_back_a_day,
    a_lock_does_not_hold_for_a_day_longer_when_the_clock_is_set_back,
    the_limits_on_strangers_do_not_hold_for_longer_when_the_clock_is_set_back,
    the_time_to_correct_a_record_is_no_day_longer_when_the_clock_is_set_back,
    the_trail_goes_on_in_order_when_the_clock_is_set_back,
    an_answer_is_repeated_when_the_clock_is_set_back,
];

const ENTRY: &str = "data.entry@example.org";

async fn log_in(browser: &Browser, email: &str, password: &str) -> u16 {
    browser.post("/auth/login", &json!({ "email": email, "password": password })).await.status
}

async fn a_session_goes_on_when_the_clock_is_set_back_a_little(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    house.clock.back(Duration::minutes(5));
    superadmin.get("/users/me").await.expect(200);
    a_donation(&superadmin).await;
    house.restarted(async |house| assert!(is_alive(house, &cookie(&superadmin)).await)).await;
    // Five minutes more at the most.
    house.clock.forward(Duration::minutes(35));
    refused(superadmin.get("/users/me").await, 401, "unauthenticated");
}

async fn a_session_gets_no_day_more_when_the_clock_is_set_back_a_day(house: &House<'_>) {
    let before = house.superadmin().await;
    house.clock.back(Duration::days(1));
    refused(before.get("/users/me").await, 401, "unauthenticated");
    let after = house.superadmin().await;
    for _ in 0..3 {
        house.clock.forward(Duration::minutes(29));
        after.get("/users/me").await.expect(200);
        refused(before.get("/users/me").await, 401, "unauthenticated");
    }
    house.clock.forward(Duration::minutes(30));
    refused(after.get("/users/me").await, 401, "unauthenticated");
}

async fn a_lock_does_not_hold_for_a_day_longer_when_the_clock_is_set_back(house: &House<'_>) {
    let known = house.superadmin().await;
    for _ in 0..5 {
        assert_eq!(log_in(&known, SUPERADMIN, "not the password at all").await, 401);
    }
    assert_eq!(log_in(&known, SUPERADMIN, PASSWORD).await, 423);
    // A little changes nothing: nobody guesses more by it.
    house.clock.back(Duration::minutes(2));
    assert_eq!(log_in(&known, SUPERADMIN, PASSWORD).await, 423);
    house.clock.back(Duration::days(1));
    assert_eq!(log_in(&known, SUPERADMIN, PASSWORD).await, 200);
}

async fn the_limits_on_strangers_do_not_hold_for_longer_when_the_clock_is_set_back(
    house: &House<'_>,
) {
    let stranger = house.stranger();
    let fail = async |name: &str| log_in(&stranger, &format!("{name}@example.org"), "x").await;
    for at in 0..10 {
        assert_eq!(fail(&format!("nobody{at}")).await, 401);
    }
    assert_eq!(fail("nobody").await, 429);
    house.clock.back(Duration::minutes(2));
    assert_eq!(fail("nobody").await, 429);
    house.clock.back(Duration::days(1));
    // And the waiting for one account: a second, which began a day ahead.
    for _ in 0..3 {
        assert_eq!(fail("somebody").await, 401);
    }
    assert_eq!(fail("somebody").await, 429);
    house.clock.back(Duration::hours(1));
    assert_eq!(fail("somebody").await, 401);
}

async fn the_time_to_correct_a_record_is_no_day_longer_when_the_clock_is_set_back(
    house: &House<'_>,
) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    let donation = a_donation(&entry).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    house.clock.back(Duration::minutes(5));
    entry.patch(&path, 1, &json!({ "notes": "in time" })).await.expect(200);
    house.clock.back(Duration::days(1));
    let entry = Browser::log_in(&house.url, ENTRY, PASSWORD).await;
    let late = entry.patch(&path, 2, &json!({ "notes": "who knows" })).await;
    refused(late, 403, "edit_window_closed");
}

async fn the_trail_goes_on_in_order_when_the_clock_is_set_back(house: &House<'_>) {
    let mut superadmin = house.superadmin().await;
    for _ in 0..4 {
        let made = a_donation(&superadmin).await;
        let path = format!("/donations/{}", made["id"].as_str().unwrap());
        house.clock.back(Duration::hours(7));
        superadmin = house.superadmin().await;
        let changed = superadmin.patch(&path, 1, &json!({ "notes": "later, and earlier" })).await;
        let changed = changed.expect(200);
        assert!(changed.text("/updated_at") < changed.text("/created_at"));
    }
    let trail = house.world.texts("at", "FROM changes ORDER BY position").await;
    let at: Vec<i64> = trail.iter().map(|at| at.parse().unwrap()).collect();
    assert!(at.first() > at.last(), "{at:?}");
    let verdict = house.world.verify().await;
    assert_eq!(verdict.finding, None);
    assert_eq!(usize::try_from(verdict.verified).unwrap(), at.len());
    // Its order is that of the changes, not that of the clock.
    let rest = "FROM changes WHERE entity = 'donation' ORDER BY position";
    let actions = house.world.texts("action", rest).await;
    assert_eq!(actions, ["created", "updated"].repeat(4));
}

async fn an_answer_is_repeated_when_the_clock_is_set_back(house: &House<'_>) {
    let donation = json!({
        "amount": { "amount": "1.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14",
    });
    let give = async || {
        let superadmin = house.superadmin().await;
        let request = superadmin.request(Method::POST, "/donations").json(&donation);
        Answer::to(request.header("Idempotency-Key", "before-and-after")).await.expect(201).body
    };
    let first = give().await;
    house.clock.back(Duration::days(3));
    assert_eq!(give().await, first);
    assert_eq!(house.world.rows("donations").await, 1);
}
