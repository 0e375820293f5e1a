//! What several roles let somebody do: each right with the reach and the edit window of its own role.

use std::sync::Arc;

use chrono::{DateTime, Duration};
use uuid::Uuid;

use super::context::{at, context, user_id};
use crate::{
    Actor, Caller, Context, Denied, Grant, Permission, PermissionSet, Scope, ScopeKind, SessionId,
};

const READ: Permission = Permission::new("donors:read");
const UPDATE: Permission = Permission::new("donors:update");
const GIFTS: Permission = Permission::new("donations:create");

fn grant(patterns: &[&'static str], scope: ScopeKind) -> Grant {
    Grant::new("role", PermissionSet::granting(patterns), scope)
}

fn reaching(grant: Grant, noun: &str, reach: ScopeKind) -> Grant {
    Grant { reaches: [(noun.to_owned(), reach)].into_iter().collect(), ..grant }
}

fn for_minutes(grant: Grant, minutes: i64) -> Grant {
    Grant { edit_window: Some(Duration::minutes(minutes)), ..grant }
}

fn caller(grants: Vec<Grant>) -> Caller {
    Caller { user_id: user_id(), session_id: SessionId::new(Uuid::from_u128(8)), grants }
}

fn user(grants: Vec<Grant>) -> Context {
    context(Actor::User(Arc::new(caller(grants))))
}

fn own() -> Scope {
    Scope::Own(user_id())
}

#[test]
fn a_right_of_any_role_counts_with_the_reach_of_that_role() {
    let cx = user(vec![
        grant(&["donors:read"], ScopeKind::All),
        grant(&["donors:read", "donors:update"], ScopeKind::Own),
    ]);
    assert_eq!(cx.permit(READ), Ok(Scope::All));
    assert_eq!(cx.permit(UPDATE), Ok(own()));
    assert_eq!(cx.permit(GIFTS), Err(Denied::Missing(GIFTS)));
    let caller = cx.caller().unwrap();
    assert!(caller.has(READ) && caller.has(UPDATE) && !caller.has(GIFTS));
}

#[test]
fn a_role_reaches_as_far_as_it_says_for_the_noun() {
    let role = reaching(grant(&["*:*"], ScopeKind::All), "donations", ScopeKind::Own);
    let cx = user(vec![role.clone()]);
    assert_eq!(cx.permit(READ), Ok(Scope::All));
    assert_eq!(cx.permit(GIFTS), Ok(own()));
    assert!(!cx.caller().unwrap().reaches_everything());
    let cx = user(vec![role, grant(&["donations:create"], ScopeKind::Assigned)]);
    assert_eq!(cx.permit(GIFTS), Ok(Scope::Assigned(user_id())));
    let all = reaching(grant(&["*:*"], ScopeKind::All), "donations", ScopeKind::All);
    assert!(caller(vec![all]).reaches_everything());
}

#[test]
fn nobody_may_do_anything_without_a_role() {
    assert_eq!(user(Vec::new()).permit(READ), Err(Denied::Missing(READ)));
}

#[test]
fn a_record_may_be_edited_to_the_last_moment_of_the_window_and_not_after() {
    let cx = user(vec![for_minutes(grant(&["donors:update"], ScopeKind::Own), 15)]);
    let edit = |age: i64| cx.permit_edit(UPDATE, at(-age));
    for (age, may) in [(0, true), (899, true), (900, true), (901, false), (100_000, false)] {
        let expected = may.then(own).ok_or(Denied::EditWindowClosed);
        assert_eq!(edit(age), expected, "{age} seconds old");
    }
    assert_eq!(edit(-5), Ok(own()), "created on a server whose clock is ahead");
    assert_eq!(
        edit(-901),
        Err(Denied::EditWindowClosed),
        "created before the clock was set back by much"
    );
    assert_eq!(cx.permit_edit(READ, at(0)), Err(Denied::Missing(READ)));
}

#[test]
fn a_role_without_a_window_may_always_edit() {
    let cx = user(vec![grant(&["donors:update"], ScopeKind::All)]);
    assert_eq!(cx.permit_edit(UPDATE, at(-1_000_000_000)), Ok(Scope::All));
}

#[test]
fn an_endless_window_is_no_reason_to_panic() {
    let role =
        Grant { edit_window: Some(Duration::MAX), ..grant(&["donors:update"], ScopeKind::Own) };
    let cx = user(vec![role]);
    for time in [at(-1_000), DateTime::<chrono::Utc>::MIN_UTC, DateTime::<chrono::Utc>::MAX_UTC] {
        assert_eq!(cx.permit_edit(UPDATE, time), Ok(own()));
    }
}

#[test]
fn each_role_edits_as_long_as_its_own_window_and_as_far_as_its_own_reach() {
    let cx = user(vec![
        for_minutes(grant(&["donors:update"], ScopeKind::All), 15),
        for_minutes(grant(&["donors:update"], ScopeKind::Own), 60),
        // Lets nobody change donors, whatever its window.
        grant(&["donors:read"], ScopeKind::All),
    ]);
    assert_eq!(cx.permit(UPDATE), Ok(Scope::All));
    assert_eq!(cx.permit_edit(UPDATE, at(-60)), Ok(Scope::All));
    assert_eq!(cx.permit_edit(UPDATE, at(-20 * 60)), Ok(own()));
    assert_eq!(cx.permit_edit(UPDATE, at(-61 * 60)), Err(Denied::EditWindowClosed));
}

#[test]
fn what_holds_for_all_records_of_a_reach_needs_as_much_reach() {
    const SECRET: Permission = Permission::new("donors:secret");
    let cx = user(vec![
        grant(&["donors:read"], ScopeKind::All),
        grant(&["donors:secret"], ScopeKind::Assigned),
    ]);
    for (reach, may) in
        [(ScopeKind::Own, true), (ScopeKind::Assigned, true), (ScopeKind::All, false)]
    {
        let expected = may.then_some(()).ok_or(Denied::Missing(SECRET));
        assert_eq!(cx.permit_throughout(SECRET, reach), expected);
    }
    let stranger = context(Actor::Anonymous);
    assert_eq!(stranger.permit_throughout(SECRET, ScopeKind::Own), Err(Denied::Unauthenticated));
}

#[test]
fn what_may_be_read_may_be_named_and_what_the_writing_role_reaches() {
    let writes = || grant(&["donations:create"], ScopeKind::Own);
    let named = |grants| user(grants).scope_to_name(GIFTS, None, "donors", Some(READ));
    assert_eq!(named(vec![writes()]), Ok(own()));
    assert_eq!(named(vec![writes(), grant(&["donors:read"], ScopeKind::All)]), Ok(Scope::All));
    // Another role that reads less takes nothing away.
    let wide = || grant(&["donations:create"], ScopeKind::All);
    assert_eq!(named(vec![wide(), grant(&["donors:read"], ScopeKind::Own)]), Ok(Scope::All));
    assert_eq!(named(vec![reaching(wide(), "donors", ScopeKind::Own)]), Ok(own()));
    // A role that neither writes nor reads says nothing.
    assert_eq!(named(vec![writes(), grant(&["donors:update"], ScopeKind::All)]), Ok(own()));
    let nobody = vec![grant(&["donors:read"], ScopeKind::All)];
    assert_eq!(named(nobody), Err(Denied::Missing(GIFTS)));
    // No role takes its donors to where another one takes its donations.
    let (narrow, far) = (reaching(writes(), "donors", ScopeKind::All), ScopeKind::Own);
    assert_eq!(named(vec![narrow.clone()]), Ok(own()));
    assert_eq!(named(vec![narrow, reaching(wide(), "donors", far)]), Ok(own()));
    // Nor one whose time is over.
    let late = user(vec![for_minutes(wide(), 15), writes()]);
    let named =
        |minutes: i64| late.scope_to_name(GIFTS, Some(at(-60 * minutes)), "donors", Some(READ));
    assert_eq!((named(14), named(16)), (Ok(Scope::All), Ok(own())));
}

#[test]
fn the_names_of_the_roles_stand_in_their_order() {
    let named = |role: &str| Grant { role: role.to_owned(), ..grant(&[], ScopeKind::Own) };
    let caller = caller(vec![named("viewer"), named("clerk")]);
    assert_eq!(caller.role_names(), "viewer,clerk");
    assert!(caller.has_role("clerk") && !caller.has_role("cler"));
}
