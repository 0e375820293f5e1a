//! What administrators may do with the accounts of others.

use std::sync::Arc;

use almoner_kernel::{
    Action, Context, EmailAddress, Fault, Kind, PageRequest, Permission, PersonName, ScopeKind,
    SecurityEventKind as Event, Version,
};

use super::world::*;
use crate::{
    administration::NewSuperadmin,
    limits::Limited,
    live::LiveSession,
    role::{BuiltIn, Role},
    session::SessionKeyHash,
    user::{Locale, NewUser, ProfilePatch, TimeZone, User, UserPatch, UserQuery},
};

const MANAGE: &[Permission] = &[Permission::USERS_READ, Permission::USERS_MANAGE];

fn new_user(role: &str) -> NewUser {
    NewUser {
        name: PersonName::parse("Ömer Şahin").unwrap(),
        email: EmailAddress::parse("omer@example.org").unwrap(),
        phone: None,
        locale: Locale::default(),
        time_zone: TimeZone::default(),
        roles: role_names(role),
    }
}

fn to_role(role: &str) -> UserPatch {
    UserPatch { roles: Some(role_names(role)), ..UserPatch::default() }
}

async fn create(cx: &Context, world: World, role: &str) -> Result<(), &'static str> {
    let stage = world.stage();
    let made = stage.administration.create(cx, new_user(role), Some(secret(PASSWORD))).await;
    made.map(drop).map_err(|error| error.code())
}

async fn change(cx: &Context, world: World, id: u128, patch: UserPatch) -> Result<User, String> {
    let stage = world.stage();
    let changed = stage.administration.update(cx, user_id(id), Version::FIRST, patch, None).await;
    changed.map_err(|error| error.code().to_owned())
}

#[tokio::test]
async fn a_role_is_granted_only_by_somebody_who_has_all_of_it() {
    let scoped = access(MANAGE, ScopeKind::Own);
    let mut reader = access(MANAGE, ScopeKind::All);
    reader.permissions = reader.permissions.with(super::may::DONORS_READ);
    let admin = caller(1, BuiltIn::Admin);
    let superadmin = caller(1, BuiltIn::Superadmin);
    let own_rows = caller_with(1, "team_lead", scoped);
    let narrow = caller_with(1, "helper", reader);
    let no = Err("role_not_granted");
    let table = [
        (&superadmin, "superadmin", Ok(())),
        (&admin, "superadmin", no),
        (&admin, "admin", Ok(())),
        (&admin, "accountant", Ok(())),
        (&admin, "data_entry", Ok(())),
        (&admin, "viewer", Ok(())),
        (&own_rows, "member", Ok(())),
        (&own_rows, "agent", no),
        (&own_rows, "superagent", no),
        (&own_rows, "viewer", no),
        (&narrow, "superagent", Ok(())),
        (&narrow, "viewer", no),
        (&program(), "superadmin", Ok(())),
        (&caller(1, BuiltIn::Viewer), "viewer", Err("forbidden")),
        (&stranger(), "viewer", Err("unauthenticated")),
    ];
    for (cx, role, expected) in table {
        assert_eq!(create(cx, World::default(), role).await, expected, "{:?} → {role}", cx.actor);
        if cx.caller().is_ok_and(|caller| !caller.reaches_everything()) {
            // Whoever sees only their own rows cannot meet the other user at all.
            continue;
        }
        let world = World::of([user(5, "member")]);
        let changed = change(cx, world, 5, to_role(role)).await;
        assert_eq!(changed.map(drop), expected.map_err(str::to_owned), "{:?} → {role}", cx.actor);
    }
}

#[tokio::test]
async fn a_custom_role_is_granted_by_the_same_rule() {
    let mut world = World::of([user(5, "member")]);
    world.roles = vec![
        custom_role("reader", access(&[super::may::DONORS_READ], ScopeKind::All)),
        custom_role("purger", access(&[super::may::DONORS_PURGE], ScopeKind::All)),
    ];
    let admin = caller(1, BuiltIn::Admin);
    assert_eq!(create(&admin, world.clone(), "reader").await, Ok(()));
    assert_eq!(create(&admin, world.clone(), "purger").await, Err("role_not_granted"));
    let unknown = change(&admin, world, 5, to_role("phantom")).await;
    assert_eq!(unknown.unwrap_err(), "validation");
}

#[tokio::test]
async fn there_are_only_so_many_users_and_open_invitations() {
    let admin = caller(1, BuiltIn::Superadmin);
    for (full, with_password, invited) in [
        (Limited::Users, Err("user_limit"), Err("user_limit")),
        (Limited::Invitations, Ok(()), Err("invitation_limit")),
        (Limited::Roles, Ok(()), Ok(())),
    ] {
        let world = World { full: Some(full), ..World::default() };
        assert_eq!(create(&admin, world.clone(), "member").await, with_password, "{full:?}");
        let stage = world.stage();
        let made = stage.administration.create(&admin, new_user("member"), None).await;
        assert_eq!(made.map(drop).map_err(|refusal| refusal.code()), invited, "{full:?}");
        assert_eq!(stage.committed().is_some(), invited.is_ok(), "{full:?}");
    }
}

