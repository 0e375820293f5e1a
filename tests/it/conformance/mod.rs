//! What every kind of record promises: one list of cases, run for each kind of the registry on both
//! databases. No case knows a kind by its name: what is asked of one follows from its description, and what
//! a kind has to supply stands in [`samples`]. The same list is run for the kinds of `loans`, so that what a
//! description can say is tried whether or not a kind of the program says it today.

/// Makes a test on each shelf and each database of every case in the list.
macro_rules! of_every_kind {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    $crate::conformance::bench::on_bench(
                        $crate::conformance::shelf::Shelf::Program,
                        $crate::support::Backend::Sqlite,
                        super::$case,
                    );
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    $crate::conformance::bench::on_bench(
                        $crate::conformance::shelf::Shelf::Program,
                        $crate::support::Backend::Postgres,
                        super::$case,
                    );
                }
            )+
        }
        mod lending_on_sqlite {
            $(
                #[test]
                fn $case() {
                    $crate::conformance::bench::on_bench(
                        $crate::conformance::shelf::Shelf::Lending,
                        $crate::support::Backend::Sqlite,
                        super::$case,
                    );
                }
            )+
        }
        mod lending_on_postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() {
                    $crate::conformance::bench::on_bench(
                        $crate::conformance::shelf::Shelf::Lending,
                        $crate::support::Backend::Postgres,
                        super::$case,
                    );
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
pub mod samples;
mod scopes;
mod searching;
mod shelf;
mod steps;
mod storage;
mod sums;
mod tables;
mod told;
mod trash;
mod uniqueness;
mod values;
