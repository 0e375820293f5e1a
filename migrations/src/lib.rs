//! The schema, step by step, up and down, on SQLite and PostgreSQL.
//!
//! A step is written once, in SQL that both databases understand, with a few words that
//! [`dialect`] translates. What only one of them has (full-text search, triggers) stands in the step
//! under its database's name.

pub mod dialect;
pub mod kinds;
mod m20261121_000001_accounts;
mod m20261121_000002_donations;
mod m20261121_000003_trail;
mod m20261121_000004_totals;
mod m20261121_000005_jobs;
mod m20261121_000006_mail;
mod m20261121_000007_webhooks;
mod m20261128_000008_logins;
mod m20261128_000009_batches;
mod m20261128_000010_clock;
mod m20261128_000011_epochs;
mod m20261128_000012_circumstances;
mod m20261128_000013_kinds;
mod m20261128_000014_values;
mod m20261128_000015_unknown_worth;
mod m20261128_000016_counters;
mod m20261129_000017_collations;
mod m20261129_000018_several_roles;

use sea_orm_migration::prelude::*;

/// The step since which the start of the trail can go.
pub const FLOOR: &str = "m20261121_000005_jobs";

/// The step since which a change says more than what, who and when.
pub const CIRCUMSTANCES: &str = "m20261128_000012_circumstances";

/// Every step, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_accounts::Migration),
            Box::new(m20261121_000002_donations::Migration),
            Box::new(m20261121_000003_trail::Migration),
            Box::new(m20261121_000004_totals::Migration),
            Box::new(m20261121_000005_jobs::Migration),
            Box::new(m20261121_000006_mail::Migration),
            Box::new(m20261121_000007_webhooks::Migration),
            Box::new(m20261128_000008_logins::Migration),
            Box::new(m20261128_000009_batches::Migration),
            Box::new(m20261128_000010_clock::Migration),
            Box::new(m20261128_000011_epochs::Migration),
            Box::new(m20261128_000012_circumstances::Migration),
            Box::new(m20261128_000013_kinds::Migration),
            Box::new(m20261128_000014_values::Migration),
            Box::new(m20261128_000015_unknown_worth::Migration),
            Box::new(m20261128_000016_counters::Migration),
            Box::new(m20261129_000017_collations::Migration),
            Box::new(m20261129_000018_several_roles::Migration),
        ]
    }
}
