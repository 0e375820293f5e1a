//! Whose kinds the cases run over: those of the program, and those of the tests. The latter have what no
//! kind of the program may have today: a parent, parts, people, a number that is drawn at once, a field with
//! a right of its own, a step for two.

use almoner_kinds::Visitor;
use almoner_records::{Field, Kind, Registry, Rows};

use crate::loans;

/// Kinds that belong together.
#[derive(Clone, Copy, Debug)]
pub enum Shelf {
    /// Those of the program.
    Program,
    /// Loans and their children; what they name is of the program.
    Lending,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 2] = [Self::Program, Self::Lending];

    /// All kinds that there are beside each other.
    pub fn registry(self) -> &'static Registry {
        match self {
            Self::Program => &almoner_kinds::REGISTRY,
            Self::Lending => &loans::REGISTRY,
        }
    }

    /// Its own kinds.
    pub fn kinds(self) -> impl Iterator<Item = &'static Kind> + use<> {
        let others = match self {
            Self::Program => &Registry::EMPTY,
            Self::Lending => &almoner_kinds::REGISTRY,
        };
        let all = self.registry().kinds.iter().copied();
        all.filter(|kind| others.kind(kind.many).is_none())
    }

    /// Calls the visitor for each of its own kinds.
    pub fn each(self, visitor: &mut impl Visitor) {
        match self {
            Self::Program => almoner_kinds::each(visitor),
            Self::Lending => loans::each(visitor),
        }
    }

    /// The kind that a field names; none when that is the users of the program.
    pub fn target(self, field: &Field) -> Option<&'static Kind> {
        field.target.and_then(|many| self.registry().kind(many))
    }

    /// True when whoever has a scope meets some records alone: those they entered, or the children of these.
    pub fn is_scoped(self, kind: &'static Kind) -> bool {
        match kind.rows {
            Rows::All => false,
            Rows::OfCreator => true,
            Rows::OfParent => kind
                .parent()
                .and_then(|field| self.target(field))
                .is_some_and(|it| self.is_scoped(it)),
        }
    }

    /// True when records of a kind lead back to the kind by what they name.
    pub fn leads_back(self, kind: &'static Kind) -> bool {
        let mut known: Vec<&'static Kind> = vec![kind];
        let mut at = 0;
        while let Some(from) = known.get(at) {
            let names = from.references().filter(|field| field.is_sent);
            let targets: Vec<_> = names.filter_map(|field| self.target(field)).collect();
            if targets.iter().any(|target| target.many == kind.many) {
                return true;
            }
            for target in targets {
                if !known.iter().any(|one| one.many == target.many) {
                    known.push(target);
                }
            }
            at += 1;
        }
        false
    }
}
