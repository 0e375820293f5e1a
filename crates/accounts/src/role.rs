//! What users may do: the built-in roles, custom ones, and the rule that nobody hands out more than
//! they have.

use almoner_kernel::{
    Audited, Caller, FieldValue, Grant, Patch, PermissionSet, Reaches, ScopeKind, SessionId,
    Snapshot, Timestamp, UserId, Version,
    fault::Unfit,
    id::{Entity, RoleEntity, RoleId},
    text,
};
use uuid::Uuid;

mod access;
mod built_in;
mod names;

pub use self::{
    access::{Access, EditWindow},
    built_in::BuiltIn,
    names::{RoleName, RoleNames},
};

/// A role as a user has it and as `/roles` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of the program.
    BuiltIn(BuiltIn),
    /// Made by an administrator.
    Custom(Box<CustomRole>),
}

impl From<CustomRole> for Role {
    fn from(role: CustomRole) -> Self {
        Self::Custom(Box::new(role))
    }
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
    pub fn custom(&self) -> Option<&CustomRole> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(role) => Some(role),
        }
    }

    /// What it gives whoever has it.
    pub fn grant(&self) -> Grant {
        self.access().grant(&self.name())
    }

    /// A user of these roles in a session.
    pub fn caller(roles: &[Self], user_id: UserId, session_id: SessionId) -> Caller {
        Caller { user_id, session_id, grants: roles.iter().map(Self::grant).collect() }
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
        if let Some(reaches) = patch.reaches {
            after.access.reaches = reaches;
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
        let reaches: Vec<String> = self
            .access
            .reaches
            .iter()
            .map(|(noun, reach)| format!("{noun}:{}", reach.as_str()))
            .collect();
        let reaches = (!reaches.is_empty()).then(|| reaches.join(" "));
        vec![
            ("name", self.name.as_str().into()),
            ("label", self.label.as_str().into()),
            ("description", self.description.as_ref().map(RoleDescription::as_str).into()),
            ("permissions", permissions.join(" ").into()),
            ("scope", self.access.scope.as_str().into()),
            ("reaches", reaches.as_deref().into()),
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

/// A change of a custom role; absent fields stay. A change of permissions, reach or edit window ends
/// the sessions of the users who have it.
#[derive(Clone, Debug, Default)]
pub struct RolePatch {
    /// What people read.
    pub label: Option<RoleLabel>,
    /// What it is for.
    pub description: Patch<RoleDescription>,
    /// All of its permissions.
    pub permissions: Option<PermissionSet>,
    /// Which rows it may meet, where `reaches` says nothing else.
    pub scope: Option<ScopeKind>,
    /// All that it says of single nouns.
    pub reaches: Option<Reaches>,
    /// How long it may correct its own records.
    pub edit_window: Patch<EditWindow>,
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
