//! State machines: what can be done with a record beside changing its fields, as one table.

use almoner_kernel::{Action, Permission, Words};

/// One row of the table: from which states a step leads to which one. It gives the operation
/// `POST /{kind}/{id}/{step}`, its body, its place in the contract, in the matrix and in the history.
#[derive(Debug)]
pub struct Step {
    /// A verb: `complete`.
    pub name: &'static str,
    /// What the trail says was done.
    pub action: Action,
    /// The states it is taken from.
    pub from: &'static [&'static str],
    /// The state it leads to; empty when that stays.
    pub to: &'static str,
    /// What it takes.
    pub permission: Permission,
    /// Who takes it.
    pub by: By,
    /// Whether it must say why.
    pub reason: Reason,
    /// The fields that are changed with it, as in a change.
    pub takes: &'static [&'static str],
    /// Those of them that must be sent, be it as `null`; what they say must be something else than before.
    pub needs: &'static [&'static str],
    /// The name of its body in the contract, when it has one.
    pub body: &'static str,
    /// What it does, for the contract: a paragraph.
    pub about: &'static str,
}

/// Who takes a step, of those who have its permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Anyone.
    Anyone,
    /// Somebody else than whoever entered the record: two people have looked at it. What follows from a
    /// step of another kind, and what the program does by itself, is nobody's.
    Another,
}

/// Whether a step says why it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It does not.
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// Characters a reason has at the most.
pub const MAX_REASON: usize = 500;

impl Step {
    /// True when it can be taken from that state.
    pub fn is_from(&self, state: &str) -> bool {
        self.from.contains(&state)
    }

    /// The state after it.
    pub fn after<'s>(&'s self, state: &'s str) -> &'s str {
        if self.to.is_empty() { state } else { self.to }
    }

    /// True when it has a body.
    pub const fn has_body(&self) -> bool {
        !self.body.is_empty()
    }
}

/// Why a step cannot be taken from the state a record is in: the kind has better words for its own.
pub fn out_of_order() -> Words {
    crate::words::out_of_order()
}
