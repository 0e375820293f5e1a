//! What users may do: the built-in roles, custom ones, and the rule that nobody hands out more than
//! they have.

use std::fmt;

use almoner_kernel::{
    Actor, Audited, Caller, Context, FieldValue, Patch, PermissionSet, ScopeKind, SessionId,
    Snapshot, Timestamp, UserId, Version,
    fault::Unfit,
    id::{Entity, RoleEntity, RoleId},
    text,
};
use chrono::Duration;
use uuid::Uuid;

use crate::words;

mod built_in;

pub use built_in::BuiltIn;

/// A role as a user has it and as `/roles` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of the program.
    BuiltIn(BuiltIn),
    /// Made by an administrator.
    Custom(CustomRole),
}

impl Role {
    /// The name users and the API know it by.
    pub fn name(&self) -> RoleName {
        match self {
            Self::BuiltIn(role) => role.role_name(),
            Self::Custom(role) => role.name.clone(),
        }
    }

    /// What people read.
    pub fn label(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.label(),
            Self::Custom(role) => role.label.as_str(),
        }
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::BuiltIn(role) => Some(role.description()),
            Self::Custom(role) => role.description.as_ref().map(RoleDescription::as_str),
        }
    }

    /// What it lets a user do.
    pub fn access(&self) -> Access {
        match self {
            Self::BuiltIn(role) => role.access(),
            Self::Custom(role) => role.access.clone(),
        }
    }

    /// The custom role; none for a built-in one.
    pub const fn custom(&self) -> Option<&CustomRole> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(role) => Some(role),
        }
    }

    /// A user of this role in a session.
    pub fn caller(&self, user_id: UserId, session_id: SessionId) -> Caller {
        let access = self.access();
        Caller {
            user_id,
            session_id,
            role: self.name().as_str().to_owned(),
            permissions: access.permissions,
            scope: access.scope,
            edit_window: access.edit_window.map(EditWindow::duration),
        }
    }
}

/// What a role lets a user do, to which rows, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it may do.
    pub permissions: PermissionSet,
    /// Which rows it may meet.
    pub scope: ScopeKind,
    /// How long after creating a record it may still change it; no limit when absent.
    pub edit_window: Option<EditWindow>,
}

impl Access {
    /// Everything, everywhere, for ever.
    pub fn full() -> Self {
        BuiltIn::Superadmin.access()
    }

    /// True when this access is at least `other`: every permission of it, rows as wide, time as
    /// long. Only then may its holder grant the other, or manage somebody who has it.
    pub fn covers(&self, other: &Self) -> bool {
        let window = match (self.edit_window, other.edit_window) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(theirs)) => own >= theirs,
        };
        self.permissions.covers(&other.permissions) && self.scope >= other.scope && window
    }

    /// What the actor of a use case has: everything for the program itself, nothing for a stranger.
    pub fn of(cx: &Context) -> Option<Self> {
        match &cx.actor {
            Actor::System(_) => Some(Self::full()),
            Actor::User(caller) => Some(Self {
                permissions: caller.permissions.clone(),
                scope: caller.scope,
                edit_window: caller.edit_window.map(EditWindow::within),
            }),
            Actor::Anonymous => None,
        }
    }
}

/// A role an administrator made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Which one.
    pub id: RoleId,
    /// What users and the API know it by; it never changes, users are bound to it.
    pub name: RoleName,
    /// What people read.
    pub label: RoleLabel,
    /// What it is for.
    pub description: Option<RoleDescription>,
    /// What it lets a user do.
    pub access: Access,
    /// Grows with every change.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl CustomRole {
    /// A role that is made now.
    pub fn created(id: RoleId, new: NewRole, at: Timestamp) -> Self {
        Self {
            id,
            name: new.name,
            label: new.label,
            description: new.description,
            access: new.access,
            version: Version::FIRST,
            created_at: at,
            updated_at: at,
        }
    }

    /// The role after a change; the same role when the patch changes nothing.
    #[must_use]
    pub fn patched(&self, patch: RolePatch, at: Timestamp) -> Self {
        let mut after = self.clone();
        if let Some(label) = patch.label {
            after.label = label;
        }
        patch.description.apply(&mut after.description);
        if let Some(permissions) = patch.permissions {
            after.access.permissions = permissions;
        }
        if let Some(scope) = patch.scope {
            after.access.scope = scope;
        }
        patch.edit_window.apply(&mut after.access.edit_window);
        if after != *self {
            after.version = self.version.next();
            after.updated_at = at;
        }
        after
    }
}

