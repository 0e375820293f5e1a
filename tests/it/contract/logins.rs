//! What an address has done at the login, and what is swept away.

use std::net::IpAddr;

use almoner_accounts::{
    login::AddressKey,
    ports::{Attempt, LoginWindow},
    session::Session,
};
use almoner_kernel::Timestamp;

use crate::support::{START, World, later, session_noted};

on_both![
    an_address_that_never_tried_has_an_empty_window,
    attempts_count_from_the_start_of_the_window_exclusive,
    a_refusal_is_remembered_and_does_not_count,
    addresses_do_not_count_for_each_other,
    a_unit_sees_its_own_attempts_and_a_dropped_one_leaves_none,
    what_no_rule_needs_any_more_is_swept,
    a_sweep_removes_a_few_hundred_rows_at_the_most,
];

fn address(text: &str) -> AddressKey {
    AddressKey::of(text.parse::<IpAddr>().unwrap())
}

async fn attempt(world: &World, from: &AddressKey, at: Timestamp, attempt: Attempt) {
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_login_attempt(from, at, attempt).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
}

async fn window(world: &World, from: &AddressKey, since: Timestamp) -> LoginWindow {
    window_until(world, from, since, later(1_000_000)).await
}

async fn window_until(
    world: &World,
    from: &AddressKey,
    since: Timestamp,
    until: Timestamp,
) -> LoginWindow {
    let window = world.accounts().login_window(from, since, until).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.lock_login_window(from, since, until).await.unwrap(), window);
    window
}

async fn an_address_that_never_tried_has_an_empty_window(world: &World) {
    assert_eq!(window(world, &address("192.0.2.1"), START).await, LoginWindow::default());
}

async fn attempts_count_from_the_start_of_the_window_exclusive(world: &World) {
    let from = address("192.0.2.1");
    for millis in [30, 10, 20] {
        attempt(world, &from, later(millis), Attempt::Counted).await;
    }
    for (since, counted, oldest) in [(9, 3, Some(10)), (10, 2, Some(20)), (30, 0, None)] {
        let window = window(world, &from, later(since)).await;
        assert_eq!((window.counted, window.oldest), (counted, oldest.map(later)), "{since}");
    }
    for (until, counted) in [(9, 0), (10, 1), (29, 2), (30, 3)] {
        let window = window_until(world, &from, later(0), later(until)).await;
        assert_eq!(window.counted, counted, "to {until}");
    }
}

async fn a_refusal_is_remembered_and_does_not_count(world: &World) {
    let from = address("2001:db8:1:2:3::4");
    attempt(world, &from, later(10), Attempt::Refused).await;
    attempt(world, &from, later(20), Attempt::Counted).await;
    let now = window(world, &from, later(0)).await;
    let expected = LoginWindow { counted: 1, oldest: Some(later(20)), refusal_recorded: true };
    assert_eq!(now, expected);
    assert!(!window(world, &from, later(10)).await.refusal_recorded);
}

async fn addresses_do_not_count_for_each_other(world: &World) {
    attempt(world, &address("192.0.2.1"), later(1), Attempt::Counted).await;
    assert_eq!(window(world, &address("192.0.2.10"), START).await.counted, 0);
    assert_eq!(window(world, &address("::ffff:192.0.2.1"), START).await.counted, 1);
}

async fn a_unit_sees_its_own_attempts_and_a_dropped_one_leaves_none(world: &World) {
    let from = address("192.0.2.1");
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_login_attempt(&from, later(1), Attempt::Counted).await.unwrap();
    assert_eq!(tx.lock_login_window(&from, START, later(1)).await.unwrap().counted, 1);
    drop(tx);
    assert_eq!(window(world, &from, START).await.counted, 0);
}

async fn sweep(world: &World, attempts_until: Timestamp, sessions_until: Timestamp) {
    let mut tx = world.accounts().begin().await.unwrap();
    tx.sweep(attempts_until, sessions_until).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
}

async fn what_no_rule_needs_any_more_is_swept(world: &World) {
    let from = address("192.0.2.1");
    for millis in [10, 20, 30] {
        attempt(world, &from, later(millis), Attempt::Counted).await;
    }
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    for millis in [10, 20, 30] {
        let session = Session { expires_at: later(millis), ..world.session(user.id) };
        world.save_session(&session).await;
    }
    sweep(world, later(10), later(20)).await;
    assert_eq!(world.rows("login_attempts").await, 2);
    assert_eq!(world.rows("sessions").await, 1);
    sweep(world, later(10), later(20)).await;
    assert_eq!(world.rows("login_attempts").await, 2);
}

async fn a_sweep_removes_a_few_hundred_rows_at_the_most(world: &World) {
    let from = address("192.0.2.1");
    let mut tx = world.accounts().begin().await.unwrap();
    for _ in 0..500 {
        tx.insert_login_attempt(&from, START, Attempt::Counted).await.unwrap();
    }
    tx.commit(session_noted()).await.unwrap();
    sweep(world, START, START).await;
    let left = world.rows("login_attempts").await;
    assert!((1..500).contains(&left), "{left} are left");
    sweep(world, START, START).await;
    sweep(world, START, START).await;
    assert_eq!(world.rows("login_attempts").await, 0);
}