#[tokio::test]
async fn nobody_changes_their_own_role() {
    let world = World::of([user(1, "superadmin")]);
    let refusal = change(&caller(1, BuiltIn::Superadmin), world, 1, to_role("admin")).await;
    assert_eq!(refusal.unwrap_err(), "own_role");
}

#[tokio::test]
async fn naming_the_own_role_again_is_no_change_of_it() {
    let world = World::of([user(1, "superadmin")]);
    let same = change(&caller(1, BuiltIn::Superadmin), world, 1, to_role("superadmin")).await;
    assert_eq!(same.unwrap().version, Version::FIRST);
}

#[tokio::test]
async fn nobody_deactivates_themselves() {
    let stage = World::of([user(1, "superadmin")]).stage();
    let cx = caller(1, BuiltIn::Superadmin);
    let refusal = stage.administration.deactivate(&cx, user_id(1)).await;
    assert_eq!(refused(refusal), "own_account");
}

#[tokio::test]
async fn nobody_manages_a_user_who_may_do_more() {
    let admin = caller(1, BuiltIn::Admin);
    let mut gone = user(5, "superadmin");
    let rename = UserPatch {
        profile: ProfilePatch { name: Some(gone.name.clone()), ..ProfilePatch::default() },
        ..UserPatch::default()
    };
    for patch in [rename, to_role("viewer")] {
        let refusal = change(&admin, World::of([gone.clone()]), 5, patch).await;
        assert_eq!(refusal.unwrap_err(), "user_not_manageable");
    }
    let stage = World::of([gone.clone()]).stage();
    let refusal = stage.administration.deactivate(&admin, user_id(5)).await.unwrap_err();
    assert_eq!((refusal.kind(), refusal.code()), (Kind::Forbidden, "user_not_manageable"));
    gone.active = false;
    let stage = World::of([gone]).stage();
    let refusal = stage.administration.restore(&admin, user_id(5)).await;
    assert_eq!(refused(refusal), "user_not_manageable");
}

#[tokio::test]
async fn the_last_active_superadmin_stays_one() {
    for cx in [caller(1, BuiltIn::Superadmin), program()] {
        let last = World { superadmins: 1, ..World::of([user(5, "superadmin")]) };
        let refusal = change(&cx, last.clone(), 5, to_role("admin")).await;
        assert_eq!(refusal.unwrap_err(), "last_superadmin");
        let refusal = last.stage().administration.deactivate(&cx, user_id(5)).await.unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (Kind::Conflict, "last_superadmin"));
    }
}

#[tokio::test]
async fn one_superadmin_of_two_may_go_and_they_are_counted_under_lock_first() {
    let stage = World::of([user(5, "superadmin")]).stage();
    stage.administration.deactivate(&program(), user_id(5)).await.unwrap();
    assert_eq!(stage.did()[..2], [Did::Began, Did::LockedSuperadmins]);
}

#[tokio::test]
async fn an_inactive_superadmin_may_be_demoted_whoever_is_left() {
    let mut gone = user(5, "superadmin");
    gone.active = false;
    let world = World { superadmins: 1, ..World::of([gone]) };
    assert!(change(&caller(1, BuiltIn::Superadmin), world, 5, to_role("viewer")).await.is_ok());
}

#[tokio::test]
async fn a_new_role_or_address_ends_the_users_sessions_and_a_new_name_does_not() {
    let address = EmailAddress::parse("new@example.org").unwrap();
    let name = PersonName::parse("New Name").unwrap();
    let profile = ProfilePatch { name: Some(name), ..ProfilePatch::default() };
    let table = [
        (to_role("member"), true),
        (UserPatch { email: Some(address), ..UserPatch::default() }, true),
        (UserPatch { profile, ..UserPatch::default() }, false),
    ];
    for (patch, ends) in table {
        let mut world = World::of([user(5, "viewer")]);
        world.sessions = vec![session(9, 5, at(-1))];
        let stage = world.stage();
        let cx = caller(1, BuiltIn::Admin);
        let after = stage
            .administration
            .update(&cx, user_id(5), Version::FIRST, patch, None)
            .await
            .unwrap();
        assert_eq!(after.version, Version::new(2));
        assert_eq!(stage.has_done(&Did::EndedSessions { except: None }), ends);
        let events = if ends { vec![Event::SessionEnded] } else { vec![] };
        assert_eq!(stage.committed(), Some((events, vec![Action::Updated])));
    }
}

#[tokio::test]
async fn a_deactivated_user_loses_every_session() {
    let mut world = World::of([user(5, "viewer")]);
    world.sessions = vec![session(9, 5, at(-1))];
    let stage = world.stage();
    let after =
        stage.administration.deactivate(&caller(1, BuiltIn::Admin), user_id(5)).await.unwrap();
    assert!(!after.active);
    assert!(stage.has_done(&Did::EndedSessions { except: None }));
    assert_eq!(stage.committed(), Some((vec![Event::SessionEnded], vec![Action::Deactivated])));
}

