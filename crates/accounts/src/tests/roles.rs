//! Custom roles.

use almoner_kernel::{Action, Fault, Kind, Permission as P, ScopeKind, SecurityEventKind, Version};

use super::world::*;
use crate::{
    limits::Limited,
    role::{BuiltIn, NewRole, RoleLabel, RolePatch},
};

fn new_role(name: &str, permissions: &[P], scope: ScopeKind) -> NewRole {
    NewRole {
        name: role_name(name),
        label: RoleLabel::parse("Custom").unwrap(),
        description: None,
        access: access(permissions, scope),
    }
}

fn world() -> World {
    let reader = custom_role("reader", access(&[super::may::DONORS_READ], ScopeKind::All));
    World { roles: vec![reader], ..World::default() }
}

fn permissions(permissions: &[P]) -> RolePatch {
    RolePatch { permissions: Some(permissions.iter().copied().collect()), ..RolePatch::default() }
}

#[tokio::test]
async fn the_list_has_the_built_in_roles_and_the_custom_ones() {
    let stage = world().stage();
    let roles = stage.roles.list(&caller(1, BuiltIn::Admin)).await.unwrap();
    let names: Vec<String> = roles.iter().map(|role| role.name().to_string()).collect();
    assert_eq!(
        names,
        [
            "superadmin",
            "admin",
            "accountant",
            "superagent",
            "agent",
            "data_entry",
            "member",
            "viewer",
            "reader"
        ]
    );
    assert_eq!(refused(stage.roles.list(&caller(1, BuiltIn::Viewer)).await), "forbidden");
}

#[tokio::test]
async fn there_are_only_so_many_roles() {
    let stage = World { full: Some(Limited::Roles), ..World::default() }.stage();
    let reader = new_role("reader", &[super::may::DONORS_READ], ScopeKind::Own);
    let refusal = stage.roles.create(&caller(1, BuiltIn::Admin), reader).await;
    assert_eq!(refused(refusal), "role_limit");
    assert_eq!(stage.committed(), None);
}

#[tokio::test]
async fn a_role_is_made_by_somebody_who_has_all_of_it() {
    let stage = World::default().stage();
    let admin = caller(1, BuiltIn::Admin);
    let purger =
        new_role("purger", &[super::may::DONORS_READ, super::may::DONORS_PURGE], ScopeKind::Own);
    assert_eq!(refused(stage.roles.create(&admin, purger).await), "role_not_granted");
    let reader = new_role("reader", &[super::may::DONORS_READ], ScopeKind::Own);
    let made = stage.roles.create(&admin, reader).await.unwrap();
    assert!(stage.has_done(&Did::InsertedRole(Box::new(made))));
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Created])));
}

#[tokio::test]
async fn a_role_has_a_name_of_its_own() {
    let admin = caller(1, BuiltIn::Admin);
    let built_in = new_role("viewer", &[], ScopeKind::Own);
    let error = World::default().stage().roles.create(&admin, built_in).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "role_name_taken"));
    assert_eq!(error.fields()[0].pointer, "/name");
    let twin = new_role("reader", &[], ScopeKind::Own);
    let stage = World { taken: Some("roles.name"), ..World::default() }.stage();
    assert_eq!(refused(stage.roles.create(&admin, twin).await), "role_name_taken");
}

#[tokio::test]
async fn a_role_that_allows_something_else_ends_the_sessions_of_its_users() {
    let stage = world().stage();
    let patch = permissions(&[super::may::DONATIONS_READ]);
    let admin = caller(1, BuiltIn::Admin);
    let after =
        stage.roles.update(&admin, &role_name("reader"), Version::FIRST, patch).await.unwrap();
    assert_eq!(after.version, Version::new(2));
    assert!(stage.has_done(&Did::EndedSessionsOfRole(role_name("reader"))));
    assert_eq!(
        stage.committed(),
        Some((vec![SecurityEventKind::SessionEnded], vec![Action::Updated]))
    );
}

#[tokio::test]
async fn a_new_label_ends_no_session() {
    let stage = world().stage();
    let label = RoleLabel::parse("Okuyucu").unwrap();
    let patch = RolePatch { label: Some(label), ..RolePatch::default() };
    let admin = caller(1, BuiltIn::Admin);
    stage.roles.update(&admin, &role_name("reader"), Version::FIRST, patch).await.unwrap();
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Updated])));
}

#[tokio::test]
async fn a_role_cannot_be_given_what_its_editor_lacks_nor_be_touched_when_it_has_it() {
    let admin = caller(1, BuiltIn::Admin);
    let name = role_name("reader");
    let stage = world().stage();
    let patch = permissions(&[super::may::DONORS_PURGE]);
    let refusal = stage.roles.update(&admin, &name, Version::FIRST, patch).await;
    assert_eq!(refused(refusal), "role_not_granted");

    let mut mighty = world();
    mighty.roles = vec![custom_role("reader", access(&[super::may::DONORS_PURGE], ScopeKind::All))];
    let stage = mighty.stage();
    let refusal = stage.roles.update(&admin, &name, Version::FIRST, permissions(&[])).await;
    assert_eq!(refused(refusal), "role_not_granted");
    let refusal = stage.roles.delete(&admin, &name, Version::FIRST).await;
    assert_eq!(refused(refusal), "role_not_granted");
}

#[tokio::test]
async fn nobody_changes_what_their_own_role_allows() {
    let own = access(&[P::ROLES_MANAGE, super::may::DONORS_READ], ScopeKind::All);
    let world = World { roles: vec![custom_role("team_lead", own.clone())], ..World::default() };
    let stage = world.stage();
    let cx = caller_with(1, "team_lead", own);
    let refusal = stage
        .roles
        .update(&cx, &role_name("team_lead"), Version::FIRST, permissions(&[P::ROLES_MANAGE]))
        .await;
    assert_eq!(refused(refusal), "own_role");
}

#[tokio::test]
async fn built_in_roles_stay_as_they_are() {
    let stage = world().stage();
    let cx = caller(1, BuiltIn::Superadmin);
    let name = role_name("viewer");
    let refusal = stage.roles.update(&cx, &name, Version::FIRST, permissions(&[])).await;
    assert_eq!(refused(refusal), "role_built_in");
    assert_eq!(refused(stage.roles.delete(&cx, &name, Version::FIRST).await), "role_built_in");
}

#[tokio::test]
async fn a_role_in_use_cannot_be_deleted() {
    let admin = caller(1, BuiltIn::Admin);
    let name = role_name("reader");
    let stage = World { users_with_role: 3, ..world() }.stage();
    let error = stage.roles.delete(&admin, &name, Version::FIRST).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "role_in_use"));
    let stage = world().stage();
    stage.roles.delete(&admin, &name, Version::FIRST).await.unwrap();
    assert!(stage.has_done(&Did::DeletedRole(name)));
    assert_eq!(stage.committed(), Some((vec![], vec![Action::Purged])));
}

#[tokio::test]
async fn a_stale_version_of_a_role_is_refused() {
    let stage = world().stage();
    let admin = caller(1, BuiltIn::Admin);
    let refusal = stage.roles.delete(&admin, &role_name("reader"), Version::new(9)).await;
    assert_eq!(refused(refusal), "stale");
}
