//! Recording and changing donations.

use almoner_kernel::{Action, Context, Denied, Fault, Kind, Money, Patch, Timestamp, Version};
use chrono::Duration;

use super::{
    fixtures::*,
    mocks::{MockDonationsTx, Written},
};
use crate::{Donation, DonationDraft, DonationPatch, DonationsError, Method, State};

/// A transaction that knows the donor and campaign of the draft, stores one donation and commits.
fn recording() -> (MockDonationsTx, Written) {
    let mut tx = MockDonationsTx::new();
    tx.expect_donor_ref().once().returning(|id, _| Ok(Some(donor_ref(id))));
    tx.expect_campaign_ref().once().returning(|id| Ok(Some(campaign_ref(id))));
    tx.expect_insert_donation().once().returning(|_| Ok(()));
    let written = tx.commits();
    (tx, written)
}

/// A transaction that finds the donation, stores one change of it and commits.
fn changing(donation: Donation) -> (MockDonationsTx, Written) {
    let mut tx = finding_donation(donation);
    tx.expect_update_donation().once().returning(|_| Ok(()));
    let written = tx.commits();
    (tx, written)
}

fn a_new_note() -> DonationPatch {
    DonationPatch { notes: Patch::Set("called".to_owned()), ..DonationPatch::default() }
}

#[tokio::test]
async fn a_new_donation_is_pending_and_names_donor_and_campaign() {
    let (tx, _) = recording();
    let donation = donations_with(tx).create(&data_entry(), a_donation_draft()).await.unwrap();
    let expected = Donation {
        id: almoner_kernel::DonationId::new(FRESH),
        version: Version::FIRST,
        ..a_pending_donation()
    };
    assert_eq!(donation, expected);
    assert_eq!((donation.state, donation.settled_at), (State::Pending, None));
}

#[tokio::test]
async fn an_anonymous_donation_for_no_campaign_asks_for_neither() {
    let mut tx = MockDonationsTx::new();
    tx.expect_insert_donation()
        .once()
        .withf(|donation| donation.donor.is_none() && donation.campaign.is_none())
        .returning(|_| Ok(()));
    tx.commits();
    let draft = DonationDraft { donor_id: None, campaign_id: None, ..a_donation_draft() };
    assert!(donations_with(tx).create(&data_entry(), draft).await.is_ok());
}

#[tokio::test]
async fn the_trail_of_a_new_donation_has_every_given_field_and_no_empty_one() {
    let (tx, written) = recording();
    let cx = data_entry();
    donations_with(tx).create(&cx, a_donation_draft()).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Created, FRESH, Version::FIRST);
    let change = the_change(&trail);
    assert_eq!((change.entity, &change.before), ("donation", &Vec::new()));
    assert_eq!(
        change.after,
        [
            ("donor_id", text(&DONOR.to_string())),
            ("campaign_id", text(&CAMPAIGN.to_string())),
            ("amount", text("250.00 TRY")),
            ("method", text("bank_transfer")),
            ("state", text("pending")),
            ("donated_on", text("2026-03-14")),
            ("reference", text("REF-1")),
            ("deleted", false.into()),
        ]
    );
}

