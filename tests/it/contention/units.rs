//! Units of work that meet: each stands or falls alone.

use almoner_donations::{Donation, Donor};
use almoner_kernel::StoreError;
use almoner_records::{Kept, Sealed};

use super::{assert_no_gap, assert_one_row_each, assert_totals};
use crate::support::{World, created, ids, lira, name, national_id, with};

on_both![
    a_unit_that_fails_between_others_falls_alone,
    a_unit_that_is_dropped_between_others_falls_alone,
    a_statement_that_failed_can_be_given_up_without_harm,
    what_is_not_committed_is_seen_by_nobody,
    a_commit_that_was_answered_is_seen_by_everybody,
];

/// A unit that has done its work and waits to be committed, beside others in line.
async fn store(world: &World, donation: &Kept<Donation>) -> Result<(), StoreError> {
    let mut tx = world.donations().begin().await?;
    tx.insert(donation).await?;
    tx.commit(created(donation)).await
}

async fn a_unit_that_fails_between_others_falls_alone(world: &World) {
    let donations: Vec<Kept<Donation>> = (1..=6).map(|n| world.donation(lira(n))).collect();
    let fails = async || {
        let mut tx = world.donations().begin().await?;
        tx.insert(&world.donation(lira(100))).await?;
        // The same id again.
        tx.insert(&donations[0]).await?;
        tx.commit(created(&donations[0])).await
    };
    // The first one holds SQLite's writer until everybody else stands in line behind it, so that
    // they share one flush.
    let mut first = world.donations().begin().await.unwrap();
    first.insert(&donations[0]).await.unwrap();
    let opening = async { first.commit(created(&donations[0])).await };
    let (failed, a, b, failed_too, c, opened) = tokio::join!(
        fails(),
        store(world, &donations[1]),
        store(world, &donations[2]),
        fails(),
        store(world, &donations[3]),
        opening,
    );
    for outcome in [a, b, c, opened] {
        outcome.unwrap();
    }
    assert!(failed.is_err() && failed_too.is_err(), "{failed:?} {failed_too:?}");
    assert_one_row_each(world, 4).await;
    assert_totals(world).await;
    let left = world.number("count(*)", "FROM donations WHERE amount_minor = 100").await;
    assert_eq!(left, 0);
    assert_eq!(ids(&donations).len(), 6);
}

async fn a_unit_that_is_dropped_between_others_falls_alone(world: &World) {
    let donations: Vec<Kept<Donation>> = (1..=4).map(|n| world.donation(lira(n))).collect();
    let dropped = async || {
        let mut tx = world.donations().begin().await.unwrap();
        tx.insert(&world.donation(lira(100))).await.unwrap();
    };
    let mut first = world.donations().begin().await.unwrap();
    first.insert(&donations[0]).await.unwrap();
    let opening = async { first.commit(created(&donations[0])).await };
    let ((), a, (), b, opened, ()) = tokio::join!(
        dropped(),
        store(world, &donations[1]),
        dropped(),
        store(world, &donations[2]),
        opening,
        dropped(),
    );
    for outcome in [a, b, opened] {
        outcome.unwrap();
    }
    assert_one_row_each(world, 3).await;
    assert_totals(world).await;
}

async fn a_statement_that_failed_can_be_given_up_without_harm(world: &World) {
    let donor = world.donor("First");
    let numbered = |it: &mut Kept<Donor>| it.own.identity = Some(Sealed::fresh(national_id(1)));
    let donor = with(donor, numbered);
    world.save_donor(&donor).await;
    let mut tx = world.donors().begin().await.unwrap();
    let second = world.donor("Second");
    let taken = tx.insert(&with(second.clone(), numbered)).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    drop(tx);
    world.save_donor(&second).await;
    assert_no_gap(world).await;
}

async fn what_is_not_committed_is_seen_by_nobody(world: &World) {
    let donor = world.donor("Before");
    world.save_donor(&donor).await;
    let mut tx = world.donors().begin().await.unwrap();
    let after = with(donor.clone(), |it| {
        it.own.name = name("After");
        it.version = donor.version.next();
    });
    tx.update(&after).await.unwrap();
    tx.insert(&world.donor("Another")).await.unwrap();
    assert_eq!(world.texts("name", "FROM donors").await, ["Before"]);
    let seen = world.donors().find(donor.id, almoner_kernel::Scope::All).await.unwrap();
    assert_eq!(seen, Some(donor));
    drop(tx);
    assert_eq!(world.texts("name", "FROM donors").await, ["Before"]);
}

async fn a_commit_that_was_answered_is_seen_by_everybody(world: &World) {
    for n in 1..=20 {
        let donation = world.donation(lira(n));
        store(world, &donation).await.unwrap();
        let seen = world.donations().find(donation.id, almoner_kernel::Scope::All).await.unwrap();
        assert_eq!(seen, Some(donation));
        assert_eq!(world.rows("donations").await, n);
    }
}
