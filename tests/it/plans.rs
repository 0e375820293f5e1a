//! Every filter and every sort that a list offers is answered from an index, on both databases.
//!
//! The statements that the lists run are caught on their way, and the database is asked how it
//! would run them on tables of a size at which a full scan would hurt.

mod grown;
mod offered;
mod verdict;

use crate::support::{Backend, run};

#[test]
fn sqlite_answers_everything_from_an_index() {
    run(Backend::Sqlite, offered::check_all);
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn postgres_answers_everything_from_an_index() {
    run(Backend::Postgres, offered::check_all);
}
