//! What every test stands on: a fresh store on either database, a fixed clock, counted ids, and the
//! people and records the tests speak about.

mod browser;
mod contexts;
mod databases;
mod dice;
mod follower;
pub mod http;
mod ids;
pub mod older;
mod raw;
mod records;
pub mod smtp;
mod socket;
mod templates;
mod walk;
mod world;

pub use browser::{Answer, Browser};
pub use contexts::{START, as_system, as_user, day, later};
pub use databases::{Backend, PostgresDatabase, connect};
pub use dice::Dice;
pub use follower::{Event, Follower};
pub use ids::CountedIds;
pub use records::{
    changed, created, email, euro, for_campaign, ids, lira, name, named, national_id, phone, query,
    session_ids, session_noted, text, usd, with,
};
pub use socket::{Heard, Socket};
pub use walk::walk;
pub use world::{AUDIT_KEY, World, run, run_empty, run_of, run_with};

/// Makes a test on each database of every case in the list.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    $crate::support::run($crate::support::Backend::Sqlite, super::$case);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    $crate::support::run($crate::support::Backend::Postgres, super::$case);
                }
            )+
        }
    };
}
