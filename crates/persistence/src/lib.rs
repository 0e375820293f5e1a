//! Every storage port, on SQLite and PostgreSQL. Nothing outside this crate and the migrations names
//! a table.

mod accounts;
mod audit;
mod batch;
mod clock;
mod commit;
pub mod connection;
pub mod copies;
mod donations;
mod entities;
mod error;
mod feed;
mod housekeeping;
mod jobs;
mod mails;
pub mod measures;
mod paging;
pub mod rows;
mod signals;
pub mod sqlite;
mod store;
mod vault;
mod webhooks;
mod writes;

pub use store::{Database, MigrationStep, OpenError, PostgresUrl, Store, StoreKeys, StoreOptions};
