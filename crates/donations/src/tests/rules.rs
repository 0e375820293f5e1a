//! What a donation and a campaign may say, and the names the outside knows.

use almoner_kernel::{Audited, Direction, IdentityKind, IdentityNumber, Money, Trash};
use chrono::{Days, Duration, NaiveDate};
use proptest::prelude::*;

use super::fixtures::*;
use crate::{
    Campaign, CampaignQuery, Donation, DonationQuery, Donor, DonorKind, DonorQuery, GroupBy,
    Method, State, SummaryQuery,
};

fn complaints_about(donation: &Donation) -> Vec<String> {
    let Err(invalid) = donation.validate(&accepted(), noon()) else { return Vec::new() };
    invalid.0.iter().map(|field| format!("{} {}", field.pointer, field.code)).collect()
}

fn complaints_about_campaign(campaign: &Campaign) -> Vec<String> {
    let Err(invalid) = campaign.validate() else { return Vec::new() };
    invalid.0.iter().map(|field| format!("{} {}", field.pointer, field.code)).collect()
}

#[test]
fn an_ordinary_donation_has_nothing_wrong() {
    assert_eq!(complaints_about(&a_pending_donation()), [] as [&str; 0]);
}

#[test]
fn every_complaint_about_a_donation_is_made_at_once() {
    let donation = Donation {
        amount: Money::from_minor(0, yen()),
        donated_on: day(2026, 3, 16),
        ..a_pending_donation()
    };
    assert_eq!(
        complaints_about(&donation),
        ["/amount/amount too_small", "/amount/currency currency", "/donated_on future"]
    );
}

#[test]
fn a_refused_currency_tells_which_are_accepted() {
    let donation = Donation { amount: Money::from_minor(100, yen()), ..a_pending_donation() };
    let invalid = donation.validate(&accepted(), noon()).unwrap_err();
    assert_eq!(invalid.0[0].detail.to_string(), "is not accepted here: TRY, USD, EUR");
}

#[test]
fn tomorrow_is_accepted_from_ten_in_the_morning_when_it_has_begun_on_kiritimati() {
    let tomorrow = Donation { donated_on: day(2026, 3, 15), ..a_pending_donation() };
    let ten = noon() - Duration::hours(2);
    assert!(tomorrow.validate(&accepted(), ten).is_ok());
    assert!(tomorrow.validate(&accepted(), ten - Duration::milliseconds(1)).is_err());
}

#[test]
fn a_donation_of_long_ago_is_accepted() {
    let donation = Donation { donated_on: day(1999, 8, 17), ..a_pending_donation() };
    assert_eq!(complaints_about(&donation), [] as [&str; 0]);
}

#[test]
fn an_ordinary_campaign_has_nothing_wrong() {
    assert_eq!(complaints_about_campaign(&a_campaign()), [] as [&str; 0]);
}

#[test]
fn every_complaint_about_a_campaign_is_made_at_once() {
    let campaign = Campaign {
        goal: Some(liras("0.00")),
        starts_on: Some(day(2026, 3, 2)),
        ends_on: Some(day(2026, 3, 1)),
        ..a_campaign()
    };
    assert_eq!(complaints_about_campaign(&campaign), ["/ends_on range", "/goal/amount too_small"]);
}

#[test]
fn a_campaign_without_goal_and_ends_is_fine() {
    let campaign = Campaign { goal: None, starts_on: None, ends_on: None, ..a_campaign() };
    assert_eq!(complaints_about_campaign(&campaign), [] as [&str; 0]);
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..20_000_u64).prop_map(|days| day(1990, 1, 1) + Days::new(days))
}

