//! The one test binary of the workspace: what only shows when the parts are put together.
//!
//! `cargo test -p almoner-tests` needs nothing but SQLite; with `ALMONER_TEST_POSTGRES_URL` every
//! case of a database runs on PostgreSQL too.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the whole binary is a test")]

#[macro_use]
mod support;

mod conformance;
mod contention;
mod contract;
mod e2e;
mod faults;
mod guards;
mod http;
mod loans;
mod plans;
