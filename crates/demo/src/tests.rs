//! The data is the same each time, valid everywhere, and shaped like a charity's.

use std::collections::{HashMap, HashSet};

use almoner_donations::{Method, State};
use almoner_kernel::{
    EmailAddress, Fields, IdentityKind, IdentityNumber, PersonName, PhoneNumber, Region,
};
use almoner_records::{Now, Rules, Terms};
use chrono::Datelike;

use super::{calendar::Hijri, *};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn order(donors: u32, donations: u32, rng_seed: u64) -> DemoOrder {
    DemoOrder {
        donors,
        donations,
        rng_seed,
        until: day(2026, 11, 20),
        years: 3,
        currency: currency("TRY"),
        entered_by: None,
        other_currencies: vec![currency("USD"), currency("EUR")],
    }
}

fn demo(donors: u32, donations: u32) -> Demo {
    Demo::new(order(donors, donations, 1))
}

/// How many of a thousand.
fn permille<T>(items: &[T], is: impl Fn(&T) -> bool) -> usize {
    items.iter().filter(|item| is(item)).count() * 1_000 / items.len()
}

#[test]
fn the_same_seed_gives_the_same_data_and_another_seed_other_data() {
    let (one, again) = (demo(300, 500), demo(300, 500));
    assert!(one.campaigns().eq(again.campaigns()));
    assert!(one.donors().eq(again.donors()));
    assert!(one.donations().eq(again.donations()));
    let other = Demo::new(order(300, 500, 2));
    assert!(one.donors().zip(other.donors()).all(|(one, other)| one.id != other.id));
    assert!(one.donations().zip(other.donations()).all(|(one, other)| one.id != other.id));
}

#[test]
fn the_data_stays_the_same_from_version_to_version() {
    let demo = demo(100, 100);
    let donor = demo.donor(42);
    let donation = demo.donation(42);
    let shown = format!(
        "{} {} | {} {} {} {}",
        donor.id,
        donor.name.as_str(),
        donation.id,
        donation.amount.unwrap(),
        donation.method.as_str(),
        donation.donated_on
    );
    assert_eq!(
        shown,
        "018e9f35-0708-7610-95e7-39667b3c6138 Pınar Yavuz | \
         0195d6c9-57ba-7049-9f7a-35e73d86e172 500.00 TRY online 2025-03-27"
    );
}

#[test]
fn more_donations_do_not_change_the_donors() {
    assert!(demo(200, 10).donors().eq(demo(200, 10_000).donors()));
}

#[test]
fn every_value_of_a_donor_would_be_accepted_from_a_user() {
    let region = Region::parse("TR").unwrap();
    let mut emails = HashSet::new();
    let mut identities = HashMap::new();
    for donor in demo(4_000, 1).donors() {
        let identity = donor.identity.as_ref().and_then(|identity| identity.number());
        assert_eq!(PersonName::parse(donor.name.as_str()).unwrap(), donor.name);
        if let Some(email) = &donor.email {
            assert_eq!(EmailAddress::parse(email.as_str()).as_ref(), Ok(email));
            assert!(email.as_str().is_ascii(), "{}", email.as_str());
            assert!(emails.insert(email.key()), "{} twice", email.as_str());
        }
        if let Some(phone) = &donor.phone {
            let parsed = PhoneNumber::parse(phone.as_str(), region);
            assert_eq!(parsed.as_ref(), Ok(phone), "{}", phone.as_str());
        }
        if let Some(identity) = identity {
            assert!(IdentityNumber::parse(identity.kind(), identity.expose()).is_ok());
            *identities.entry(identity.kind()).or_insert(0) += 1;
        }
        assert!(donor.address.as_ref().is_none_or(|address| address.chars().count() <= 500));
    }
    assert!(identities[&IdentityKind::TrNationalId] > 1_000, "{identities:?}");
    assert!(identities[&IdentityKind::TrTaxNumber] > 150, "{identities:?}");
    assert!(identities[&IdentityKind::ForeignId] > 50, "{identities:?}");
}

