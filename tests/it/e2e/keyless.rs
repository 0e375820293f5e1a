//! A start that fails leaves everything as it was: above all no key that does not belong to the database.

use std::{collections::BTreeMap, fs, net::TcpListener, path::Path, process::Output};

use super::almoner::Almoner;
use crate::support::PostgresDatabase;

/// Every file of a folder, with what is in it. SQLite's index of the log (`-shm`) is no data: whoever
/// reads a file that has a log writes to it, and makes it when it is not there.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| !name.ends_with("-shm"))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

fn refused(output: &Output, reason: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(reason), "{said}");
}

/// Everything that opens a database.
const COMMANDS: [&[&str]; 8] = [
    &["serve"],
    &["admin", "create", "--email", "new@example.org", "--name", "New", "--password-stdin"],
    &["seed"],
    &["migrate", "up"],
    &["migrate", "status"],
    &["migrate", "down"],
    &["audit", "verify"],
    &["totals", "rebuild"],
];

/// A server with an account, that has ended, and whose schema is one step behind.
fn used() -> Almoner {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert!(almoner.run(&["migrate", "down"]).status.success());
    almoner
}

#[test]
fn beside_a_database_whose_key_is_missing_no_command_makes_one() {
    let almoner = used();
    let data = almoner.folder.path().join("data");
    let key = fs::read(data.join("almoner.key")).unwrap();
    fs::remove_file(data.join("almoner.key")).unwrap();
    let before = contents(&data);
    for command in COMMANDS {
        let output = almoner.run(command);
        refused(&output, "almoner.key is missing");
        refused(&output, "put the key file back");
        assert!(contents(&data) == before, "{command:?} changed something");
    }
    // It was the key that it lacked.
    fs::write(data.join("almoner.key"), key).unwrap();
    chmod(&data.join("almoner.key"));
    let status = almoner.run(&["migrate", "status"]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("pending"));
}

#[test]
fn beside_a_database_of_another_key_no_command_changes_anything() {
    let almoner = used();
    let data = almoner.folder.path().join("data");
    let other = used();
    let key = fs::read(other.folder.path().join("data/almoner.key")).unwrap();
    fs::write(data.join("almoner.key"), key).unwrap();
    let before = contents(&data);
    for command in COMMANDS {
        refused(&almoner.run(command), "sealed with another signing key");
        assert!(contents(&data) == before, "{command:?} changed something");
    }
}

#[test]
fn a_key_that_is_missing_is_missed_after_a_kill_too() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    // Everything is in the log.
    almoner.kill();
    let data = almoner.folder.path().join("data");
    fs::remove_file(data.join("almoner.key")).unwrap();
    let before = contents(&data);
    refused(&almoner.run(&["serve"]), "almoner.key is missing");
    let after = contents(&data);
    assert!(before.keys().eq(after.keys()), "{:?}", after.keys());
    for file in ["almoner.db", "almoner.db-wal"] {
        assert!(before[file] == after[file], "{file} was changed");
    }
}

#[test]
fn a_start_on_a_busy_port_leaves_nothing_behind() {
    let almoner = Almoner::new();
    let _busy = TcpListener::bind(almoner.url.strip_prefix("http://").unwrap()).unwrap();
    refused(&almoner.run(&["serve"]), "cannot listen on");
    assert_eq!(fs::read_dir(almoner.folder.path()).unwrap().count(), 0);
    // A database that is there already is not brought up to date either.
    let used = used();
    let data = used.folder.path().join("data");
    let before = contents(&data);
    let _busy = TcpListener::bind(used.url.strip_prefix("http://").unwrap()).unwrap();
    refused(&used.run(&["serve"]), "cannot listen on");
    assert!(contents(&data) == before);
}

#[test]
fn a_second_server_with_a_key_of_its_own_is_refused_before_it_makes_one() {
    let mut almoner = Almoner::new();
    almoner.start();
    let mut second = almoner.command(&["serve", "--listen", "127.0.0.1:0"]);
    second.env("ALMONER_KEY_FILE", "other.key");
    refused(&second.output().unwrap(), "another almoner is running on");
    let mut create = almoner.command(COMMANDS[1]);
    create.env("ALMONER_KEY_FILE", "other.key");
    refused(&create.output().unwrap(), "another almoner is running on");
    assert!(!almoner.folder.path().join("other.key").exists());
}

#[test]
fn where_no_database_can_be_made_no_key_is_made() {
    let almoner = Almoner::new().with("ALMONER_DATABASE_URL", "sqlite://taken/almoner.db");
    fs::write(almoner.folder.path().join("taken"), "a file").unwrap();
    let served = almoner.run(&["serve"]);
    assert_eq!(served.status.code(), Some(1), "{}", String::from_utf8_lossy(&served.stderr));
    assert_eq!(fs::read_dir(almoner.folder.path()).unwrap().count(), 1);
}

#[tokio::test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn on_postgresql_the_missing_key_is_missed_too() {
    let database = PostgresDatabase::create().await;
    let mut almoner = Almoner::new().with("ALMONER_DATABASE_URL", &database.url());
    almoner.start();
    almoner.create_admin();
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert!(almoner.run(&["migrate", "down"]).status.success());
    let data = almoner.folder.path().join("data");
    fs::remove_file(data.join("almoner.key")).unwrap();
    for command in COMMANDS {
        refused(&almoner.run(command), "almoner.key is missing");
        assert_eq!(contents(&data).len(), 0, "{command:?}");
    }
    // Another one that is there fits no better.
    let other = used();
    let key = data.join("almoner.key");
    fs::copy(other.folder.path().join("data/almoner.key"), &key).unwrap();
    for command in COMMANDS {
        refused(&almoner.run(command), "sealed with another signing key");
    }
    drop(almoner);
    database.remove().await;
}

fn chmod(file: &Path) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
