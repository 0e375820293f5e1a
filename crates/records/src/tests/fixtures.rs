//! The people and records the tests speak about.

use std::sync::Arc;

use almoner_kernel::{
    Action, Actor, Caller, Change, Context, Currency, Fault, FieldValue, Grant, Id, IdentityKind,
    IdentityNumber, Money, Origin, Permission, PermissionSet, PersonName, Region, ScopeKind,
    SessionId, Timestamp, Trail, UserId, Version,
};
use chrono::{Duration, NaiveDate, TimeZone, Utc};
use uuid::Uuid;

use super::{
    kinds::{Parcel, Shelf, State},
    mocks::{MockIds, MockRepository, MockUnit},
};
use crate::{Field, Kept, Line, Record, Records, Ref, Rules, Sealed, Terms, Tz};

/// The user who asks.
pub const ME: UserId = UserId::new(Uuid::from_u128(0xA1));
/// The id that is handed out next.
pub const FRESH: Uuid = Uuid::from_u128(0xF1);
pub const PARCEL: Id<Parcel> = Id::new(Uuid::from_u128(0xD1));
pub const SHELF: Id<Shelf> = Id::new(Uuid::from_u128(0xC1));
pub const OTHER_SHELF: Id<Shelf> = Id::new(Uuid::from_u128(0xC2));

/// Every record of the fixtures is at this version.
pub const CURRENT: Version = Version::new(3);
/// The version a slow caller still has.
pub const OLD: Version = Version::new(2);

/// The number of [`a_parcel`], in full.
pub const NUMBER: &str = "10000000146";

/// When every request of the tests is made, unless they say otherwise.
pub fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 14, 12, 0, 0).unwrap()
}

pub fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

/// Somebody who may do everything, everywhere.
pub fn admin() -> Context {
    scoped(ScopeKind::All)
}

/// Somebody who may do everything with their own records, and correct them for a quarter of an hour.
pub fn data_entry() -> Context {
    user(PermissionSet::everything(), ScopeKind::Own, Some(Duration::minutes(15)))
}

/// Somebody who may do one thing.
pub fn may_only(permission: Permission) -> Context {
    user(PermissionSet::NONE.with(permission), ScopeKind::All, None)
}

/// Somebody who may do everything within a scope.
pub fn scoped(scope: ScopeKind) -> Context {
    user(PermissionSet::everything(), scope, None)
}

/// Nobody is logged in.
pub fn a_stranger() -> Context {
    Context { actor: Actor::Anonymous, ..admin() }
}

/// The program itself.
pub fn the_program() -> Context {
    Context { actor: Actor::System("seed"), ..admin() }
}

fn user(permissions: PermissionSet, scope: ScopeKind, edit_window: Option<Duration>) -> Context {
    of_roles(vec![Grant { edit_window, ..Grant::new("role", permissions, scope) }])
}

