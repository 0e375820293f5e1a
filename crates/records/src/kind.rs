//! What is known of a kind of record: data that storage, HTTP, the contract and the tests interpret.

mod field;

use almoner_kernel::{Context, Permission, Scope, ScopeKind};

pub use self::field::{Field, may_be_label, may_be_searched, right_of, sort_of};
use crate::{plain::Plain, steps::Step};

/// A kind of record. Made by `#[derive(Record)]`.
#[derive(Debug)]
pub struct Kind {
    /// Singular, lower snake_case: the name in the trail.
    pub one: &'static str,
    /// Plural, lower snake_case: the table, and the module of its permissions.
    pub many: &'static str,
    /// Plural with hyphens: the address.
    pub path: &'static str,
    /// The name of its schema: `Campaign`.
    pub name: &'static str,
    /// What it is, from its doc comment.
    pub about: &'static str,
    /// Its own fields, in the order they are shown.
    pub fields: &'static [Field],
    /// Which records a user may meet.
    pub rows: Rows,
    /// Of a child: the field that names the record it is a part of. It goes to the trash and is destroyed
    /// with that one, and is met by whoever meets that one.
    pub parent: Option<&'static str>,
    /// How people belong to its records: fields that name a user, of the kind itself or, as
    /// `<children>.<field>`, of a child kind.
    pub people: &'static [&'static str],
    /// Filters over two days between which something holds.
    pub spans: &'static [Span],
    /// What it takes to do something with it.
    pub permissions: Permissions,
    /// Whom a record is about: `self`, the field that names them, or nobody.
    pub subject: &'static str,
    /// What can be done with a record beside changing it.
    pub steps: &'static [Step],
    /// Why a record that this kind names cannot be destroyed: `has_donations`.
    pub holds: &'static str,
}

/// The permissions of what can be done with every kind.
#[derive(Clone, Copy, Debug)]
pub struct Permissions {
    /// See records, their history, and follow their list.
    pub read: Permission,
    /// Create them.
    pub create: Permission,
    /// Change them.
    pub update: Permission,
    /// Put them in the trash, and bring them back.
    pub delete: Permission,
    /// Destroy them for good.
    pub purge: Permission,
}

impl Permissions {
    /// All of them.
    pub const fn all(&self) -> [Permission; 5] {
        [self.read, self.create, self.update, self.delete, self.purge]
    }
}

/// Which records a user may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of them: the kind belongs to the organisation.
    All,
    /// Those they created, unless their scope is wider.
    OfCreator,
    /// Those whose parent they may meet.
    OfParent,
}

/// A counter: numbers without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name; kinds that share it share the numbers.
    pub series: &'static str,
    /// True when it begins anew with each year of the organisation.
    pub is_yearly: bool,
    /// The step that draws the number; empty when it is drawn for a new record.
    pub step: &'static str,
}

/// An example of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Nothing fitting: that of the form stands.
    None,
}

/// A value that is taken when none is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// A text or word.
    Text(&'static str),
    /// Yes or no.
    Flag(bool),
}

impl Fallback {
    /// As if it had been sent.
    pub fn plain(self) -> Plain {
        match self {
            Self::Text(text) => Plain::Text(text.to_owned()),
            Self::Flag(flag) => Plain::Flag(flag),
        }
    }
}

/// A filter: records for which something holds on a day, from one of their days to another. An absent
/// day is open.
#[derive(Debug)]
pub struct Span {
    /// The parameter.
    pub name: &'static str,
    /// The field with the first day.
    pub from: &'static str,
    /// The field with the last day.
    pub to: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What it may look like.
    pub example: &'static str,
}

impl Kind {
    /// The field with that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What a record is called.
    pub fn label(&self) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.is_label)
    }

    /// The step with that name.
    pub fn step(&self, name: &str) -> Option<&'static Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The fields that no two records may share.
    pub fn unique(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().filter(|field| field.is_unique)
    }

    /// The fields that name other records.
    pub fn references(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().filter(|field| field.target.is_some())
    }

    /// The field that names the parent.
    pub fn parent(&self) -> Option<&'static Field> {
        self.parent.and_then(|name| self.field(name))
    }

    /// True when records can be found by words.
    pub fn is_searched(&self) -> bool {
        self.fields.iter().any(|field| field.is_searched)
    }

    /// How far the right to a field has to reach for whoever meets records within a scope. Of records that
    /// belong to the organisation every right reaches all.
    pub const fn sight(&self, scope: Scope) -> ScopeKind {
        match self.rows {
            Rows::All => ScopeKind::Own,
            Rows::OfCreator | Rows::OfParent => scope.kind(),
        }
    }

    /// The names of the fields that somebody may not see, though they see records as far as this
    /// ([`Kind::sight`]).
    pub fn hidden_from(&self, cx: &Context, sight: ScopeKind) -> Vec<&'static str> {
        let hidden = self.fields.iter().filter(|field| !field.is_shown_to(cx, sight));
        hidden.map(|field| field.name).collect()
    }

    /// The names under which the trail keeps these fields.
    pub fn recorded_names(&self, fields: &[&str]) -> Vec<&'static str> {
        let those = self.fields.iter().filter(|field| fields.contains(&field.name));
        let names = those.flat_map(|field| [field.name, field.beside_name]);
        names.filter(|name| !name.is_empty()).collect()
    }

    /// True when its records are summed up from their description.
    pub fn has_summary(&self) -> bool {
        self.fields.iter().any(|field| field.is_grouped || field.is_summed)
    }

    /// The noun in sentences: `aid application`.
    pub fn noun(&self) -> String {
        self.one.replace('_', " ")
    }

    /// The noun for many.
    pub fn nouns(&self) -> String {
        self.many.replace('_', " ")
    }
}
