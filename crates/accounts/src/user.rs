//! Somebody who can log in: the record, its changes, and the credentials that are kept apart from it.

use std::{fmt, str::FromStr};

use almoner_kernel::{
    Audited, EmailAddress, FieldValue, Patch, PersonName, PhoneNumber, Snapshot, Sort, Subject,
    Timestamp, UserId, Version,
    fault::Unfit,
    id::{Entity, UserEntity},
    text,
};
use uuid::Uuid;

use crate::{
    role::{BuiltIn, RoleName, RoleNames},
    words,
};

/// A user, without any secret: the password hash lives in [`Credentials`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub id: UserId,
    /// The name shown to others.
    pub name: PersonName,
    /// What the user logs in with; unique without case.
    pub email: EmailAddress,
    /// Optional, E.164.
    pub phone: Option<PhoneNumber>,
    /// The language the user reads.
    pub locale: Locale,
    /// The time zone the user's days are counted in.
    pub time_zone: TimeZone,
    /// What the user may do: built-in and custom roles.
    pub roles: RoleNames,
    /// False after a deactivation: the user can no longer log in, and has no session.
    pub active: bool,
    /// When the user was last sent an invitation that has not been accepted; none for a user with a
    /// password.
    pub invited_at: Option<Timestamp>,
    /// The last successful login. It changes without a new version: a login is not an edit.
    pub last_login_at: Option<Timestamp>,
    /// Grows with every edit.
    pub version: Version,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user was last edited.
    pub updated_at: Timestamp,
}

impl User {
    /// A user who is created now: active, never logged in, version 1.
    pub fn created(id: UserId, new: NewUser, at: Timestamp) -> Self {
        Self {
            id,
            name: new.name,
            email: new.email,
            phone: new.phone,
            locale: new.locale,
            time_zone: new.time_zone,
            roles: new.roles,
            active: true,
            invited_at: None,
            last_login_at: None,
            version: Version::FIRST,
            created_at: at,
            updated_at: at,
        }
    }

    /// The user after an administrator's edit; the same user when the patch changes nothing.
    #[must_use]
    pub fn patched(&self, patch: UserPatch, at: Timestamp) -> Self {
        let mut after = self.clone();
        if let Some(email) = patch.email {
            after.email = email;
        }
        if let Some(roles) = patch.roles {
            after.roles = roles;
        }
        after.apply(patch.profile);
        self.edited(after, at)
    }

    /// The user after an edit of the own profile; the same user when the patch changes nothing.
    #[must_use]
    pub fn with_profile(&self, patch: ProfilePatch, at: Timestamp) -> Self {
        let mut after = self.clone();
        after.apply(patch);
        self.edited(after, at)
    }

    /// The user, no longer able to log in.
    #[must_use]
    pub fn deactivated(&self, at: Timestamp) -> Self {
        self.edited(Self { active: false, ..self.clone() }, at)
    }

    /// The user, able to log in again.
    #[must_use]
    pub fn restored(&self, at: Timestamp) -> Self {
        self.edited(Self { active: true, ..self.clone() }, at)
    }

    /// The user, who is sent an invitation to choose a first password.
    #[must_use]
    pub fn invited(&self, at: Timestamp) -> Self {
        self.edited(Self { invited_at: Some(at), ..self.clone() }, at)
    }

    /// The user, who has chosen a first password.
    #[must_use]
    pub fn joined(&self, at: Timestamp) -> Self {
        self.edited(Self { invited_at: None, ..self.clone() }, at)
    }

    /// What a search for users looks through: name, e-mail and phone, folded.
    pub fn search_text(&self) -> String {
        let mut all = text::name_words(self.name.as_str());
        text::add(&mut all, &text::words(self.email.as_str()));
        text::add(&mut all, &self.phone.as_ref().map(PhoneNumber::words).unwrap_or_default());
        all
    }

    /// What a guesser of the user's password would know: name, address, phone.
    pub(crate) fn known_words(&self) -> Vec<&str> {
        known_words(&self.name, &self.email, self.phone.as_ref())
    }

    /// True for a user who can do everything, and can log in to do it.
    pub(crate) fn is_active_superadmin(&self) -> bool {
        self.active && self.roles.has_built_in(BuiltIn::Superadmin)
    }

    fn apply(&mut self, patch: ProfilePatch) {
        if let Some(name) = patch.name {
            self.name = name;
        }
        patch.phone.apply(&mut self.phone);
        if let Some(locale) = patch.locale {
            self.locale = locale;
        }
        if let Some(time_zone) = patch.time_zone {
            self.time_zone = time_zone;
        }
    }

