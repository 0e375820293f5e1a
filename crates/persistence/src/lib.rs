//! Every storage port, on SQLite and PostgreSQL. Nothing outside this crate and the migrations names
//! a table.

mod accounts;
mod audit;
mod commit;
pub mod connection;
mod donations;
mod entities;
mod error;
mod paging;
pub mod sqlite;
mod store;
mod vault;

pub use store::{MigrationStep, OpenError, Store, StoreKeys, StoreOptions};
