//! What an address has done at the login, and what is forgotten of it.

use std::net::IpAddr;

use almoner_accounts::{
    login::{AddressKey, Counted, Failures, LoginWindow},
    ports::Attempt,
    session::{DeviceKey, Session, SessionKey},
};
use almoner_kernel::{StoreError, Timestamp, UserId};

use crate::support::{START, World, later, session_noted};

on_both![
    an_address_that_never_tried_has_an_empty_window,
    attempts_count_from_the_start_of_the_window_exclusive,
    a_refusal_is_remembered_and_does_not_count,
    failures_are_told_from_what_only_counts,
    each_device_fails_for_itself,
    unlocking_forgets_the_failures_of_one_user_alone,
    what_was_counted_is_told_by_user,
    a_session_with_a_new_key_is_the_same_and_the_old_key_opens_nothing,
    addresses_do_not_count_for_each_other,
    a_unit_sees_its_own_attempts_and_a_dropped_one_leaves_none,
    what_no_rule_needs_any_more_is_forgotten,
    much_is_forgotten_in_slices,
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
    let expected = LoginWindow {
        counted: 1,
        oldest: Some(later(20)),
        refusal_recorded: true,
        ..LoginWindow::default()
    };
    assert_eq!(now, expected);
    assert!(!window(world, &from, later(10)).await.refusal_recorded);
}

async fn failures_are_told_from_what_only_counts(world: &World) {
    let from = address("192.0.2.1");
    for (millis, one) in [
        (10, Attempt::Counted),
        (20, Attempt::Failed),
        (30, Attempt::Refused),
        (40, Attempt::Failed),
        (50, Attempt::Counted),
    ] {
        attempt(world, &from, later(millis), one).await;
    }
    let expected = LoginWindow {
        counted: 4,
        oldest: Some(later(10)),
        failed: 2,
        oldest_failed: Some(later(20)),
        last_failed: Some(later(40)),
        refusal_recorded: true,
    };
    assert_eq!(window(world, &from, later(0)).await, expected);
}

async fn somebody(world: &World, email: &str) -> UserId {
    let user = world.user(email);
    world.save_user(&user).await.unwrap();
    user.id
}

const LOCKED: Failures = Failures { failed_logins: 5, locked_until: Some(START) };

/// Logs somebody in on a device, and lets passwords be wrong there.
async fn fail_on(world: &World, user: UserId, device: &DeviceKey, failures: Failures) {
    let mut tx = world.accounts().begin().await.unwrap();
    tx.meet_device(user, &device.hash(user), later(1)).await.unwrap();
    tx.set_failures(user, &device.hash(user), failures).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
}

async fn failures(world: &World, user: UserId, device: &DeviceKey) -> Option<Failures> {
    let failures = world.accounts().device(user, &device.hash(user)).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.device(user, &device.hash(user)).await.unwrap(), failures);
    failures
}

async fn each_device_fails_for_itself(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let (here, there) = (DeviceKey::from_random([1; 32]), DeviceKey::from_random([2; 32]));
    assert_eq!(failures(world, one, &here).await, None);
    fail_on(world, one, &here, LOCKED).await;
    fail_on(world, one, &there, Failures::default()).await;
    let many = Failures { failed_logins: u32::MAX, locked_until: None };
    fail_on(world, two, &here, many).await;
    assert_eq!(failures(world, one, &here).await, Some(LOCKED));
    assert_eq!(failures(world, one, &there).await, Some(Failures::default()));
    assert_eq!(failures(world, two, &here).await, Some(many));
    assert_eq!(failures(world, two, &there).await, None);
    // Being met again changes nothing.
    let mut tx = world.accounts().begin().await.unwrap();
    tx.meet_device(one, &here.hash(one), later(9)).await.unwrap();
    let absent = tx.set_failures(two, &there.hash(two), LOCKED).await;
    assert!(matches!(absent, Err(StoreError::Raced)), "{absent:?}");
    tx.forget_devices(two).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(failures(world, one, &here).await, Some(LOCKED));
    assert_eq!(failures(world, two, &here).await, None);
}

