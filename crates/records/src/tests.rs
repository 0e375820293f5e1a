//! What holds for every kind of record, shown on kinds of the tests' own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod answers;
mod changes;
mod collisions;
mod description;
mod duplicates;
mod fixtures;
mod kinds;
mod mocks;
mod permissions;
mod query;
mod references;
mod scopes;
mod sealed;
mod served;
mod several_roles;
mod steps;
mod trash;
mod values;
