//! The trash and the end: putting away, bringing back, destroying.

use almoner_kernel::{Action, Fault, FieldValue, Kind, StoreError};

use super::{
    fixtures::*,
    mocks::{MockCampaignsTx, MockDonationsTx, MockDonorsTx},
};
use crate::{Campaign, Donation, DonationsError, Donor, State};

/// The one field that going to the trash and coming back change.
fn deleted(is_deleted: bool) -> [(&'static str, FieldValue); 1] {
    [("deleted", is_deleted.into())]
}

// Putting away.

#[tokio::test]
async fn a_deleted_donor_goes_to_the_trash_with_a_trail() {
    let mut tx = finding_donor(a_donor());
    tx.expect_update_donor()
        .once()
        .withf(|stored| {
            let deleted_at = Some(noon());
            *stored == Donor { deleted_at, version: CURRENT.next(), ..a_donor() }
        })
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    donors_with(tx).delete(&cx, DONOR, CURRENT).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Deleted, DONOR.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).before, deleted(false));
    assert_eq!(the_change(&trail).after, deleted(true));
}

#[tokio::test]
async fn a_deleted_campaign_goes_to_the_trash_with_a_trail() {
    let mut tx = finding_campaign(a_campaign());
    tx.expect_update_campaign()
        .once()
        .withf(|stored| {
            let deleted_at = Some(noon());
            *stored == Campaign { deleted_at, version: CURRENT.next(), ..a_campaign() }
        })
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    campaigns_with(tx).delete(&cx, CAMPAIGN, CURRENT).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Deleted, CAMPAIGN.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).before, deleted(false));
    assert_eq!(the_change(&trail).after, deleted(true));
}

#[tokio::test]
async fn a_deleted_donation_goes_to_the_trash_with_a_trail_unless_it_is_completed() {
    for state in [State::Pending, State::Refunded, State::Cancelled] {
        let mut tx = finding_donation(a_donation_that_is(state));
        tx.expect_update_donation()
            .once()
            .withf(move |stored| {
                let (deleted_at, version) = (Some(noon()), CURRENT.next());
                *stored == Donation { deleted_at, version, ..a_donation_that_is(state) }
            })
            .returning(|_| Ok(()));
        let (cx, written) = (admin(), tx.commits());
        donations_with(tx).delete(&cx, DONATION, CURRENT).await.unwrap();
        let trail = written.trail();
        assert_tells(&trail, &cx, Action::Deleted, DONATION.uuid(), CURRENT.next());
        assert_eq!(the_change(&trail).before, deleted(false));
        assert_eq!(the_change(&trail).after, deleted(true));
    }
}

#[tokio::test]
async fn a_completed_donation_cannot_be_deleted() {
    let donations = donations_with(finding_donation(a_donation_that_is(State::Completed)));
    let error = donations.delete(&admin(), DONATION, CURRENT).await.unwrap_err();
    assert!(matches!(error, DonationsError::CompletedStays));
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "completed_stays"));
}

#[tokio::test]
async fn what_is_in_the_trash_cannot_be_deleted_again() {
    let cx = admin();
    let outcomes = [
        donors_with(finding_donor(a_donor_in_the_trash())).delete(&cx, DONOR, CURRENT).await,
        campaigns_with(finding_campaign(a_campaign_in_the_trash()))
            .delete(&cx, CAMPAIGN, CURRENT)
            .await,
        donations_with(finding_donation(a_donation_in_the_trash()))
            .delete(&cx, DONATION, CURRENT)
            .await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(DonationsError::NotFound)));
    }
}

// Bringing back.

#[tokio::test]
async fn a_restored_donor_is_as_it_was_one_version_later() {
    let mut tx = finding_donor(a_donor_in_the_trash());
    tx.expect_update_donor()
        .once()
        .withf(|stored| stored.deleted_at.is_none() && stored.version == CURRENT.next())
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    let restored = donors_with(tx).restore(&cx, DONOR).await.unwrap();
    assert_eq!(restored, Donor { version: CURRENT.next(), ..a_donor() });
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Restored, DONOR.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).before, deleted(true));
    assert_eq!(the_change(&trail).after, deleted(false));
}

#[tokio::test]
async fn a_restored_campaign_is_as_it_was_one_version_later() {
    let mut tx = finding_campaign(a_campaign_in_the_trash());
    tx.expect_update_campaign()
        .once()
        .withf(|stored| stored.deleted_at.is_none() && stored.version == CURRENT.next())
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    let restored = campaigns_with(tx).restore(&cx, CAMPAIGN).await.unwrap();
    assert_eq!(restored, Campaign { version: CURRENT.next(), ..a_campaign() });
    assert_tells(&written.trail(), &cx, Action::Restored, CAMPAIGN.uuid(), CURRENT.next());
}