#[tokio::test]
async fn a_change_that_ends_sessions_reaches_the_memory_of_live_ones() {
    let world = World::of([user(5, "viewer")]);
    let admin = caller(1, BuiltIn::Admin);
    let stage = world.stage();
    keep_alive(&stage);
    stage.administration.deactivate(&admin, user_id(5)).await.unwrap();
    assert!(stage.live.is_empty());

    let stage = World::of([user(5, "viewer")]).stage();
    keep_alive(&stage);
    let update =
        stage.administration.update(&admin, user_id(5), Version::FIRST, to_role("agent"), None);
    update.await.unwrap();
    assert!(stage.live.is_empty());
}

/// User 5 has a session in memory.
fn keep_alive(stage: &Stage) {
    let session = session(9, 5, at(-1));
    let role = Role::caller(&[Role::BuiltIn(BuiltIn::Viewer)], session.user_id, session.id);
    let live = Arc::new(LiveSession::new(session, role, at(-1)));
    assert!(stage.live.insert(stage.live.ticket(), SessionKeyHash([9; 32]), &live));
}

#[tokio::test]
async fn deactivating_and_restoring_are_each_refused_the_second_time() {
    let admin = caller(1, BuiltIn::Admin);
    let active = World::of([user(5, "viewer")]);
    let mut gone = active.clone();
    gone.accounts[0].user.active = false;
    let refusal = gone.clone().stage().administration.deactivate(&admin, user_id(5)).await;
    assert_eq!(refused(refusal), "not_active");
    let refusal = active.stage().administration.restore(&admin, user_id(5)).await;
    assert_eq!(refused(refusal), "already_active");
    let stage = gone.stage();
    assert!(stage.administration.restore(&admin, user_id(5)).await.unwrap().active);
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Restored])));
}

#[tokio::test]
async fn a_taken_address_is_a_conflict_that_names_the_field() {
    let world = World { taken: Some("users.email"), ..World::default() };
    let stage = world.stage();
    let cx = caller(1, BuiltIn::Admin);
    let error = stage
        .administration
        .create(&cx, new_user("viewer"), Some(secret(PASSWORD)))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "email_taken"));
    assert_eq!(error.fields()[0].pointer, "/email");
    assert_eq!(error.fields()[0].code, "taken");
}

#[tokio::test]
async fn a_new_user_has_a_password_that_fits() {
    let stage = World::default().stage();
    let cx = caller(1, BuiltIn::Admin);
    let error = stage
        .administration
        .create(&cx, new_user("viewer"), Some(secret("omer sahin 1")))
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].pointer, "/password");
    assert_eq!(error.fields()[0].code, "personal");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn a_user_is_created_with_a_trail() {
    let stage = World::default().stage();
    let cx = caller(1, BuiltIn::Admin);
    let made =
        stage.administration.create(&cx, new_user("viewer"), Some(secret(PASSWORD))).await.unwrap();
    assert!(stage.has_done(&Did::InsertedUser(Box::new(made), hash_of(PASSWORD))));
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Created])));
}

#[tokio::test]
async fn an_own_or_assigned_scope_shows_only_oneself() {
    for kind in [ScopeKind::Own, ScopeKind::Assigned] {
        let cx = caller_with(1, "team_lead", access(MANAGE, kind));
        let stage = World::of([user(1, "member"), user(5, "member")]).stage();
        let page = stage
            .administration
            .list(&cx, &UserQuery::default(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].user.id, user_id(1));
        assert_eq!(refused(stage.administration.find(&cx, user_id(5)).await), "not_found");
        let refusal = stage.administration.deactivate(&cx, user_id(5)).await;
        assert_eq!(refused(refusal), "not_found");
    }
}

fn first() -> NewSuperadmin {
    NewSuperadmin {
        name: PersonName::parse("İlk Yönetici").unwrap(),
        email: EmailAddress::parse("ilk@example.org").unwrap(),
        locale: Locale::default(),
        time_zone: TimeZone::default(),
    }
}

#[tokio::test]
async fn the_first_superadmin_is_made_once_and_a_bad_password_does_not_matter_afterwards() {
    let stage = World::default().stage();
    let made = stage
        .administration
        .create_first_superadmin(&program(), first(), secret(PASSWORD))
        .await
        .unwrap();
    assert_eq!(made.unwrap().roles, role_names("superadmin"));

    let stage = World::of([user(5, "viewer")]).stage();
    let made = stage.administration.create_first_superadmin(&program(), first(), secret("1")).await;
    assert_eq!(made.unwrap(), None);
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn only_the_program_itself_makes_superadmins_out_of_nothing() {
    let stage = World::default().stage();
    for cx in [stranger(), caller(1, BuiltIn::Superadmin)] {
        let made = stage.administration.create_superadmin(&cx, first(), secret(PASSWORD)).await;
        assert!(matches!(refused(made), "unauthenticated" | "forbidden"));
        let made =
            stage.administration.create_first_superadmin(&cx, first(), secret(PASSWORD)).await;
        assert!(matches!(refused(made), "unauthenticated" | "forbidden"));
    }
    assert!(
        stage.administration.create_superadmin(&program(), first(), secret(PASSWORD)).await.is_ok()
    );
}
