//! What a generated client needs of the document; a gap stops the server from starting, and
//! therefore every test.

mod operations;
mod schemas;

use std::fmt;

use serde_json::Value;

/// Something the document lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Method and address of the operation, or the JSON Pointer of the schema.
    pub place: String,
    /// What it lacks.
    pub lacks: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.lacks)
    }
}

/// Every gap of a document: an operation without a unique camelCase name, a known tag, a summary, a
/// description, descriptions of its responses, examples of what is sent and answered, or the
/// permission it asks for; a schema without a description; a value without limits.
pub fn gaps(document: &Value) -> Vec<Gap> {
    let mut gaps = operations::gaps(document);
    gaps.extend(schemas::gaps(document));
    gaps
}
