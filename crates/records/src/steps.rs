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
    /// A step without a body that anyone takes who has its permission: what a table of steps says of most of
    /// them once, `..Step::PLAIN`. What each says for itself is empty here, and [`steps_of`] asks for it.
    pub const PLAIN: Self = Self {
        name: "",
        action: Action::Updated,
        from: &[],
        to: "",
        permission: Permission::new(""),
        by: By::Anyone,
        reason: Reason::None,
        takes: &[],
        needs: &[],
        body: "",
        about: "",
    };

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

/// The steps of a kind. Compiles when each says what [`Step::PLAIN`] cannot say for it.
#[doc(hidden)]
pub const fn steps_of(steps: &'static [Step]) -> &'static [Step] {
    let mut at = 0;
    while at < steps.len() {
        let step = &steps[at];
        assert!(!step.name.is_empty() && !step.about.is_empty(), "a step has `name` and `about`");
        assert!(!matches!(step.action, Action::Updated), "a step has an `action` of its own");
        assert!(!step.from.is_empty(), "a step is taken `from` a state");
        assert!(!step.permission.as_str().is_empty(), "a step takes a `permission`");
        let has_body = !step.takes.is_empty() || !matches!(step.reason, Reason::None);
        assert!(
            has_body == step.has_body(),
            "a step with a reason or fields has a `body`, and no other"
        );
        at += 1;
    }
    steps
}

/// Why a step cannot be taken from the state a record is in: the kind has better words for its own.
pub fn out_of_order() -> Words {
    crate::words::out_of_order()
}
