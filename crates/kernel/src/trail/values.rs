//! What the trail says of a record: its fields, and their values.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::Timestamp;

/// Takes the parts out that are the same before and after: a list of a hundred is told by what changed.
pub(super) fn only_changed_parts(old: &mut Snapshot, new: &mut Snapshot) {
    for (name, after) in new {
        let before = old.iter_mut().find(|(other, _)| other == name);
        if let (Some((_, FieldValue::Parts(before))), FieldValue::Parts(after)) = (before, after) {
            let same: Vec<_> = before.iter().filter(|part| after.contains(part)).cloned().collect();
            before.retain(|part| !same.contains(part));
            after.retain(|part| !same.contains(part));
        }
    }
}

/// The fields of a record, under the names the API uses.
pub type Snapshot = Vec<(&'static str, FieldValue)>;

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Empty.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, also for money (`1250.00 TRY`), days and times.
    Text(String),
    /// The parts of a list by their ids.
    Parts(Vec<(Uuid, Snapshot)>),
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for FieldValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<&str> for FieldValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for FieldValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<NaiveDate> for FieldValue {
    fn from(value: NaiveDate) -> Self {
        Self::Text(value.to_string())
    }
}
impl From<Timestamp> for FieldValue {
    fn from(value: Timestamp) -> Self {
        Self::Text(value.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
}
impl<E> From<crate::Id<E>> for FieldValue {
    fn from(value: crate::Id<E>) -> Self {
        Self::Text(value.to_string())
    }
}
impl<T: Into<Self>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
