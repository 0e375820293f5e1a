//! The registry of permissions, and sets of them.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::{Permission, PermissionSet};

#[test]
fn every_permission_has_a_bit_of_its_own() {
    assert!(Permission::ALL.len() < 64);
    for (at, permission) in Permission::ALL.iter().enumerate() {
        assert_eq!(*permission as usize, at);
    }
}

#[test]
fn the_name_of_every_permission_leads_back_to_it() {
    let names: HashSet<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();
    assert_eq!(names.len(), Permission::ALL.len());
    for &permission in Permission::ALL {
        assert_eq!(permission.as_str().parse(), Ok(permission));
        assert_eq!(permission.to_string(), permission.as_str());
    }
}

#[test]
fn every_name_is_a_module_and_a_verb() {
    for permission in Permission::ALL {
        let (module, verb) = permission.as_str().split_once(':').unwrap();
        for part in [module, verb] {
            assert!(
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
        }
    }
}

#[test]
fn what_is_not_a_name_is_refused() {
    for text in ["", "donors", "donors:", ":read", "Donors:Read", "donors:read ", "donors:*"] {
        assert!(text.parse::<Permission>().is_err(), "{text:?}");
    }
}

#[test]
fn nothing_and_everything_are_what_they_say() {
    for &permission in Permission::ALL {
        assert!(!PermissionSet::NONE.has(permission));
        assert!(PermissionSet::all().has(permission));
    }
    assert_eq!(PermissionSet::default(), PermissionSet::NONE);
    assert_eq!(PermissionSet::all().iter().count(), Permission::ALL.len());
    assert_eq!(PermissionSet::all().without(PermissionSet::all()), PermissionSet::NONE);
}

#[test]
fn a_set_is_written_with_the_names_in_it() {
    let set = PermissionSet::NONE.with(Permission::AuditRead).with(Permission::UsersRead);
    assert_eq!(format!("{set:?}"), r#"{"users:read", "audit:read"}"#);
}

fn some_permissions() -> impl Strategy<Value = Vec<Permission>> {
    prop::sample::subsequence(Permission::ALL.to_vec(), 0..=Permission::ALL.len())
}

proptest! {
    #[test]
    fn a_set_holds_exactly_what_was_put_into_it(permissions in some_permissions()) {
        let set: PermissionSet = permissions.iter().copied().collect();
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), permissions.clone());
        for &permission in Permission::ALL {
            prop_assert_eq!(set.has(permission), permissions.contains(&permission));
        }
    }

    #[test]
    fn a_set_covers_another_when_nothing_of_it_is_left_without(
        one in some_permissions(),
        other in some_permissions(),
    ) {
        let one: PermissionSet = one.into_iter().collect();
        let other: PermissionSet = other.into_iter().collect();
        prop_assert_eq!(one.covers(other), other.iter().all(|permission| one.has(permission)));
        prop_assert_eq!(one.covers(other), other.without(one) == PermissionSet::NONE);
        prop_assert!(one.covers(one.without(other)));
        prop_assert!(one.without(other).iter().all(|permission| !other.has(permission)));
    }

    #[test]
    fn any_text_is_a_permission_or_refused(text in any::<String>()) {
        if let Ok(permission) = text.parse::<Permission>() {
            prop_assert_eq!(permission.as_str(), text);
        }
    }
}
