//! The ports of the donations domain.

mod campaign;
mod donation;
mod donor;
mod spans;
mod summary;
mod totals;

use almoner_kernel::{Currency, StoreError};

/// A stored name that must be one of a closed set.
fn known<T>(parsed: Option<T>, column: &str) -> Result<T, StoreError> {
    parsed.ok_or_else(|| StoreError::Damaged(format!("{column} has a value nobody knows")))
}

fn currency(code: &str) -> Result<Currency, StoreError> {
    known(Currency::parse(code).ok(), "currency")
}
