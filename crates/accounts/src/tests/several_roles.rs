//! Several roles of one user, and which access is held by whom.

use almoner_kernel::{Fault, Permission as P, PermissionSet, Reaches, ScopeKind, Version};

use super::{may, world::*};
use crate::{
    role::{Access, BuiltIn, EditWindow, NewRole, Role, RoleLabel, RoleName, RoleNames, RolePatch},
    user::{NewUser, User, UserPatch},
};

const MANAGE: &[P] = &[P::USERS_READ, P::USERS_MANAGE, P::ROLES_MANAGE];

fn reaching(access: Access, noun: &str, reach: ScopeKind) -> Access {
    Access { reaches: [(noun.to_owned(), reach)].into_iter().collect(), ..access }
}

fn window(access: Access, minutes: u32) -> Access {
    Access { edit_window: EditWindow::parse(minutes).ok(), ..access }
}

fn reads(scope: ScopeKind) -> Access {
    access(&[may::DONORS_READ], scope)
}

fn is_held(access: &Access, by: &[Access]) -> bool {
    let roles: Vec<(&str, Access)> = by.iter().map(|own| ("role", own.clone())).collect();
    access.is_held_by(caller_of(1, &roles).caller().unwrap())
}

#[test]
fn an_access_is_held_in_permissions_scope_and_time() {
    let base = || reads(ScopeKind::Assigned);
    let table = [
        (base(), base(), true),
        (access(&[], ScopeKind::Own), base(), true),
        (access(&[], ScopeKind::All), base(), false),
        (access(&[may::DONORS_READ, may::DONORS_PURGE], ScopeKind::Own), base(), false),
        (reads(ScopeKind::All), base(), false),
        (window(base(), 15), base(), true),
        (window(base(), 15), window(base(), 15), true),
        (window(base(), 14), window(base(), 15), true),
        (window(base(), 16), window(base(), 15), false),
        (base(), window(base(), 15), false),
        (Access::full(), Access::full(), true),
        (Access::full(), BuiltIn::Admin.access(), false),
    ];
    for (given, own, held) in table {
        assert_eq!(is_held(&given, std::slice::from_ref(&own)), held, "{given:?} held by {own:?}");
    }
}

#[test]
fn each_permission_is_held_by_one_role_that_reaches_as_far_and_lasts_as_long() {
    let (own, all) = (ScopeKind::Own, ScopeKind::All);
    let gifts = |scope| access(&[may::DONATIONS_READ], scope);
    let both = |scope| access(&[may::DONORS_READ, may::DONATIONS_READ], scope);
    // Together they have both permissions; of the second one only with the own rows.
    assert!(is_held(&both(own), &[reads(all), gifts(own)]));
    assert!(!is_held(&both(all), &[reads(all), gifts(own)]));
    assert!(is_held(&both(all), &[reads(all), gifts(all)]));
    let given = reaching(both(own), "donors", all);
    assert!(is_held(&given, &[reads(all), gifts(own)]));
    assert!(!is_held(&given, &[reads(own), gifts(all)]));
    // No role has the reach of the one and the time of the other.
    assert!(!is_held(&reads(all), &[window(reads(all), 15), reads(own)]));
    assert!(is_held(&reads(own), &[window(reads(all), 15), reads(own)]));
}

#[test]
fn a_reach_is_compared_where_the_permissions_are() {
    let (own, all) = (ScopeKind::Own, ScopeKind::All);
    let narrow = reaching(reads(all), "donors", own);
    assert!(!is_held(&reads(all), std::slice::from_ref(&narrow)));
    assert!(is_held(&narrow, &[reads(all)]));
    assert!(!is_held(&reaching(reads(own), "donors", all), &[reads(own)]));
    // The other noun of its holder is narrower, and it says nothing of that.
    assert!(is_held(&reads(all), &[reaching(reads(all), "donations", own)]));
    // Whoever writes names records of other nouns, as far as the role reaches there.
    let gives = |scope| Access {
        permissions: PermissionSet::granting(&["donations:create"]),
        ..reads(scope)
    };
    assert!(!is_held(&reaching(gives(own), "donors", all), &[gives(own)]));
    assert!(!is_held(&gives(all), &[reaching(gives(all), "donors", own)]));
    assert!(is_held(&reaching(gives(all), "donors", own), &[gives(all)]));
    // A pattern is about every noun.
    let everything = |reaches: Reaches| Access { reaches, ..Access::full() };
    let less = || [("donations".to_owned(), own)].into_iter().collect::<Reaches>();
    assert!(!is_held(&Access::full(), &[everything(less())]));
    assert!(is_held(&everything(less()), &[everything(less())]));
    assert!(is_held(&everything(less()), &[Access::full()]));
    let modules = Access { permissions: PermissionSet::granting(&["donations:*"]), ..reads(all) };
    assert!(!is_held(&modules, &[everything(less())]));
}

