//! Who may do what, and to which rows.

use std::sync::Arc;

use chrono::DateTime;
use uuid::Uuid;

use crate::{
    Actor, Caller, Context, Denied, Fault, Grant, Kind, Origin, Permission, PermissionSet, Replay,
    Scope, ScopeKind, SessionId, Suspicions, Timestamp, UserId,
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

fn caller(scope: ScopeKind) -> Caller {
    let permissions = PermissionSet::NONE.with(Permission::USERS_READ);
    Caller {
        user_id: user_id(),
        session_id: SessionId::new(Uuid::from_u128(8)),
        grants: vec![Grant::new("data_entry", permissions, scope)],
    }
}

fn user(scope: ScopeKind) -> Context {
    context(Actor::User(Arc::new(caller(scope))))
}

#[test]
fn a_permission_of_the_role_opens_the_rows_of_its_scope() {
    for (kind, scope) in [
        (ScopeKind::All, Scope::All),
        (ScopeKind::Assigned, Scope::Assigned(user_id())),
        (ScopeKind::Own, Scope::Own(user_id())),
    ] {
        assert_eq!(user(kind).permit(Permission::USERS_READ), Ok(scope));
    }
}

#[test]
fn every_other_permission_is_denied_by_name() {
    let cx = user(ScopeKind::All);
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
    let edit = cx.permit_edit(Permission::USERS_READ, at(0));
    assert_eq!(edit, Err(Denied::Unauthenticated));
}

#[test]
fn the_program_itself_may_do_everything_but_is_no_user() {
    let cx = context(Actor::System("cli"));
    for &permission in Permission::OF_THE_HOUSE {
        assert_eq!(cx.permit(permission), Ok(Scope::All));
    }
    assert_eq!(cx.caller(), Err(Denied::Unauthenticated));
    assert_eq!(cx.user_id(), None);
    assert_eq!(cx.permit_edit(Permission::USERS_READ, at(-1_000_000)), Ok(Scope::All));
    assert_eq!(cx.permit_throughout(Permission::USERS_READ, ScopeKind::All), Ok(()));
    assert_eq!(cx.scope_to_name(Permission::USERS_READ, None, "users", None), Ok(Scope::All));
}

#[test]
fn a_logged_in_user_is_known_by_name() {
    let cx = user(ScopeKind::Own);
    assert_eq!(cx.caller(), Ok(&caller(ScopeKind::Own)));
    assert_eq!(cx.user_id(), Some(user_id()));
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
