//! Which time line a database is on.

use std::time::Duration;

use almoner_persistence::{Database, EpochCause, EpochRecord, Store, StoreOptions, copies};
use sea_orm::ConnectionTrait;
use tokio::time::timeout;

use crate::support::{Backend, World, connect, later, run};

on_both![
    an_epoch_begins_once_and_a_restart_begins_none,
    instances_that_start_at_once_agree_on_one,
    a_database_that_lives_elsewhere_begins_the_next,
    a_row_that_was_written_anew_begins_the_next,
    a_schema_without_epochs_gets_one_when_it_is_brought_up_to_date,
];

/// The world's database, as another process opens it.
async fn another(world: &World, series: u16) -> Store {
    Store::open(world.options(false, series)).await.unwrap()
}

async fn settled(world: &World) -> EpochRecord {
    // Each start is a process of its own.
    let store = another(world, 7).await;
    let epoch = store.settle_epoch(later(1)).await.unwrap();
    store.close().await.unwrap();
    epoch
}

async fn an_epoch_begins_once_and_a_restart_begins_none(world: &World) {
    assert_eq!(world.store.epochs().await.unwrap(), []);
    let first = world.store.settle_epoch(later(0)).await.unwrap();
    assert_eq!((first.number, first.cause, first.began_at), (1, EpochCause::First, later(0)));
    assert_eq!(world.store.settle_epoch(later(5)).await.unwrap(), first);
    assert_eq!(settled(world).await, first);
    assert_eq!(world.store.epochs().await.unwrap(), [first]);
}

async fn instances_that_start_at_once_agree_on_one(world: &World) {
    let mut starts = Vec::new();
    for series in 2..6 {
        let store = another(world, series).await;
        starts.push(tokio::spawn(async move {
            let epoch = store.settle_epoch(later(0)).await.unwrap();
            store.close().await.unwrap();
            epoch
        }));
    }
    let ours = world.store.settle_epoch(later(0)).await.unwrap();
    for start in starts {
        assert_eq!(start.await.unwrap(), ours);
    }
    assert_eq!(world.store.epochs().await.unwrap(), [ours]);
}

async fn a_database_that_lives_elsewhere_begins_the_next(world: &World) {
    let first = settled(world).await;
    let elsewhere = r#"{"path":"/elsewhere/almoner.db","system":"1"}"#;
    world.sql(&format!("UPDATE epochs SET place = '{elsewhere}'")).await;
    let second = settled(world).await;
    assert_eq!((second.number, second.cause), (2, EpochCause::Moved));
    assert_ne!(second.epoch, first.epoch);
    assert_eq!(settled(world).await, second);
    assert_eq!(world.store.epochs().await.unwrap().len(), 2);
}

async fn a_row_that_was_written_anew_begins_the_next(world: &World) {
    let first = settled(world).await;
    let change = match world.backend {
        // As a copy has it.
        Backend::Sqlite => "UPDATE epochs SET place = ''",
        // As a dump has it that is loaded where it came from: only who wrote it differs.
        Backend::Postgres => "UPDATE epochs SET place = place",
    };
    world.sql(change).await;
    let second = settled(world).await;
    assert_eq!((second.number, second.cause), (2, EpochCause::Restored));
    assert_ne!(second.epoch, first.epoch);
    assert_eq!(settled(world).await, second);
}

async fn a_schema_without_epochs_gets_one_when_it_is_brought_up_to_date(world: &World) {
    settled(world).await;
    let steps = world.store.migrations().await.unwrap();
    let since = steps.iter().rev().position(|step| step.name.ends_with("_epochs")).unwrap() + 1;
    world.store.migrate_down(u32::try_from(since).unwrap()).await.unwrap();
    assert!(world.store.epochs().await.is_err());
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(settled(world).await.cause, EpochCause::First);
}

#[test]
fn every_copy_that_is_made_begins_an_epoch_wherever_it_is_put() {
    run(Backend::Sqlite, async |world: &World| {
        let mut seen = vec![world.store.settle_epoch(later(0)).await.unwrap().epoch];
        let folder = tempfile::tempdir().unwrap();
        let (copy, file) = (folder.path().join("copy.db"), folder.path().join("almoner.db"));
        std::fs::File::create(&copy).unwrap();
        copies::copy(&world.file(), &copy, &copies::Halt::default(), &mut |_, _| {}).unwrap();
        let settled = async || {
            let database = Database::Sqlite(file.clone());
            let options = StoreOptions { database, ..world.options(false, 7) };
            let store = Store::open(options).await.unwrap();
            let epoch = store.settle_epoch(later(1)).await.unwrap();
            store.close().await.unwrap();
            epoch
        };
        // Written over the very file, the second and third time: its path and inode stay.
        for _ in 0..3 {
            std::fs::write(&file, std::fs::read(&copy).unwrap()).unwrap();
            let epoch = settled().await;
            assert_eq!((epoch.number, epoch.cause), (2, EpochCause::Restored));
            assert!(!seen.contains(&epoch.epoch));
            seen.push(epoch.epoch);
            assert_eq!(settled().await, epoch);
        }
    });
}

