//! Two that want the same thing at the same time.

use std::cell::Cell;

use almoner_donations::{Campaign, Donation, DonationId, DonationPatch, Donor};
use almoner_kernel::{Context, PageRequest, Replay, Scope, ScopeKind, StoreError, UserId, Version};
use almoner_records::{Kept, Query, Record, RecordError, Ref};
use uuid::Uuid;

use super::{all_at_once, assert_no_gap, donation_service, draft, records, step};
use crate::support::{
    Backend, World, as_system, as_user, changed, created, ids, lira, name, named, with,
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
    let replay = Replay::new("the key".to_owned(), [1; 32], |made: &Kept<Donation>| {
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
            Err(RecordError::Store(StoreError::Replayed)) => {}
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
    let service = records::<Campaign>(&world.store, &world.ids);
    let outcomes = all_at_once((0..16).map(|n| {
        let service = service.clone();
        let called = if n % 2 == 0 { "Isparta" } else { "ISPARTA" };
        let draft = Campaign {
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
            Err(RecordError::Taken(_)) => {}
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

async fn found(world: &World, q: &str) -> Vec<DonationId> {
    let query = Query { q: Some(q.to_owned()), ..Query::default() };
    let page = world.donations().list(&query, Scope::All, &PageRequest::default()).await.unwrap();
    ids(&page.items)
}

async fn a_donation_that_is_recorded_while_its_donor_is_renamed_has_the_new_name(world: &World) {
    let donor = world.donor("Eskiad");
    world.save_donor(&donor).await;
    let mut tx = world.donations().begin().await.unwrap();
    let by = Donation::KIND.field("donor_id").unwrap();
    let called = tx.named(by, donor.id.uuid(), Scope::All).await.unwrap();
    let named = called.map(|called| Ref::to(donor.id).called(called));
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named;
    });
    let is_done = Cell::new(false);
    let rename = async {
        world
            .change_donor(&with(donor.clone(), |it| {
                it.own.name = name("Yeniad");
            }))
            .await
            .unwrap();
        is_done.set(true);
    };
    let record = async {
        until_it_waits(world, &is_done).await;
        tx.insert(&donation).await.unwrap();
        tx.commit(created(&donation)).await.unwrap();
    };
    tokio::join!(rename, record);
    assert_eq!(found(world, "yeniad").await, [donation.id]);
    assert_eq!(found(world, "eskiad").await, []);
}

async fn a_donation_that_is_changed_while_its_donor_is_renamed_has_the_new_name(world: &World) {
    let donor = world.donor("Eskiad");
    world.save_donor(&donor).await;
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named(&donor);
    });
    world.save_donation(&donation).await;

    let renamed = with(donor.clone(), |it| {
        it.own.name = name("Yeniad");
        it.version = Version::new(2);
    });
    let mut tx = world.donors().begin().await.unwrap();
    tx.update(&renamed).await.unwrap();
    let is_done = Cell::new(false);
    let change = async {
        let mut tx = world.donations().begin().await.unwrap();
        let read = tx.load(donation.id, Scope::All).await.unwrap().unwrap();
        assert_eq!(read.donor_id.as_ref().and_then(Ref::name), Some("Yeniad"));
        let version = read.version.next();
        let after = with(read, |it| {
            it.own.amount = Some(lira(2));
            it.version = version;
        });
        tx.update(&after).await.unwrap();
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
    let by = Donation::KIND.field("donor_id").unwrap();
    let called = tx.named(by, donor.id.uuid(), Scope::All).await.unwrap();
    let named = called.map(|called| Ref::to(donor.id).called(called));
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named;
    });
    let is_done = Cell::new(false);
    let donors = records::<Donor>(&world.store, &world.ids);
    let cx = as_system();
    let destroy = async {
        let trashed = donors.delete(&cx, donor.id, donor.version).await;
        let purged = donors.purge(&cx, donor.id, Version::new(2)).await;
        is_done.set(true);
        (trashed, purged)
    };
    let record = async {
        until_it_waits(world, &is_done).await;
        tx.insert(&donation).await?;
        tx.commit(created(&donation)).await
    };
    let ((trashed, purged), recorded) = tokio::join!(destroy, record);
    trashed.unwrap();
    recorded.unwrap();
    assert!(matches!(purged, Err(RecordError::InUse(_))), "{purged:?}");
    assert_no_gap(world).await;
}

async fn a_record_is_completed_once(world: &World) {
    let service = donation_service(&world.store, &world.ids);
    let made = service.create(&as_system(), draft(1)).await.unwrap();
    let outcomes = all_at_once((0..16).map(|_| {
        let (service, id) = (service.clone(), made.id);
        async move {
            service
                .step(&as_system(), id, step("complete"), None, None, &DonationPatch::default())
                .await
        }
    }))
    .await;
    let completed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(RecordError::Refused(refusal)) if refusal.code == "transition"))
        .count();
    assert_eq!((completed, refused), (1, 15));
    assert_no_gap(world).await;
}