#[test]
fn no_two_donors_have_the_same_identity_number() {
    let mut numbers = HashSet::new();
    assert!((0..1_000_000).all(|donor| numbers.insert(super::people::scattered(donor))));
    assert!(numbers.iter().all(|number| (100_000_000..1_000_000_000).contains(number)));
}

#[test]
fn every_campaign_and_donation_keeps_the_rules_of_the_domain() {
    let demo = demo(1_000, 20_000);
    let currencies = [currency("TRY"), currency("USD"), currency("EUR")];
    let terms = Terms {
        region: Region::parse("TR").unwrap(),
        currencies: currencies.to_vec(),
        zone: almoner_records::Tz::UTC,
    };
    let end = demo.period.end();
    let mut names = HashSet::new();
    for campaign in demo.campaigns() {
        let mut wrong = Fields::default();
        campaign.check(None, &mut wrong);
        wrong.finish(Some(())).unwrap();
        assert_eq!(PersonName::parse(campaign.name.as_str()).unwrap(), campaign.name);
        assert!(names.insert(campaign.name.as_str().to_lowercase()), "{}", campaign.name.as_str());
    }
    assert!((25..60).contains(&names.len()), "{}", names.len());
    for donation in demo.donations() {
        let mut wrong = Fields::default();
        donation.check(None, &mut wrong);
        donation.check_now(None, &Now { at: donation.created_at, terms: &terms }, &mut wrong);
        wrong.finish(Some(())).unwrap();
        assert!(donation.created_at < end);
        assert_eq!(donation.settled_at.is_none(), donation.state == State::Pending);
        assert!(donation.settled_at.is_none_or(|at| at >= donation.created_at && at < end));
        let has_reason = matches!(donation.state, State::Refunded | State::Cancelled);
        assert_eq!(donation.reason.is_some(), has_reason);
        assert!(
            donation.method != Method::Sms || donation.amount.unwrap().currency() == currencies[0]
        );
    }
}

#[test]
fn ids_follow_the_time_and_are_unique() {
    let demo = demo(2_000, 20_000);
    let donors: Vec<_> = demo.donors().collect();
    assert!(donors.is_sorted_by_key(|donor| donor.created_at));
    let donations: Vec<_> = demo.donations().collect();
    assert!(donations.is_sorted_by_key(|donation| donation.created_at));
    let ids: HashSet<_> = donations.iter().map(|donation| donation.id).collect();
    assert_eq!(ids.len(), donations.len());
    for donation in &donations {
        let (seconds, _) = donation.id.uuid().get_timestamp().unwrap().to_unix();
        assert_eq!(seconds as i64, donation.created_at.timestamp());
    }
}

#[test]
fn a_donation_names_donor_and_campaign_as_they_are_and_never_before_they_were_entered() {
    let demo = demo(1_000, 10_000);
    let donors: HashMap<_, _> = demo.donors().map(|donor| (donor.id, donor)).collect();
    let campaigns: HashMap<_, _> =
        demo.campaigns().map(|campaign| (campaign.id, campaign)).collect();
    for donation in demo.donations() {
        if let Some(reference) = donation.own.donor_id {
            let donor = &donors[&reference.id()];
            assert_eq!(Some(donor.name.as_str()), reference.name());
            assert!(donor.created_at <= donation.created_at);
        }
        if let Some(reference) = donation.own.campaign_id {
            let campaign = campaigns[&reference.id()];
            assert_eq!(Some(campaign.name.as_str()), reference.name());
            assert!(campaign.created_at <= donation.created_at);
        }
    }
}

