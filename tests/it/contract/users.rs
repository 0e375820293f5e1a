//! Users and what proves them.

use almoner_accounts::{
    limits::Limited,
    role::{BuiltIn, RoleName, RoleNames},
    user::{Locale, PasswordHashText, TimeZone, User},
};
use almoner_kernel::{PhoneNumber, Scope, StoreError, UserId};

use crate::support::{START, World, changed, created, email, later, name, session_noted};

on_both![
    a_user_with_every_field_comes_back_as_it_was,
    a_user_with_as_little_as_possible_comes_back_as_it_was,
    an_edit_leaves_password_and_last_login_alone,
    a_change_from_an_older_version_is_refused,
    an_address_is_taken_whatever_its_case,
    a_deactivated_user_keeps_the_address,
    an_account_is_found_by_the_key_of_its_address,
    a_last_login_is_noted_without_a_new_version,
    the_password_of_nobody_cannot_be_set,
    there_are_users_as_soon_as_there_is_one,
    active_superadmins_are_counted,
    users_of_a_role_are_counted_active_or_not,
    what_there_is_a_limit_on_is_counted,
];

fn full(world: &World) -> User {
    User {
        name: name("Gökçe Işık"),
        phone: Some(PhoneNumber::from_stored("+905321234567".to_owned())),
        locale: Locale::parse("zh-Hant-TW").unwrap(),
        time_zone: TimeZone::parse("Europe/Istanbul").unwrap(),
        roles: RoleNames::from_stored("gift_desk_of_the_whole_organisation_long,viewer"),
        active: false,
        last_login_at: Some(later(9)),
        created_at: later(1),
        updated_at: later(2),
        ..world.user("Gokce.ISIK@Örnek.org")
    }
}

async fn found(world: &World, id: UserId) -> User {
    world.accounts().user(id, Scope::All).await.unwrap().unwrap()
}

async fn a_user_with_every_field_comes_back_as_it_was(world: &World) {
    let user = full(world);
    world.save_user(&user).await.unwrap();
    assert_eq!(found(world, user.id).await, user);
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.user(user.id, Scope::All).await.unwrap().as_ref(), Some(&user));
    assert_eq!(tx.account(user.id).await.unwrap().unwrap().user, user);
}

async fn a_user_with_as_little_as_possible_comes_back_as_it_was(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    assert_eq!(found(world, user.id).await, user);
    let account = world.accounts().account(user.id).await.unwrap().unwrap();
    assert_eq!(account.credentials.user_id, user.id);
    assert_eq!(account.credentials.password_hash.expose(), "a hash");
    assert_eq!(world.accounts().user(world.id(), Scope::All).await.unwrap(), None);
    assert_eq!(world.accounts().account(world.id()).await.unwrap(), None);
}

async fn an_edit_leaves_password_and_last_login_alone(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    tx.set_last_login(user.id, later(3)).await.unwrap();
    tx.set_password(user.id, &PasswordHashText::new("new".to_owned())).await.unwrap();
    tx.commit(session_noted()).await.unwrap();

    let edited = User { id: user.id, last_login_at: None, ..full(world) };
    let edited = world.change_user(&edited).await.unwrap();
    let account = world.accounts().account(user.id).await.unwrap().unwrap();
    assert_eq!(account.user, User { last_login_at: Some(later(3)), ..edited });
    assert_eq!(account.credentials.password_hash.expose(), "new");
}

async fn a_change_from_an_older_version_is_refused(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let second = world.change_user(&User { name: name("Second"), ..user.clone() }).await.unwrap();
    let late = world.change_user(&user).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    assert_eq!(found(world, user.id).await, second);
}

fn is_taken<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Taken("users.email")))
}

async fn an_address_is_taken_whatever_its_case(world: &World) {
    world.save_user(&world.user("Ayse@Örnek.org")).await.unwrap();
    let twin = world.save_user(&world.user("AYSE@ÖRNEK.ORG")).await;
    assert!(is_taken(&twin), "{twin:?}");
    let other = world.user("ayse@example.org");
    world.save_user(&other).await.unwrap();
    let twin = world.change_user(&User { email: email("aySE@xn--rnek-4qa.ORG"), ..other }).await;
    assert!(is_taken(&twin), "{twin:?}");
    assert_eq!(world.rows("users").await, 2);
}

async fn a_deactivated_user_keeps_the_address(world: &World) {
    let gone = User { active: false, ..world.user("a@b.co") };
    world.save_user(&gone).await.unwrap();
    assert!(is_taken(&world.save_user(&world.user("A@B.CO")).await));
}

async fn an_account_is_found_by_the_key_of_its_address(world: &World) {
    let user = full(world);
    world.save_user(&user).await.unwrap();
    let by_email = async |key: &str| world.accounts().account_by_email(key).await.unwrap();
    assert_eq!(by_email(&user.email.key()).await.unwrap().user, user);
    assert_eq!(by_email("somebody@else.org").await, None);
    assert_eq!(by_email("").await, None);
}

