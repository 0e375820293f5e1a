//! What every kind of record promises: one list of cases, run for each kind of the registry on both
//! databases. No case knows a kind by its name; what a kind has to supply stands in [`samples`].

/// Makes a test in a house on each database of every case in the list.
macro_rules! of_every_kind {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    let backend = $crate::support::Backend::Sqlite;
                    $crate::conformance::bench::on_bench(backend, super::$case);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    let backend = $crate::support::Backend::Postgres;
                    $crate::conformance::bench::on_bench(backend, super::$case);
                }
            )+
        }
    };
}

mod bench;
mod chosen;
mod duplicates;
pub mod indexes;
mod lists;
mod paging;
mod permits;
mod references;
mod repeats;
mod samples;
mod scopes;
mod searching;
mod storage;
mod sums;
mod tables;
mod told;
mod trash;
mod uniqueness;
mod values;
