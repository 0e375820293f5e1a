//! Logging in and out.

use almoner_kernel::{Fault, Kind, SecurityEventKind as Event};
use chrono::Duration;

use super::world::*;
use crate::{
    authentication::{LoggedIn, LoginCommand},
    error::AccountsError,
    login::{AddressKey, Failures, LoginWindow},
    ports::Attempt,
    role::{BuiltIn, Role},
    session::DeviceKey,
};

fn with(email: &str, password: &str) -> LoginCommand {
    LoginCommand {
        email: email.to_owned(),
        password: secret(password),
        remember_me: false,
        device: None,
    }
}

async fn login(stage: &Stage, password: &str) -> Result<LoggedIn, AccountsError> {
    stage.authentication.login(&stranger(), with("zehra5@example.org", password)).await
}

fn world() -> World {
    World::of([user(5, "viewer")])
}

/// On a device that the account knows.
fn failed(failed_logins: u32, locked_until: Option<almoner_kernel::Timestamp>) -> World {
    World { device: Some(Failures { failed_logins, locked_until }), ..world() }
}

async fn login_on_device(stage: &Stage, password: &str) -> Result<LoggedIn, AccountsError> {
    let device = Some(DeviceKey::from_random([9; 32]).expose());
    let command = LoginCommand { device, ..with("zehra5@example.org", password) };
    stage.authentication.login(&stranger(), command).await
}

/// What was counted, under which keys.
fn attempts(stage: &Stage) -> Vec<(String, Attempt)> {
    let attempts = stage.did().into_iter().filter_map(|did| match did {
        Did::Attempted(key, attempt) => Some((key.as_str().to_owned(), attempt)),
        _ => None,
    });
    attempts.collect()
}

fn at_address(attempt: Attempt) -> Did {
    Did::Attempted(AddressKey::of("203.0.113.7".parse().unwrap()), attempt)
}

fn at_account(email_key: &str, attempt: Attempt) -> Did {
    Did::Attempted(AddressKey::of_account(&link_key().mailbox(email_key)), attempt)
}

/// So many failures, the oldest and the newest at these minutes.
fn failures(failed: u32, oldest: i64, last: i64) -> LoginWindow {
    LoginWindow {
        counted: failed,
        oldest: Some(at(oldest)),
        failed,
        oldest_failed: Some(at(oldest)),
        last_failed: Some(at(last)),
        refusal_recorded: false,
    }
}

#[tokio::test]
async fn the_right_password_makes_a_session_and_says_so_in_the_trail() {
    let stage = world().stage();
    let logged_in = login(&stage, PASSWORD).await.unwrap();
    assert_eq!(stage.events(), [Event::LoggedIn]);
    assert!(stage.has_done(&Did::InsertedSession(logged_in.session.clone())));
    assert!(stage.has_done(&Did::SetLastLogin(at(0))));
    assert_eq!(attempts(&stage), [("203.0.113.7".to_owned(), Attempt::Counted)]);
    assert_eq!(logged_in.user.last_login_at, Some(at(0)));
    assert_eq!(logged_in.caller.session_id, logged_in.session.id);
    assert_eq!(logged_in.caller.grants, [Role::BuiltIn(BuiltIn::Viewer).grant()]);
    assert_eq!(logged_in.session.address.as_deref(), Some("203.0.113.0"));
    assert_eq!(logged_in.session.expires_at, at(12 * 60));
    assert_eq!(logged_in.session.idle_timeout, Duration::minutes(30));
}

#[tokio::test]
async fn an_address_is_found_without_case_and_surrounding_space() {
    let stage = world().stage();
    let command = with("  ZEHRA5@EXAMPLE.ORG ", PASSWORD);
    assert!(stage.authentication.login(&stranger(), command).await.is_ok());
}

#[tokio::test]
async fn a_remembered_session_lives_longer() {
    let stage = world().stage();
    let command = LoginCommand { remember_me: true, ..with("zehra5@example.org", PASSWORD) };
    let session = stage.authentication.login(&stranger(), command).await.unwrap().session;
    assert!(session.remembered);
    assert_eq!(session.idle_timeout, Duration::days(14));
    assert_eq!(session.expires_at, at(0) + Duration::days(30));
}

#[tokio::test]
async fn unknown_wrong_and_inactive_are_answered_alike_with_as_much_work() {
    let mut inactive = world();
    inactive.accounts[0].user.active = false;
    let cases = [
        (World::default(), PASSWORD, true),
        (inactive, PASSWORD, true),
        (world(), "another password altogether", false),
    ];
    for (world, password, with_dummy) in cases {
        let stage = world.stage();
        let error = login(&stage, password).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_credentials"));
        assert_eq!(error.retry_after(), None);
        let did = stage.did();
        assert_eq!(did[0], Did::Compared { with_dummy }, "the hash is compared first");
        assert_eq!(did[1], Did::Began);
        assert_eq!(did[2], at_address(Attempt::Failed));
        assert_eq!(did[3], at_account("zehra5@example.org", Attempt::Failed));
        assert_eq!(stage.events(), [Event::LoginFailed], "the failure is committed");
        assert_eq!(did.iter().filter(|did| matches!(did, Did::Compared { .. })).count(), 1);
    }
}

