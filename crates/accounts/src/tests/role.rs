//! What the built-in roles allow.

use almoner_kernel::Permission as P;
use chrono::Duration;

use crate::role::{Access, BuiltIn, EditWindow, Role, RoleName};

/// Permissions of kinds of record that are and that may come.
const SOME: [P; 14] = [
    P::USERS_MANAGE,
    P::new("donors:read"),
    P::new("donors:create"),
    P::new("donors:update"),
    P::new("donors:reveal"),
    P::new("donors:purge"),
    P::new("campaigns:read"),
    P::new("campaigns:delete"),
    P::new("donations:read"),
    P::new("donations:create"),
    P::new("donations:update"),
    P::new("donations:refund"),
    P::new("letters:send"),
    P::new("letters:purge"),
];

fn names(role: BuiltIn) -> Vec<&'static str> {
    role.access().permissions.among(&SOME).map(P::as_str).collect()
}

#[test]
fn superadmin_may_do_everything_and_admin_everything_but_purge() {
    assert_eq!(BuiltIn::Superadmin.access(), Access::full());
    assert_eq!(names(BuiltIn::Superadmin).len(), SOME.len());
    let without_purges: Vec<&str> =
        SOME.iter().map(|one| one.as_str()).filter(|one| !one.ends_with(":purge")).collect();
    assert_eq!(names(BuiltIn::Admin), without_purges);
}

#[test]
fn accountant_has_the_money_modules_without_purge_and_reveal() {
    let expected = |name: &&str| {
        let (module, verb) = name.split_once(':').unwrap();
        matches!(module, "donors" | "donations" | "campaigns")
            && !matches!(verb, "purge" | "reveal")
    };
    let expected: Vec<&str> = SOME.iter().map(|one| one.as_str()).filter(expected).collect();
    assert_eq!(names(BuiltIn::Accountant), expected);
}

#[test]
fn the_small_roles_have_exactly_what_the_table_says() {
    assert_eq!(
        BuiltIn::DataEntry.access().permissions.names().collect::<Vec<_>>(),
        [
            "campaigns:read",
            "donations:create",
            "donations:read",
            "donations:update",
            "donors:create",
            "donors:read",
            "donors:update",
        ],
        "what data entry may do changed: when that is meant, write it here",
    );
    let may_read = ["donors:read", "campaigns:read", "donations:read"];
    assert_eq!(names(BuiltIn::Viewer), may_read, "what a viewer may do changed");
    for role in [BuiltIn::Superagent, BuiltIn::Agent, BuiltIn::Member] {
        assert_eq!(names(role), Vec::<&str>::new());
    }
    let scopes: Vec<&str> = BuiltIn::ALL.iter().map(|role| role.access().scope.as_str()).collect();
    assert_eq!(scopes, ["all", "all", "all", "all", "assigned", "own", "own", "all"]);
}

#[test]
fn only_data_entry_has_an_edit_window() {
    for role in BuiltIn::ALL {
        let minutes = role.access().edit_window.map(EditWindow::minutes);
        assert_eq!(minutes, (role == BuiltIn::DataEntry).then_some(15));
    }
    let grant = Role::BuiltIn(BuiltIn::DataEntry).grant();
    assert_eq!(grant.edit_window, Some(Duration::minutes(15)));
}

#[test]
fn every_built_in_name_is_a_role_name() {
    for role in BuiltIn::ALL {
        assert_eq!(RoleName::parse(role.as_str()).unwrap().built_in(), Some(role));
    }
}