#[tokio::test]
async fn a_restored_donation_is_as_it_was_one_version_later() {
    let mut tx = finding_donation(a_donation_in_the_trash());
    tx.expect_update_donation()
        .once()
        .withf(|stored| stored.deleted_at.is_none() && stored.version == CURRENT.next())
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    let restored = donations_with(tx).restore(&cx, DONATION).await.unwrap();
    assert_eq!(restored, Donation { version: CURRENT.next(), ..a_pending_donation() });
    assert_tells(&written.trail(), &cx, Action::Restored, DONATION.uuid(), CURRENT.next());
}

#[tokio::test]
async fn what_is_not_in_the_trash_is_not_restored() {
    // No update and no commit is announced.
    let cx = admin();
    let donor = donors_with(finding_donor(a_donor())).restore(&cx, DONOR).await;
    assert!(matches!(donor, Err(DonationsError::NotInTrash)));
    let campaign = campaigns_with(finding_campaign(a_campaign())).restore(&cx, CAMPAIGN).await;
    assert!(matches!(campaign, Err(DonationsError::NotInTrash)));
    let donations = donations_with(finding_donation(a_pending_donation()));
    let donation = donations.restore(&cx, DONATION).await;
    assert!(matches!(donation, Err(DonationsError::NotInTrash)));
}

#[tokio::test]
async fn a_donor_whose_number_was_taken_meanwhile_is_not_restored() {
    let mut tx = finding_donor(a_donor_in_the_trash());
    tx.expect_update_donor().once().returning(|_| Err(StoreError::Taken("donors.identity")));
    let error = donors_with(tx).restore(&admin(), DONOR).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
}

#[tokio::test]
async fn a_campaign_whose_name_was_taken_meanwhile_is_not_restored() {
    let mut tx = finding_campaign(a_campaign_in_the_trash());
    tx.expect_update_campaign().once().returning(|_| Err(StoreError::Taken("campaigns.name")));
    let error = campaigns_with(tx).restore(&admin(), CAMPAIGN).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/name taken"]);
}

// Destroying.

fn donor_to_purge(has_donations: bool) -> MockDonorsTx {
    let mut tx = finding_donor(a_donor_in_the_trash());
    tx.expect_donor_has_donations()
        .once()
        .withf(|id| *id == DONOR)
        .returning(move |_| Ok(has_donations));
    tx
}

fn campaign_to_purge(has_donations: bool) -> MockCampaignsTx {
    let mut tx = finding_campaign(a_campaign_in_the_trash());
    tx.expect_campaign_has_donations()
        .once()
        .withf(|id| *id == CAMPAIGN)
        .returning(move |_| Ok(has_donations));
    tx
}

#[tokio::test]
async fn a_donor_in_the_trash_without_donations_is_destroyed_and_the_trail_repeats_nothing_of_it() {
    let mut tx = donor_to_purge(false);
    tx.expect_purge_donor().once().withf(|id| *id == DONOR).returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    donors_with(tx).purge(&cx, DONOR, CURRENT).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Purged, DONOR.uuid(), CURRENT);
    assert_eq!((&the_change(&trail).before, &the_change(&trail).after), (&Vec::new(), &Vec::new()));
}

#[tokio::test]
async fn a_campaign_in_the_trash_without_donations_is_destroyed() {
    let mut tx = campaign_to_purge(false);
    tx.expect_purge_campaign().once().withf(|id| *id == CAMPAIGN).returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    campaigns_with(tx).purge(&cx, CAMPAIGN, CURRENT).await.unwrap();
    assert_tells(&written.trail(), &cx, Action::Purged, CAMPAIGN.uuid(), CURRENT);
}

#[tokio::test]
async fn a_donation_in_the_trash_is_destroyed() {
    let mut tx: MockDonationsTx = finding_donation(a_donation_in_the_trash());
    tx.expect_purge_donation().once().withf(|id| *id == DONATION).returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    donations_with(tx).purge(&cx, DONATION, CURRENT).await.unwrap();
    assert_tells(&written.trail(), &cx, Action::Purged, DONATION.uuid(), CURRENT);
}

#[tokio::test]
async fn only_what_is_in_the_trash_is_destroyed() {
    let cx = admin();
    let outcomes = [
        donors_with(finding_donor(a_donor())).purge(&cx, DONOR, CURRENT).await,
        campaigns_with(finding_campaign(a_campaign())).purge(&cx, CAMPAIGN, CURRENT).await,
        donations_with(finding_donation(a_pending_donation())).purge(&cx, DONATION, CURRENT).await,
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(error, DonationsError::NotInTrash));
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "not_in_trash"));
    }
}

#[tokio::test]
async fn what_donations_still_name_is_not_destroyed() {
    let cx = admin();
    let outcomes = [
        donors_with(donor_to_purge(true)).purge(&cx, DONOR, CURRENT).await,
        campaigns_with(campaign_to_purge(true)).purge(&cx, CAMPAIGN, CURRENT).await,
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(error, DonationsError::HasDonations));
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "has_donations"));
    }
}
