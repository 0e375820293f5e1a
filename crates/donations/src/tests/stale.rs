//! A change made from an old version is refused, and told what happened meanwhile. The transactions
//! announce no write, so that one would fail the test.

use almoner_kernel::{Fault, Kind, Patch, Stale, StoreError};

use super::{
    fixtures::*,
    mocks::{MockCampaignsTx, MockDonationsTx, MockDonorsTx},
};
use crate::{CampaignPatch, DonationPatch, DonationsError, DonorPatch, State};

fn changed_donor() -> MockDonorsTx {
    let mut tx = finding_donor(a_donor());
    tx.tells_what_changed("donor", DONOR.uuid(), OLD, &["email", "notes"]);
    tx
}

fn changed_campaign() -> MockCampaignsTx {
    let mut tx = finding_campaign(a_campaign());
    tx.tells_what_changed("campaign", CAMPAIGN.uuid(), OLD, &["email", "notes"]);
    tx
}

fn changed_donation(state: State) -> MockDonationsTx {
    let mut tx = finding_donation(a_donation_that_is(state));
    tx.tells_what_changed("donation", DONATION.uuid(), OLD, &["email", "notes"]);
    tx
}

fn assert_stale<T>(outcome: Result<T, DonationsError>, use_case: &str) {
    let Err(error) = outcome else { panic!("{use_case} went through") };
    let told = Stale { current: CURRENT, fields: vec!["email".to_owned(), "notes".to_owned()] };
    assert_eq!(error.stale(), Some(&told), "{use_case}: {error:?}");
    assert_eq!((error.kind(), error.code()), (Kind::Stale, "stale"), "{use_case}");
}

#[tokio::test]
async fn an_old_version_of_a_donor_cannot_be_changed() {
    let cx = admin();
    let patch = DonorPatch::default();
    assert_stale(donors_with(changed_donor()).update(&cx, DONOR, OLD, patch).await, "update");
    assert_stale(donors_with(changed_donor()).delete(&cx, DONOR, OLD).await, "delete");
    assert_stale(donors_with(changed_donor()).purge(&cx, DONOR, OLD).await, "purge");
}

#[tokio::test]
async fn an_old_version_of_a_campaign_cannot_be_changed() {
    let (cx, changed) = (admin(), changed_campaign);
    let patch = CampaignPatch::default();
    assert_stale(campaigns_with(changed()).update(&cx, CAMPAIGN, OLD, patch).await, "update");
    assert_stale(campaigns_with(changed()).delete(&cx, CAMPAIGN, OLD).await, "delete");
    assert_stale(campaigns_with(changed()).purge(&cx, CAMPAIGN, OLD).await, "purge");
}

#[tokio::test]
async fn an_old_version_of_a_donation_cannot_be_changed() {
    let cx = admin();
    let pending = || donations_with(changed_donation(State::Pending));
    let patch = DonationPatch::default();
    assert_stale(pending().update(&cx, DONATION, OLD, patch).await, "update");
    assert_stale(pending().delete(&cx, DONATION, OLD).await, "delete");
    assert_stale(pending().purge(&cx, DONATION, OLD).await, "purge");
    assert_stale(pending().complete(&cx, DONATION, Some(OLD)).await, "complete");
    let reason = "bounced".to_owned();
    assert_stale(pending().cancel(&cx, DONATION, Some(OLD), reason).await, "cancel");
    let completed = donations_with(changed_donation(State::Completed));
    assert_stale(completed.refund(&cx, DONATION, Some(OLD), None).await, "refund");
}

#[tokio::test]
async fn a_version_that_never_was_is_stale_too() {
    let mut tx = finding_donor(a_donor());
    tx.tells_what_changed("donor", DONOR.uuid(), CURRENT.next(), &[]);
    let outcome = donors_with(tx).delete(&admin(), DONOR, CURRENT.next()).await;
    let told = Stale { current: CURRENT, fields: Vec::new() };
    assert_eq!(outcome.unwrap_err().stale(), Some(&told));
}

#[tokio::test]
async fn an_old_version_is_told_before_a_wrong_field() {
    let patch = DonationPatch { donor_id: Patch::Set(OTHER_DONOR), ..DonationPatch::default() };
    let donations = donations_with(changed_donation(State::Completed));
    assert_stale(donations.update(&admin(), DONATION, OLD, patch).await, "update");
}

#[tokio::test]
async fn a_trail_that_cannot_be_read_is_a_fault_of_storage() {
    let mut tx = finding_donor(a_donor());
    tx.expect_changed_since()
        .once()
        .returning(|_, _, _| Err(StoreError::Damaged("changes.after".to_owned())));
    let error = donors_with(tx).delete(&admin(), DONOR, OLD).await.unwrap_err();
    assert_eq!((error.kind(), error.stale()), (Kind::Internal, None));
}

#[tokio::test]
async fn a_change_that_lost_the_race_in_storage_is_not_committed() {
    let mut tx = finding_donor(a_donor());
    tx.expect_update_donor().once().returning(|_| Err(StoreError::Raced));
    let outcome = donors_with(tx).update(&admin(), DONOR, CURRENT, another_note()).await;
    assert!(matches!(outcome, Err(DonationsError::Store(StoreError::Raced))));

    let mut tx = finding_campaign(a_campaign());
    tx.expect_update_campaign().once().returning(|_| Err(StoreError::Raced));
    let patch = CampaignPatch {
        description: Patch::Set("another text".to_owned()),
        ..CampaignPatch::default()
    };
    let outcome = campaigns_with(tx).update(&admin(), CAMPAIGN, CURRENT, patch).await;
    assert!(matches!(outcome, Err(DonationsError::Store(StoreError::Raced))));

    let mut tx = finding_donation(a_pending_donation());
    tx.expect_update_donation().once().returning(|_| Err(StoreError::Raced));
    let outcome = donations_with(tx).complete(&admin(), DONATION, Some(CURRENT)).await;
    assert!(matches!(outcome, Err(DonationsError::Store(StoreError::Raced))));
}

fn another_note() -> DonorPatch {
    DonorPatch { notes: Patch::Set("another note".to_owned()), ..DonorPatch::default() }
}