    fn edited(&self, mut after: Self, at: Timestamp) -> Self {
        if after != *self {
            after.version = self.version.next();
            after.updated_at = at;
        }
        after
    }
}

impl Audited for User {
    const ENTITY: &'static str = UserEntity::NAME;
    const PERSONAL: &'static [&'static str] = &["name", "email", "phone"];

    fn subject(&self) -> Option<Subject> {
        Some((Self::ENTITY, self.id.uuid()))
    }

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("name", self.name.as_str().into()),
            ("email", self.email.as_str().into()),
            ("phone", self.phone.as_ref().map(PhoneNumber::as_str).into()),
            ("locale", self.locale.as_str().into()),
            ("time_zone", self.time_zone.as_str().into()),
            ("role", self.roles.joined().as_str().into()),
            ("active", FieldValue::Bool(self.active)),
            ("invited_at", self.invited_at.into()),
        ]
    }
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name shown to others.
    pub name: PersonName,
    /// What the user logs in with.
    pub email: EmailAddress,
    /// Optional.
    pub phone: Option<PhoneNumber>,
    /// The language the user reads.
    pub locale: Locale,
    /// The time zone the user's days are counted in.
    pub time_zone: TimeZone,
    /// What the user may do.
    pub roles: RoleNames,
}

impl NewUser {
    /// What a guesser of the user's password would know: name, address, phone.
    pub(crate) fn known_words(&self) -> Vec<&str> {
        known_words(&self.name, &self.email, self.phone.as_ref())
    }
}

fn known_words<'a>(
    name: &'a PersonName,
    email: &'a EmailAddress,
    phone: Option<&'a PhoneNumber>,
) -> Vec<&'a str> {
    [name.as_str(), email.as_str()].into_iter().chain(phone.map(PhoneNumber::as_str)).collect()
}

/// An administrator's edit of a user; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    /// The part the user may edit too.
    pub profile: ProfilePatch,
    /// A new address to log in with; ends the user's sessions.
    pub email: Option<EmailAddress>,
    /// All of the user's roles from now on; ends the user's sessions.
    pub roles: Option<RoleNames>,
}

/// A user's edit of the own profile; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    /// A new name.
    pub name: Option<PersonName>,
    /// A new phone number, or none.
    pub phone: Patch<PhoneNumber>,
    /// A new language.
    pub locale: Option<Locale>,
    /// A new time zone.
    pub time_zone: Option<TimeZone>,
}

pub use almoner_kernel::Locale;

/// A time zone of the IANA database, such as `Europe/Istanbul`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeZone(chrono_tz::Tz);

impl TimeZone {
    /// Parses a name of the IANA database, with its case.
    ///
    /// # Errors
    /// `time_zone` when there is no such zone.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        chrono_tz::Tz::from_str(text)
            .map(Self)
            .map_err(|_| Unfit::new("time_zone", words::not_a_time_zone()))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// The zone, to count days in.
    pub const fn tz(self) -> chrono_tz::Tz {
        self.0
    }
}

impl Default for TimeZone {
    /// UTC.
    fn default() -> Self {
        Self(chrono_tz::Tz::UTC)
    }
}

/// What proves a user. It never leaves the accounts store but for
/// the check of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they are.
    pub user_id: UserId,
    /// The hash of the password.
    pub password_hash: PasswordHashText,
}

/// A password hash in PHC string format, with its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHashText(String);

impl PasswordHashText {
    /// Wraps what the hasher made, or what is stored.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text: for the hasher and for storage, never for an answer or a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHashText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Which users a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// Only active ones, only inactive ones, or both.
    pub active: Option<bool>,
    /// Only those who have this role, alone or beside others.
    pub role: Option<RoleName>,
    /// Only those whose [`User::search_text`] has every word of this text, the last one as the start of
    /// one of its words.
    pub q: Option<String>,
    /// The order.
    pub sort: Sort<UserSort>,
}

impl Default for UserQuery {
    /// Everybody, the newest first.
    fn default() -> Self {
        Self { active: None, role: None, q: None, sort: Sort::down(UserSort::CreatedAt) }
    }
}

/// What a list of users is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserSort {
    /// The time of creation.
    CreatedAt,
    /// The folded name.
    Name,
    /// The e-mail address, without case.
    Email,
    /// The last login; somebody who never logged in counts as the oldest.
    LastLoginAt,
}

impl UserSort {
    /// Every field a list can be sorted by.
    pub const ALL: [Self; 4] = [Self::CreatedAt, Self::Name, Self::Email, Self::LastLoginAt];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Name => "name",
            Self::Email => "email",
            Self::LastLoginAt => "last_login_at",
        }
    }

    /// The field with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }
}