#[tokio::test]
async fn everything_wrong_with_a_new_donation_is_told_at_once() {
    let mut tx = MockDonationsTx::new();
    tx.expect_donor_ref().once().returning(|_, _| Ok(None));
    tx.expect_campaign_ref().once().returning(|_| Ok(None));
    let draft = DonationDraft {
        amount: Money::from_minor(0, yen()),
        donated_on: day(2026, 3, 20),
        ..a_donation_draft()
    };
    let error = donations_with(tx).create(&data_entry(), draft).await.unwrap_err();
    assert_eq!(
        wrong_fields(&error),
        [
            "/amount/amount too_small",
            "/amount/currency currency",
            "/donated_on future",
            "/donor_id unknown",
            "/campaign_id unknown",
        ]
    );
    assert_eq!((error.kind(), error.code()), (Kind::Invalid, "validation"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let (mut tx, _) = changing(a_pending_donation());
    tx.expect_donor_ref().once().returning(|id, _| Ok(Some(donor_ref(id))));
    tx.expect_campaign_ref().once().returning(|id| Ok(Some(campaign_ref(id))));
    let later = Context { at: noon() + Duration::minutes(3), ..admin() };
    let patch = DonationPatch {
        donor_id: Patch::Set(OTHER_DONOR),
        campaign_id: Patch::Set(OTHER_CAMPAIGN),
        amount: Some(liras("300.00")),
        method: Some(Method::Cash),
        purpose: Patch::Set("coal".to_owned()),
        donated_on: Some(day(2026, 3, 1)),
        reference: Patch::Clear,
        notes: Patch::Keep,
    };
    let after = donations_with(tx).update(&later, DONATION, CURRENT, patch).await.unwrap();
    let expected = Donation {
        donor: Some(donor_ref(OTHER_DONOR)),
        campaign: Some(campaign_ref(OTHER_CAMPAIGN)),
        amount: liras("300.00"),
        method: Method::Cash,
        purpose: Some("coal".to_owned()),
        donated_on: day(2026, 3, 1),
        reference: None,
        version: CURRENT.next(),
        updated_at: later.at,
        ..a_pending_donation()
    };
    assert_eq!(after, expected);
}

#[tokio::test]
async fn a_donation_can_become_anonymous_and_free() {
    let (tx, _) = changing(a_pending_donation());
    let patch = DonationPatch {
        donor_id: Patch::Clear,
        campaign_id: Patch::Clear,
        ..DonationPatch::default()
    };
    let after = donations_with(tx).update(&admin(), DONATION, CURRENT, patch).await.unwrap();
    assert_eq!((after.donor, after.campaign), (None, None));
}

#[tokio::test]
async fn what_is_stored_is_what_is_answered() {
    let mut tx = finding_donation(a_pending_donation());
    tx.expect_update_donation()
        .once()
        .withf(|donation| {
            donation.version == CURRENT.next() && donation.notes.as_deref() == Some("called")
        })
        .returning(|_| Ok(()));
    tx.commits();
    let outcome = donations_with(tx).update(&admin(), DONATION, CURRENT, a_new_note()).await;
    let after = outcome.unwrap();
    assert_eq!((after.version, after.notes.as_deref()), (CURRENT.next(), Some("called")));
}

#[tokio::test]
async fn the_trail_of_an_update_has_only_the_fields_that_differ() {
    let (tx, written) = changing(a_pending_donation());
    let cx = admin();
    let patch = DonationPatch {
        donor_id: Patch::Set(DONOR),
        amount: Some(liras("300.00")),
        method: Some(Method::BankTransfer),
        ..a_new_note()
    };
    donations_with(tx).update(&cx, DONATION, CURRENT, patch).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Updated, DONATION.uuid(), CURRENT.next());
    let change = the_change(&trail);
    assert_eq!(
        change.before,
        [("amount", text("250.00 TRY")), ("notes", almoner_kernel::FieldValue::Null)]
    );
    assert_eq!(change.after, [("amount", text("300.00 TRY")), ("notes", text("called"))]);
}

#[tokio::test]
async fn naming_the_same_donor_and_campaign_again_asks_for_neither_even_in_the_trash() {
    // No `donor_ref` and no `campaign_ref` is announced: storage would not find them in the trash.
    for state in State::ALL {
        let (tx, _) = changing(a_donation_that_is(state));
        let patch = DonationPatch {
            donor_id: Patch::Set(DONOR),
            campaign_id: Patch::Set(CAMPAIGN),
            notes: Patch::Set("called back".to_owned()),
            ..DonationPatch::default()
        };
        let after = donations_with(tx).update(&admin(), DONATION, CURRENT, patch).await.unwrap();
        assert_eq!(after.donor, a_pending_donation().donor);
        assert_eq!(after.campaign, a_pending_donation().campaign);
    }
}

#[tokio::test]
async fn another_donor_or_campaign_must_exist_outside_the_trash() {
    let mut tx = finding_donation(a_pending_donation());
    tx.expect_donor_ref().once().returning(|_, _| Ok(None));
    tx.expect_campaign_ref().once().returning(|_| Ok(None));
    let patch = DonationPatch {
        donor_id: Patch::Set(OTHER_DONOR),
        campaign_id: Patch::Set(OTHER_CAMPAIGN),
        ..DonationPatch::default()
    };
    let outcome = donations_with(tx).update(&admin(), DONATION, CURRENT, patch).await;
    assert_eq!(wrong_fields(&outcome.unwrap_err()), ["/donor_id unknown", "/campaign_id unknown"]);
}

#[tokio::test]
async fn everything_wrong_with_an_update_is_told_at_once() {
    let mut tx = finding_donation(a_pending_donation());
    tx.expect_donor_ref().once().returning(|_, _| Ok(None));
    tx.expect_campaign_ref().once().returning(|_| Ok(None));
    let patch = DonationPatch {
        donor_id: Patch::Set(OTHER_DONOR),
        campaign_id: Patch::Set(OTHER_CAMPAIGN),
        amount: Some(Money::from_minor(0, yen())),
        donated_on: Some(day(2026, 3, 20)),
        ..DonationPatch::default()
    };
    let error = donations_with(tx).update(&admin(), DONATION, CURRENT, patch).await.unwrap_err();
    let mut told = wrong_fields(&error);
    told.sort();
    assert_eq!(
        told,
        [
            "/amount/amount too_small",
            "/amount/currency currency",
            "/campaign_id unknown",
            "/donated_on future",
            "/donor_id unknown",
        ]
    );
}

#[tokio::test]
async fn what_is_fixed_about_a_settled_donation_is_refused_and_nothing_is_stored() {
    for state in [State::Completed, State::Refunded, State::Cancelled] {
        let donations = donations_with(finding_donation(a_donation_that_is(state)));
        let patch = DonationPatch { amount: Some(liras("1.00")), ..a_new_note() };
        let error = donations.update(&admin(), DONATION, CURRENT, patch).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "settled"), "{state}");
    }
}

