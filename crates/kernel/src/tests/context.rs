//! Who may do what, to which rows, for how long.

use std::sync::Arc;

use chrono::{DateTime, Duration};
use uuid::Uuid;

use crate::{
    Actor, Caller, Context, Denied, Fault, Kind, Origin, Permission, PermissionSet, Replay, Scope,
    ScopeKind, SessionId, Suspicions, Timestamp, UserId,
};

pub fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub fn user_id() -> UserId {
    UserId::new(Uuid::from_u128(7))
}

pub fn context(actor: Actor) -> Context {
    Context {
        actor,
        at: at(0),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: Suspicions::default(),
    }
}

fn caller(scope: ScopeKind, edit_window: Option<Duration>) -> Caller {
    Caller {
        user_id: user_id(),
        session_id: SessionId::new(Uuid::from_u128(8)),
        role: "data_entry".to_owned(),
        permissions: PermissionSet::NONE.with(Permission::USERS_READ),
        scope,
        edit_window,
    }
}

fn user(scope: ScopeKind, edit_window: Option<Duration>) -> Context {
    context(Actor::User(Arc::new(caller(scope, edit_window))))
}

#[test]
fn a_permission_of_the_role_opens_the_rows_of_its_scope() {
    for (kind, scope) in [
        (ScopeKind::All, Scope::All),
        (ScopeKind::Assigned, Scope::Assigned(user_id())),
        (ScopeKind::Own, Scope::Own(user_id())),
    ] {
        assert_eq!(user(kind, None).permit(Permission::USERS_READ), Ok(scope));
    }
}

#[test]
fn every_other_permission_is_denied_by_name() {
    let cx = user(ScopeKind::All, None);
    for &permission in Permission::OF_THE_HOUSE.iter().filter(|one| **one != Permission::USERS_READ)
    {
        let denied = cx.permit(permission).unwrap_err();
        assert_eq!(denied, Denied::Missing(permission));
        assert_eq!((denied.kind(), denied.code()), (Kind::Forbidden, "forbidden"));
        assert!(denied.to_string().contains(permission.as_str()));
    }
}

#[test]
fn a_stranger_is_asked_to_log_in_for_everything() {
    let cx = context(Actor::Anonymous);
    for &permission in Permission::OF_THE_HOUSE {
        assert_eq!(cx.permit(permission), Err(Denied::Unauthenticated));
    }
    assert_eq!(cx.caller(), Err(Denied::Unauthenticated));
    assert_eq!(cx.user_id(), None);
    assert!(!cx.may_still_edit(at(0)));
}

#[test]
fn the_program_itself_may_do_everything_but_is_no_user() {
    let cx = context(Actor::System("cli"));
    for &permission in Permission::OF_THE_HOUSE {
        assert_eq!(cx.permit(permission), Ok(Scope::All));
    }
    assert_eq!(cx.caller(), Err(Denied::Unauthenticated));
    assert_eq!(cx.user_id(), None);
    assert!(cx.may_still_edit(at(-1_000_000)));
}

#[test]
fn a_logged_in_user_is_known_by_name() {
    let cx = user(ScopeKind::Own, None);
    assert_eq!(cx.caller(), Ok(&caller(ScopeKind::Own, None)));
    assert_eq!(cx.user_id(), Some(user_id()));
}

#[test]
fn a_record_may_be_edited_to_the_last_moment_of_the_window_and_not_after() {
    let cx = user(ScopeKind::Own, Some(Duration::minutes(15)));
    for (age, may) in [(0, true), (899, true), (900, true), (901, false), (100_000, false)] {
        assert_eq!(cx.may_still_edit(at(-age)), may, "{age} seconds old");
    }
    assert!(cx.may_still_edit(at(5)), "created on a server whose clock is ahead");
    assert!(!cx.may_still_edit(at(901)), "created before the clock was set back by much");
}

#[test]
fn a_role_without_a_window_may_always_edit() {
    assert!(user(ScopeKind::All, None).may_still_edit(at(-1_000_000_000)));
}

#[test]
fn an_endless_window_is_no_reason_to_panic() {
    let cx = user(ScopeKind::Own, Some(Duration::MAX));
    assert!(cx.may_still_edit(at(-1_000)));
    assert!(cx.may_still_edit(DateTime::<chrono::Utc>::MIN_UTC));
    assert!(cx.may_still_edit(DateTime::<chrono::Utc>::MAX_UTC));
}

#[test]
fn a_scope_names_the_creator_of_its_rows() {
    assert_eq!(Scope::All.creator(), None);
    assert_eq!(Scope::Assigned(user_id()).creator(), Some(user_id()));
    assert_eq!(Scope::Own(user_id()).creator(), Some(user_id()));
}

#[test]
fn the_name_of_every_scope_leads_back_to_it() {
    for kind in ScopeKind::ALL {
        assert_eq!(ScopeKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(ScopeKind::parse("ALL"), None);
    assert!(ScopeKind::ALL.is_sorted(), "narrowest first");
}

#[test]
fn a_replay_answers_only_what_it_was_made_for() {
    let replay = Replay::new("key".to_owned(), [1; 32], |made: &i64| made.to_string().into_bytes());
    assert_eq!(replay.answer(&42_i64), Some(b"42".to_vec()));
    assert_eq!(replay.answer(&42_i32), None);
    assert_eq!(format!("{replay:?}"), r#"Replay { key: "key", .. }"#);
}
