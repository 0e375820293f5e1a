//! The rules: pure, and asked without any port.

use almoner_kernel::{Currency, Fields, Money, PersonName, Region, Timestamp};
use almoner_records::{Now, Record, Ref, Rules, Terms};
use chrono::{DateTime, Duration, NaiveDate};
use proptest::prelude::*;
use uuid::Uuid;

use crate::{Campaign, Donation, DonorKind, GroupBy, Method, State};

fn noon() -> Timestamp {
    DateTime::from_timestamp(1_773_489_600, 0).unwrap()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn terms() -> Terms {
    let currencies = ["TRY", "USD", "EUR"].map(currency).to_vec();
    Terms { region: Region::parse("TR").unwrap(), currencies, zone: almoner_records::Tz::UTC }
}

fn a_donation() -> Donation {
    Donation {
        donor_id: None,
        campaign_id: None,
        amount: Some(Money::from_minor(125_000, currency("TRY"))),
        method: Method::Cash,
        state: State::Pending,
        purpose: None,
        donated_on: day(2026, 3, 14),
        reference: None,
        notes: None,
        reason: None,
        settled_at: None,
    }
}

fn told(fields: Fields) -> Vec<String> {
    let Err(invalid) = fields.finish(Some(())) else { return Vec::new() };
    invalid.0.iter().map(|field| format!("{} {}", field.pointer, field.code)).collect()
}

fn complaints(donation: &Donation, before: Option<&Donation>, at: Timestamp) -> Vec<String> {
    let (mut fields, terms) = (Fields::default(), terms());
    donation.check(before, &mut fields);
    donation.check_now(before, &Now { at, terms: &terms }, &mut fields);
    told(fields)
}

#[test]
fn an_ordinary_donation_has_nothing_wrong() {
    assert!(complaints(&a_donation(), None, noon()).is_empty());
}

#[test]
fn every_complaint_about_a_donation_is_made_at_once() {
    let donation = Donation {
        amount: Some(Money::from_minor(0, currency("TRY"))),
        donated_on: day(2026, 3, 16),
        ..a_donation()
    };
    assert_eq!(
        complaints(&donation, None, noon()),
        ["/amount/amount too_small", "/donated_on future"]
    );
    let old = Donation { donated_on: day(1899, 12, 31), ..a_donation() };
    assert_eq!(complaints(&old, None, noon()), ["/donated_on range"]);
}

#[test]
fn tomorrow_is_accepted_from_ten_in_the_morning_when_it_has_begun_on_kiritimati() {
    let tomorrow = Donation { donated_on: day(2026, 3, 15), ..a_donation() };
    let ten = noon() - Duration::hours(2);
    assert!(complaints(&tomorrow, None, ten).is_empty());
    let earlier = ten - Duration::milliseconds(1);
    assert_eq!(complaints(&tomorrow, None, earlier), ["/donated_on future"]);
}

#[test]
fn a_post_dated_cheque_may_be_pending_but_neither_another_method_nor_completed() {
    let cheque = Donation { method: Method::Check, donated_on: day(2026, 9, 1), ..a_donation() };
    assert!(complaints(&cheque, None, noon()).is_empty());
    let cash = Donation { method: Method::Cash, ..cheque.clone() };
    assert_eq!(complaints(&cash, Some(&cheque), noon()), ["/donated_on future"]);
    let mut completed = cheque.clone();
    completed.step(step("complete"), None, noon());
    assert_eq!(complaints(&completed, Some(&cheque), noon()), ["/donated_on future"]);
    let mut cancelled = cheque.clone();
    cancelled.step(step("cancel"), Some("bounced"), noon());
    assert!(complaints(&cancelled, Some(&cheque), noon()).is_empty());
}

fn step(name: &str) -> &'static almoner_records::Step {
    Donation::KIND.step(name).unwrap()
}

/// The whole table: every state with every step.
#[test]
fn a_step_leads_from_its_states_and_from_no_other() {
    for from in State::ALL {
        for step in Donation::KIND.steps {
            let mut donation = Donation { state: *from, ..a_donation() };
            let allowed = matches!(
                (*from, step.name),
                (State::Pending, "complete" | "cancel") | (State::Completed, "refund" | "correct")
            );
            assert_eq!(step.is_from(donation.state()), allowed, "{from} {}", step.name);
            let refusal = donation.out_of_order(step);
            assert_eq!(refusal.code, "transition");
            if allowed {
                donation.step(step, Some("because"), noon());
                assert_eq!(donation.state(), step.after(from.as_str()));
            }
        }
    }
}