#[tokio::test]
async fn a_settled_donation_in_a_currency_no_longer_accepted_can_still_get_notes() {
    let amount = Money::from_minor(500, yen());
    let donation = Donation { amount, ..a_donation_that_is(State::Completed) };
    let (tx, _) = changing(donation);
    let after = donations_with(tx).update(&admin(), DONATION, CURRENT, a_new_note()).await.unwrap();
    assert_eq!(after.amount, amount);
}

#[tokio::test]
async fn a_donation_in_the_trash_cannot_be_changed() {
    let donations = donations_with(finding_donation(a_donation_in_the_trash()));
    let outcome = donations.update(&admin(), DONATION, CURRENT, a_new_note()).await;
    assert!(matches!(outcome, Err(DonationsError::NotFound)));
}

fn entered(at: Timestamp) -> Donation {
    Donation { created_at: at, ..a_pending_donation() }
}

#[tokio::test]
async fn a_donation_entered_14_minutes_and_59_seconds_ago_can_be_corrected() {
    let (tx, _) = changing(entered(noon() - Duration::seconds(14 * 60 + 59)));
    let outcome = donations_with(tx).update(&data_entry(), DONATION, CURRENT, a_new_note()).await;
    assert!(outcome.is_ok());
}

#[tokio::test]
async fn a_donation_entered_15_minutes_and_1_second_ago_can_no_longer_be_corrected() {
    let too_late = entered(noon() - Duration::seconds(15 * 60 + 1));
    let donations = donations_with(finding_donation(too_late));
    let outcome = donations.update(&data_entry(), DONATION, CURRENT, a_new_note()).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, DonationsError::Denied(Denied::EditWindowClosed)));
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "edit_window_closed"));
}

#[tokio::test]
async fn a_role_without_edit_window_corrects_old_donations_too() {
    let (tx, _) = changing(entered(noon() - Duration::days(3_000)));
    let outcome = donations_with(tx).update(&admin(), DONATION, CURRENT, a_new_note()).await;
    assert!(outcome.is_ok());
}
