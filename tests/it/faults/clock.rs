//! The clock of the machine is set back under a running server. What sessions, locks and limits make
//! of it is in `http/clocks.rs`; here are the parts that only the built binary has: its own clock and
//! its own ids.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;

use super::{assert_verified, ledger::Ledger, load::Load, ready};
use crate::{e2e::almoner::Almoner, http::reading::walk};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_back_doubles_no_id_and_breaks_no_chain() {
    let almoner = Almoner::new();
    let (clock, library) = (almoner.folder.path().join("clock"), settable_clock(&almoner));
    set_back(&clock, 0);
    let mut almoner = ready(
        almoner
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("CLOCK_SET_BACK", clock.to_str().unwrap()),
    );
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let mut minutes = 0;
    for round in 0..6 {
        let load = Load::start(&browser, 4, &format!("jump{round}"), round);
        // In the middle of the work; a session outlives it.
        tokio::time::sleep(Duration::from_millis(60)).await;
        minutes += 4;
        set_back(&clock, minutes);
        tokio::time::sleep(Duration::from_millis(60)).await;
        let (stories, refusals) = load.end().await;
        assert!(refusals.is_empty(), "{refusals:#?}");
        ledger.settle_and_search(&browser, stories).await;
        if round == 3 {
            // A server that starts in the past of its own records.
            almoner.kill();
            almoner.start();
        }
    }
    // It was the server's clock that was set.
    let file = Connection::open(almoner.database()).unwrap();
    let at = |order: &str| -> i64 {
        let sql = format!("SELECT at FROM changes ORDER BY position {order} LIMIT 1");
        file.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert!(at("DESC") < at("ASC"));
    // Pages meet each donation once, however ids and times lie.
    assert_eq!(walk(&browser, "/donations", 50).await.len(), ledger.len());
    ledger.assert_all_stored(&browser).await;
    ledger.assert_whole().await;
    assert_verified(&almoner);
}

/// A library that takes the place of the C library's clock: libfaketime, which does so too, does not
/// get along with the allocator.
fn settable_clock(almoner: &Almoner) -> PathBuf {
    let library = almoner.folder.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/it/faults/clock.c");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", source, "-o"]).arg(&library);
    assert!(compile.status().unwrap().success());
    library
}

fn set_back(clock: &Path, minutes: u64) {
    // Whole or not at all: the server may be looking.
    let draft = clock.with_extension("new");
    fs::write(&draft, (minutes * 60).to_string()).unwrap();
    fs::rename(draft, clock).unwrap();
}
