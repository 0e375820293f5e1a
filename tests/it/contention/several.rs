//! Several processes on one database.

use std::sync::Arc;

use almoner_persistence::{OpenError, Store, StoreOptions};

use super::{all_at_once, assert_one_row_each, donation_service, draft};
use crate::support::{Backend, CountedIds, World, as_system, run};

on_both![two_stores_that_write_at_once_keep_one_chain];

async fn two_stores_that_write_at_once_keep_one_chain(world: &World) {
    let other_ids = Arc::new(CountedIds::new(2));
    let options = StoreOptions { ids: Arc::clone(&other_ids) as _, ..world.options(false, 2) };
    let other = Store::open(options).await.unwrap();
    let services =
        [donation_service(&world.store, &world.ids), donation_service(&other, &other_ids)];
    let outcomes = all_at_once((1..=64).map(|n| {
        let service = services[n % 2].clone();
        async move { service.create(&as_system(), draft(1 + n as i64)).await }
    }))
    .await;
    for outcome in outcomes {
        outcome.unwrap();
    }
    other.close().await.unwrap();
    assert_one_row_each(world, 64).await;
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    run(Backend::Sqlite, async |world| {
        let first = Store::open(world.options(true, 2)).await.unwrap();
        match Store::open(world.options(true, 3)).await {
            Err(OpenError::InUse(path)) => assert_eq!(path, world.file()),
            Err(error) => panic!("{error:?}"),
            Ok(_) => panic!("two servers run on one file"),
        }
        // A command may run beside the server.
        Store::open(world.options(false, 4)).await.unwrap().close().await.unwrap();
        first.close().await.unwrap();
        drop(first);
        Store::open(world.options(true, 5)).await.unwrap().close().await.unwrap();
    });
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    run(Backend::Sqlite, async |world| {
        let file = world.file().with_file_name("letter.txt");
        let text = "Dear donor, ".repeat(1_000);
        std::fs::write(&file, &text).unwrap();
        let options = StoreOptions {
            database: almoner_persistence::Database::Sqlite(file.clone()),
            ..world.options(false, 2)
        };
        let refused = Store::open(options).await.err();
        assert!(matches!(refused, Some(OpenError::Database(_))), "{refused:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    });
}
