//! Permissions, and what sets of patterns grant.

use proptest::prelude::*;

use crate::{Permission, PermissionSet};

const SOME: [Permission; 6] = [
    Permission::new("donors:read"),
    Permission::new("donors:purge"),
    Permission::new("aid-applications:read"),
    Permission::new("aid-applications:approve"),
    Permission::USERS_READ,
    Permission::USERS_MANAGE,
];

#[test]
fn every_name_is_a_module_and_a_verb() {
    for permission in Permission::OF_THE_HOUSE {
        let (module, verb) = permission.as_str().split_once(':').unwrap();
        for part in [module, verb] {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(!part.is_empty() && is_plain);
        }
        assert_eq!(permission.to_string(), permission.as_str());
    }
}

#[test]
fn nothing_and_everything_are_what_they_say() {
    for permission in SOME {
        assert!(!PermissionSet::NONE.has(permission));
        assert!(PermissionSet::everything().has(permission));
    }
    assert_eq!(PermissionSet::default(), PermissionSet::NONE);
    assert!(PermissionSet::everything().covers(&PermissionSet::everything()));
    assert!(!PermissionSet::NONE.covers(&PermissionSet::everything()));
}

#[test]
fn a_pattern_grants_what_fits_it_and_withholds_what_is_taken_out() {
    let readers = PermissionSet::granting(&["*:read"]);
    assert_eq!(readers.among(&SOME).collect::<Vec<_>>(), [SOME[0], SOME[2], SOME[4]]);
    let admin = PermissionSet::everything().withholding(&["*:purge"]);
    assert!(!admin.has(SOME[1]) && admin.has(SOME[5]));
    let clerk = PermissionSet::granting(&["donors:*"]);
    assert!(clerk.has(SOME[1]) && !clerk.has(SOME[2]));
}

#[test]
fn what_is_withheld_is_not_covered() {
    let admin = PermissionSet::everything().withholding(&["*:purge"]);
    assert!(admin.covers(&admin));
    assert!(PermissionSet::everything().covers(&admin));
    assert!(!admin.covers(&PermissionSet::everything()));
    assert!(!admin.covers(&PermissionSet::granting(&["donors:*"])));
    assert!(!admin.covers(&PermissionSet::NONE.with(SOME[1])));
    assert!(admin.covers(&PermissionSet::NONE.with(SOME[0])));
    let less = PermissionSet::granting(&["donors:*"]).withholding(&["donors:purge"]);
    assert!(!less.has(SOME[1]) && PermissionSet::granting(&["donors:*"]).covers(&less));
}

#[test]
fn a_name_that_nobody_knows_any_more_grants_nothing() {
    let role = PermissionSet::named(["donors:read".to_owned(), "letters:send".to_owned()]);
    assert_eq!(role.among(&SOME).collect::<Vec<_>>(), [SOME[0]]);
    assert_eq!(role.names().collect::<Vec<_>>(), ["donors:read", "letters:send"]);
}

#[test]
fn a_set_is_written_with_the_patterns_in_it() {
    let set = PermissionSet::granting(&["*:read"]).withholding(&["audit:read"]);
    assert_eq!(format!("{set:?}"), r#"{"*:read", "-audit:read"}"#);
}

fn patterns() -> impl Strategy<Value = Vec<&'static str>> {
    let all =
        ["*:*", "*:read", "*:purge", "donors:*", "donors:read", "donors:purge", "users:manage"];
    prop::sample::subsequence(all.to_vec(), 0..=all.len())
}

fn sets() -> impl Strategy<Value = PermissionSet> {
    (patterns(), patterns())
        .prop_map(|(granted, withheld)| PermissionSet::granting(&granted).withholding(&withheld))
}

proptest! {
    /// Whoever covers a set has everything in it, whatever kinds of record there will be.
    #[test]
    fn covering_means_having_everything(one in sets(), other in sets()) {
        if one.covers(&other) {
            for permission in SOME {
                prop_assert!(!other.has(permission) || one.has(permission), "{permission}");
            }
        }
    }

    #[test]
    fn a_set_holds_exactly_what_was_put_into_it(
        some in prop::sample::subsequence(SOME.to_vec(), 0..=SOME.len()),
    ) {
        let set: PermissionSet = some.iter().copied().collect();
        for permission in SOME {
            prop_assert_eq!(set.has(permission), some.contains(&permission));
        }
        prop_assert!(PermissionSet::everything().covers(&set) && set.covers(&set));
    }
}