#[tokio::test]
async fn a_text_that_is_no_address_is_treated_like_an_unknown_one() {
    let stage = world().stage();
    let refusal = stage.authentication.login(&stranger(), with("nobody", PASSWORD)).await;
    assert_eq!(refused(refusal), "invalid_credentials");
    assert!(stage.has_done(&Did::Compared { with_dummy: true }));
    assert_eq!(stage.events(), [Event::LoginFailed]);
}

#[tokio::test]
async fn the_fifth_failure_locks_a_known_device_for_a_quarter_of_an_hour() {
    let stage = failed(4, None).stage();
    assert_eq!(refused(login_on_device(&stage, "wrong").await), "invalid_credentials");
    let locked = Failures { failed_logins: 5, locked_until: Some(at(15)) };
    assert!(stage.has_done(&Did::SetFailures(locked)));
    assert_eq!(stage.events(), [Event::LoginFailed, Event::AccountLocked]);
    let counted = attempts(&stage);
    assert!(matches!(&counted[..], [(key, Attempt::Counted)] if key.starts_with("login device ")));
}

#[tokio::test]
async fn a_locked_device_tells_only_who_knows_the_password() {
    let stage = failed(5, Some(at(10))).stage();
    let error = login_on_device(&stage, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Locked, "locked"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(600)));
    assert_eq!(stage.events(), [Event::LoginLocked]);

    let stage = failed(5, Some(at(10))).stage();
    assert_eq!(refused(login_on_device(&stage, "wrong").await), "invalid_credentials");
    assert_eq!(stage.events(), [Event::LoginFailed]);
}

#[tokio::test]
async fn a_success_resets_the_failures_of_its_device() {
    let stage = failed(4, None).stage();
    assert!(login_on_device(&stage, PASSWORD).await.is_ok());
    assert!(stage.has_done(&Did::SetFailures(Failures::default())));
}

#[tokio::test]
async fn whatever_strangers_do_a_known_device_is_let_in() {
    let full = LoginWindow { counted: 1000, ..failures(1000, -4, 0) };
    let world = World { account_window: full, ..failed(0, None) };
    assert!(login_on_device(&world.stage(), PASSWORD).await.is_ok());
    // The lock of one device is none of another.
    let stage = World { device: None, ..failed(5, Some(at(10))) }.stage();
    assert!(login_on_device(&stage, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_device_of_a_deactivated_user_is_a_strangers() {
    let mut world = failed(0, None);
    world.accounts[0].user.active = false;
    let stage = world.stage();
    assert_eq!(refused(login_on_device(&stage, PASSWORD).await), "invalid_credentials");
    assert!(stage.has_done(&at_address(Attempt::Failed)));
    assert!(stage.has_done(&at_account("zehra5@example.org", Attempt::Failed)));
}

#[tokio::test]
async fn strangers_wait_before_any_hashing_whether_or_not_there_is_such_an_account() {
    for world in [world(), World::default()] {
        let account_window = failures(5, -60, 0);
        let stage = World { account_window, ..world }.stage();
        let error = login(&stage, PASSWORD).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"));
        assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(4)));
        assert_eq!(error.quota().unwrap().limit, 1);
        assert_eq!(error.quota().unwrap().window, std::time::Duration::from_secs(4));
        assert!(!stage.did().iter().any(|did| matches!(did, Did::Compared { .. })));
        assert!(stage.has_done(&at_account("zehra5@example.org", Attempt::Refused)));
        assert_eq!(stage.events(), [Event::LoginLimited]);
    }
}

#[tokio::test]
async fn a_device_that_nobody_knows_makes_no_difference() {
    let account_window = failures(5, -60, 0);
    let stage = World { account_window, ..world() }.stage();
    assert_eq!(refused(login_on_device(&stage, PASSWORD).await), "rate_limited");
}

#[tokio::test]
async fn an_address_that_failed_ten_times_is_refused_before_any_hashing() {
    let stage = World { window: failures(10, -4, -1), ..world() }.stage();
    let error = login(&stage, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(360)));
    assert!(!stage.did().iter().any(|did| matches!(did, Did::Compared { .. })));
    assert!(stage.has_done(&at_address(Attempt::Refused)));
    assert_eq!(stage.events(), [Event::LoginLimited]);
}

#[tokio::test]
async fn successes_count_against_a_much_wider_limit() {
    let succeeded =
        |counted| LoginWindow { counted, oldest: Some(at(-4)), ..LoginWindow::default() };
    let stage = World { window: succeeded(299), ..world() }.stage();
    assert!(login(&stage, PASSWORD).await.is_ok());
    let stage = World { window: succeeded(300), ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "rate_limited");
}

