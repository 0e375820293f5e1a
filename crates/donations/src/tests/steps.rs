//! Completing, refunding and cancelling donations.

use almoner_kernel::{Action, Fault, FieldValue, Kind, Version};

use super::{
    fixtures::*,
    mocks::{MockDonationsTx, Written},
};
use crate::{Donation, DonationService, DonationsError, State};

/// A transaction that finds the donation, stores its next state and commits.
fn stepping(from: State, to: State) -> (MockDonationsTx, Written) {
    let mut tx = finding_donation(a_donation_that_is(from));
    tx.expect_update_donation()
        .once()
        .withf(move |donation| (donation.state, donation.version) == (to, CURRENT.next()))
        .returning(|_| Ok(()));
    let written = tx.commits();
    (tx, written)
}

/// Asks for the step into that state.
async fn step(
    donations: &DonationService,
    to: State,
    expected: Option<Version>,
) -> Result<Donation, DonationsError> {
    let cx = admin();
    match to {
        State::Completed => donations.complete(&cx, DONATION, expected).await,
        State::Refunded => donations.refund(&cx, DONATION, expected, None).await,
        State::Cancelled => donations.cancel(&cx, DONATION, expected, "bounced".to_owned()).await,
        State::Pending => panic!("no use case leads back to pending"),
    }
}

#[tokio::test]
async fn every_use_case_refuses_every_step_the_state_machine_does_not_have() {
    for to in [State::Completed, State::Refunded, State::Cancelled] {
        for from in State::ALL.into_iter().filter(|from| !from.can_become(to)) {
            let donations = donations_with(finding_donation(a_donation_that_is(from)));
            let error = step(&donations, to, Some(CURRENT)).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (Kind::Conflict, "transition"),
                "{from} to {to}"
            );
            assert_eq!(error.to_string(), format!("a donation that is {from} cannot become {to}"));
        }
    }
}

#[tokio::test]
async fn a_pending_donation_is_completed() {
    let (tx, written) = stepping(State::Pending, State::Completed);
    let cx = admin();
    let after = donations_with(tx).complete(&cx, DONATION, Some(CURRENT)).await.unwrap();
    assert_eq!((after.state, after.settled_at), (State::Completed, Some(noon())));
    assert_eq!(after.reason, None);
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Completed, DONATION.uuid(), CURRENT.next());
    let change = the_change(&trail);
    assert_eq!(change.before, [("state", text("pending"))]);
    assert_eq!(change.after, [("state", text("completed"))]);
    assert_eq!(change.reason, None);
}

#[tokio::test]
async fn a_pending_donation_is_cancelled_and_its_trail_says_why() {
    let (tx, written) = stepping(State::Pending, State::Cancelled);
    let (cx, why) = (admin(), "cheque bounced".to_owned());
    let after = donations_with(tx).cancel(&cx, DONATION, Some(CURRENT), why).await.unwrap();
    assert_eq!((after.state, after.settled_at), (State::Cancelled, Some(noon())));
    assert_eq!(after.reason.as_deref(), Some("cheque bounced"));
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Cancelled, DONATION.uuid(), CURRENT.next());
    let change = the_change(&trail);
    assert_eq!(change.reason.as_deref(), Some("cheque bounced"));
    assert_eq!(change.before, [("state", text("pending")), ("reason", FieldValue::Null)]);
    assert_eq!(change.after, [("state", text("cancelled")), ("reason", text("cheque bounced"))]);
}

#[tokio::test]
async fn a_completed_donation_is_refunded_without_a_reason() {
    let (tx, written) = stepping(State::Completed, State::Refunded);
    let cx = admin();
    let after = donations_with(tx).refund(&cx, DONATION, Some(CURRENT), None).await.unwrap();
    assert_eq!((after.state, after.settled_at), (State::Refunded, Some(noon())));
    assert_eq!(after.reason, None);
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Refunded, DONATION.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).reason, None);
    assert_eq!(names(&the_change(&trail).after), ["state"]);
}

#[tokio::test]
async fn a_refund_keeps_its_reason_when_one_is_given() {
    let (tx, written) = stepping(State::Completed, State::Refunded);
    let why = Some("paid twice".to_owned());
    let donations = donations_with(tx);
    let after = donations.refund(&admin(), DONATION, Some(CURRENT), why.clone()).await.unwrap();
    assert_eq!(after.reason, why);
    assert_eq!(the_change(&written.trail()).reason, why);
}

#[tokio::test]
async fn a_step_without_a_version_is_made_from_whatever_stands() {
    for (from, to) in [
        (State::Pending, State::Completed),
        (State::Completed, State::Refunded),
        (State::Pending, State::Cancelled),
    ] {
        let (tx, _) = stepping(from, to);
        let after = step(&donations_with(tx), to, None).await.unwrap();
        assert_eq!((after.state, after.version), (to, CURRENT.next()));
    }
}

#[tokio::test]
async fn a_donation_in_the_trash_takes_no_step() {
    for to in [State::Completed, State::Refunded, State::Cancelled] {
        let donations = donations_with(finding_donation(a_donation_in_the_trash()));
        let outcome = step(&donations, to, Some(CURRENT)).await;
        assert!(matches!(outcome, Err(DonationsError::NotFound)), "{to}");
    }
}
