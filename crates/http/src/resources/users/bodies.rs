//! Users and changes of them, as they are sent and shown.

mod changes;
mod examples;
mod roles;

use almoner_accounts::{
    administration::SeenUser,
    login::Lock,
    user::{Locale, NewUser, TimeZone, User},
};
use almoner_kernel::{EmailAddress, Fields, Invalid, PersonName, Region};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::changes::{ProfilePatchBody, UserPatchBody};
pub(super) use self::examples::{
    created_user_example, inactive_user_example, invited_user_example,
};
pub(crate) use self::examples::{new_user_example, seen_user_example, user_example};
pub(crate) use self::roles::NamesRoles;
pub(crate) use self::roles::RoleNameBody;
use crate::resources::{
    shared,
    words::{LockKindWord, Word},
};

/// Somebody who can log in.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    /// Which one.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    id: Uuid,
    /// The name shown to others.
    #[schema(format = "line", min_length = 1, max_length = 200, example = "Elif Kaya")]
    name: String,
    /// What the user logs in with; unique, whatever the case.
    #[schema(format = Email, example = "elif.kaya@umutdernegi.org")]
    email: String,
    /// The phone number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "e164",
        nullable = false,
        pattern = r"^\+[1-9][0-9]{1,14}$",
        example = "+905321234567"
    )]
    phone: Option<String>,
    /// The language the user reads, BCP 47.
    #[schema(format = "language", example = "tr")]
    locale: String,
    /// The time zone the user's days are counted in, of the IANA database.
    #[schema(format = "time_zone", example = "Europe/Istanbul")]
    time_zone: String,
    /// The name of the role: what the user may do. Absent when they have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "role_name", nullable = false, example = "accountant")]
    role: Option<String>,
    /// The names of all of their roles: a right counts with the reach and the time of a role that gives it.
    #[schema(
        min_items = 1,
        max_items = 8,
        example = json!(["accountant"]),
    )]
    roles: Vec<RoleNameBody>,
    /// False after a deactivation: the user cannot log in.
    #[schema(example = true)]
    active: bool,
    /// True for a user who was invited and has not chosen a password yet: they cannot log in.
    #[schema(example = false)]
    invitation_pending: bool,
    /// What keeps logins of the user off at the moment; absent when nothing does, and where users are
    /// not read for themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 10)]
    locks: Vec<LockBody>,
    /// The last successful login; absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime, example = "2026-03-14T09:26:53.589Z")]
    last_login_at: Option<String>,
    /// Grows with every change; the same number as in the `ETag`.
    #[schema(minimum = 1, example = 3)]
    version: i64,
    /// When the user was created.
    #[schema(format = DateTime, example = "2026-01-05T08:00:00.000Z")]
    created_at: String,
    /// When the user was last changed.
    #[schema(format = DateTime, example = "2026-02-11T13:45:10.120Z")]
    updated_at: String,
}

impl UserBody {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            id: user.id.uuid(),
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            phone: user.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            locale: user.locale.as_str().to_owned(),
            time_zone: user.time_zone.as_str().to_owned(),
            role: user.roles.only().map(|role| role.as_str().to_owned()),
            roles: user.roles.iter().map(RoleNameBody::of).collect(),
            active: user.active,
            invitation_pending: user.invited_at.is_some(),
            locks: Vec::new(),
            last_login_at: user.last_login_at.map(shared::instant),
            version: user.version.number(),
            created_at: shared::instant(user.created_at),
            updated_at: shared::instant(user.updated_at),
        }
    }

    /// With what keeps their logins off.
    pub(crate) fn seen(seen: &SeenUser) -> Self {
        Self { locks: seen.locks.iter().map(LockBody::of).collect(), ..Self::of(&seen.user) }
    }
}

/// Something that keeps logins of a user off.
#[derive(Serialize, ToSchema)]
#[schema(as = Lock)]
pub(crate) struct LockBody {
    /// Whose logins.
    #[schema(example = "strangers")]
    kind: LockKindWord,
    /// Until when, unless there are more wrong passwords.
    #[schema(format = DateTime, example = "2026-03-14T09:41:53.589Z")]
    until: String,
}

impl LockBody {
    fn of(lock: &Lock) -> Self {
        Self { kind: Word(lock.kind), until: shared::instant(lock.until) }
    }
}

/// A user to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(crate) struct NewUserBody {
    /// The name shown to others; runs of white space become one space.
    #[schema(
        format = "line",
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "Mehmet Demir"
    )]
    name: Option<String>,
    /// What the user logs in with; no other user may have it, whatever the case.
    #[schema(
        required = true,
        nullable = false,
        format = Email,
        max_length = 320,
        example = "mehmet.demir@umutdernegi.org",
    )]
    email: Option<String>,
    /// The first password: 12 to 128 characters unless the operator has decided otherwise, of any
    /// kind, neither well known nor easy to guess. Without it the user is invited by mail to choose
    /// one.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        nullable = false,
        format = Password,
        write_only,
        min_length = 8,
        max_length = 1024,
        example = "kestane rengi yelkenli 84",
    )]
    password: Option<String>,
    /// The name of a role: what the user may do. Either this or `roles` is sent.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "role_name",
        nullable = false,
        min_length = 3,
        max_length = 40,
        example = "data_entry"
    )]
    role: Option<String>,
    /// The names of several roles, each once.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        nullable = false,
        min_items = 1,
        max_items = 8,
        example = json!(["data_entry", "volunteer"]),
    )]
    roles: Option<Vec<RoleNameBody>>,
    /// The phone number: international, or national of the organisation's country. It is kept as
    /// E.164.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "line",
        nullable = false,
        min_length = 3,
        max_length = 64,
        example = "0532 765 43 21"
    )]
    phone: Option<String>,
    /// The language the user reads, BCP 47.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "language",
        nullable = false,
        min_length = 2,
        max_length = 35,
        default = "en",
        example = "tr"
    )]
    locale: Option<String>,
    /// The time zone the user's days are counted in, of the IANA database.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(format = "time_zone", nullable = false, default = "UTC", example = "Europe/Istanbul")]
    time_zone: Option<String>,
}

impl NewUserBody {
    /// Where the body names the roles.
    pub(crate) fn names_roles(&self) -> NamesRoles {
        NamesRoles::by(self.roles.is_some())
    }

    pub(crate) fn command(
        self,
        mut fields: Fields,
        region: Region,
    ) -> Result<(NewUser, Option<SecretString>), Invalid> {
        let name = fields.required("/name", self.name, |text| PersonName::parse(&text));
        let email = fields.required("/email", self.email, |text| EmailAddress::parse(&text));
        let password = self.password.map(SecretString::from);
        let roles = roles::required(self.role, self.roles, &mut fields);
        let phone = fields.optional("/phone", self.phone, |text| shared::phone(text, region));
        let locale = fields.optional("/locale", self.locale, |text| Locale::parse(&text));
        let time_zone =
            fields.optional("/time_zone", self.time_zone, |text| TimeZone::parse(&text));
        let new = (|| {
            let new = NewUser {
                name: name?,
                email: email?,
                phone,
                locale: locale.unwrap_or_default(),
                time_zone: time_zone.unwrap_or_default(),
                roles: roles?,
            };
            Some((new, password))
        })();
        fields.finish(new)
    }
}
