//! NUL in texts: PostgreSQL keeps none, and no text of anybody has one. It is looked for in one place,
//! before anything reads a body, so that no field can forget to.
//!
//! On PostgreSQL each text that slipped through would be a 500. Addresses are looked at in the gate,
//! bodies here, field by field; passwords may have one, they are hashed. HTTP allows none in headers,
//! and systems none in arguments. A guard tries every parameter and field of the contract on both
//! databases.

use almoner_kernel::{FieldError, words::control_characters};
use serde_json::Value;

use super::recover::escaped;
use crate::kit::problem::MAX_COMPLAINTS;

/// Fields that may hold any character: they are hashed, and never stored as they came.
const HASHED: [&str; 3] = ["password", "current_password", "new_password"];

/// Takes every text with a NUL out of a body; says where each stood.
pub(super) fn without_nul(body: &mut Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(body, "", &mut errors);
    errors.truncate(MAX_COMPLAINTS);
    errors
}

fn walk(value: &mut Value, pointer: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(fields) => fields.retain(|key, value| {
            if HASHED.contains(&key.as_str()) {
                return true;
            }
            let pointer = format!("{pointer}/{}", escaped(key));
            let is_bad = is_bad(value);
            match is_bad {
                true => errors.push(complaint(pointer)),
                false => walk(value, &pointer, errors),
            }
            !is_bad
        }),
        // The others keep their places; an empty text is complained about at the same pointer at most.
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let pointer = format!("{pointer}/{index}");
                if is_bad(item) {
                    errors.push(complaint(pointer));
                    *item = Value::from("");
                } else {
                    walk(item, &pointer, errors);
                }
            }
        }
        _ => {}
    }
}

fn is_bad(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('\0'))
}

fn complaint(pointer: String) -> FieldError {
    FieldError::new(pointer, "control_character", control_characters())
}