/// Somebody who has these roles.
pub fn of_roles(grants: Vec<Grant>) -> Context {
    Context {
        actor: Actor::User(Arc::new(Caller {
            user_id: ME,
            session_id: SessionId::new(Uuid::from_u128(0x51)),
            grants,
        })),
        at: noon(),
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

pub fn terms() -> Terms {
    let currencies = ["TRY", "EUR"].map(|code| Currency::parse(code).unwrap());
    Terms { region: Region::parse("TR").unwrap(), currencies: currencies.to_vec(), zone: Tz::UTC }
}

pub fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub fn liras(amount: &str) -> Money {
    Money::parse(amount, Currency::parse("TRY").unwrap()).unwrap()
}

pub fn national_id() -> IdentityNumber {
    IdentityNumber::parse(IdentityKind::TrNationalId, NUMBER).unwrap()
}

/// Another number that looks like the first one where it is shown.
pub fn its_lookalike() -> IdentityNumber {
    let looks = national_id().on_file().masked;
    (0..1000)
        .map(|n| (100_000_001 + n).to_string())
        .filter_map(|nine| {
            let digits: Vec<u32> = nine.chars().filter_map(|digit| digit.to_digit(10)).collect();
            let every_other = |first: usize| digits.iter().skip(first).step_by(2).sum::<u32>();
            let tenth = (7 * every_other(0) + 40 - every_other(1)) % 10;
            let eleventh = (digits.iter().sum::<u32>() + tenth) % 10;
            let number = format!("{nine}{tenth}{eleventh}");
            IdentityNumber::parse(IdentityKind::TrNationalId, &number).ok()
        })
        .find(|number| number.on_file().masked == looks && number.expose() != NUMBER)
        .unwrap()
}

pub fn field<R: Record>(name: &str) -> &'static Field {
    R::KIND.field(name).unwrap()
}

/// What is sent for a parcel.
pub fn a_new_parcel() -> Parcel {
    Parcel { identity: Some(Sealed::fresh(national_id())), ..a_stored_parcel() }
}

fn a_stored_parcel() -> Parcel {
    Parcel {
        name: name("Winter"),
        shelf_id: Some(Ref::to(SHELF).called("A7")),
        identity: Some(Sealed::on_file(national_id().on_file())),
        content: Some(Line::from_stored("Rice")),
        worth: Some(liras("10.00")),
        packed_on: day(14),
        sent_on: None,
        is_fragile: false,
        state: State::Packed,
        reason: None,
    }
}

/// A parcel that the user who asks entered at the time of the request.
pub fn a_parcel() -> Kept<Parcel> {
    Kept {
        id: PARCEL,
        version: CURRENT,
        created_by: Some(ME),
        created_at: noon(),
        updated_at: noon(),
        deleted_at: None,
        hidden: Vec::new(),
        own: a_stored_parcel(),
    }
}

pub fn a_parcel_that_is(state: State) -> Kept<Parcel> {
    let mut parcel = a_parcel();
    parcel.own.state = state;
    parcel
}

pub fn a_parcel_in_the_trash() -> Kept<Parcel> {
    Kept { deleted_at: Some(noon() - Duration::days(1)), ..a_parcel() }
}

/// A change that finds that parcel.
pub fn finding(parcel: Kept<Parcel>) -> MockUnit<Parcel> {
    let mut unit = MockUnit::new();
    unit.expect_load().once().withf(|id, _| *id == PARCEL).return_once(|_, _| Ok(Some(parcel)));
    unit
}

/// The use cases, whose next change is that one, and which may do nothing else with storage.
pub fn with<R: Rules>(unit: MockUnit<R>) -> Records<R> {
    let mut repository = MockRepository::<R>::new();
    repository.expect_begin().once().return_once(|| Ok(Box::new(unit)));
    over(repository)
}

/// The use cases over that storage.
pub fn over<R: Rules>(repository: MockRepository<R>) -> Records<R> {
    let mut ids = MockIds::new();
    ids.expect_next().return_const(FRESH);
    Records::new(Arc::new(repository), Arc::new(ids), Arc::new(terms()))
}

/// The wrong fields of a refusal as `pointer code`, in the order they are told.
pub fn wrong_fields(error: &impl Fault) -> Vec<String> {
    error.fields().iter().map(|field| format!("{} {}", field.pointer, field.code)).collect()
}

/// The one change of a trail.
pub fn the_change(trail: &Trail) -> &Change {
    assert!(trail.security_events.is_empty());
    match trail.changes.as_slice() {
        [change] => change,
        changes => panic!("{} changes", changes.len()),
    }
}

/// The trail says what was done to which record, by whom, when and from where.
pub fn assert_tells(trail: &Trail, cx: &Context, action: Action, id: Uuid, version: Version) {
    let change = the_change(trail);
    assert_eq!((change.action, change.entity_id, change.version), (action, id, version));
    assert_eq!((trail.at, &trail.origin), (cx.at, &cx.origin));
    match (&trail.actor, &cx.actor) {
        (Actor::User(told), Actor::User(acted)) => assert_eq!(told, acted),
        (told, acted) => panic!("{told:?} is told of {acted:?}"),
    }
}

pub fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}
