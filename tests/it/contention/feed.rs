//! The feed: who has read up to a position never later meets a smaller one that was missed, however
//! many write, and hears of what other processes commit.

use std::{sync::Arc, time::Duration};

use almoner_kernel::Feed;
use almoner_persistence::{Store, StoreOptions};
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::time::timeout;

use super::{all_at_once, donation_service, draft};
use crate::support::{Backend, CountedIds, World, as_system, created, lira, run};

on_both![
    a_reader_beside_many_writers_of_two_processes_misses_nothing,
    positions_are_given_in_the_order_of_the_commits,
    a_notice_says_what_was_done_to_which_record,
    nothing_is_told_of_what_was_not_committed,
    the_commits_of_another_process_are_heard_of,
];

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn another_process(world: &World) -> (Store, Arc<CountedIds>) {
    let ids = Arc::new(CountedIds::new(2));
    let options = StoreOptions { ids: Arc::clone(&ids) as _, ..world.options(false, 2) };
    (Store::open(options).await.unwrap(), ids)
}

/// What a reader reads that asks for what is behind the last position it has seen, until it has
/// seen so many.
async fn followed(store: &Store, wanted: i64) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| *last < wanted) {
        let notices = store.after(seen.last().copied().unwrap_or(0), 7).await.unwrap();
        seen.extend(notices.iter().map(|notice| notice.position));
    }
    seen
}

async fn a_reader_beside_many_writers_of_two_processes_misses_nothing(world: &World) {
    const COMMITS: i64 = 240;
    let (other, other_ids) = another_process(world).await;
    let reader = world.store.clone();
    let reader = tokio::spawn(async move { followed(&reader, COMMITS).await });
    let services =
        [donation_service(&world.store, &world.ids), donation_service(&other, &other_ids)];
    let outcomes = all_at_once((1..=COMMITS).map(|n| {
        let service = services[n as usize % 2].clone();
        async move { service.create(&as_system(), draft(n)).await }
    }))
    .await;
    for outcome in outcomes {
        outcome.unwrap();
    }
    let seen = timeout(PATIENCE, reader).await.expect("the reader comes to the end").unwrap();
    assert_eq!(seen, (1..=COMMITS).collect::<Vec<_>>());
    other.close().await.unwrap();
}

/// What the test before would stumble over: numbers that are given when a row is written, and not
/// when it is committed, become visible in another order.
#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_plain_sequence_would_be_missed() {
    run(Backend::Postgres, async |world| {
        world.sql("CREATE TABLE plain (position bigserial PRIMARY KEY, of text)").await;
        let (early, late) = (world.postgres().await, world.postgres().await);
        let early_one = early.begin().await.unwrap();
        early_one.execute_unprepared("INSERT INTO plain (of) VALUES ('early')").await.unwrap();
        let late_one = late.begin().await.unwrap();
        late_one.execute_unprepared("INSERT INTO plain (of) VALUES ('late')").await.unwrap();
        late_one.commit().await.unwrap();
        let seen = world.number("max(position)", "FROM plain").await;
        early_one.commit().await.unwrap();
        let behind = format!("FROM plain WHERE position > {seen}");
        assert_eq!(world.texts("of", &behind).await, [""; 0], "the early one is never read");
        assert_eq!(world.rows("plain").await, 2);
        early.close().await.unwrap();
        late.close().await.unwrap();
    });
}

/// The same two, the same way.
async fn positions_are_given_in_the_order_of_the_commits(world: &World) {
    let (early, late) = (world.donation(lira(1)), world.donation(lira(2)));
    if world.backend == Backend::Postgres {
        let mut early_one = world.donations().begin().await.unwrap();
        early_one.insert(&early).await.unwrap();
        let mut late_one = world.donations().begin().await.unwrap();
        late_one.insert(&late).await.unwrap();
        late_one.commit(created(&late)).await.unwrap();
        assert_eq!(followed(&world.store, 1).await, [1]);
        early_one.commit(created(&early)).await.unwrap();
    } else {
        // SQLite has one writer: the second begins when the first has ended.
        world.save_donation(&late).await;
        assert_eq!(followed(&world.store, 1).await, [1]);
        world.save_donation(&early).await;
    }
    let notices = world.store.after(1, 10).await.unwrap();
    let records: Vec<_> = notices.iter().map(|notice| notice.entity_id).collect();
    assert_eq!(records, [early.id.uuid()]);
}

async fn a_notice_says_what_was_done_to_which_record(world: &World) {
    let donor = world.donor("Ayşe");
    world.save_donor(&donor).await;
    let changed = world.change_donor(&donor).await.unwrap();
    let notices = world.store.after(0, 10).await.unwrap();
    let told: Vec<_> = notices
        .iter()
        .map(|notice| (notice.position, notice.entity.as_str(), notice.action.as_str()))
        .collect();
    assert_eq!(told, [(1, "donor", "created"), (2, "donor", "updated")]);
    assert!(notices.iter().all(|notice| notice.entity_id == donor.id.uuid()));
    assert_eq!(notices[1].version, changed.version);
    assert_eq!(world.store.after(2, 10).await.unwrap(), []);
    assert_eq!(world.store.head().await.unwrap(), 2);
}

async fn nothing_is_told_of_what_was_not_committed(world: &World) {
    assert_eq!(world.store.head().await.unwrap(), 0);
    let mut tx = world.donations().begin().await.unwrap();
    tx.insert(&world.donation(lira(1))).await.unwrap();
    drop(tx);
    let donor = world.donor("Ayşe");
    world.save_donor(&donor).await;
    assert_eq!(timeout(PATIENCE, world.store.beyond(0)).await.unwrap(), 1);
    let notices = world.store.after(0, 10).await.unwrap();
    assert_eq!(notices[0].entity_id, donor.id.uuid());
}

async fn the_commits_of_another_process_are_heard_of(world: &World) {
    let (other, other_ids) = another_process(world).await;
    let service = donation_service(&other, &other_ids);
    let listener = world.store.clone();
    let listening = tokio::spawn(async move { listener.listen().await });
    for position in 1..=3 {
        service.create(&as_system(), draft(position)).await.unwrap();
        let heard = timeout(PATIENCE, world.store.beyond(position - 1)).await;
        assert_eq!(heard.expect("the commit is heard of"), position);
    }
    listening.abort();
    other.close().await.unwrap();
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_lost_connection_does_not_deafen() {
    run(Backend::Postgres, async |world| {
        let (other, other_ids) = another_process(world).await;
        let service = donation_service(&other, &other_ids);
        let listener = world.store.clone();
        let listening = tokio::spawn(async move { listener.listen().await });
        let of_listener = "FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        for position in 1..=3 {
            // Each time it listens, it is cut off.
            let cut_off = async {
                while world.texts("pg_terminate_backend(pid)", of_listener).await.is_empty() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            timeout(PATIENCE, cut_off).await.expect("it listens again");
            service.create(&as_system(), draft(position)).await.unwrap();
            let heard = timeout(PATIENCE, world.store.beyond(position - 1)).await;
            assert_eq!(heard.expect("the commit is heard of"), position);
        }
        listening.abort();
        other.close().await.unwrap();
    });
}