#[test]
fn the_distribution_is_that_of_a_charity() {
    let donations: Vec<_> = demo(3_000, 60_000).donations().collect();
    for (what, permille, expected) in [
        ("anonymous", permille(&donations, |d| d.donor_id.is_none()), 90..111),
        ("completed", permille(&donations, |d| d.state == State::Completed), 920..970),
        ("refunded", permille(&donations, |d| d.state == State::Refunded), 7..17),
        ("cancelled", permille(&donations, |d| d.state == State::Cancelled), 14..27),
        ("pending", permille(&donations, |d| d.state == State::Pending), 4..30),
        ("lira", permille(&donations, |d| d.amount.unwrap().currency().code() == "TRY"), 740..860),
        ("for a campaign", permille(&donations, |d| d.campaign_id.is_some()), 750..810),
        ("whole", permille(&donations, |d| d.amount.unwrap().minor() % 100 == 0), 890..960),
        ("large", permille(&donations, |d| d.amount.unwrap().minor() >= 5_000_000), 1..30),
        ("above 1,000", permille(&donations, |d| d.amount.unwrap().minor() > 100_000), 80..330),
    ] {
        assert!(expected.contains(&permille), "{what}: {permille} of a thousand");
    }
    for method in Method::ALL {
        assert!(donations.iter().any(|donation| donation.method == *method), "{method:?}");
    }
}

#[test]
fn more_is_given_in_ramadan_and_in_december_than_in_july() {
    let donations: Vec<_> = demo(1_000, 60_000).donations().collect();
    let mean = |is: &dyn Fn(NaiveDate) -> bool| {
        let days: HashSet<_> =
            donations.iter().map(|d| d.donated_on).filter(|day| is(*day)).collect();
        let gifts = donations.iter().filter(|d| is(d.donated_on)).count();
        gifts as f64 / days.len() as f64
    };
    let ramadan = mean(&|day| Hijri::of(day).is_ramadan());
    let december = mean(&|day| day.month() == 12);
    let july = mean(&|day| day.month() == 7);
    assert!(ramadan > 2.0 * july && december > 1.5 * july, "{ramadan} {december} {july}");
}

#[test]
fn islamic_dates_are_within_a_day_of_the_announced_ones() {
    // Diyanet's calendar: first day of Ramadan, first day of the feast of sacrifice.
    for (ramadan, sacrifice) in [
        (day(2023, 3, 23), day(2023, 6, 28)),
        (day(2024, 3, 11), day(2024, 6, 16)),
        (day(2025, 3, 1), day(2025, 6, 6)),
        (day(2026, 2, 19), day(2026, 5, 27)),
    ] {
        let near = |date: NaiveDate, is: &dyn Fn(Hijri) -> bool| {
            [date.pred_opt(), Some(date), date.succ_opt()]
                .into_iter()
                .flatten()
                .any(|d| is(Hijri::of(d)))
        };
        assert!(near(ramadan, &|hijri| hijri.is_ramadan() && hijri.day == 1), "{ramadan}");
        assert!(near(sacrifice, &Hijri::is_sacrifice), "{sacrifice}");
    }
}

#[test]
fn odd_orders_are_served() {
    for (donors, donations) in [(0, 0), (0, 50), (1, 50), (2, 1), (5, 0)] {
        let demo = demo(donors, donations);
        assert_eq!(demo.donors().count(), donors as usize);
        let all: Vec<_> = demo.donations().collect();
        assert_eq!(all.len(), donations as usize);
        assert!(donors > 0 || all.iter().all(|donation| donation.donor_id.is_none()));
    }
    let euros =
        DemoOrder { currency: currency("EUR"), other_currencies: Vec::new(), ..order(50, 500, 3) };
    assert!(
        Demo::new(euros)
            .donations()
            .all(|donation| donation.amount.unwrap().currency().code() == "EUR")
    );
}

#[test]
fn whoever_enters_data_has_entered_every_third_record() {
    let clerk = almoner_kernel::UserId::new(uuid::Uuid::from_u128(7));
    let order = DemoOrder { entered_by: Some(clerk), ..order(30, 300, 4) };
    let demo = Demo::new(order);
    let of_donors = demo.donors().filter(|donor| donor.created_by == Some(clerk)).count();
    let of_donations = demo.donations().filter(|gift| gift.created_by == Some(clerk)).count();
    assert_eq!((of_donors, of_donations), (10, 100));
}
