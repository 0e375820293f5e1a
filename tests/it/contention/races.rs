//! Two that want the same thing at the same time.

use std::{cell::Cell, sync::Arc};

use almoner_donations::{
    CampaignDraft, CampaignService, Donation, DonationQuery, DonationsError, Donor, DonorService,
};
use almoner_kernel::{Context, PageRequest, Replay, Scope, ScopeKind, StoreError, UserId, Version};
use uuid::Uuid;

use super::{all_at_once, assert_no_gap, donation_service, draft};
use crate::support::{
    Backend, World, as_system, as_user, changed, created, donation_ids, lira, name, named,
};

on_both![
    a_key_that_is_used_by_many_at_once_stores_once,
    a_name_that_is_wanted_by_many_at_once_goes_to_one,
    a_donation_that_is_recorded_while_its_donor_is_renamed_has_the_new_name,
    a_donation_that_is_changed_while_its_donor_is_renamed_has_the_new_name,
    a_donor_is_not_destroyed_while_a_donation_names_it,
    a_record_is_completed_once,
];

async fn a_key_that_is_used_by_many_at_once_stores_once(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let replay = Replay::new("the key".to_owned(), [1; 32], |made: &Donation| {
        made.id.to_string().into_bytes()
    });
    let me = UserId::new(Uuid::from_u128(0xA1));
    let cx = Context { replay: Some(replay), ..as_user(me, ScopeKind::All) };
    let outcomes = all_at_once((0..16).map(|_| {
        let (service, cx) = (service.clone(), cx.clone());
        async move { service.create(&cx, draft(1)).await }
    }))
    .await;
    let mut stored = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(donation) => stored.push(donation),
            Err(DonationsError::Store(StoreError::Replayed)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(stored.len(), 1);
    let answer = world.answers().find(me, "the key", cx.at).await.unwrap().unwrap();
    assert_eq!(answer.body, stored[0].id.to_string().into_bytes());
    assert_eq!(world.rows("donations").await, 1);
    assert_no_gap(world).await;
}

async fn a_name_that_is_wanted_by_many_at_once_goes_to_one(world: &World) {
    let ids = Arc::clone(&world.ids);
    let service = CampaignService::new(Arc::new(world.store.clone()), ids);
    let outcomes = all_at_once((0..16).map(|n| {
        let service = service.clone();
        let called = if n % 2 == 0 { "Isparta" } else { "ISPARTA" };
        let draft = CampaignDraft {
            name: name(called),
            description: None,
            goal: None,
            starts_on: None,
            ends_on: None,
        };
        async move { service.create(&as_system(), draft).await }
    }))
    .await;
    let mut winners = 0;
    for outcome in outcomes {
        match outcome {
            Ok(_) => winners += 1,
            Err(DonationsError::Taken(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(world.rows("campaigns").await, 1);
    assert_no_gap(world).await;
}

/// Goes on when the other one waits for a lock, or has come to its end.
async fn until_it_waits(world: &World, is_done: &Cell<bool>) {
    if world.backend == Backend::Sqlite {
        // It stands in line for the writer, or has come to its end.
        return;
    }
    let waiting = "FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !is_done.get() && world.number("count(*)", waiting).await == 0 {}
}

async fn found(world: &World, q: &str) -> Vec<almoner_kernel::DonationId> {
    let query = DonationQuery { q: Some(q.to_owned()), ..DonationQuery::default() };
    let page = world.donations().list(&query, Scope::All, &PageRequest::default()).await.unwrap();
    donation_ids(&page.items)
}

async fn a_donation_that_is_recorded_while_its_donor_is_renamed_has_the_new_name(world: &World) {
    let donor = world.donor("Eskiad");
    world.save_donor(&donor).await;
    let mut tx = world.donations().begin().await.unwrap();
    let named = tx.donor_ref(donor.id, Scope::All).await.unwrap();
    let donation = Donation { donor: named, ..world.donation(lira(1)) };
    let is_done = Cell::new(false);
    let rename = async {
        world.change_donor(&Donor { name: name("Yeniad"), ..donor.clone() }).await.unwrap();
        is_done.set(true);
    };
    let record = async {
        until_it_waits(world, &is_done).await;
        tx.insert_donation(&donation).await.unwrap();
        tx.commit(created(&donation)).await.unwrap();
    };
    tokio::join!(rename, record);
    assert_eq!(found(world, "yeniad").await, [donation.id]);
    assert_eq!(found(world, "eskiad").await, []);
}

async fn a_donation_that_is_changed_while_its_donor_is_renamed_has_the_new_name(world: &World) {
    let donor = world.donor("Eskiad");
    world.save_donor(&donor).await;
    let donation = Donation { donor: named(&donor), ..world.donation(lira(1)) };
    world.save_donation(&donation).await;

    let renamed = Donor { name: name("Yeniad"), version: Version::new(2), ..donor.clone() };
    let mut tx = world.donors().begin().await.unwrap();
    tx.update_donor(&renamed).await.unwrap();
    let is_done = Cell::new(false);
    let change = async {
        let mut tx = world.donations().begin().await.unwrap();
        let read = tx.donation(donation.id, Scope::All).await.unwrap().unwrap();
        assert_eq!(read.donor, named(&renamed));
        let after = Donation { amount: lira(2), version: read.version.next(), ..read };
        tx.update_donation(&after).await.unwrap();
        tx.commit(changed(&after)).await.unwrap();
        is_done.set(true);
    };
    let rename = async {
        until_it_waits(world, &is_done).await;
        tx.commit(changed(&renamed)).await.unwrap();
    };
    tokio::join!(change, rename);
    assert_eq!(found(world, "yeniad").await, [donation.id]);
    assert_eq!(found(world, "eskiad").await, []);
}

async fn a_donor_is_not_destroyed_while_a_donation_names_it(world: &World) {
    let donor = world.donor("Short-lived");
    world.save_donor(&donor).await;
    let mut tx = world.donations().begin().await.unwrap();
    let named = tx.donor_ref(donor.id, Scope::All).await.unwrap();
    let donation = Donation { donor: named, ..world.donation(lira(1)) };
    let is_done = Cell::new(false);
    let ids = Arc::clone(&world.ids);
    let donors = DonorService::new(Arc::new(world.store.clone()), ids);
    let cx = as_system();
    let destroy = async {
        let trashed = donors.delete(&cx, donor.id, donor.version).await;
        let purged = donors.purge(&cx, donor.id, Version::new(2)).await;
        is_done.set(true);
        (trashed, purged)
    };
    let record = async {
        until_it_waits(world, &is_done).await;
        tx.insert_donation(&donation).await?;
        tx.commit(created(&donation)).await
    };
    let ((trashed, purged), recorded) = tokio::join!(destroy, record);
    trashed.unwrap();
    recorded.unwrap();
    assert!(matches!(purged, Err(DonationsError::HasDonations)), "{purged:?}");
    assert_no_gap(world).await;
}

async fn a_record_is_completed_once(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let made = service.create(&as_system(), draft(1)).await.unwrap();
    let outcomes = all_at_once((0..16).map(|_| {
        let (service, id) = (service.clone(), made.id);
        async move { service.complete(&as_system(), id, None).await }
    }))
    .await;
    let completed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(DonationsError::Transition { .. })))
        .count();
    assert_eq!((completed, refused), (1, 15));
    assert_no_gap(world).await;
}
