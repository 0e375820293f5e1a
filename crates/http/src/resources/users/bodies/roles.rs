//! The roles of a user as they are sent: the name of one in `role`, or those of several in `roles`.

use almoner_accounts::{
    AccountsError,
    role::{RoleName, RoleNames},
};
use almoner_kernel::{FieldError, Fields, Invalid, Patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::words;

/// The name of a role, among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = RoleName, format = "role_name", example = "accountant")]
pub(crate) struct RoleNameBody(String);

impl RoleNameBody {
    pub(crate) fn of(name: &RoleName) -> Self {
        Self(name.as_str().to_owned())
    }
}

/// Where a body names the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamesRoles {
    /// In `role`.
    One,
    /// In `roles`.
    Several,
}

impl NamesRoles {
    pub(super) const fn by(has_several: bool) -> Self {
        match has_several {
            true => Self::Several,
            false => Self::One,
        }
    }

    /// Has a refusal point to what was sent.
    pub(crate) fn refused(self, error: AccountsError) -> AccountsError {
        match (self, error) {
            (Self::One, AccountsError::Invalid(Invalid(mut fields))) => {
                let of_roles =
                    fields.iter_mut().filter(|field| field.pointer.starts_with("/roles/"));
                of_roles.for_each(|field| field.pointer = "/role".to_owned());
                AccountsError::Invalid(Invalid(fields))
            }
            (_, error) => error,
        }
    }
}

/// Reads the roles of a new user.
pub(super) fn required(
    role: Option<String>,
    roles: Option<Vec<RoleNameBody>>,
    fields: &mut Fields,
) -> Option<RoleNames> {
    match (role, roles) {
        (Some(_), Some(_)) => both(fields),
        (None, Some(roles)) => several(roles, fields),
        (role, None) => {
            fields.required("/role", role, |text| RoleName::parse(&text)).map(RoleNames::one)
        }
    }
}

/// Reads the roles of a user who is changed; none when they stay.
pub(super) fn patched(
    role: Patch<String>,
    roles: Patch<Vec<RoleNameBody>>,
    fields: &mut Fields,
) -> Option<RoleNames> {
    match (role, roles) {
        (role, Patch::Keep) => {
            let role = fields.patch_required("/role", role, |text| RoleName::parse(&text));
            role.map(RoleNames::one)
        }
        (Patch::Keep, roles) => {
            let roles = fields.patch_required("/roles", roles, Ok);
            roles.and_then(|roles| several(roles, fields))
        }
        _ => both(fields),
    }
}

fn both(fields: &mut Fields) -> Option<RoleNames> {
    fields.wrong(FieldError::new("/role", "one_of", words::role_or_roles()));
    None
}

fn several(roles: Vec<RoleNameBody>, fields: &mut Fields) -> Option<RoleNames> {
    let mut names = Vec::new();
    let count = roles.len();
    // However many they are, few are complained of.
    for (at, RoleNameBody(text)) in roles.into_iter().enumerate().take(RoleNames::MAX + 1) {
        let at = format!("/roles/{at}");
        names.extend(fields.required(&at, Some(text), |text| RoleName::parse(&text)));
    }
    match names.len() == count || count > RoleNames::MAX {
        true => fields.required("/roles", Some(names), RoleNames::new),
        false => None,
    }
}
