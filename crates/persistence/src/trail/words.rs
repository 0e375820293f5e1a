//! The words that a change is found by: those of its values and its reason, without what is personal or not
//! for everybody, and without ids, which nobody looks for by their beginning.

use almoner_kernel::{Change, FieldValue, Snapshot, text::fold_all};
use serde_json::{Map, Value};

/// The words of a change that is being made.
pub fn of(change: &Change) -> String {
    let mut values = Vec::new();
    let withheld = [change.personal, change.unsearched].concat();
    texts(&change.after, &withheld, &mut values);
    texts(&change.before, &withheld, &mut values);
    folded(values.into_iter(), &withheld, change.reason.as_deref())
}

fn texts<'a>(fields: &'a Snapshot, withheld: &[&str], all: &mut Vec<(&'a str, &'a str)>) {
    for (name, value) in fields {
        match value {
            FieldValue::Text(text) => all.push((*name, text.as_str())),
            // What a withheld list says is withheld, whatever its parts call it.
            FieldValue::Parts(parts) if !withheld.contains(name) => {
                parts.iter().for_each(|(_, part)| texts(part, withheld, all));
            }
            FieldValue::Parts(_) | FieldValue::Null | FieldValue::Bool(_) | FieldValue::Int(_) => {}
        }
    }
}

/// The words of a change that is stored already.
pub fn of_stored(
    withheld: &[&str],
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    reason: Option<&str>,
) -> String {
    let fields = after.iter().chain(before);
    let values = fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    folded(values, withheld, reason)
}

fn folded<'a>(
    values: impl Iterator<Item = (&'a str, &'a str)>,
    withheld: &[&str],
    reason: Option<&str>,
) -> String {
    let told = values
        .filter(|(name, _)| !withheld.contains(name) && !name.ends_with("_id"))
        .map(|(_, value)| Some(value));
    fold_all(told.chain([reason]))
}