async fn a_last_login_is_noted_without_a_new_version(world: &World) {
    let (user, other) = (world.user("a@b.co"), world.user("c@d.co"));
    world.save_user(&user).await.unwrap();
    world.save_user(&other).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    tx.set_last_login(user.id, later(3)).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    let account = world.accounts().account(user.id).await.unwrap().unwrap();
    assert_eq!(account.user, User { last_login_at: Some(later(3)), ..user.clone() });
    assert_eq!(found(world, other.id).await, other);
}

async fn the_password_of_nobody_cannot_be_set(world: &World) {
    let mut tx = world.accounts().begin().await.unwrap();
    let hash = PasswordHashText::new("new".to_owned());
    assert!(matches!(tx.set_password(world.id(), &hash).await, Err(StoreError::Raced)));
    assert!(matches!(tx.set_last_login(world.id(), START).await, Err(StoreError::Raced)));
}

async fn there_are_users_as_soon_as_there_is_one(world: &World) {
    assert!(!world.accounts().has_users().await.unwrap());
    let user = User { active: false, ..world.user("a@b.co") };
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(!tx.has_users().await.unwrap());
    tx.insert_user(&user, &PasswordHashText::new("a hash".to_owned())).await.unwrap();
    assert!(tx.has_users().await.unwrap());
    assert!(!world.accounts().has_users().await.unwrap(), "it is not committed yet");
    tx.commit(created(&user)).await.unwrap();
    assert!(world.accounts().has_users().await.unwrap());
}

async fn active_superadmins_are_counted(world: &World) {
    let superadmin = BuiltIn::Superadmin.role_name();
    for (address, role, active) in [
        ("a@b.co", &superadmin, true),
        ("c@d.co", &superadmin, false),
        ("e@f.co", &BuiltIn::Admin.role_name(), true),
        ("g@h.co", &superadmin, true),
    ] {
        let user = User { roles: RoleNames::one(role.clone()), active, ..world.user(address) };
        world.save_user(&user).await.unwrap();
    }
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.lock_active_superadmins().await.unwrap(), 2);
    drop(tx);
    let user = User {
        roles: RoleNames::from_stored("viewer,superadmin"),
        ..world.user("both@example.org")
    };
    world.save_user(&user).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.lock_active_superadmins().await.unwrap(), 3);
}

async fn users_of_a_role_are_counted_active_or_not(world: &World) {
    let role = RoleName::parse("gift_desk").unwrap();
    for (address, active) in [("a@b.co", true), ("c@d.co", false)] {
        let user = User { roles: RoleNames::one(role.clone()), active, ..world.user(address) };
        world.save_user(&user).await.unwrap();
    }
    world.save_user(&world.user("e@f.co")).await.unwrap();
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.count_users_with_role(&role).await.unwrap(), 2);
    drop(tx);
    // By whatever change: those who have it beside others, and not those who have it no more.
    let mut user = User {
        roles: RoleNames::from_stored("viewer,gift_desk"),
        ..world.user("both@example.org")
    };
    world.save_user(&user).await.unwrap();
    for (roles, count) in
        [("viewer,gift_desk", 3), ("gift_desk,viewer", 3), ("viewer", 2), ("gift_desk", 3)]
    {
        user = User {
            roles: RoleNames::from_stored(roles),
            version: user.version.next(),
            ..user.clone()
        };
        let mut tx = world.accounts().begin().await.unwrap();
        tx.update_user(&user).await.unwrap();
        assert_eq!(tx.count_users_with_role(&role).await.unwrap(), count, "{roles}");
        tx.commit(changed(&user)).await.unwrap();
        let found = world.accounts().user(user.id, Scope::All).await.unwrap();
        assert_eq!(found.unwrap().roles, user.roles);
    }
    let mut tx = world.accounts().begin().await.unwrap();
    let nobodys = RoleName::parse("nobodys").unwrap();
    assert_eq!(tx.count_users_with_role(&nobodys).await.unwrap(), 0);
}

async fn what_there_is_a_limit_on_is_counted(world: &World) {
    let invited = User { invited_at: Some(later(1)), ..world.user("invited@example.org") };
    let gone = User { active: false, ..world.user("gone@example.org") };
    let gone_invited =
        User { active: false, invited_at: Some(later(1)), ..world.user("nobody@example.org") };
    for user in [&invited, &gone, &gone_invited] {
        world.save_user(user).await.unwrap();
    }
    let mut tx = world.accounts().begin().await.unwrap();
    let mut counted = Vec::new();
    for what in [Limited::Users, Limited::Invitations, Limited::Roles] {
        counted.push(tx.count(what).await.unwrap());
    }
    assert_eq!(counted, [3, 1, 0]);
}
