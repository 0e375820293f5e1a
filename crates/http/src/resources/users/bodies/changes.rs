//! Changes of users, as they are sent.

use almoner_accounts::user::{Locale, ProfilePatch, TimeZone, UserPatch};
use almoner_kernel::{EmailAddress, Fields, Invalid, Patch, PersonName, Region};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::roles::{self, NamesRoles, RoleNameBody};
use crate::{
    kit::patch,
    resources::{auth::bodies::secret, shared},
};

/// A change of one's own user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfilePatch)]
pub(crate) struct ProfilePatchBody {
    /// The name shown to others; runs of white space become one space.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 200,
        example = "Elif Kaya",
    )]
    name: Patch<String>,
    /// The phone number: international, or national of the organisation's country; `null` removes
    /// it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = Option<String>,
        min_length = 3,
        max_length = 64,
        example = "0532 123 45 67",
    )]
    phone: Patch<String>,
    /// The language to read, BCP 47.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "language", 
        value_type = String,
        required = false,
        min_length = 2,
        max_length = 35,
        example = "tr",
    )]
    locale: Patch<String>,
    /// The time zone to count days in, of the IANA database.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "time_zone", value_type = String, required = false, example = "Europe/Istanbul")]
    time_zone: Patch<String>,
}

impl ProfilePatchBody {
    pub(crate) fn command(
        self,
        mut fields: Fields,
        region: Region,
    ) -> Result<ProfilePatch, Invalid> {
        let patch = self.read(&mut fields, region);
        fields.finish(Some(patch))
    }

    fn read(self, fields: &mut Fields, region: Region) -> ProfilePatch {
        ProfilePatch {
            name: fields.patch_required("/name", self.name, |text| PersonName::parse(&text)),
            phone: fields.patch("/phone", self.phone, |text| shared::phone(text, region)),
            locale: fields.patch_required("/locale", self.locale, |text| Locale::parse(&text)),
            time_zone: fields
                .patch_required("/time_zone", self.time_zone, |text| TimeZone::parse(&text)),
        }
    }
}

/// An administrator's change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserPatch)]
pub(crate) struct UserPatchBody {
    /// The name shown to others; runs of white space become one space.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 200,
        example = "Elif Kaya",
    )]
    name: Patch<String>,
    /// What the user logs in with; no other user may have it, whatever the case. A new one ends the
    /// user's sessions. Your own needs `current_password`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        value_type = String,
        required = false,
        format = Email,
        max_length = 320,
        example = "elif.kaya@umutdernegi.org",
    )]
    email: Patch<String>,
    /// The name of the only role from now on: what the user may do. A new one ends the user's sessions.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "role_name", 
        value_type = String,
        required = false,
        min_length = 3,
        max_length = 40,
        example = "accountant",
    )]
    role: Patch<String>,
    /// The names of all of their roles from now on, each once, instead of `role`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        value_type = Vec<RoleNameBody>,
        required = false,
        min_items = 1,
        max_items = 8,
        example = json!(["accountant", "volunteer"]),
    )]
    roles: Patch<Vec<RoleNameBody>>,
    /// The phone number: international, or national of the organisation's country; `null` removes
    /// it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = Option<String>,
        min_length = 3,
        max_length = 64,
        example = "0532 123 45 67",
    )]
    phone: Patch<String>,
    /// The language the user reads, BCP 47.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "language", 
        value_type = String,
        required = false,
        min_length = 2,
        max_length = 35,
        example = "tr",
    )]
    locale: Patch<String>,
    /// The time zone the user's days are counted in, of the IANA database.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "time_zone", value_type = String, required = false, example = "Europe/Istanbul")]
    time_zone: Patch<String>,
    /// The password you have now: needed for a new e-mail address of your own, and looked at for nothing
    /// else.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        required = false,
        nullable = false,
        format = Password,
        write_only,
        max_length = 1024,
        example = "kestane rengi yelkenli 84",
    )]
    current_password: Option<String>,
}

impl UserPatchBody {
    /// Where the body names the roles.
    pub(crate) fn names_roles(&self) -> NamesRoles {
        NamesRoles::by(!matches!(self.roles, Patch::Keep))
    }

    pub(crate) fn command(
        self,
        mut fields: Fields,
        region: Region,
    ) -> Result<(UserPatch, Option<SecretString>), Invalid> {
        let Self { name, email, role, roles, phone, locale, time_zone, current_password } = self;
        let profile = ProfilePatchBody { name, phone, locale, time_zone };
        let patch = UserPatch {
            email: fields.patch_required("/email", email, |text| EmailAddress::parse(&text)),
            roles: roles::patched(role, roles, &mut fields),
            profile: profile.read(&mut fields, region),
        };
        let current = fields.optional("/current_password", current_password, secret);
        fields.finish(Some((patch, current)))
    }
}