impl Audited for CustomRole {
    const ENTITY: &'static str = RoleEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        let permissions: Vec<&str> = self.access.permissions.names().collect();
        vec![
            ("name", self.name.as_str().into()),
            ("label", self.label.as_str().into()),
            ("description", self.description.as_ref().map(RoleDescription::as_str).into()),
            ("permissions", permissions.join(" ").into()),
            ("scope", self.access.scope.as_str().into()),
            (
                "edit_window_minutes",
                self.access
                    .edit_window
                    .map_or(FieldValue::Null, |window| i64::from(window.minutes()).into()),
            ),
        ]
    }
}

/// A custom role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Unique, not the name of a built-in role.
    pub name: RoleName,
    /// What people read.
    pub label: RoleLabel,
    /// What it is for.
    pub description: Option<RoleDescription>,
    /// What it lets a user do.
    pub access: Access,
}

/// A change of a custom role; absent fields stay. A change of permissions, scope or edit window ends
/// the sessions of the users who have it.
#[derive(Clone, Debug, Default)]
pub struct RolePatch {
    /// What people read.
    pub label: Option<RoleLabel>,
    /// What it is for.
    pub description: Patch<RoleDescription>,
    /// All of its permissions.
    pub permissions: Option<PermissionSet>,
    /// Which rows it may meet.
    pub scope: Option<ScopeKind>,
    /// How long it may correct its own records.
    pub edit_window: Patch<EditWindow>,
}

/// The name of a role: lower snake_case, 3 to 40 characters, starting with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// Parses a name.
    ///
    /// # Errors
    /// `role_name` when it is not lower snake_case of 3 to 40 characters.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let shaped = (3..=40).contains(&text.len())
            && text.starts_with(|char: char| char.is_ascii_lowercase())
            && !text.ends_with('_')
            && !text.contains("__")
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unfit::new("role_name", words::not_a_role_name()))
        }
    }

    /// A name that was parsed before it was stored.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The built-in role of this name.
    pub fn built_in(&self) -> Option<BuiltIn> {
        BuiltIn::parse(&self.0)
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people read for a role: one line, 1 to 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleLabel(String);

impl RoleLabel {
    /// Characters a label has at the most.
    pub const MAX_CHARS: usize = 80;

    /// Parses a label.
    ///
    /// # Errors
    /// `required`, `too_long`, `control_character`.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// A label that was parsed before it was stored.
    pub fn from_stored(label: String) -> Self {
        Self(label)
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a role is for: 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDescription(String);

impl RoleDescription {
    /// Characters a description has at the most.
    pub const MAX_CHARS: usize = 500;

    /// Parses a description.
    ///
    /// # Errors
    /// `required`, `too_long`, `control_character`.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        text::free_text(text, Self::MAX_CHARS).map(Self)
    }

    /// A description that was parsed before it was stored.
    pub fn from_stored(description: String) -> Self {
        Self(description)
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long after creating a record a role may still change it: 1 minute to 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditWindow(u32);

impl EditWindow {
    /// 366 days, in minutes.
    pub const MAX_MINUTES: u32 = 366 * 24 * 60;

    /// Parses a number of minutes.
    ///
    /// # Errors
    /// `edit_window` when it is not between 1 and [`EditWindow::MAX_MINUTES`].
    pub fn parse(minutes: u32) -> Result<Self, Unfit> {
        if (1..=Self::MAX_MINUTES).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(Unfit::new("edit_window", words::edit_window_out_of_range()))
        }
    }

    /// A window that was parsed before it was stored.
    pub const fn from_stored(minutes: u32) -> Self {
        Self(minutes)
    }

    /// Whole minutes.
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// The same, as a duration.
    pub fn duration(self) -> Duration {
        Duration::minutes(i64::from(self.0))
    }

    /// The longest window of whole minutes inside a duration.
    fn within(duration: Duration) -> Self {
        let minutes = duration.num_minutes().clamp(0, i64::from(Self::MAX_MINUTES));
        Self(u32::try_from(minutes).unwrap_or_default())
    }
}
