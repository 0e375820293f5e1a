//! What roles are known by, and those a user has.

use std::{collections::BTreeSet, fmt};

use almoner_kernel::fault::Unfit;

use super::BuiltIn;
use crate::words;

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

/// The roles of a user, each once, in the order they were given.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoleNames(Vec<RoleName>);

impl RoleNames {
    /// Roles a user has at the most.
    pub const MAX: usize = 8;

    /// One role.
    pub fn one(name: RoleName) -> Self {
        Self(vec![name])
    }

    /// Several roles.
    ///
    /// # Errors
    /// `role_names` when they are none, or more than [`RoleNames::MAX`], or one stands there twice.
    pub fn new(names: Vec<RoleName>) -> Result<Self, Unfit> {
        let unique: BTreeSet<&RoleName> = names.iter().collect();
        if unique.len() == names.len() && (1..=Self::MAX).contains(&names.len()) {
            Ok(Self(names))
        } else {
            Err(Unfit::new("role_names", words::not_role_names(Self::MAX)))
        }
    }

    /// Names that were parsed before they were stored, with commas between them.
    pub fn from_stored(names: &str) -> Self {
        Self(names.split(',').map(|name| RoleName::from_stored(name.to_owned())).collect())
    }

    /// The names with commas between them: of a single role its name.
    pub fn joined(&self) -> String {
        self.0.iter().map(RoleName::as_str).collect::<Vec<_>>().join(",")
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &RoleName> {
        self.0.iter()
    }

    /// The only one; none when they are several.
    pub fn only(&self) -> Option<&RoleName> {
        match &self.0[..] {
            [name] => Some(name),
            _ => None,
        }
    }

    /// True when the role is among them.
    pub fn has(&self, name: &RoleName) -> bool {
        self.0.contains(name)
    }

    /// True when the built-in role is among them.
    pub fn has_built_in(&self, role: BuiltIn) -> bool {
        self.0.iter().any(|name| name.built_in() == Some(role))
    }
}

impl fmt::Debug for RoleNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined())
    }
}

impl fmt::Display for RoleNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined())
    }
}
