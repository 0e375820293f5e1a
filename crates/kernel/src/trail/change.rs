//! One change of one record, and what the trail asks of a record.

use uuid::Uuid;

use super::{Action, Snapshot};
use crate::{ChangeId, Version};

/// A record that leaves a trail.
pub trait Audited {
    /// Singular, lower snake_case, from [`crate::id::Entity::NAME`].
    const ENTITY: &'static str;

    /// The id of the record.
    fn entity_id(&self) -> Uuid;

    /// The version of the record.
    fn version(&self) -> Version;

    /// Every field that is worth keeping, sensitive ones masked, without the version and the times
    /// of creation and change.
    fn snapshot(&self) -> Snapshot;

    /// The fields that say something of the subject. The trail keeps their values in such a way that
    /// they can be read for as long as the subject's own record is there, and never after.
    const PERSONAL: &'static [&'static str] = &[];

    /// The fields that the trail is not found by, beside the personal ones: they have rights of their own,
    /// and whoever finds a change by a value learns it.
    const UNSEARCHED: &'static [&'static str] = &[];

    /// Whom the record is about; without one its personal fields are nobody's.
    fn subject(&self) -> Option<Subject> {
        None
    }
}

/// A person or organisation that records are about: the kind and the id of its own record.
pub type Subject = (&'static str, Uuid);

/// One change of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id, when another change has it as its cause; otherwise storage gives it one.
    pub id: Option<ChangeId>,
    /// What was done.
    pub action: Action,
    /// The kind of record.
    pub entity: &'static str,
    /// The record.
    pub entity_id: Uuid,
    /// Its version after the change.
    pub version: Version,
    /// The changed fields before.
    pub before: Snapshot,
    /// The changed fields after.
    pub after: Snapshot,
    /// Why, when the use case asks for a reason.
    pub reason: Option<String>,
    /// The change it is an effect of, when that is one of another record.
    pub cause: Option<ChangeId>,
    /// Whom the personal fields were about before; none when that was nobody.
    pub subject_before: Option<Subject>,
    /// Whom they are about after.
    pub subject: Option<Subject>,
    /// [`Audited::PERSONAL`].
    pub personal: &'static [&'static str],
    /// [`Audited::UNSEARCHED`].
    pub unsearched: &'static [&'static str],
}
