//! A file that cannot be written, from the start or from some moment on.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use super::{
    assert_unavailable, assert_verified,
    disks::{FragileDisk, Limit, OUTLIVES_LIMITS, ReadOnly, Scarcity},
    is_writable,
    ledger::Ledger,
    load::Load,
    ready, status,
};
use crate::e2e::almoner::Almoner;

#[test]
fn a_server_on_a_file_it_cannot_write_says_so_and_does_not_start() {
    let mut almoner = ready(Almoner::new());
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let file = almoner.database();
    let only = read_only(&file);
    let said = refused(&almoner);
    assert!(said.contains("almoner.db") && said.contains("read-only"), "{said}");
    drop(only);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    // The folder: SQLite's log and the lock have their place beside the file.
    let folder = almoner.folder.path().join("data");
    let only = read_only(&folder);
    let said = refused(&almoner);
    assert!(said.contains("almoner.db"), "{said}");
    assert!(said.contains("ead-only") || said.contains("denied"), "{said}");
    drop(only);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    almoner.start();
    assert_verified(&almoner);
}

fn read_only(path: &Path) -> Option<ReadOnly> {
    let only = ReadOnly::make(path);
    if only.is_none() {
        let mode = if path.is_dir() { 0o500 } else { 0o400 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    only
}

fn refused(almoner: &Almoner) -> String {
    let served = almoner.run(&["serve"]);
    assert_eq!(served.status.code(), Some(1));
    String::from_utf8(served.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_becomes_read_only_stops_writing_but_not_reading() {
    let almoner = Almoner::new().through(&OUTLIVES_LIMITS);
    let mut disk = FragileDisk::mount(almoner.folder.path());
    let mut almoner = ready(almoner);
    let browser = Arc::new(almoner.log_in().await);
    let mut ledger = Ledger::of_file(&almoner);
    let load = Load::start(&browser, 6, "r", 1);
    load.works(20).await;
    match &disk {
        Some(disk) => disk.fail(),
        None => Limit.begin(&almoner),
    }
    load.is_refused(6).await;
    for _ in 0..20 {
        browser.get("/donations?q=sut&limit=5").await.expect(200);
        assert_eq!(status(&almoner, "/health/live").await, 200);
    }
    let (stories, refusals) = load.end().await;
    assert!(!is_writable(&almoner).await);
    assert!(!refusals.is_empty());
    for refusal in &refusals {
        assert_unavailable(&refusal.answer);
    }
    let kept = stories.iter().filter(|story| story.known.is_some()).count();
    assert!(kept > 0);
    let listed = browser.get("/donations?count=exact&limit=1").await.expect(200);
    assert_eq!(usize::try_from(listed.number("/total")).unwrap(), kept);

    almoner.kill();
    if let Some(disk) = &mut disk {
        disk.repair();
    }
    almoner.start();
    ledger.settle_and_search(&browser, stories).await;
    ledger.assert_whole().await;
    assert_verified(&almoner);
}
