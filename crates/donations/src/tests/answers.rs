//! The end of every change: the answer kept for a repeated request, and what a failing commit
//! leaves behind.

use almoner_kernel::{Action, Context, Patch, Replay, StoreError, trail::SavedAnswer};

use super::{
    fixtures::*,
    mocks::{MockCampaignsTx, MockDonationsTx, MockDonorsTx},
};
use crate::{
    Campaign, CampaignPatch, Donation, DonationPatch, DonationsError, Donor, DonorPatch, State,
};

const KEY: &str = "8f14e45f";
const FINGERPRINT: [u8; 32] = [7; 32];

/// A request with an `Idempotency-Key`, answered with what `render` makes of a `T`.
fn repeatable<T: 'static>(render: fn(&T) -> String) -> Context {
    let replay =
        Replay::new(KEY.to_owned(), FINGERPRINT, move |made: &T| render(made).into_bytes());
    Context { replay: Some(replay), ..admin() }
}

fn a_donor_line(donor: &Donor) -> String {
    format!("donor {} v{}", donor.id, donor.version)
}

fn a_campaign_line(campaign: &Campaign) -> String {
    format!("campaign {} v{}", campaign.id, campaign.version)
}

fn a_donation_line(donation: &Donation) -> String {
    format!("{} donation {} v{}", donation.state, donation.id, donation.version)
}

fn kept(body: String) -> Option<SavedAnswer> {
    Some(SavedAnswer { key: KEY.to_owned(), fingerprint: FINGERPRINT, body: body.into_bytes() })
}

// Transactions with everything a change needs but the commit.

fn recording_donor() -> MockDonorsTx {
    let mut tx = MockDonorsTx::new();
    tx.expect_insert_donor().once().returning(|_, _| Ok(()));
    tx
}

fn changing_donor(donor: Donor) -> MockDonorsTx {
    let mut tx = finding_donor(donor);
    tx.expect_update_donor().once().returning(|_| Ok(()));
    tx
}

fn purging_donor() -> MockDonorsTx {
    let mut tx = finding_donor(a_donor_in_the_trash());
    tx.expect_donor_has_donations().once().returning(|_| Ok(false));
    tx.expect_purge_donor().once().returning(|_| Ok(()));
    tx
}

fn recording_campaign() -> MockCampaignsTx {
    let mut tx = MockCampaignsTx::new();
    tx.expect_insert_campaign().once().returning(|_| Ok(()));
    tx
}

fn changing_campaign(campaign: Campaign) -> MockCampaignsTx {
    let mut tx = finding_campaign(campaign);
    tx.expect_update_campaign().once().returning(|_| Ok(()));
    tx
}

fn purging_campaign() -> MockCampaignsTx {
    let mut tx = finding_campaign(a_campaign_in_the_trash());
    tx.expect_campaign_has_donations().once().returning(|_| Ok(false));
    tx.expect_purge_campaign().once().returning(|_| Ok(()));
    tx
}

fn recording_donation() -> MockDonationsTx {
    let mut tx = MockDonationsTx::new();
    tx.expect_donor_ref().once().returning(|id, _| Ok(Some(donor_ref(id))));
    tx.expect_campaign_ref().once().returning(|id| Ok(Some(campaign_ref(id))));
    tx.expect_insert_donation().once().returning(|_| Ok(()));
    tx
}

fn changing_donation(donation: Donation) -> MockDonationsTx {
    let mut tx = finding_donation(donation);
    tx.expect_update_donation().once().returning(|_| Ok(()));
    tx
}

fn purging_donation() -> MockDonationsTx {
    let mut tx = finding_donation(a_donation_in_the_trash());
    tx.expect_purge_donation().once().returning(|_| Ok(()));
    tx
}

#[tokio::test]
async fn creating_and_restoring_a_donor_keeps_the_answer() {
    let cx = repeatable(a_donor_line);
    let mut tx = recording_donor();
    let written = tx.commits();
    let made = donors_with(tx).create(&cx, a_donor_draft()).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donor_line(&made)));

    let mut tx = changing_donor(a_donor_in_the_trash());
    let written = tx.commits();
    let made = donors_with(tx).restore(&cx, DONOR).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donor_line(&made)));
}

#[tokio::test]
async fn creating_and_restoring_a_campaign_keeps_the_answer() {
    let cx = repeatable(a_campaign_line);
    let mut tx = recording_campaign();
    let written = tx.commits();
    let made = campaigns_with(tx).create(&cx, a_campaign_draft()).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_campaign_line(&made)));

    let mut tx = changing_campaign(a_campaign_in_the_trash());
    let written = tx.commits();
    let made = campaigns_with(tx).restore(&cx, CAMPAIGN).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_campaign_line(&made)));
}

#[tokio::test]
async fn creating_and_restoring_a_donation_keeps_the_answer() {
    let cx = repeatable(a_donation_line);
    let mut tx = recording_donation();
    let written = tx.commits();
    let made = donations_with(tx).create(&cx, a_donation_draft()).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donation_line(&made)));

    let mut tx = changing_donation(a_donation_in_the_trash());
    let written = tx.commits();
    let made = donations_with(tx).restore(&cx, DONATION).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donation_line(&made)));
}