async fn unlocking_forgets_the_failures_of_one_user_alone(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let device = DeviceKey::from_random([1; 32]);
    let key = |name: &str| AddressKey::of_account(name);
    for (user, name) in [(one, "one"), (two, "two")] {
        fail_on(world, user, &device, LOCKED).await;
        attempt(world, &key(name), later(10), Attempt::Failed).await;
    }
    let mut tx = world.accounts().begin().await.unwrap();
    tx.unlock(one, &key("one")).await.unwrap();
    tx.unlock(world.id(), &key("nobody")).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(failures(world, one, &device).await, Some(Failures::default()));
    assert_eq!(failures(world, two, &device).await, Some(LOCKED));
    assert_eq!(window(world, &key("one"), later(0)).await, LoginWindow::default());
    assert_eq!(window(world, &key("two"), later(0)).await.failed, 1);
}

async fn what_was_counted_is_told_by_user(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let keys = [(one, AddressKey::of_account("one")), (two, AddressKey::of_account("two"))];
    for (number, until) in [(1, later(7)), (2, later(9)), (3, later(8))] {
        let failures = Failures { failed_logins: 5, locked_until: Some(until) };
        fail_on(world, one, &DeviceKey::from_random([number; 32]), failures).await;
    }
    for millis in [30, 10, 20, 90] {
        attempt(world, &keys[1].1, later(millis), Attempt::Failed).await;
    }
    attempt(world, &keys[1].1, later(15), Attempt::Refused).await;
    let counted = world.accounts().counted(&keys, later(10), later(80)).await.unwrap();
    assert_eq!(counted.len(), 2);
    let locked = Counted { device_locked_until: Some(later(9)), ..Counted::default() };
    assert_eq!(counted[&one], locked);
    assert_eq!(counted[&two].device_locked_until, None);
    let strangers = counted[&two].strangers;
    assert_eq!((strangers.failed, strangers.oldest_failed), (2, Some(later(20))));
    assert_eq!(strangers.last_failed, Some(later(30)));
    assert!(world.accounts().counted(&[], later(0), later(80)).await.unwrap().is_empty());
}

async fn a_session_with_a_new_key_is_the_same_and_the_old_key_opens_nothing(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let other = somebody(world, "c@d.co").await;
    let session = world.session(user);
    let [old, new] = [1, 2].map(|number| SessionKey::from_random([number; 32]).hash());
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_session(&session, &old).await.unwrap();
    assert_eq!(tx.rekey_session(session.id, other, &new).await.unwrap(), None);
    assert_eq!(tx.rekey_session(world.id(), user, &new).await.unwrap(), None);
    assert_eq!(tx.rekey_session(session.id, user, &new).await.unwrap().as_ref(), Some(&session));
    tx.commit(session_noted()).await.unwrap();
    let found = world.accounts().sessions_by_key(&[old, new]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|(key, stored)| (key, stored.session)).collect();
    assert_eq!(found, [(new, session)]);
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

async fn what_no_rule_needs_any_more_is_forgotten(world: &World) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let from = address("192.0.2.1");
    for millis in [10, 20, 30] {
        attempt(world, &from, later(millis), Attempt::Counted).await;
    }
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    for millis in [DAY, DAY + 11, DAY + 12] {
        let session = Session { expires_at: later(millis), ..world.session(user.id) };
        world.save_session(&session).await;
    }
    assert_eq!(world.store.forget_expired(later(DAY + 11), 500).await.unwrap(), 2);
    assert_eq!(world.rows("login_attempts").await, 2);
    assert_eq!(world.rows("sessions").await, 2);
    assert_eq!(world.store.forget_expired(later(DAY + 11), 500).await.unwrap(), 0);
}

async fn much_is_forgotten_in_slices(world: &World) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let from = address("192.0.2.1");
    for _ in 0..5 {
        attempt(world, &from, START, Attempt::Counted).await;
    }
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    for _ in 0..3 {
        let session = Session { expires_at: START, ..world.session(user.id) };
        world.save_session(&session).await;
    }
    for (gone, attempts, sessions) in [(4, 3, 1), (3, 1, 0), (1, 0, 0), (0, 0, 0)] {
        assert_eq!(world.store.forget_expired(later(DAY + 1), 2).await.unwrap(), gone);
        assert_eq!(world.rows("login_attempts").await, attempts);
        assert_eq!(world.rows("sessions").await, sessions);
    }
}
