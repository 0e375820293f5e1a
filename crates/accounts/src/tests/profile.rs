//! What users do with their own account.

use almoner_kernel::{Action, Fault, Kind, PersonName, SecurityEventKind as Event, Version};

use super::world::*;
use crate::{
    guard::CurrentPassword,
    login::{Failures, LoginWindow},
    ports::Attempt,
    role::BuiltIn,
    session::DeviceKey,
    user::ProfilePatch,
};

const NEW: &str = "yeşil bisiklet dokuz okyanus";

/// With the session that everybody here comes with.
fn world() -> World {
    World { sessions: vec![session(1, 5, at(-5))], ..World::of([user(5, "viewer")]) }
}

/// On whatever device the world says it is.
fn current(password: &str) -> CurrentPassword {
    let device = Some(DeviceKey::from_random([9; 32]).expose());
    CurrentPassword { password: secret(password), device }
}

#[tokio::test]
async fn a_stranger_has_no_profile() {
    let stage = world().stage();
    let (cx, patch) = (stranger(), ProfilePatch::default());
    assert_eq!(refused(stage.profile.me(&cx).await), "unauthenticated");
    assert_eq!(
        refused(stage.profile.update_me(&cx, Version::FIRST, patch).await),
        "unauthenticated"
    );
    let change = stage.profile.change_password(&cx, current(PASSWORD), secret(NEW)).await;
    assert_eq!(refused(change), "unauthenticated");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn users_edit_their_own_profile_without_any_permission() {
    let stage = world().stage();
    let name = PersonName::parse("Zehra Karaca Demir").unwrap();
    let patch = ProfilePatch { name: Some(name.clone()), ..ProfilePatch::default() };
    let cx = caller(5, BuiltIn::Member);
    let after = stage.profile.update_me(&cx, Version::FIRST, patch).await.unwrap();
    assert_eq!((after.name.clone(), after.version), (name, Version::new(2)));
    assert_eq!(after.updated_at, at(0));
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Updated])));
}

#[tokio::test]
async fn an_edit_of_nothing_is_no_edit() {
    let stage = world().stage();
    let cx = caller(5, BuiltIn::Member);
    let after =
        stage.profile.update_me(&cx, Version::FIRST, ProfilePatch::default()).await.unwrap();
    assert_eq!(after.version, Version::FIRST);
    assert_eq!(stage.committed(), None);
}

#[tokio::test]
async fn an_edit_from_an_older_version_is_refused_with_what_changed() {
    let mut world = world();
    world.accounts[0].user.version = Version::new(3);
    let stage = world.stage();
    let cx = caller(5, BuiltIn::Member);
    let error =
        stage.profile.update_me(&cx, Version::FIRST, ProfilePatch::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stale);
    let stale = error.stale().unwrap();
    assert_eq!((stale.current, stale.fields.clone()), (Version::new(3), vec!["name".to_owned()]));
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_stands_in_trail_and_events() {
    let mut world = world();
    world.sessions = vec![session(1, 5, at(-5)), session(2, 5, at(-5))];
    let stage = world.stage();
    let cx = caller(5, BuiltIn::Viewer);
    let renewed = stage.profile.change_password(&cx, current(PASSWORD), secret(NEW)).await.unwrap();
    assert_eq!(renewed.session.id, session_id(1));
    assert!(stage.has_done(&Did::Rekeyed(session_id(1))), "a copy of its cookie opens nothing");
    assert!(stage.has_done(&Did::SetPassword(hash_of(NEW))));
    assert!(stage.has_done(&Did::EndedSessions { except: Some(session_id(1)) }));
    assert_eq!(
        stage.committed(),
        Some((vec![Event::PasswordChanged, Event::SessionEnded], vec![Action::PasswordChanged]))
    );
}

#[tokio::test]
async fn a_wrong_current_password_counts_like_a_failed_login() {
    let device = Some(Failures { failed_logins: 4, locked_until: None });
    let stage = World { device, ..world() }.stage();
    let cx = caller(5, BuiltIn::Viewer);
    let error =
        stage.profile.change_password(&cx, current("wrong"), secret(NEW)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.fields()[0].pointer, "/current_password");
    assert_eq!(error.fields()[0].code, "wrong_password");
    let locked = Failures { failed_logins: 5, locked_until: Some(at(15)) };
    assert!(stage.has_done(&Did::SetFailures(locked)));
    assert!(!stage.has_done(&Did::Hashed));
    assert_eq!(
        stage.committed(),
        Some((vec![Event::PasswordRefused, Event::AccountLocked], vec![]))
    );
}

#[tokio::test]
async fn a_copied_session_without_its_device_guesses_like_a_stranger() {
    let stage = world().stage();
    let cx = caller(5, BuiltIn::Viewer);
    let change = stage.profile.change_password(&cx, current("wrong"), secret(NEW)).await;
    assert_eq!(refused(change), "validation");
    let counted: Vec<Did> = stage
        .did()
        .into_iter()
        .filter(|did| matches!(did, Did::Attempted(_, Attempt::Failed)))
        .collect();
    assert_eq!(counted.len(), 2, "at the address and at the account");
    assert_eq!(stage.events(), [Event::PasswordRefused]);

    let last = Some(at(0));
    let account_window = LoginWindow { failed: 9, last_failed: last, ..LoginWindow::default() };
    let stage = World { account_window, ..world() }.stage();
    let change = stage.profile.change_password(&cx, current(PASSWORD), secret(NEW)).await;
    assert_eq!(refused(change), "rate_limited");
}

#[tokio::test]
async fn a_locked_device_leaves_the_password_as_it_is() {
    let device = Some(Failures { failed_logins: 5, locked_until: Some(at(1)) });
    let stage = World { device, ..world() }.stage();
    let cx = caller(5, BuiltIn::Viewer);
    let change = stage.profile.change_password(&cx, current(PASSWORD), secret(NEW)).await;
    assert_eq!(refused(change), "locked");
    assert_eq!(stage.events(), [Event::PasswordRefused]);
}

#[tokio::test]
async fn the_new_password_differs_from_the_current_one() {
    let stage = world().stage();
    let cx = caller(5, BuiltIn::Viewer);
    let error =
        stage.profile.change_password(&cx, current(PASSWORD), secret(PASSWORD)).await.unwrap_err();
    assert_eq!(error.fields()[0].pointer, "/new_password");
    assert_eq!(error.fields()[0].code, "unchanged");
}

#[tokio::test]
async fn a_new_password_that_does_not_fit_is_refused_before_any_comparison() {
    let stage = world().stage();
    let cx = caller(5, BuiltIn::Viewer);
    let error =
        stage.profile.change_password(&cx, current(PASSWORD), secret("zehra")).await.unwrap_err();
    assert!(error.fields().iter().all(|field| field.pointer == "/new_password"));
    let codes: Vec<&str> = error.fields().iter().map(|field| field.code).collect();
    assert_eq!(codes, ["too_short", "personal"]);
    assert_eq!(stage.did(), []);
}