#[test]
fn a_step_notes_why_and_when_and_a_correction_neither() {
    let mut donation = a_donation();
    donation.step(step("cancel"), Some("never came"), noon());
    assert_eq!(donation.reason.as_deref(), Some("never came"));
    assert_eq!(donation.settled_at, Some(noon()));
    let mut corrected = Donation { state: State::Completed, ..a_donation() };
    let before = corrected.clone();
    corrected.step(step("correct"), Some("another Ayşe"), noon());
    assert_eq!(corrected, before);
}

#[test]
fn what_a_gift_is_stays_once_it_is_settled() {
    let donor = Some(Ref::to(almoner_kernel::Id::new(Uuid::from_u128(1))));
    for state in State::ALL {
        let before = Donation { state: *state, ..a_donation() };
        let changed = Donation {
            donor_id: donor.clone(),
            amount: Some(Money::from_minor(1, currency("TRY"))),
            method: Method::Sms,
            donated_on: day(2026, 3, 1),
            ..before.clone()
        };
        let outcome = changed.may_follow(&before);
        if *state == State::Pending {
            assert_eq!(outcome, Ok(()));
            continue;
        }
        let refusal = outcome.unwrap_err();
        assert_eq!(refusal.code, "settled");
        assert!(refusal.to_string().ends_with("donor_id, amount, method, donated_on"));
        assert_eq!(before.may_follow(&before), Ok(()));
        // Somebody has found out what the goods are worth.
        let unknown = Donation { amount: None, ..before.clone() };
        assert_eq!(before.may_follow(&unknown), Ok(()));
        assert!(unknown.may_follow(&before).is_err());
    }
}

#[test]
fn only_a_completed_donation_stays_out_of_the_trash() {
    for state in State::ALL {
        let refused = Donation { state: *state, ..a_donation() }.may_be_deleted();
        assert_eq!(
            refused.err().map(|refusal| refusal.code),
            match state {
                State::Completed => Some("completed_stays"),
                _ => None,
            }
        );
    }
}

fn a_campaign() -> Campaign {
    Campaign {
        name: PersonName::parse("Su Kuyusu").unwrap(),
        description: None,
        goal: None,
        starts_on: None,
        ends_on: None,
    }
}

fn complaints_about(campaign: &Campaign) -> Vec<String> {
    let mut fields = Fields::default();
    campaign.check(None, &mut fields);
    told(fields)
}

#[test]
fn a_campaign_ends_after_it_starts_and_hopes_for_something() {
    assert!(complaints_about(&a_campaign()).is_empty());
    let campaign = Campaign {
        goal: Some(Money::from_minor(0, currency("TRY"))),
        starts_on: Some(day(2026, 3, 2)),
        ends_on: Some(day(2026, 3, 1)),
        ..a_campaign()
    };
    assert_eq!(complaints_about(&campaign), ["/ends_on range", "/goal/amount too_small"]);
}

proptest! {
    #[test]
    fn a_campaign_may_last_any_number_of_days(first in 0_u64..20_000, days in 0_u64..4_000) {
        let starts_on = day(1990, 1, 1) + chrono::Days::new(first);
        let ends_on = starts_on + chrono::Days::new(days);
        let campaign =
            Campaign { starts_on: Some(starts_on), ends_on: Some(ends_on), ..a_campaign() };
        prop_assert!(complaints_about(&campaign).is_empty());
    }
}

#[test]
fn every_word_leads_back_to_itself() {
    for method in Method::ALL {
        assert_eq!(Method::parse(method.as_str()), Some(*method));
    }
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()), Some(*state));
    }
    for kind in DonorKind::ALL {
        assert_eq!(DonorKind::parse(kind.as_str()), Some(*kind));
    }
    for group in GroupBy::ALL {
        assert_eq!(GroupBy::parse(group.as_str()), Some(group));
    }
    assert_eq!(Method::InKind.as_str(), "in_kind");
    assert_eq!(State::parse("Pending"), None);
}

#[test]
fn only_goods_can_be_of_unknown_worth() {
    let wrong = |donation: &Donation| {
        let mut fields = Fields::default();
        donation.check(None, &mut fields);
        let errors = fields.finish(Some(())).err().map(|invalid| invalid.0).unwrap_or_default();
        errors.into_iter().map(|one| (one.pointer, one.code)).collect::<Vec<_>>()
    };
    for method in Method::ALL {
        let donation = Donation { amount: None, method: *method, ..a_donation() };
        let expected = match method {
            Method::InKind => vec![],
            _ => vec![("/amount".to_owned(), "required")],
        };
        assert_eq!(wrong(&donation), expected, "{method:?}");
    }
}
