//! The state machine of a donation, as a table and as properties.

use almoner_kernel::{CampaignId, Currency, DonorId, Money, Patch, Version};
use chrono::{Days, Duration};
use proptest::prelude::*;

use super::fixtures::*;
use crate::{Donation, DonationPatch, DonationsError, Method, State};

/// What becomes of a donation in the state of the row that is asked to take the state of the column.
#[rustfmt::skip]
const STEPS: [(State, [(State, bool); 4]); 4] = {
    use State::{Cancelled, Completed, Pending, Refunded};
    [
        (Pending,   [(Pending, false), (Completed, true),  (Refunded, false), (Cancelled, true)]),
        (Completed, [(Pending, false), (Completed, false), (Refunded, true),  (Cancelled, false)]),
        (Refunded,  [(Pending, false), (Completed, false), (Refunded, false), (Cancelled, false)]),
        (Cancelled, [(Pending, false), (Completed, false), (Refunded, false), (Cancelled, false)]),
    ]
};

fn steps() -> impl Iterator<Item = (State, State, bool)> {
    STEPS.into_iter().flat_map(|(from, row)| row.map(|(to, allowed)| (from, to, allowed)))
}

#[test]
fn the_state_machine_has_exactly_these_steps() {
    for (from, to, allowed) in steps() {
        assert_eq!(from.can_become(to), allowed, "{from} to {to}");
        let moved = a_donation_that_is(from).moved(to, None, noon());
        assert_eq!(moved.is_ok(), allowed, "{from} to {to}");
    }
}

#[test]
fn a_refused_step_names_both_states() {
    for (from, to, _) in steps().filter(|(_, _, allowed)| !allowed) {
        let error = a_donation_that_is(from).moved(to, None, noon()).unwrap_err();
        let DonationsError::Transition { from: told_from, to: told_to } = error else {
            panic!("{error:?}");
        };
        assert_eq!((told_from, told_to), (from, to));
    }
}

#[test]
fn a_step_changes_state_reason_time_and_version_and_nothing_else() {
    for (from, to, _) in steps().filter(|(_, _, allowed)| *allowed) {
        let before = a_donation_that_is(from);
        let at = noon() + Duration::minutes(5);
        let after = before.clone().moved(to, Some("why".to_owned()), at).unwrap();
        let expected = Donation {
            state: to,
            reason: Some("why".to_owned()),
            settled_at: Some(at),
            updated_at: at,
            version: CURRENT.next(),
            ..before
        };
        assert_eq!(after, expected, "{from} to {to}");
    }
}

#[test]
fn a_donation_is_settled_unless_it_is_pending() {
    let pending = a_pending_donation();
    assert_eq!(pending.settled_at, None);
    let completed = pending.moved(State::Completed, None, noon()).unwrap();
    assert_eq!(completed.settled_at, Some(noon()));
    let later = noon() + Duration::days(1);
    let refunded = completed.moved(State::Refunded, None, later).unwrap();
    assert_eq!(refunded.settled_at, Some(later), "the time of the present state counts");
}

/// A patch of one field, and the name it is refused under.
fn fixed_fields() -> Vec<(&'static str, DonationPatch)> {
    let patch = DonationPatch::default;
    vec![
        ("donor_id", DonationPatch { donor_id: Patch::Set(OTHER_DONOR), ..patch() }),
        ("donor_id", DonationPatch { donor_id: Patch::Clear, ..patch() }),
        ("amount", DonationPatch { amount: Some(liras("250.01")), ..patch() }),
        ("amount", DonationPatch { amount: Some(Money::from_minor(25_000, yen())), ..patch() }),
        ("method", DonationPatch { method: Some(Method::Cash), ..patch() }),
        ("donated_on", DonationPatch { donated_on: Some(day(2026, 3, 13)), ..patch() }),
    ]
}

/// A patch of fields that stay open in every state.
fn open_fields() -> DonationPatch {
    DonationPatch {
        campaign_id: Patch::Set(OTHER_CAMPAIGN),
        purpose: Patch::Set("coal".to_owned()),
        reference: Patch::Clear,
        notes: Patch::Set("called".to_owned()),
        ..DonationPatch::default()
    }
}

fn patched(before: Donation, patch: &DonationPatch) -> Result<Donation, DonationsError> {
    before.patched(
        patch,
        patch.donor_id.clone().map(donor_ref),
        patch.campaign_id.clone().map(campaign_ref),
        noon(),
    )
}

#[test]
fn a_pending_donation_can_be_changed_in_every_field() {
    for (field, patch) in fixed_fields() {
        assert!(patched(a_pending_donation(), &patch).is_ok(), "{field}");
    }
    assert!(patched(a_pending_donation(), &open_fields()).is_ok());
}