#[test]
fn roles_are_one_to_eight_each_once() {
    let names = |number: usize| -> Vec<RoleName> {
        (0..number).map(|at| role_name(&format!("role_{at}"))).collect()
    };
    for (given, fits) in [(0, false), (1, true), (8, true), (9, false)] {
        let parsed = RoleNames::new(names(given));
        assert_eq!(
            parsed.map(drop).map_err(|unfit| unfit.code),
            fits.then_some(()).ok_or("role_names")
        );
    }
    let twice = RoleNames::new(vec![role_name("viewer"), role_name("viewer")]);
    assert_eq!(twice.unwrap_err().code, "role_names");
}

#[test]
fn roles_are_stored_in_their_order_and_a_single_one_as_its_name() {
    let roles = role_names("viewer,data_entry");
    assert_eq!(RoleNames::from_stored(&roles.joined()), roles);
    assert_eq!(roles.joined(), "viewer,data_entry");
    assert_eq!((roles.only(), roles.has(&role_name("data_entry"))), (None, true));
    let one = role_names("viewer");
    assert_eq!((one.joined().as_str(), one.only()), ("viewer", Some(&role_name("viewer"))));
    assert!(!one.has_built_in(BuiltIn::Superadmin));
}

fn new_user(roles: &str) -> NewUser {
    let User { name, email, phone, locale, time_zone, .. } = user(5, "viewer");
    NewUser { name, email, phone, locale, time_zone, roles: role_names(roles) }
}

fn to_roles(roles: &str) -> UserPatch {
    UserPatch { roles: Some(role_names(roles)), ..UserPatch::default() }
}

/// Manages users everywhere, reads all donors, and the own donations.
fn manager() -> almoner_kernel::Context {
    let gifts = access(&[may::DONATIONS_READ], ScopeKind::Own);
    let manages = access(MANAGE, ScopeKind::All);
    caller_of(1, &[("manager", manages), ("desk", reads(ScopeKind::All)), ("gifts", gifts)])
}

fn world() -> World {
    let gifts = |scope| access(&[may::DONATIONS_READ], scope);
    let roles = vec![
        custom_role("reader", reads(ScopeKind::All)),
        custom_role("own_gifts", gifts(ScopeKind::Own)),
        custom_role("all_gifts", gifts(ScopeKind::All)),
    ];
    World { roles, ..World::of([user(5, "reader,own_gifts"), user(6, "reader,all_gifts")]) }
}

#[tokio::test]
async fn several_roles_are_given_by_whoever_holds_each_of_them() {
    for (roles, expected) in [
        ("reader,own_gifts", None),
        ("reader,all_gifts", Some("role_not_granted")),
        ("reader,viewer", Some("role_not_granted")),
        ("reader,phantom", Some("validation")),
    ] {
        let (stage, cx) = (world().stage(), manager());
        let made = stage.administration.create(&cx, new_user(roles), Some(secret(PASSWORD))).await;
        assert_eq!(made.err().map(|error| error.code()), expected, "{roles}");
        let (stage, id) = (world().stage(), user_id(5));
        let patch = to_roles(roles);
        let changed = stage.administration.update(&cx, id, Version::FIRST, patch, None).await;
        assert_eq!(changed.err().map(|error| error.code()), expected, "{roles}");
    }
}

