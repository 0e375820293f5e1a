//! When sessions end by themselves: unused for a while, or however much they are used.

use chrono::Duration;
use serde_json::json;

use super::{
    house::{House, PASSWORD, SUPERADMIN},
    reading::refused,
    sessions::{cookie, is_alive},
};
use crate::support::Browser;

in_both_houses![
    an_unused_session_ends_after_half_an_hour_and_a_used_one_goes_on,
    a_session_ends_after_twelve_hours_however_much_it_is_used,
    a_remembered_session_lives_two_weeks_unused_and_thirty_days_at_the_most,
    what_was_used_is_remembered_over_a_restart_to_about_a_minute,
    sessions_that_have_timed_out_are_not_listed_and_not_counted,
];

async fn remembered(house: &House<'_>) -> Browser {
    let body = json!({ "email": SUPERADMIN, "password": PASSWORD, "remember_me": true });
    house.enter(&body, |request| request).await.0
}

async fn an_unused_session_ends_after_half_an_hour_and_a_used_one_goes_on(house: &House<'_>) {
    let used = house.superadmin().await;
    let unused = house.superadmin().await;
    house.clock.forward(Duration::minutes(30) - Duration::milliseconds(1));
    assert!(is_alive(house, &cookie(&used)).await);
    house.clock.forward(Duration::milliseconds(1));
    assert!(!is_alive(house, &cookie(&unused)).await);
    for _ in 0..3 {
        house.clock.forward(Duration::minutes(29));
        assert!(is_alive(house, &cookie(&used)).await);
    }
    // Dead is dead: being asked about does not count as use.
    assert!(!is_alive(house, &cookie(&unused)).await);
    house.clock.forward(Duration::minutes(30));
    refused(used.get("/users/me").await, 401, "unauthenticated");
}

async fn a_session_ends_after_twelve_hours_however_much_it_is_used(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for _ in 0..35 {
        house.clock.forward(Duration::minutes(20));
        superadmin.get("/users/me").await.expect(200);
    }
    let session = superadmin.get("/auth/session").await.expect(200);
    assert_eq!(session.text("/expires_at"), "2026-03-15T00:00:00.000Z");
    house.clock.forward(Duration::minutes(20) - Duration::milliseconds(1));
    superadmin.get("/users/me").await.expect(200);
    house.clock.forward(Duration::milliseconds(1));
    refused(superadmin.get("/users/me").await, 401, "unauthenticated");
}

async fn a_remembered_session_lives_two_weeks_unused_and_thirty_days_at_the_most(
    house: &House<'_>,
) {
    let used = remembered(house).await;
    let unused = remembered(house).await;
    house.clock.forward(Duration::days(14) - Duration::milliseconds(1));
    assert!(is_alive(house, &cookie(&used)).await);
    house.clock.forward(Duration::milliseconds(1));
    assert!(!is_alive(house, &cookie(&unused)).await);
    house.clock.forward(Duration::days(13));
    assert!(is_alive(house, &cookie(&used)).await);
    house.clock.forward(Duration::days(3) - Duration::milliseconds(1));
    assert!(is_alive(house, &cookie(&used)).await);
    house.clock.forward(Duration::milliseconds(1));
    assert!(!is_alive(house, &cookie(&used)).await);
}

async fn what_was_used_is_remembered_over_a_restart_to_about_a_minute(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let cookie = cookie(&superadmin);
    for _ in 0..4 {
        house.clock.forward(Duration::minutes(20));
        assert!(is_alive(house, &cookie).await);
    }
    house.clock.forward(Duration::minutes(29));
    house.restarted(async |house| assert!(is_alive(house, &cookie).await)).await;
    house.clock.forward(Duration::minutes(30));
    house.restarted(async |house| assert!(!is_alive(house, &cookie).await)).await;
}

async fn sessions_that_have_timed_out_are_not_listed_and_not_counted(house: &House<'_>) {
    let kept = remembered(house).await;
    for _ in 0..9 {
        house.superadmin().await;
    }
    house.clock.forward(Duration::minutes(30));
    let list = kept.get("/auth/sessions").await.expect(200);
    assert_eq!(list.list("/items").len(), 1);
    for _ in 0..9 {
        house.superadmin().await;
    }
    // Ten are alive now: the nine that had timed out made room, not the oldest that was alive.
    let list = kept.get("/auth/sessions").await.expect(200);
    assert_eq!(list.list("/items").len(), 10);
    assert!(house.events(&kept, "&kind=session_ended").await.is_empty());
}