#[test]
fn a_settled_donation_keeps_donor_amount_method_and_day() {
    for state in [State::Completed, State::Refunded, State::Cancelled] {
        for (field, patch) in fixed_fields() {
            let error = patched(a_donation_that_is(state), &patch).unwrap_err();
            let DonationsError::Settled { state: told, fields } = error else {
                panic!("{state} {field}: {error:?}");
            };
            assert_eq!((told, fields), (state, vec![field]));
        }
    }
}

#[test]
fn all_fixed_fields_of_a_patch_are_told_at_once() {
    let patch = DonationPatch {
        donor_id: Patch::Clear,
        amount: Some(liras("1")),
        method: Some(Method::Cash),
        donated_on: Some(day(2026, 3, 1)),
        ..open_fields()
    };
    let error = patched(a_donation_that_is(State::Completed), &patch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a donation that is completed keeps its donor_id, amount, method, donated_on"
    );
}

#[test]
fn campaign_purpose_reference_and_notes_stay_open_in_every_state() {
    for state in State::ALL {
        let before = a_donation_that_is(state);
        let after = patched(before.clone(), &open_fields()).unwrap();
        let expected = Donation {
            campaign: Some(campaign_ref(OTHER_CAMPAIGN)),
            purpose: Some("coal".to_owned()),
            reference: None,
            notes: Some("called".to_owned()),
            version: CURRENT.next(),
            ..before
        };
        assert_eq!(after, expected, "{state}");
    }
}

#[test]
fn repeating_what_is_fixed_is_not_a_change() {
    for state in State::ALL {
        let before = a_donation_that_is(state);
        let same = DonationPatch {
            donor_id: Patch::Set(DONOR),
            amount: Some(before.amount),
            method: Some(before.method),
            donated_on: Some(before.donated_on),
            ..DonationPatch::default()
        };
        assert!(patched(before, &same).is_ok(), "{state}");
    }
}

fn any_state() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

fn any_patch_of<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Patch<T>> {
    prop_oneof![Just(Patch::Keep), Just(Patch::Clear), value.prop_map(Patch::Set)]
}

fn any_donation_patch() -> impl Strategy<Value = DonationPatch> {
    let donor = any_patch_of(prop::sample::select(vec![DONOR, OTHER_DONOR]));
    let campaign = any_patch_of(prop::sample::select(vec![CAMPAIGN, OTHER_CAMPAIGN]));
    let amount = prop::option::of((24_999..25_002_i64, prop::sample::select(vec![lira(), yen()])));
    let method = prop::option::of(prop::sample::select(Method::ALL.to_vec()));
    let days_ago = prop::option::of(0..3_u64);
    let words = || any_patch_of("[a-z]{0,3}");
    (donor, campaign, amount, method, days_ago, words(), words(), words()).prop_map(donation_patch)
}

type Patched = (
    Patch<DonorId>,
    Patch<CampaignId>,
    Option<(i64, Currency)>,
    Option<Method>,
    Option<u64>,
    Patch<String>,
    Patch<String>,
    Patch<String>,
);

fn donation_patch(
    (donor_id, campaign_id, amount, method, days_ago, purpose, reference, notes): Patched,
) -> DonationPatch {
    DonationPatch {
        donor_id,
        campaign_id,
        amount: amount.map(|(minor, currency)| Money::from_minor(minor, currency)),
        method,
        purpose,
        donated_on: days_ago.map(|days| noon().date_naive() - Days::new(days)),
        reference,
        notes,
    }
}

proptest! {
    #[test]
    fn no_patch_ever_changes_what_is_fixed(state in any_state(), patch in any_donation_patch()) {
        let before = a_donation_that_is(state);
        let kept = |donation: &Donation| {
            (
                donation.donor.clone(),
                donation.amount,
                donation.method,
                donation.donated_on,
            )
        };
        match patched(before.clone(), &patch) {
            Ok(after) => {
                prop_assert!(state == State::Pending || kept(&after) == kept(&before));
                prop_assert_eq!(after.version, before.version.next());
                prop_assert_eq!(
                    (after.state, after.reason, after.settled_at, after.created_by),
                    (before.state, before.reason, before.settled_at, before.created_by)
                );
            }
            Err(DonationsError::Settled { fields, .. }) => {
                prop_assert!(state != State::Pending);
                prop_assert!(!fields.is_empty());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }

    #[test]
    fn no_sequence_of_steps_counts_a_donation_twice(
        wishes in prop::collection::vec(any_state(), 0..12),
    ) {
        let mut donation = Donation { version: Version::FIRST, ..a_pending_donation() };
        let mut arrivals = 0;
        let mut steps = 0;
        for wish in wishes {
            if let Ok(moved) = donation.clone().moved(wish, None, noon()) {
                arrivals += u32::from(moved.state == State::Completed);
                steps += 1;
                donation = moved;
            }
        }
        prop_assert!(arrivals <= 1);
        prop_assert!(steps <= 2);
        prop_assert_eq!(donation.version, Version::new(1 + steps));
    }
}
