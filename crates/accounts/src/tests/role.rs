//! What the built-in roles allow, and which access covers which.

use almoner_kernel::{Permission as P, PermissionSet, ScopeKind};
use chrono::Duration;

use super::world::{access, session_id, user_id};
use crate::role::{Access, BuiltIn, EditWindow, Role, RoleName};

fn names(role: BuiltIn) -> Vec<&'static str> {
    role.access().permissions.iter().map(P::as_str).collect()
}

#[test]
fn superadmin_may_do_everything_and_admin_everything_but_purge() {
    assert_eq!(BuiltIn::Superadmin.access(), Access::FULL);
    assert_eq!(BuiltIn::Superadmin.access().permissions, PermissionSet::all());
    let purges: PermissionSet =
        P::ALL.iter().copied().filter(|p| p.as_str().ends_with(":purge")).collect();
    assert_eq!(BuiltIn::Admin.access().permissions, PermissionSet::all().without(purges));
}

#[test]
fn accountant_has_the_money_modules_without_purge_and_reveal() {
    let expected: PermissionSet = P::ALL
        .iter()
        .copied()
        .filter(|p| {
            let (module, verb) = p.as_str().split_once(':').unwrap();
            matches!(module, "donors" | "donations" | "campaigns")
                && !matches!(verb, "purge" | "reveal")
        })
        .collect();
    assert_eq!(BuiltIn::Accountant.access().permissions, expected);
}

#[test]
fn the_small_roles_have_exactly_what_the_table_says() {
    assert_eq!(
        names(BuiltIn::DataEntry),
        [
            "donors:read",
            "donors:create",
            "donors:update",
            "campaigns:read",
            "donations:read",
            "donations:create",
            "donations:update"
        ]
    );
    assert_eq!(names(BuiltIn::Viewer), ["donors:read", "campaigns:read", "donations:read"]);
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
    let caller = Role::BuiltIn(BuiltIn::DataEntry).caller(user_id(1), session_id(2));
    assert_eq!(caller.edit_window, Some(Duration::minutes(15)));
}

#[test]
fn an_access_covers_another_in_permissions_scope_and_time() {
    let base = access(&[P::DonorsRead], ScopeKind::Assigned);
    let window = |minutes| Access { edit_window: EditWindow::parse(minutes).ok(), ..base };
    let table = [
        (base, base, true),
        (base, access(&[], ScopeKind::Own), true),
        (base, access(&[P::DonorsRead, P::DonorsCreate], ScopeKind::Own), false),
        (base, access(&[P::DonorsRead], ScopeKind::All), false),
        (base, window(15), true),
        (window(15), window(15), true),
        (window(15), window(14), true),
        (window(15), window(16), false),
        (window(15), base, false),
    ];
    for (own, other, covers) in table {
        assert_eq!(own.covers(&other), covers, "{own:?} covers {other:?}");
    }
}

#[test]
fn every_built_in_name_is_a_role_name() {
    for role in BuiltIn::ALL {
        assert_eq!(RoleName::parse(role.as_str()).unwrap().built_in(), Some(role));
    }
}
