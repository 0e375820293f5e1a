//! References: a record names another one by its id, and shows what that one is called.

use std::fmt;

use almoner_kernel::{Fields, Id, Permission, StoreError, fault::Unfit, words};
use uuid::Uuid;

use crate::{
    form::Form,
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Filtering, Holds, Key, Show, Terms, Value, text_of},
};

/// A kind of record that others can name. Every record is one; what stands in another domain is named by
/// a marker there, and the registry checks that there is such a kind:
///
/// ```
/// use almoner_records::{Target, kernel::Permission};
///
/// pub enum Donor {}
/// impl Target for Donor {
///     const MANY: &'static str = "donors";
///     const ONE: &'static str = "donor";
///     const READ: Permission = Permission::new("donors:read");
/// }
/// ```
pub trait Target: 'static {
    /// The plural noun of the kind.
    const MANY: &'static str;
    /// The singular noun, as the trail has it.
    const ONE: &'static str;
    /// What it takes to read its records.
    const READ: Permission;
}

/// The kind that a field names, by its plural noun.
pub type TargetName = &'static str;

/// A record that is named: its id, and, when it was read, what it is called.
pub struct Ref<T> {
    id: Id<T>,
    label: Option<String>,
}

impl<T> Ref<T> {
    /// A record that is to be named.
    pub const fn to(id: Id<T>) -> Self {
        Self { id, label: None }
    }

    /// The same, with what it is called.
    #[must_use]
    pub fn called(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// Its id.
    pub const fn id(&self) -> Id<T> {
        self.id
    }

    /// What it is called, when it was read and may be told.
    pub fn name(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, label: self.label.clone() }
    }
}

/// What it is called is no part of what is named.
impl<T> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl<T> Eq for Ref<T> {}

// Names of people do not belong in a log.
impl<T> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.id, f)
    }
}

/// The type of what a reference names: how a child knows the description of its parent.
pub trait Names {
    /// It.
    type Named;
}

impl<T> Names for Ref<T> {
    type Named = T;
}

/// A reference whatever it names.
pub trait Link {
    /// The id of the record that is named.
    fn id(&self) -> Uuid;
    /// Says what that record is called, or that it must not be said.
    fn call(&mut self, label: Option<String>);
}

impl<T> Link for Ref<T> {
    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn call(&mut self, label: Option<String>) {
        self.label = label;
    }
}

/// Parses an id in the usual form; braces, URNs and bare digits would be aliases.
///
/// # Errors
/// `uuid`.
pub fn id<T>(text: &str) -> Result<Id<T>, Unfit> {
    const HYPHENATED: usize = 36;
    let id = Some(text).filter(|text| text.len() == HYPHENATED).and_then(|text| text.parse().ok());
    id.ok_or_else(|| Unfit::new("uuid", words::must_be_a_uuid()))
}

impl<T: Target> Show for Ref<T> {
    fn show(&self) -> Shown<'_> {
        Shown::Text(self.id.to_string().into())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.uuid(self.id.uuid());
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Uuid(self.id.uuid()))
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

impl<T: Target> Value for Ref<T> {
    const FORM: Form = Form::text("uuid");
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Uuid)];
    const FILTERING: Filtering = Filtering::Is;
    const TARGET: Option<TargetName> = Some(T::MANY);
    const TARGET_ONE: &'static str = T::ONE;
    const TARGET_READ: Option<Permission> = Some(T::READ);

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| id(&text)).map(Self::to)
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.uuid()?.map(|id| Self::to(Id::new(id))))
    }

    fn link(&mut self) -> Option<&mut dyn Link> {
        Some(self)
    }
}
