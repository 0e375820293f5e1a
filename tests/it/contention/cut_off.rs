//! A client hangs up: what it asked for happens as a whole or not at all, and nobody waits for it.

use std::time::Duration;

use super::{assert_no_gap, assert_one_row_each, cut_off_after, donation_service, draft};
use crate::support::{Backend, World, as_system, created, lira};

on_both![
    a_request_that_is_cut_off_anywhere_leaves_all_or_nothing,
    requests_in_line_that_are_cut_off_hold_nobody_up,
    a_reading_that_is_cut_off_harms_nobody,
];

/// More than any machine needs, less than a deadlock.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_request_that_is_cut_off_anywhere_leaves_all_or_nothing(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let cx = as_system();
    let (mut was_cut_off, mut went_through) = (0, 0);
    // A fast database may answer before anybody has to wait, so the first place comes up often.
    for waits in [0; 5].into_iter().chain(0..200) {
        let asked = service.create(&cx, draft(1));
        let finished = tokio::time::timeout(PATIENCE, cut_off_after(waits, asked)).await.unwrap();
        // The writer is free for the next one, whatever became of the one before.
        let next = service.create(&cx, draft(2));
        tokio::time::timeout(PATIENCE, next).await.unwrap().unwrap();
        let torn = "(SELECT count(*) FROM donations) - (SELECT count(*) FROM changes)";
        assert_eq!(world.number(torn, "").await, 0, "cut off after {waits} waits");
        match finished {
            Some(outcome) => {
                outcome.unwrap();
                went_through += 1;
            }
            None => was_cut_off += 1,
        }
        if went_through > 2 && was_cut_off > 0 {
            break;
        }
    }
    assert!(went_through > 0 && was_cut_off > 0, "{went_through}, cut off {was_cut_off}");
    assert_one_row_each(world, world.rows("donations").await).await;
}

async fn requests_in_line_that_are_cut_off_hold_nobody_up(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let cx = as_system();
    // Holds SQLite's writer.
    let donation = world.donation(lira(7));
    let mut holder = world.donations().begin().await.unwrap();
    holder.insert(&donation).await.unwrap();
    for _ in 0..20 {
        let outcome = cut_off_after(0, service.create(&cx, draft(1))).await;
        if world.backend == Backend::Sqlite {
            assert!(outcome.is_none(), "two had the writer");
        }
    }
    holder.commit(created(&donation)).await.unwrap();
    let next = service.create(&cx, draft(2));
    tokio::time::timeout(PATIENCE, next).await.unwrap().unwrap();
    let stored = world.rows("donations").await;
    if world.backend == Backend::Sqlite {
        assert_eq!(stored, 2, "a request that never had its turn left something");
    }
    assert_one_row_each(world, stored).await;
}

async fn a_reading_that_is_cut_off_harms_nobody(world: &World) {
    let donations: Vec<_> = (1..=500).map(|n| world.donation(lira(n))).collect();
    world.save_donations(&donations).await;
    let query = almoner_records::Query::default();
    let page = almoner_kernel::PageRequest::first(200);
    let list = || world.donations().list(&query, almoner_kernel::Scope::All, &page);
    for _ in 0..50 {
        cut_off_after(0, list()).await;
    }
    let read = tokio::time::timeout(PATIENCE, list()).await.unwrap().unwrap();
    assert_eq!(read.items.len(), 200);
    assert_no_gap(world).await;
}
