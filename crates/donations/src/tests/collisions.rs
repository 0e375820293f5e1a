//! Numbers of donors that the caller does not see.

use almoner_kernel::{Context, Fault, Kind, SecurityEventKind, StoreError};
use chrono::Duration;

use super::{fixtures::*, mocks::MockDonorsTx};
use crate::DonationsError;

/// A transaction in which somebody else has the number, after some collisions.
fn hiding(collisions: usize) -> MockDonorsTx {
    let mut tx = MockDonorsTx::new();
    tx.expect_identity_is_hidden().once().returning(|_, _| Ok(true));
    tx.expect_lock_collisions()
        .withf(|user, since, until| {
            let span = (noon() - Duration::minutes(10), noon() + Duration::minutes(10));
            (*user, (*since, *until)) == (ME, span)
        })
        .returning(move |_, _, _| Ok(vec![noon() - Duration::minutes(4); collisions]));
    tx
}

#[tokio::test]
async fn a_number_of_a_hidden_donor_is_taken_and_that_is_stored_before_it_is_told() {
    let cx = data_entry();
    let mut tx = hiding(4);
    let written = tx.commits();
    let error = donors_with(tx).create(&cx, a_donor_draft()).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
    let trail = written.trail();
    let events: Vec<_> = trail.security_events.iter().map(|e| (e.kind, e.user_id)).collect();
    assert_eq!(events, [(SecurityEventKind::HiddenValueTaken, Some(ME))]);
    assert!(trail.changes.is_empty() && trail.answer.is_none());
    assert!(cx.suspicions.take().is_empty());
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_told() {
    let mut tx = hiding(4);
    tx.fails_to_commit();
    let error = donors_with(tx).create(&data_entry(), a_donor_draft()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
}

#[tokio::test]
async fn after_too_many_of_them_nothing_is_told_and_nothing_is_noted() {
    let cx = data_entry();
    let error = donors_with(hiding(5)).create(&cx, a_donor_draft()).await.unwrap_err();
    assert!(matches!(error, DonationsError::Collisions(_)), "{error:?}");
    assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(360)));
    assert!(cx.suspicions.take().is_empty());
}

#[tokio::test]
async fn a_dry_run_is_rehearsed_without_the_number() {
    let cx = Context { dry_run: true, ..data_entry() };
    let mut tx = hiding(9);
    tx.expect_insert_donor().once().withf(|_, number| number.is_none()).returning(|_, _| Ok(()));
    tx.commits();
    let donor = donors_with(tx).create(&cx, a_donor_draft()).await.unwrap();
    assert_eq!(donor.identity.unwrap().masked, "*********46");
    assert_eq!(cx.suspicions.take(), [SecurityEventKind::HiddenValueTried]);
}

#[tokio::test]
async fn who_sees_every_donor_is_told_as_ever() {
    let cx = admin();
    let mut tx = MockDonorsTx::new();
    tx.expect_insert_donor().once().returning(|_, _| Err(StoreError::Taken("donors.identity")));
    let error = donors_with(tx).create(&cx, a_donor_draft()).await.unwrap_err();
    assert_eq!(error.code(), "taken");
    assert!(cx.suspicions.take().is_empty());
}
