//! What is said to a database, and what it says.

use almoner_kernel::StoreError;
use almoner_records::{Field, Key, Kind};
use sea_orm::{DbErr, ExecResult, Value};

use crate::{
    error::{store_error, taken_constraint},
    vault::Vault,
};

/// Turns a statement that found no row into [`StoreError::Raced`].
pub fn one(done: Result<ExecResult, DbErr>, kind: &'static Kind) -> Result<(), StoreError> {
    match done.map_err(|error| refused(kind, error))?.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Raced),
    }
}

/// What a database said, with the name of the field whose value is taken: SQLite names the column,
/// PostgreSQL the index, and both follow from kind and field.
pub fn refused(kind: &'static Kind, error: DbErr) -> StoreError {
    if let Some(constraint) = taken_constraint(&error) {
        let is_of = |field: &&Field| {
            constraint == format!("{}.{}", kind.many, field.unique_column())
                || constraint == format!("{}_{}", kind.many, field.name)
        };
        if let Some(field) = kind.fields.iter().filter(|field| field.is_unique).find(is_of) {
            return StoreError::Taken(field.name);
        }
    }
    store_error(error)
}

/// The value a filter compares with.
pub fn bound(key: &Key, vault: &Vault) -> Value {
    match key {
        Key::Text(text) => text.clone().into(),
        Key::Int(number) => (*number).into(),
        Key::Flag(flag) => (*flag).into(),
        Key::Day(day) => (*day).into(),
        Key::Uuid(id) => (*id).into(),
        Key::Secret(register, secret) => vault.hash_of(register, secret).into(),
    }
}
