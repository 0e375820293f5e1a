//! What donations ask of storage beside what every kind of record does: sums.

mod spans;
mod summary;
mod totals;

use almoner_donations::{Summary, SummaryQuery, Sums};
use almoner_kernel::{Currency, Scope, StoreError};
use async_trait::async_trait;

use crate::store::Store;

#[async_trait]
impl Sums for Store {
    async fn summary(&self, query: &SummaryQuery, scope: Scope) -> Result<Summary, StoreError> {
        summary::read(&self.scan(), query, scope, &self.0.collation).await
    }
}

/// A stored name that must be one of a closed set.
fn known<T>(parsed: Option<T>, column: &str) -> Result<T, StoreError> {
    parsed.ok_or_else(|| StoreError::Damaged(format!("{column} has a value nobody knows")))
}

fn currency(code: &str) -> Result<Currency, StoreError> {
    known(Currency::parse(code).ok(), "currency")
}
