//! Sixty-four writers at once: no error, nothing lost, nothing twice.

use std::collections::HashSet;

use almoner_donations::DonationPatch;
use almoner_kernel::{Patch, Scope, Version};
use almoner_records::{RecordError, Text};

use super::{
    all_at_once, assert_no_gap, assert_one_row_each, assert_totals, donation_service, draft, step,
};
use crate::support::{Backend, World, as_system, run_with};

/// One list, on each database with enough connections for a real crowd.
macro_rules! crowded {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::crowded(super::Backend::Sqlite, super::$case); })+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() { super::crowded(super::Backend::Postgres, super::$case); }
            )+
        }
    };
}

crowded![
    new_donations_are_all_there_once,
    one_of_many_updates_of_a_version_wins,
    updates_of_different_records_do_not_disturb_each_other,
];

const WRITERS: i64 = 64;

fn crowded(backend: Backend, case: impl AsyncFnOnce(&World)) {
    run_with(backend, 16, case);
}

async fn new_donations_are_all_there_once(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let outcomes = all_at_once((1..=WRITERS).map(|n| {
        let service = service.clone();
        async move { service.create(&as_system(), draft(n)).await }
    }))
    .await;
    let mut ids = HashSet::new();
    for outcome in outcomes {
        let donation = outcome.unwrap();
        let stored = world.donations().find(donation.id, Scope::All).await.unwrap();
        assert_eq!(stored.as_ref(), Some(&donation));
        ids.insert(donation.id);
    }
    assert_eq!(ids.len(), 64);
    assert_one_row_each(world, WRITERS).await;
    assert_totals(world).await;
}

async fn one_of_many_updates_of_a_version_wins(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let made = service.create(&as_system(), draft(1)).await.unwrap();
    let outcomes = all_at_once((1..=WRITERS).map(|n| {
        let (service, id) = (service.clone(), made.id);
        let patch = DonationPatch {
            notes: Patch::Set(Text::from_stored(n.to_string())),
            ..DonationPatch::default()
        };
        async move { service.update(&as_system(), id, Version::FIRST, &patch).await }
    }))
    .await;
    let mut winners = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(donation) => winners.push(donation),
            Err(RecordError::Stale(stale)) => {
                assert_eq!(stale.current, Version::new(2));
                assert_eq!(stale.fields, ["notes"]);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    let stored = world.donations().find(made.id, Scope::All).await.unwrap();
    assert_eq!(stored, winners.pop());
    assert_eq!(world.rows("changes").await, 2);
    assert_no_gap(world).await;
}

async fn updates_of_different_records_do_not_disturb_each_other(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let mut made = Vec::new();
    for n in 1..=16 {
        made.push(service.create(&as_system(), draft(n)).await.unwrap());
    }
    let outcomes = all_at_once(made.into_iter().map(|donation| {
        let service = service.clone();
        async move {
            let cx = as_system();
            let patch = DonationPatch {
                notes: Patch::Set(Text::from_stored("x")),
                ..DonationPatch::default()
            };
            let second = service.update(&cx, donation.id, donation.version, &patch).await?;
            let (id, nothing) = (donation.id, DonationPatch::default());
            let (second, complete) = (Some(second.version), step("complete"));
            let third = service.step(&cx, id, complete, second, None, &nothing).await?;
            service.step(&cx, id, step("refund"), Some(third.version), None, &nothing).await
        }
    }))
    .await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().version, Version::new(4));
    }
    assert_eq!(world.rows("changes").await, 64);
    assert_no_gap(world).await;
    assert_totals(world).await;
}