#[tokio::test]
async fn a_refused_address_leaves_one_event_in_a_window() {
    let window = LoginWindow { refusal_recorded: true, ..failures(10, -4, -1) };
    let stage = World { window, ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "rate_limited");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn guesses_that_run_side_by_side_are_counted_once_more_inside_the_transaction() {
    let full = Some(LoginWindow { refusal_recorded: true, ..failures(10, -4, 0) });
    for world in [
        World { window_in_tx: full, ..world() },
        World { account_window_in_tx: full, ..world() },
        World {
            window_in_tx: full.map(|full| LoginWindow { counted: 300, ..full }),
            ..failed(0, None)
        },
    ] {
        let stage = world.stage();
        assert_eq!(refused(login_on_device(&stage, PASSWORD).await), "rate_limited");
        assert_eq!(stage.committed(), None, "the right password gives nothing away");
    }
}

#[tokio::test]
async fn a_login_without_an_address_is_not_limited_by_it() {
    let stage = world().stage();
    let mut cx = stranger();
    cx.origin.address = None;
    let command = with("zehra5@example.org", PASSWORD);
    assert!(stage.authentication.login(&cx, command).await.is_ok());
    assert_eq!(attempts(&stage), []);
}

#[tokio::test]
async fn one_session_too_many_ends_the_oldest() {
    let mut world = world();
    world.sessions = (0..10).map(|n| session(100 + n, 5, at(-20 + n as i64))).rev().collect();
    let stage = world.stage();
    login(&stage, PASSWORD).await.unwrap();
    let ended: Vec<Did> =
        stage.did().into_iter().filter(|did| matches!(did, Did::EndedSession(_))).collect();
    assert_eq!(ended, [Did::EndedSession(session_id(100))]);
    assert_eq!(stage.events(), [Event::LoggedIn, Event::SessionEnded]);
}

#[tokio::test]
async fn sessions_that_have_timed_out_take_no_place_and_are_cleared_away() {
    let mut world = world();
    world.sessions = (0..9).map(|n| session(100 + n, 5, at(-20))).collect();
    world.sessions.push(session(200, 5, at(-31)));
    let stage = world.stage();
    login(&stage, PASSWORD).await.unwrap();
    let ended: Vec<Did> =
        stage.did().into_iter().filter(|did| matches!(did, Did::EndedSession(_))).collect();
    assert_eq!(ended, [Did::EndedSession(session_id(200))]);
    assert_eq!(stage.events(), [Event::LoggedIn]);
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_by_the_right_password_only() {
    let stage = World { outdated_hashes: true, ..world() }.stage();
    login(&stage, PASSWORD).await.unwrap();
    assert!(stage.has_done(&Did::SetPassword(hash_of(PASSWORD))));

    let stage = World { outdated_hashes: true, ..world() }.stage();
    login(&stage, "wrong").await.unwrap_err();
    assert!(!stage.has_done(&Did::Hashed));
}

#[tokio::test]
async fn a_password_that_was_changed_during_the_comparison_lets_nobody_in() {
    let changed = account(user(5, "viewer"), "a password chosen meanwhile");
    let stage = World { accounts_in_tx: Some(vec![changed]), ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "conflict");
    assert_eq!(stage.committed(), None);
}

#[tokio::test]
async fn a_user_who_was_deactivated_during_the_comparison_is_not_let_in() {
    let mut gone = account(user(5, "viewer"), PASSWORD);
    gone.user.active = false;
    let stage = World { accounts_in_tx: Some(vec![gone]), ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "invalid_credentials");
    assert_eq!(stage.events(), [Event::LoginFailed]);
}

#[tokio::test]
async fn a_user_of_a_custom_role_gets_what_it_allows() {
    let mut world = World::of([user(5, "field_worker")]);
    let allowed = access(&[super::may::DONORS_READ], almoner_kernel::ScopeKind::Own);
    world.roles = vec![custom_role("field_worker", allowed.clone())];
    let caller = login(&world.stage(), PASSWORD).await.unwrap().caller;
    assert_eq!(caller.grants, [allowed.grant(&role_name("field_worker"))]);
}

#[tokio::test]
async fn logging_out_ends_the_session_of_the_request() {
    let mut world = world();
    world.sessions = vec![session(1, 5, at(-5)), session(2, 5, at(-5))];
    let stage = world.stage();
    stage.authentication.logout(&caller(5, BuiltIn::Viewer)).await.unwrap();
    assert!(stage.has_done(&Did::EndedSession(session_id(1))));
    assert_eq!(stage.events(), [Event::LoggedOut]);
}

#[tokio::test]
async fn logging_out_twice_is_no_error() {
    let stage = world().stage();
    stage.authentication.logout(&caller(5, BuiltIn::Viewer)).await.unwrap();
    assert_eq!(stage.committed(), None);
}
