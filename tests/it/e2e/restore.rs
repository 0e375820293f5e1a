//! What `restore` takes and what it refuses, to the last bit.

use std::fs;

use rusqlite::Connection;

use super::{
    almoner::Almoner,
    backup::{ended_server, names, said},
};

/// Makes a superadmin of every viewer, at the next use of a session.
const TRIGGER: &str = "CREATE TRIGGER raise_me AFTER UPDATE ON sessions BEGIN
    UPDATE users SET role = 'superadmin' WHERE role = 'viewer'; END";

#[test]
fn a_trigger_that_somebody_added_is_refused_wherever_it_is() {
    let almoner = ended_server();
    let file = |name: &str| almoner.folder.path().join(name);
    assert!(almoner.run(&["backup", "copy.db"]).status.success());
    let copy = Connection::open(file("copy.db")).unwrap();
    copy.execute_batch(TRIGGER).unwrap();
    copy.close().unwrap();
    for options in [&["--yes"][..], &["--yes", "--unsealed"]] {
        let refused = almoner.run(&[&["restore", "copy.db"], options].concat());
        assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    }
    let live = Connection::open(almoner.database()).unwrap();
    live.execute_batch(TRIGGER).unwrap();
    live.close().unwrap();
    let refused = almoner.run(&["backup", "new.db"]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("the trigger \"raise_me\""), "{}", said(&refused));
    assert!(!file("new.db").exists());
    let verified = almoner.run(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(4), "{}", said(&verified));
    assert!(String::from_utf8_lossy(&verified.stdout).contains("the trigger \"raise_me\""));
}

#[test]
fn a_backup_is_taken_back_to_the_last_bit_or_not_at_all() {
    let almoner = ended_server();
    assert!(almoner.run(&["backup", "copy.db"]).status.success());
    let copy = fs::read(almoner.folder.path().join("copy.db")).unwrap();
    let flipped = almoner.folder.path().join("flipped.db");
    // The whole file, its header and its seal; every bit of a small one is flipped in `seal.rs`.
    let spread = (0..24).map(|part| part * copy.len() / 24 + part);
    let ends = [18, 24, 44, 95, copy.len() - 64, copy.len() - 40, copy.len() - 1];
    for byte in spread.chain(ends) {
        let mut one = copy.clone();
        one[byte] ^= 1 << (byte % 8);
        fs::write(&flipped, one).unwrap();
        let refused = almoner.run(&["restore", "flipped.db", "--yes"]);
        assert_eq!(refused.status.code(), Some(5), "byte {byte}: {}", said(&refused));
    }
    // SQLite and its tools do not mind the seal.
    let opened = Connection::open(almoner.folder.path().join("copy.db")).unwrap();
    let users: i64 = opened.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(users, 1);
    opened.close().unwrap();
    let restored = almoner.run(&["restore", "copy.db", "--yes"]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(fs::read(almoner.database()).unwrap(), copy[..copy.len() - 64]);
    // A second one within the same second keeps what is there under a name of its own.
    for _ in 0..2 {
        let again = almoner.run(&["restore", "copy.db", "--yes"]);
        assert!(again.status.success(), "{}", said(&again));
    }
    let kept = names(&almoner.folder.path().join("data"));
    assert_eq!(kept.iter().filter(|name| name.contains("before-restore")).count(), 3, "{kept:?}");
}

#[test]
fn another_key_is_told_as_another_key_and_a_file_without_a_seal_as_that() {
    let almoner = ended_server();
    assert!(almoner.run(&["backup", "copy.db"]).status.success());
    let plain = almoner.folder.path().join("plain.db");
    fs::copy(almoner.database(), &plain).unwrap();
    let refused = almoner.run(&["restore", "plain.db", "--yes"]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("--unsealed"), "{}", said(&refused));

    let other = ended_server();
    for (name, options) in [
        ("copy.db", &["--yes"][..]),
        ("copy.db", &["--yes", "--unsealed"]),
        ("plain.db", &["--yes", "--unsealed"]),
    ] {
        let path = almoner.folder.path().join(name);
        let refused = other.run(&[&["restore", path.to_str().unwrap()], options].concat());
        assert_eq!(refused.status.code(), Some(1), "{name}: {}", said(&refused));
        assert!(said(&refused).contains("another signing key"), "{name}: {}", said(&refused));
    }
    let restored = almoner.run(&["restore", "plain.db", "--yes", "--unsealed"]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(String::from_utf8_lossy(&restored.stdout).contains("not looked at"));
}

#[test]
fn a_backup_of_an_older_schema_is_held_against_that_schema() {
    let almoner = Almoner::new();
    let steps = almoner.run(&["migrate", "status"]);
    let older = String::from_utf8_lossy(&steps.stdout).lines().count() - 2;
    let up = almoner.run(&["migrate", "up", "--steps", &older.to_string()]);
    assert!(up.status.success(), "{}", said(&up));
    let made = almoner.run(&["backup", "old.db"]);
    assert!(made.status.success(), "{}", said(&made));
    let restored = almoner.run(&["restore", "old.db", "--yes"]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(String::from_utf8_lossy(&restored.stdout).contains("2 migrations behind"));
    let old = Connection::open(almoner.folder.path().join("old.db")).unwrap();
    old.execute_batch("DROP INDEX jobs_due").unwrap();
    old.close().unwrap();
    let refused = almoner.run(&["restore", "old.db", "--yes", "--unsealed"]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("the index \"jobs_due\" is missing"), "{}", said(&refused));
}