#[test]
fn a_trail_that_lacks_what_it_had_begins_the_next_and_a_lock_file_that_says_nothing_does_not() {
    run(Backend::Sqlite, async |world: &World| {
        let settled = async || {
            let store = Store::open(world.options(true, 7)).await.unwrap();
            let epoch = store.settle_epoch(later(1)).await.unwrap();
            store.close().await.unwrap();
            (epoch.number, epoch.cause)
        };
        world.save_donor(&world.donor("First")).await;
        assert_eq!(settled().await, (1, EpochCause::First));
        world.save_donor(&world.donor("Second")).await;
        let lock = world.file().with_file_name("almoner.db.lock");
        let noted = std::fs::read_to_string(&lock).unwrap();
        assert!(noted.starts_with("00000000000000000001 "), "{noted}");
        // The trail has gone on.
        assert_eq!(settled().await, (1, EpochCause::First));
        let far = std::fs::read_to_string(&lock).unwrap();
        assert!(far.starts_with("00000000000000000002 "), "{far}");
        for nothing in ["", "junk", &noted[..40]] {
            std::fs::write(&lock, nothing).unwrap();
            assert_eq!(settled().await, (1, EpochCause::First), "{nothing}");
        }
        // A change that is not there, and others in the place of those that are.
        let behind = far.replacen("2 ", "3 ", 1);
        let other = far.replacen(&far[21..23], if &far[21..23] == "00" { "11" } else { "00" }, 1);
        let older =
            noted.replacen(&noted[21..23], if &noted[21..23] == "00" { "11" } else { "00" }, 1);
        for (number, left) in (2..).zip([behind, other, older]) {
            std::fs::write(&lock, &left).unwrap();
            assert_eq!(settled().await, (number, EpochCause::Restored), "{left}");
            assert_eq!(settled().await, (number, EpochCause::Restored), "{left}");
        }
    });
}

#[test]
fn a_server_on_sqlite_hears_of_no_other_epoch() {
    run(Backend::Sqlite, async |world: &World| {
        let epoch = world.store.settle_epoch(later(0)).await.unwrap();
        let over = timeout(Duration::from_secs(3), world.store.epoch_over(&epoch));
        assert!(over.await.is_err());
    });
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_server_on_postgresql_hears_of_an_epoch_that_begins_and_of_a_row_that_was_written_anew() {
    run(Backend::Postgres, async |world: &World| {
        for change in [
            "UPDATE epochs SET place = place",
            "INSERT INTO epochs SELECT max(number) + 1, gen_random_uuid(), 0, 'moved', '{}' FROM epochs",
            "DELETE FROM epochs",
        ] {
            let store = another(world, 7).await;
            let epoch = store.settle_epoch(later(0)).await.unwrap();
            let mut over = Box::pin(store.epoch_over(&epoch));
            assert!(timeout(Duration::from_millis(2_500), &mut over).await.is_err(), "{change}");
            world.sql(change).await;
            timeout(Duration::from_secs(20), over).await.expect(change);
            store.close().await.unwrap();
        }
    });
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_role_that_may_not_ask_for_the_server_settles_on_what_it_can_read() {
    run(Backend::Postgres, async |world: &World| {
        let first = settled(world).await;
        let asked = ["pg_control_system()", "pg_walfile_name(pg_lsn)"];
        let role = "almoner_test_epochs";
        world.sql(&format!("DROP ROLE IF EXISTS {role}")).await;
        world.sql(&format!("CREATE ROLE {role} NOSUPERUSER")).await;
        world.sql(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")).await;
        // Rights on functions are each database's own.
        for function in asked {
            world.sql(&format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")).await;
        }
        let mut options = world.options(false, 7);
        let Database::Postgres(url) = &mut options.database else { panic!("another database") };
        let separator = if url.0.ends_with('?') { "" } else { "&" };
        url.0.push_str(&format!("{separator}options=-c%20role%3D{role}"));
        let raw = connect(&url.0).await;
        for function in ["pg_control_system()", "pg_walfile_name('0/0')"] {
            let refused = raw.execute_unprepared(&format!("SELECT {function}")).await.unwrap_err();
            assert!(refused.to_string().contains("permission denied"), "{refused}");
        }
        raw.close().await.unwrap();
        let store = Store::open(options).await.unwrap();
        assert_eq!(store.settle_epoch(later(2)).await.unwrap(), first);
        store.close().await.unwrap();
        world.sql(&format!("DROP OWNED BY {role}")).await;
        world.sql(&format!("DROP ROLE {role}")).await;
    });
}
