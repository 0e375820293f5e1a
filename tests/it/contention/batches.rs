//! Batches beside others: everybody is answered, whoever holds what.

use almoner_donations::{Donation, DonationPatch, State};
use almoner_kernel::{
    Patch, Scope, StoreError,
    store::{Batch, Batches},
};
use almoner_records::{Kept, RecordError, Text};
use futures_util::FutureExt;

use super::{assert_no_gap, assert_totals, donation_service, draft};
use crate::support::{Backend, World, as_system, changed, created, lira, run, with};

on_both![
    who_waits_behind_a_long_change_is_told_so,
    batches_stand_in_a_line_of_their_own,
    totals_of_a_batch_are_those_of_the_items_that_stayed,
];

async fn open(world: &World) -> Box<dyn Batch> {
    Batches::open(&world.store).await.unwrap()
}

/// Stores one donation within a batch.
async fn item(world: &World, batch: &dyn Batch, donation: &Kept<Donation>) {
    let insert = async {
        let mut tx = world.donations().begin().await.unwrap();
        tx.insert(donation).await.unwrap();
        tx.commit(created(donation)).await.unwrap();
    };
    batch.run(Box::pin(insert)).await;
}

async fn who_waits_behind_a_long_change_is_told_so(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let made = service.create(&as_system(), draft(1)).await.unwrap();
    let mut long = world.donations().begin().await.unwrap();
    long.load(made.id, Scope::All).await.unwrap();
    let patch =
        || DonationPatch { notes: Patch::Set(Text::from_stored("x")), ..DonationPatch::default() };
    let waits = service.update(&as_system(), made.id, made.version, &patch()).await;
    assert!(matches!(waits, Err(RecordError::Store(StoreError::Unavailable(_)))), "{waits:?}");
    drop(long);
    service.update(&as_system(), made.id, made.version, &patch()).await.unwrap();
    assert_no_gap(world).await;
}

/// On the four connections of a test there is room for one batch, and for others.
async fn batches_stand_in_a_line_of_their_own(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let first = open(world).await;
    item(world, &*first, &world.donation(lira(1))).await;
    let mut second = Batches::open(&world.store);
    assert!((&mut second).now_or_never().is_none(), "two batches at a time");
    if world.backend == Backend::Postgres {
        // A batch that waits has no connection, and one at work keeps nobody from writing.
        service.create(&as_system(), draft(2)).await.unwrap();
        world.store.ping().await.unwrap();
    }
    drop(first);
    let second = second.await.unwrap();
    item(world, &*second, &world.donation(lira(3))).await;
    let third = Batches::open(&world.store).await;
    assert!(matches!(third, Err(StoreError::Busy(_))), "a line without an end");
    second.commit(changed(&world.donation(lira(4)))).await.unwrap();
    service.create(&as_system(), draft(5)).await.unwrap();
    assert_totals(world).await;
    assert_no_gap(world).await;
}

async fn totals_of_a_batch_are_those_of_the_items_that_stayed(world: &World) {
    let stored = with(world.donation(lira(1_000_001)), |it| {
        it.own.state = State::Completed;
    });
    world.save_donation(&stored).await;
    let batch = open(world).await;
    for n in 1..=5 {
        item(world, &*batch, &world.donation(lira(n))).await;
        // One that is given up in between, and a change of what was there.
        let given_up = async {
            let mut tx = world.donations().begin().await.unwrap();
            tx.insert(&world.donation(lira(100))).await.unwrap();
        };
        batch.run(Box::pin(given_up)).await;
    }
    let moved = with(stored.clone(), |it| {
        it.own.amount = Some(lira(999_999));
        it.version = stored.version.next();
    });
    let change = async {
        let mut tx = world.donations().begin().await.unwrap();
        tx.update(&moved).await.unwrap();
        tx.commit(changed(&moved)).await.unwrap();
    };
    batch.run(Box::pin(change)).await;
    batch.commit(created(&world.donation(lira(9)))).await.unwrap();
    assert_totals(world).await;
    assert_eq!(world.rows("donations").await, 6);

    // A batch that is given up as a whole, and one that nobody commits.
    let batch = open(world).await;
    item(world, &*batch, &world.donation(lira(7))).await;
    drop(batch);
    assert_totals(world).await;
    // Before the step, each donation is counted by itself.
    let steps = world.store.migrations().await.unwrap();
    let later = steps.iter().rev().position(|step| step.name.ends_with("_batches")).unwrap() + 1;
    world.store.migrate_down(u32::try_from(later).unwrap()).await.unwrap();
    // The program of today cannot commit to the schema of then.
    let id = world.literal(world.donation(lira(8)).id.uuid());
    world
        .sql(&format!(
            "INSERT INTO donations (id, amount_minor, currency, method, state, donated_on, search,
                 donor_search, version, created_at, updated_at)
             VALUES ({id}, 800, 'TRY', 'cash', 'pending', '2026-03-14', '', '', 1, 1, 1)"
        ))
        .await;
    assert_totals(world).await;
    world.store.migrate_up(None).await.unwrap();
    world.save_donation(&world.donation(lira(8))).await;
    assert_totals(world).await;
}

/// PostgreSQL keeps every state of a row until the transaction ends, and each update passes them all.
#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_batch_writes_each_total_once() {
    run(Backend::Postgres, async |world| {
        world.save_donation(&world.donation(lira(1))).await;
        for statement in [
            "CREATE TABLE touched (span text)",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO touched VALUES (new.span); RETURN NULL; END $$",
            "CREATE TRIGGER touch AFTER INSERT OR UPDATE ON donation_totals
             FOR EACH ROW EXECUTE FUNCTION touch()",
        ] {
            world.sql(statement).await;
        }
        let batch = open(world).await;
        for n in 1..=50 {
            item(world, &*batch, &world.donation(lira(n))).await;
        }
        batch.commit(created(&world.donation(lira(9)))).await.unwrap();
        assert_totals(world).await;
        // By day and by month; nobody in particular has entered them.
        assert_eq!(world.rows("touched").await, 2);
        assert_eq!(world.rows("donation_moves").await, 0);
    });
}