#[tokio::test]
async fn a_user_with_one_role_too_mighty_is_left_alone() {
    let stage = world().stage();
    let patch = to_roles("reader");
    let refusal =
        stage.administration.update(&manager(), user_id(6), Version::FIRST, patch, None).await;
    assert_eq!(refused(refusal), "user_not_manageable");
    assert_eq!(
        refused(stage.administration.deactivate(&manager(), user_id(6)).await),
        "user_not_manageable"
    );
}

#[tokio::test]
async fn an_unknown_role_is_pointed_to_by_its_place() {
    let stage = world().stage();
    let new = new_user("reader,phantom");
    let error = stage.administration.create(&manager(), new, Some(secret(PASSWORD))).await;
    let error = error.unwrap_err();
    let fields = error.fields();
    assert_eq!((fields[0].pointer.as_str(), fields[0].code), ("/roles/1", "unknown_role"));
}

#[tokio::test]
async fn other_roles_end_the_sessions_and_the_last_superadmin_stays_one() {
    let superadmin = caller(1, BuiltIn::Superadmin);
    let mut world = World::of([user(5, "viewer,superadmin")]);
    world.superadmins = 1;
    let stage = world.clone().stage();
    let update =
        |patch| stage.administration.update(&superadmin, user_id(5), Version::FIRST, patch, None);
    assert_eq!(refused(update(to_roles("viewer,admin")).await), "last_superadmin");
    let after = update(to_roles("superadmin")).await.unwrap();
    assert_eq!(after.roles, role_names("superadmin"));
    assert_eq!(
        refused(stage.administration.deactivate(&superadmin, user_id(5)).await),
        "last_superadmin"
    );
}

#[tokio::test]
async fn nobody_changes_their_own_roles_nor_what_one_of_them_allows() {
    let world = World {
        roles: vec![custom_role("desk", reads(ScopeKind::All))],
        ..World::of([user(1, "admin,desk")])
    };
    let admin = BuiltIn::Admin.access();
    let cx = caller_of(1, &[("admin", admin), ("desk", reads(ScopeKind::All))]);
    let stage = world.stage();
    let patch = to_roles("admin");
    let refusal = stage.administration.update(&cx, user_id(1), Version::FIRST, patch, None).await;
    assert_eq!(refused(refusal), "own_role");
    let patch = RolePatch { scope: Some(ScopeKind::Own), ..RolePatch::default() };
    let refusal = stage.roles.update(&cx, &role_name("desk"), Version::FIRST, patch).await;
    assert_eq!(refused(refusal), "own_role");
}

#[tokio::test]
async fn a_role_is_made_and_changed_within_the_reach_of_its_maker() {
    let stage = world().stage();
    let new = |access| NewRole {
        name: role_name("made"),
        label: RoleLabel::parse("Made").unwrap(),
        description: None,
        access,
    };
    let both = access(&[may::DONORS_READ, may::DONATIONS_READ], ScopeKind::Own);
    let wide = reaching(both.clone(), "donations", ScopeKind::All);
    assert_eq!(refused(stage.roles.create(&manager(), new(wide)).await), "role_not_granted");
    let fitting = reaching(both, "donors", ScopeKind::All);
    let made = stage.roles.create(&manager(), new(fitting.clone())).await.unwrap();
    assert_eq!(made.access, fitting);
    let reaches = Some([("donations".to_owned(), ScopeKind::All)].into_iter().collect());
    let patch = RolePatch { reaches, ..RolePatch::default() };
    let name = role_name("own_gifts");
    let refusal = stage.roles.update(&manager(), &name, Version::FIRST, patch).await;
    assert_eq!(refused(refusal), "role_not_granted");
}

#[test]
fn a_caller_has_the_grant_of_each_role() {
    let roles = [Role::BuiltIn(BuiltIn::Viewer), Role::BuiltIn(BuiltIn::DataEntry)];
    let caller = Role::caller(&roles, user_id(1), session_id(2));
    assert_eq!(caller.role_names(), "viewer,data_entry");
    assert_eq!(caller.reach_of(may::DONORS_READ), Some(ScopeKind::All));
    assert_eq!(caller.reach_of(P::new("donors:update")), Some(ScopeKind::Own));
}
