//! Finds every structural error of a body, not only the first: what cannot be read is taken out, and
//! the rest is read again.

use std::collections::HashMap;

use almoner_kernel::{FieldError, Invalid, Words, words::is_required};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::kit::{
    problem::{MAX_COMPLAINTS, shown},
    words,
};

/// What could be read, and every part that could not.
///
/// # Errors
/// Every complaint, when nothing can be read even without the wrong parts.
pub(super) fn read<T: DeserializeOwned>(mut body: Value) -> Result<(T, Vec<FieldError>), Invalid> {
    let mut errors = Vec::new();
    let mut removed = Removed::default();
    loop {
        let error = match serde_path_to_error::deserialize(&body) {
            Ok(value) => return Ok((value, errors)),
            Err(error) => error,
        };
        let place = Place::of(error.path());
        errors.push(complaint(removed.original(&place), &error.inner().to_string()));
        let is_out = place.take_out(&mut body, &mut removed);
        if !is_out || errors.len() == MAX_COMPLAINTS {
            return Err(Invalid(errors));
        }
    }
}

/// Serde's own words hold the value; only what it expected is fit to be told.
fn complaint(pointer: String, message: &str) -> FieldError {
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    if message.starts_with("unknown field") {
        return FieldError::new(pointer, "unknown_field", words::not_a_known_field());
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        let name = rest.trim_end_matches('`');
        return FieldError::new(format!("{pointer}/{name}"), "required", is_required());
    }
    match expected {
        Some(expected) if message.starts_with("unknown variant") => {
            FieldError::new(pointer, "choice", words::choice(expected))
        }
        Some(expected) => FieldError::new(pointer, "type", type_of(expected)),
        None => FieldError::new(pointer, "format", words::wrong_form()),
    }
}

/// Rust's names of types mean nothing to a client.
fn type_of(expected: &str) -> Words {
    match expected {
        "a string" => words::must_be_a_string(),
        "a boolean" => words::must_be_a_boolean(),
        "i8" | "i16" | "i32" | "i64" | "isize" => words::must_be_a_whole_number(),
        "u8" | "u16" | "u32" | "u64" | "usize" => words::must_be_a_natural_number(),
        "f32" | "f64" => words::must_be_a_number(),
        "a sequence" => words::must_be_an_array(),
        "a map" => words::must_be_an_object(),
        other if other.starts_with("struct ") => words::must_be_an_object(),
        _ => words::wrong_form(),
    }
}

/// Keys and indexes from the root to a part of the body.
struct Place(Vec<Step>);

enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    fn of(path: &Path) -> Self {
        let steps = path.iter().filter_map(|segment| match segment {
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Self(steps.collect())
    }

    /// Takes the part out of the body; false when there is no such part.
    fn take_out(&self, body: &mut Value, removed: &mut Removed) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        let mut holder = body;
        for step in parents {
            let inner = match step {
                Step::Key(key) => holder.get_mut(key),
                Step::Index(index) => holder.get_mut(index),
            };
            let Some(inner) = inner else { return false };
            holder = inner;
        }
        match (last, holder) {
            (Step::Key(key), Value::Object(fields)) => fields.remove(key).is_some(),
            (Step::Index(index), Value::Array(items)) if *index < items.len() => {
                removed.note(&Self::pointer_of(parents, removed), *index);
                items.remove(*index);
                true
            }
            _ => false,
        }
    }

    fn pointer_of(steps: &[Step], removed: &Removed) -> String {
        steps.iter().fold(String::new(), |pointer, step| match step {
            Step::Key(key) => {
                format!("{pointer}/{}", escaped(key))
            }
            Step::Index(index) => {
                let original = removed.original_index(&pointer, *index);
                format!("{pointer}/{original}")
            }
        })
    }
}

/// A key as it stands in a pointer.
pub(super) fn escaped(key: &str) -> String {
    shown(key).replace('~', "~0").replace('/', "~1")
}

/// Items that were taken out of arrays: those behind them moved up, and their pointers must not.
#[derive(Default)]
struct Removed(HashMap<String, Vec<usize>>);

impl Removed {
    fn original(&self, place: &Place) -> String {
        Place::pointer_of(&place.0, self)
    }

    fn original_index(&self, array: &str, index: usize) -> usize {
        let gone = self.0.get(array).map_or(&[][..], Vec::as_slice);
        gone.iter().fold(index, |index, gone| if *gone <= index { index + 1 } else { index })
    }

    fn note(&mut self, array: &str, index: usize) {
        let original = self.original_index(array, index);
        let gone = self.0.entry(array.to_owned()).or_default();
        gone.push(original);
        gone.sort_unstable();
    }
}
