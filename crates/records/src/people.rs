//! How people belong to records. A kind says it in `people`: a field that names a user, or a child kind with
//! such a field, `keepers.user_id`, where more is to be said of each (since when, as what). Whoever has the
//! scope `assigned` meets the records they belong to beside those they entered, whatever they ask: the
//! scope is a part of the query.

use crate::{
    kind::{Field, Kind},
    record::Record,
    registry::Registry,
    values::Line,
};

/// A user of the program, as records name one. Accounts keep them: this says what they are called, and that
/// `users:read` lets somebody hear it.
#[derive(Clone, Debug, PartialEq, Eq, crate::Record)]
#[record(many = "users")]
pub struct User {
    /// What they are called.
    #[field(label, example = "Elif Kaya")]
    pub name: Line<200>,
}

/// The description of users, who are named and no kind of record.
pub const USERS: &Kind = User::KIND;

/// A way in which people belong to records of a kind.
#[derive(Clone, Copy, Debug)]
pub enum Belonging {
    /// By a field of the record.
    Field(&'static Field),
    /// By a child of the record.
    Child {
        /// The kind of the children.
        kind: &'static Kind,
        /// The field of a child that names the record.
        parent: &'static Field,
        /// The field of a child that names the user.
        user: &'static Field,
    },
}

impl Registry {
    /// The ways in which people belong to records of a kind. One that its registry does not know is none:
    /// nobody meets more by it.
    pub fn people_of(&self, kind: &'static Kind) -> impl Iterator<Item = Belonging> + use<'_> {
        kind.people.iter().filter_map(move |people| self.belonging(kind, people))
    }

    /// The other kinds whose changes decide who meets a record of a kind, as the trail names them: those above
    /// it, and the children that say whose it is or one above it.
    pub fn deciding(&self, kind: &'static Kind) -> Vec<&'static str> {
        let above = |kind: &&'static Kind| self.kind(kind.parent()?.target?);
        let family = || std::iter::successors(Some(kind), above);
        let of_children = |people| match people {
            Belonging::Child { kind, .. } => Some(kind.one),
            Belonging::Field(_) => None,
        };
        let people = family().flat_map(|kind| self.people_of(kind).filter_map(of_children));
        family().skip(1).map(|kind| kind.one).chain(people).collect()
    }

    fn belonging(&self, kind: &'static Kind, people: &'static str) -> Option<Belonging> {
        let names_user = |field: &&'static Field| field.target == Some(USERS.many);
        let Some((many, user)) = people.split_once('.') else {
            return kind.field(people).filter(names_user).map(Belonging::Field);
        };
        let child = self.kind(many)?;
        let parent = child.parent().filter(|parent| parent.target == Some(kind.many))?;
        let user = child.field(user).filter(names_user)?;
        Some(Belonging::Child { kind: child, parent, user })
    }
}