proptest! {
    #[test]
    fn an_amount_is_accepted_when_it_is_more_than_zero(
        minor in prop_oneof![-3..4_i64, -Money::MAX_MINOR..=Money::MAX_MINOR],
        currency in prop::sample::select(accepted()),
    ) {
        let amount = Money::from_minor(minor, currency);
        let complaints = complaints_about(&Donation { amount, ..a_pending_donation() });
        let expected: &[&str] = if minor > 0 { &[] } else { &["/amount/amount too_small"] };
        prop_assert_eq!(complaints, expected);
    }

    #[test]
    fn a_goal_is_accepted_when_it_is_more_than_zero(
        minor in prop_oneof![-3..4_i64, -Money::MAX_MINOR..=Money::MAX_MINOR],
    ) {
        let goal = Some(Money::from_minor(minor, lira()));
        let complaints = complaints_about_campaign(&Campaign { goal, ..a_campaign() });
        let expected: &[&str] = if minor > 0 { &[] } else { &["/goal/amount too_small"] };
        prop_assert_eq!(complaints, expected);
    }

    #[test]
    fn a_campaign_may_end_on_the_day_it_starts_and_not_before(
        starts_on in any_day(),
        ends_on in any_day(),
    ) {
        let ends = |ends_on| Campaign {
            starts_on: Some(starts_on),
            ends_on: Some(ends_on),
            ..a_campaign()
        };
        prop_assert!(ends(starts_on).validate().is_ok());
        prop_assert_eq!(ends(ends_on).validate().is_ok(), ends_on >= starts_on);
    }

    #[test]
    fn today_is_accepted_wherever_on_earth_the_donor_lives(
        minutes in 0..=20_000_i64,
        offset_hours in -12..=14_i64,
    ) {
        let at = noon() + Duration::minutes(minutes);
        let today = (at + Duration::hours(offset_hours)).date_naive();
        let donation = Donation { donated_on: today, ..a_pending_donation() };
        prop_assert!(donation.validate(&accepted(), at).is_ok());
    }

    #[test]
    fn a_day_that_has_begun_nowhere_on_earth_is_refused(
        minutes in 0..=20_000_i64,
        days in 1..=400_u64,
    ) {
        let at = noon() + Duration::minutes(minutes);
        let latest = (-12..=14).map(|hours| (at + Duration::hours(hours)).date_naive()).max().unwrap();
        let donation = Donation { donated_on: latest + Days::new(days), ..a_pending_donation() };
        prop_assert!(donation.validate(&accepted(), at).is_err());
    }

    #[test]
    fn the_trail_of_a_donor_never_has_the_number(number in "[A-Z0-9]{3,40}") {
        let number = IdentityNumber::parse(IdentityKind::ForeignId, &number).unwrap();
        let donor = Donor { identity: Some(number.on_file()), ..a_donor() };
        let told = format!("{:?}", donor.snapshot().iter().find(|(name, _)| *name == "identity"));
        prop_assert!(!told.contains(number.expose()));
    }
}

#[test]
fn every_name_of_the_api_reads_back_and_no_other_does() {
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()), Some(state));
        assert_eq!(state.to_string(), state.as_str());
    }
    for method in Method::ALL {
        assert_eq!(Method::parse(method.as_str()), Some(method));
    }
    for kind in DonorKind::ALL {
        assert_eq!(DonorKind::parse(kind.as_str()), Some(kind));
    }
    for group in GroupBy::ALL {
        assert_eq!(GroupBy::parse(group.as_str()), Some(group));
    }
    for text in ["", "Pending", "CASH", " month", "person\0"] {
        assert_eq!(State::parse(text), None, "{text:?}");
        assert_eq!(Method::parse(text), None, "{text:?}");
        assert_eq!(DonorKind::parse(text), None, "{text:?}");
        assert_eq!(GroupBy::parse(text), None, "{text:?}");
    }
}

#[test]
fn the_names_of_states_and_methods_are_those_of_the_contract() {
    assert_eq!(State::ALL.map(State::as_str), ["pending", "completed", "refunded", "cancelled"]);
    assert_eq!(
        Method::ALL.map(Method::as_str),
        ["cash", "check", "credit_card", "bank_transfer", "online", "sms", "in_kind"]
    );
    assert_eq!(DonorKind::ALL.map(DonorKind::as_str), ["person", "organisation"]);
    assert_eq!(GroupBy::ALL.map(GroupBy::as_str), ["month", "method", "campaign"]);
}

#[test]
fn a_list_starts_with_the_newest_and_leaves_out_the_trash() {
    let (donors, campaigns, donations) =
        (DonorQuery::default(), CampaignQuery::default(), DonationQuery::default());
    assert_eq!([donors.trash, campaigns.trash, donations.trash], [Trash::Without; 3]);
    assert_eq!(
        [donors.sort.direction, campaigns.sort.direction, donations.sort.direction],
        [Direction::Down; 3]
    );
}

#[test]
fn a_summary_counts_what_arrived_unless_somebody_asks_otherwise() {
    assert_eq!(SummaryQuery::default().state, State::Completed);
}
