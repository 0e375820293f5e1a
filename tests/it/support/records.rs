//! The people and records the tests speak about, and how they are stored.

mod made;
mod stored;

use almoner_accounts::session::Session;
use almoner_donations::{Campaign, Donor};
use almoner_kernel::{
    Audited, Currency, EmailAddress, Fields, Id, IdentityKind, IdentityNumber, Money, PersonName,
    PhoneNumber, Region, SessionId, Trail, Trash,
};
use almoner_records::{Kept, Query, Record, Ref, Terms};

use super::as_system;

pub fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::parse("TR").unwrap()).unwrap()
}

/// The n-th T.C. identity number, with its check digits.
pub fn national_id(n: u32) -> IdentityNumber {
    let digits: Vec<u32> =
        (100_000_000 + n).to_string().chars().map(|digit| digit.to_digit(10).unwrap()).collect();
    let every_other = |first: usize| digits.iter().skip(first).step_by(2).sum::<u32>();
    let tenth = (7 * every_other(0) + 40 - every_other(1)) % 10;
    let eleventh = (digits.iter().sum::<u32>() + tenth) % 10;
    let number = format!("{}{tenth}{eleventh}", 100_000_000 + n);
    IdentityNumber::parse(IdentityKind::TrNationalId, &number).unwrap()
}

pub fn lira(kurus: i64) -> Money {
    Money::from_minor(kurus, Currency::parse("TRY").unwrap())
}

pub fn euro(cents: i64) -> Money {
    Money::from_minor(cents, Currency::parse("EUR").unwrap())
}

pub fn usd(cents: i64) -> Money {
    Money::from_minor(cents, Currency::parse("USD").unwrap())
}

/// The trail of a new record.
pub fn created<R: Audited>(record: &R) -> Trail {
    Trail::of(&as_system()).created(record)
}

/// The trail of a change that says nothing more.
pub fn changed<R: Audited>(record: &R) -> Trail {
    Trail::of(&as_system()).noted(almoner_kernel::Action::Updated, record, None)
}

/// The trail of a unit that changes no record.
pub fn session_noted() -> Trail {
    Trail::of(&as_system()).security(almoner_kernel::SecurityEvent {
        kind: almoner_kernel::SecurityEventKind::LoggedIn,
        user_id: None,
        detail: None,
    })
}

/// The list that a query string asks for.
pub fn query<R: Record>(text: &str) -> Query {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let given =
        |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut fields = Fields::default();
    let terms = Terms {
        region: Region::parse("TR").unwrap(),
        currencies: Vec::new(),
        zone: almoner_records::Tz::UTC,
    };
    let tests = almoner_records::query::tests(R::KIND, given, &terms, &mut fields);
    let order = given("sort").map(|sort| almoner_records::query::order(R::KIND, &sort).unwrap());
    let trash = if given("deleted").is_some() { Trash::Only } else { Trash::Without };
    fields.finish(Some(())).unwrap();
    Query { tests, q: given("q"), trash, order: order.unwrap_or_default() }
}

/// The record with something else in it.
pub fn with<R>(mut record: Kept<R>, change: impl FnOnce(&mut Kept<R>)) -> Kept<R> {
    change(&mut record);
    record
}

/// A text of a field, whatever its limit.
pub fn text<T: From<Texts>>(text: Option<String>) -> Option<T> {
    text.map(|text| T::from(Texts(text)))
}

/// What [`text`] makes a text of.
pub struct Texts(String);

impl<const MAX: usize> From<Texts> for almoner_records::Text<MAX> {
    fn from(texts: Texts) -> Self {
        Self::from_stored(texts.0)
    }
}
impl<const MAX: usize> From<Texts> for almoner_records::Line<MAX> {
    fn from(texts: Texts) -> Self {
        Self::from_stored(texts.0)
    }
}

pub fn named(donor: &Kept<Donor>) -> Option<Ref<Donor>> {
    Some(Ref::to(donor.id).called(donor.name.as_str()))
}

pub fn for_campaign(campaign: &Kept<Campaign>) -> Option<Ref<Campaign>> {
    Some(Ref::to(campaign.id).called(campaign.name.as_str()))
}

/// Ids, for comparing what lists show.
pub fn ids<R>(records: &[Kept<R>]) -> Vec<Id<R>> {
    records.iter().map(|record| record.id).collect()
}

pub fn session_ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}
