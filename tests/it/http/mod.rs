//! The contract over HTTP: real services, a real database, a real socket.

pub mod house;

/// Makes a test in a house on each database of every case in the list.
macro_rules! in_both_houses {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    $crate::http::house::in_house($crate::support::Backend::Sqlite, super::$case);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    $crate::http::house::in_house($crate::support::Backend::Postgres, super::$case);
                }
            )+
        }
    };
}

/// The same, in houses with settings of their own.
macro_rules! in_both_houses_with {
    ($settings:path: $($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    let backend = $crate::support::Backend::Sqlite;
                    $crate::http::house::in_house_with(backend, $settings, super::$case);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    let backend = $crate::support::Backend::Postgres;
                    $crate::http::house::in_house_with(backend, $settings, super::$case);
                }
            )+
        }
    };
}

mod audit;
mod batches;
mod bodies;
mod campaigns;
mod clocks;
mod collisions;
mod copied;
mod donations;
mod donor_searches;
mod donors;
mod headers;
mod idempotency;
mod identities;
mod jobs;
mod live;
mod lockout;
mod logins;
mod passwords;
mod problems;
mod proxies;
mod quotas;
mod races;
pub mod reading;
mod roles;
mod sessions;
mod several_roles;
mod slow_bodies;
mod socket;
mod steps;
mod summary;
mod timeouts;
mod trash;
mod users;
mod validators;
mod webhooks;
mod writes;
