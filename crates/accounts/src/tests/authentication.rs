//! Logging in and out.

use almoner_kernel::{Fault, Kind, SecurityEventKind as Event};
use chrono::Duration;

use super::world::*;
use crate::{
    authentication::{LoggedIn, LoginCommand},
    error::AccountsError,
    ports::{Attempt, LoginWindow},
    role::BuiltIn,
    user::Failures,
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

fn failed(failed_logins: u32, locked_until: Option<almoner_kernel::Timestamp>) -> World {
    let mut world = world();
    world.accounts[0].credentials.failures = Failures { failed_logins, locked_until };
    world
}

#[tokio::test]
async fn the_right_password_makes_a_session_and_says_so_in_the_trail() {
    let stage = world().stage();
    let logged_in = login(&stage, PASSWORD).await.unwrap();
    assert_eq!(stage.events(), [Event::LoggedIn]);
    assert!(stage.has_done(&Did::InsertedSession(logged_in.session.clone())));
    assert!(stage.has_done(&Did::SetLastLogin(at(0))));
    assert!(stage.has_done(&Did::Attempted(Attempt::Counted)));
    assert_eq!(logged_in.user.last_login_at, Some(at(0)));
    assert_eq!(logged_in.caller.session_id, logged_in.session.id);
    assert_eq!(logged_in.caller.permissions, BuiltIn::Viewer.access().permissions);
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
        assert_eq!(did[2], Did::Attempted(Attempt::Counted));
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
async fn the_fifth_failure_locks_the_account_for_a_quarter_of_an_hour() {
    let stage = failed(4, None).stage();
    assert_eq!(refused(login(&stage, "wrong").await), "invalid_credentials");
    let locked = Failures { failed_logins: 5, locked_until: Some(at(15)) };
    assert!(stage.has_done(&Did::SetFailures(locked)));
    assert_eq!(stage.events(), [Event::LoginFailed, Event::AccountLocked]);
}

#[tokio::test]
async fn a_locked_account_tells_only_who_knows_the_password() {
    let stage = failed(5, Some(at(10))).stage();
    let error = login(&stage, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Locked, "locked"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(600)));
    assert_eq!(stage.events(), [Event::LoginLocked]);

    let stage = failed(5, Some(at(10))).stage();
    assert_eq!(refused(login(&stage, "wrong").await), "invalid_credentials");
    assert_eq!(stage.events(), [Event::LoginFailed]);
}

#[tokio::test]
async fn a_success_resets_the_failures() {
    let stage = failed(4, None).stage();
    assert!(login(&stage, PASSWORD).await.is_ok());
    assert!(stage.has_done(&Did::SetFailures(Failures::default())));
}

#[tokio::test]
async fn an_address_that_tried_ten_times_is_refused_before_any_hashing() {
    let window = LoginWindow { counted: 10, oldest: Some(at(-4)), refusal_recorded: false };
    let stage = World { window, ..world() }.stage();
    let error = login(&stage, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(360)));
    assert!(!stage.did().iter().any(|did| matches!(did, Did::Compared { .. })));
    assert!(stage.has_done(&Did::Attempted(Attempt::Refused)));
    assert_eq!(stage.events(), [Event::LoginLimited]);
}

#[tokio::test]
async fn a_refused_address_leaves_one_event_in_a_window() {
    let window = LoginWindow { counted: 10, oldest: Some(at(-4)), refusal_recorded: true };
    let stage = World { window, ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "rate_limited");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn guesses_that_run_side_by_side_are_counted_once_more_inside_the_transaction() {
    let full = LoginWindow { counted: 10, oldest: Some(at(-4)), refusal_recorded: true };
    let stage = World { window_in_tx: Some(full), ..world() }.stage();
    assert_eq!(refused(login(&stage, PASSWORD).await), "rate_limited");
    assert_eq!(stage.committed(), None, "the right password gives nothing away");
}

#[tokio::test]
async fn a_login_without_an_address_is_not_limited_by_it() {
    let stage = world().stage();
    let mut cx = stranger();
    cx.origin.address = None;
    let command = with("zehra5@example.org", PASSWORD);
    assert!(stage.authentication.login(&cx, command).await.is_ok());
    assert!(!stage.has_done(&Did::Attempted(Attempt::Counted)));
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
    let allowed = access(&[almoner_kernel::Permission::DonorsRead], almoner_kernel::ScopeKind::Own);
    world.roles = vec![custom_role("field_worker", allowed)];
    let caller = login(&world.stage(), PASSWORD).await.unwrap().caller;
    assert_eq!(caller.role, "field_worker");
    assert_eq!(caller.permissions, allowed.permissions);
    assert_eq!(caller.scope, allowed.scope);
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