#[tokio::test]
async fn every_step_of_a_donation_keeps_the_answer() {
    let cx = repeatable(a_donation_line);
    let mut tx = changing_donation(a_pending_donation());
    let written = tx.commits();
    let made = donations_with(tx).complete(&cx, DONATION, None).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donation_line(&made)));

    let mut tx = changing_donation(a_donation_that_is(State::Completed));
    let written = tx.commits();
    let made = donations_with(tx).refund(&cx, DONATION, None, None).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donation_line(&made)));

    let mut tx = changing_donation(a_pending_donation());
    let written = tx.commits();
    let made = donations_with(tx).cancel(&cx, DONATION, None, "bounced".to_owned()).await.unwrap();
    assert_eq!(written.trail().answer, kept(a_donation_line(&made)));
}

#[tokio::test]
async fn a_revealed_number_is_never_kept_as_an_answer() {
    let mut tx = finding_donor(a_donor());
    tx.expect_identity().once().returning(|_| Ok(Some(national_id())));
    let written = tx.commits();
    let cx = repeatable(|number: &almoner_kernel::IdentityNumber| number.expose().to_owned());
    donors_with(tx).reveal(&cx, DONOR, "tax receipt".to_owned()).await.unwrap();
    assert_eq!(written.trail().answer, None);
}

#[tokio::test]
async fn without_an_idempotency_key_no_answer_is_kept() {
    let mut tx = recording_donation();
    let written = tx.commits();
    donations_with(tx).create(&admin(), a_donation_draft()).await.unwrap();
    let trail = written.trail();
    assert_eq!((trail.answer.as_ref(), the_change(&trail).action), (None, Action::Created));
}

#[tokio::test]
async fn a_key_that_was_used_before_is_told_and_nothing_is_made() {
    let mut tx = recording_donation();
    tx.expect_commit().once().returning(|_| Err(StoreError::Replayed));
    let outcome = donations_with(tx).create(&repeatable(a_donation_line), a_donation_draft()).await;
    assert!(matches!(outcome, Err(DonationsError::Store(StoreError::Replayed))));
}

fn assert_lost<T>(outcome: Result<T, DonationsError>, use_case: &str) {
    match outcome {
        Err(DonationsError::Store(StoreError::Unavailable(_))) => {}
        Err(error) => panic!("{use_case}: {error:?}"),
        Ok(_) => panic!("{use_case} says it is done, and it is not"),
    }
}

#[tokio::test]
async fn no_change_of_a_donor_is_claimed_when_the_commit_fails() {
    let cx = admin();
    let failing = |mut tx: MockDonorsTx| {
        tx.fails_to_commit();
        donors_with(tx)
    };
    assert_lost(failing(recording_donor()).create(&cx, a_donor_draft()).await, "create");
    let mut tx = changing_donor(a_donor());
    tx.expect_set_identity().once().returning(|_, _| Ok(()));
    let patch = DonorPatch { identity: Patch::Set(passport()), ..DonorPatch::default() };
    assert_lost(failing(tx).update(&cx, DONOR, CURRENT, patch).await, "update");
    assert_lost(failing(changing_donor(a_donor())).delete(&cx, DONOR, CURRENT).await, "delete");
    let tx = changing_donor(a_donor_in_the_trash());
    assert_lost(failing(tx).restore(&cx, DONOR).await, "restore");
    assert_lost(failing(purging_donor()).purge(&cx, DONOR, CURRENT).await, "purge");
}

#[tokio::test]
async fn no_change_of_a_campaign_is_claimed_when_the_commit_fails() {
    let cx = admin();
    let failing = |mut tx: MockCampaignsTx| {
        tx.fails_to_commit();
        campaigns_with(tx)
    };
    assert_lost(failing(recording_campaign()).create(&cx, a_campaign_draft()).await, "create");
    let (tx, patch) = (
        changing_campaign(a_campaign()),
        CampaignPatch {
            description: Patch::Set("another text".to_owned()),
            ..CampaignPatch::default()
        },
    );
    assert_lost(failing(tx).update(&cx, CAMPAIGN, CURRENT, patch).await, "update");
    let tx = changing_campaign(a_campaign());
    assert_lost(failing(tx).delete(&cx, CAMPAIGN, CURRENT).await, "delete");
    let tx = changing_campaign(a_campaign_in_the_trash());
    assert_lost(failing(tx).restore(&cx, CAMPAIGN).await, "restore");
    assert_lost(failing(purging_campaign()).purge(&cx, CAMPAIGN, CURRENT).await, "purge");
}

#[tokio::test]
async fn no_change_of_a_donation_is_claimed_when_the_commit_fails() {
    let cx = admin();
    let failing = |mut tx: MockDonationsTx| {
        tx.fails_to_commit();
        donations_with(tx)
    };
    let pending = || changing_donation(a_pending_donation());
    assert_lost(failing(recording_donation()).create(&cx, a_donation_draft()).await, "create");
    let patch =
        DonationPatch { notes: Patch::Set("another note".to_owned()), ..DonationPatch::default() };
    assert_lost(failing(pending()).update(&cx, DONATION, CURRENT, patch).await, "update");
    assert_lost(failing(pending()).complete(&cx, DONATION, None).await, "complete");
    assert_lost(failing(pending()).cancel(&cx, DONATION, None, "no".to_owned()).await, "cancel");
    let tx = changing_donation(a_donation_that_is(State::Completed));
    assert_lost(failing(tx).refund(&cx, DONATION, None, None).await, "refund");
    assert_lost(failing(pending()).delete(&cx, DONATION, CURRENT).await, "delete");
    let tx = changing_donation(a_donation_in_the_trash());
    assert_lost(failing(tx).restore(&cx, DONATION).await, "restore");
    assert_lost(failing(purging_donation()).purge(&cx, DONATION, CURRENT).await, "purge");
}
