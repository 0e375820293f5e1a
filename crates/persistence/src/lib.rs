//! Every storage port, on SQLite and PostgreSQL. Nothing outside this crate and the migrations names
//! a table.

mod accounts;
mod audit;
mod batch;
mod clock;
pub mod collation;
mod commit;
pub mod connection;
pub mod copies;
mod donations;
mod entities;
mod epoch;
mod error;
mod feed;
mod housekeeping;
mod jobs;
mod mails;
pub mod measures;
mod paging;
mod records;
pub mod rows;
mod signals;
pub mod sqlite;
mod store;
mod trail;
mod vault;
mod webhooks;
mod writes;

pub use epoch::{EpochCause, EpochRecord};
pub use store::{Database, MigrationStep, OpenError, PostgresUrl, Store, StoreKeys, StoreOptions};
pub use trail::Rechained;
