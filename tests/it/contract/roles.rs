//! Custom roles.

use almoner_accounts::role::{
    Access, CustomRole, EditWindow, RoleDescription, RoleLabel, RoleName,
};
use almoner_kernel::{PermissionSet, ScopeKind, StoreError};

use crate::support::{World, changed, later};

on_both![
    a_role_with_every_field_comes_back_as_it_was,
    every_permission_and_scope_comes_back,
    a_permission_that_nobody_knows_gives_nothing,
    roles_are_listed_by_name,
    a_name_is_taken_once,
    a_change_from_an_older_version_is_refused,
    a_role_is_removed_at_the_version_that_was_read,
];

fn full(world: &World, called: &str) -> CustomRole {
    CustomRole {
        label: RoleLabel::parse(&"Ş".repeat(RoleLabel::MAX_CHARS)).unwrap(),
        description: Some(
            RoleDescription::parse(&"🕌".repeat(RoleDescription::MAX_CHARS)).unwrap(),
        ),
        access: Access {
            permissions: PermissionSet::everything(),
            scope: ScopeKind::Assigned,
            reaches: [("donors", ScopeKind::All), ("donations", ScopeKind::Own)]
                .map(|(noun, reach)| (noun.to_owned(), reach))
                .into_iter()
                .collect(),
            edit_window: Some(EditWindow::parse(EditWindow::MAX_MINUTES).unwrap()),
        },
        created_at: later(1),
        updated_at: later(2),
        ..world.role(called)
    }
}

async fn found(world: &World, role: &CustomRole) -> Option<CustomRole> {
    world.accounts().role(&role.name).await.unwrap()
}

async fn change(world: &World, role: &CustomRole) -> Result<CustomRole, StoreError> {
    let after = CustomRole { version: role.version.next(), ..role.clone() };
    let mut tx = world.accounts().begin().await?;
    tx.update_role(&after).await?;
    tx.commit(changed(&after)).await?;
    Ok(after)
}

async fn a_role_with_every_field_comes_back_as_it_was(world: &World) {
    let much = full(world, "much");
    let little = world.role("little");
    for role in [&much, &little] {
        world.save_role(role).await.unwrap();
        assert_eq!(found(world, role).await.as_ref(), Some(role));
        let mut tx = world.accounts().begin().await.unwrap();
        assert_eq!(tx.role(&role.name).await.unwrap().as_ref(), Some(role));
    }
    let emptied = CustomRole { id: much.id, name: much.name.clone(), ..little };
    let emptied = change(world, &emptied).await.unwrap();
    assert_eq!(found(world, &much).await, Some(emptied));
}

async fn every_permission_and_scope_comes_back(world: &World) {
    for (n, permission) in almoner_kinds::REGISTRY.all_permissions().iter().enumerate() {
        let mut role = world.role(&format!("role_{n}"));
        role.access.permissions = PermissionSet::NONE.with(*permission);
        role.access.scope = ScopeKind::ALL[n % 3];
        world.save_role(&role).await.unwrap();
        assert_eq!(found(world, &role).await, Some(role));
    }
}

async fn a_permission_that_nobody_knows_gives_nothing(world: &World) {
    let role = world.role("from_the_future");
    world.save_role(&role).await.unwrap();
    world.sql("UPDATE roles SET permissions = 'donors:read starships:launch'").await;
    let given = found(world, &role).await.unwrap().access.permissions;
    let all = almoner_kinds::REGISTRY.all_permissions();
    assert_eq!(
        given.among(&all).collect::<Vec<_>>(),
        [almoner_kernel::Permission::new("donors:read")]
    );
}

async fn roles_are_listed_by_name(world: &World) {
    assert_eq!(world.accounts().roles().await.unwrap(), []);
    for called in ["zeta", "alpha", "a_z", "ab0"] {
        world.save_role(&world.role(called)).await.unwrap();
    }
    let roles = world.accounts().roles().await.unwrap();
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["a_z", "ab0", "alpha", "zeta"]);
}

async fn a_name_is_taken_once(world: &World) {
    world.save_role(&world.role("twin")).await.unwrap();
    let twin = world.save_role(&full(world, "twin")).await;
    assert!(matches!(twin, Err(StoreError::Taken("roles.name"))), "{twin:?}");
    let nobodys = RoleName::parse("nobodys").unwrap();
    assert_eq!(world.accounts().role(&nobodys).await.unwrap(), None);
}

async fn a_change_from_an_older_version_is_refused(world: &World) {
    let role = world.role("often");
    world.save_role(&role).await.unwrap();
    let second = change(world, &role).await.unwrap();
    let late = change(world, &role).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    assert_eq!(found(world, &role).await, Some(second));
}

async fn a_role_is_removed_at_the_version_that_was_read(world: &World) {
    let role = world.role("short_lived");
    world.save_role(&role).await.unwrap();
    let second = change(world, &role).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(matches!(tx.delete_role(&role).await, Err(StoreError::Raced)));
    tx.delete_role(&second).await.unwrap();
    tx.commit(changed(&second)).await.unwrap();
    assert_eq!(found(world, &role).await, None);
    // The name is free again.
    world.save_role(&world.role("short_lived")).await.unwrap();
}
