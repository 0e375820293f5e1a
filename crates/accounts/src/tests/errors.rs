//! What a refusal tells the outside.

use std::time::Duration;

use almoner_kernel::{
    Denied, Fault, FieldError, Invalid, Quota, Stale, StoreError, Version, words,
};

use crate::{AccountsError, ports::HashError};

const WAIT: Duration = Duration::from_secs(1);

#[test]
fn a_refusal_is_told_as_it_is_logged() {
    let field = FieldError::new("/name", "required", words::is_required());
    for error in [
        AccountsError::Denied(Denied::Unauthenticated),
        AccountsError::Invalid(Invalid::one(field)),
        AccountsError::Stale(Stale {
            current: Version::FIRST,
            fields: Vec::new(),
            is_of_another_time: false,
        }),
        AccountsError::NotFound,
        AccountsError::InvalidCredentials,
        AccountsError::Locked { retry_after: WAIT },
        AccountsError::RateLimited { retry_after: WAIT, quota: Quota { limit: 10, window: WAIT } },
        AccountsError::LastSuperadmin,
        AccountsError::OwnRole,
        AccountsError::OwnAccount,
        AccountsError::RoleNotGranted,
        AccountsError::UserNotManageable,
        AccountsError::email_taken(),
        AccountsError::role_name_taken(),
        AccountsError::RoleInUse { users: 3 },
        AccountsError::RoleBuiltIn,
        AccountsError::NotActive,
        AccountsError::AlreadyActive,
    ] {
        let told = error.detail().map(|detail| detail.to_string());
        assert_eq!(told, Some(error.to_string()), "{}", error.code());
    }
}

#[test]
fn a_fault_of_the_program_is_logged_and_not_told() {
    for error in [
        AccountsError::Hash(HashError::Busy { retry_after: WAIT }),
        AccountsError::Store(StoreError::Failed("syntax".into())),
        AccountsError::Store(StoreError::Unavailable("gone".into())),
    ] {
        assert_eq!(error.detail(), None, "{error}");
    }
}
