//! The people and records the tests speak about.

use std::sync::Arc;

use almoner_kernel::{
    Action, Actor, Caller, CampaignId, Change, Context, Currency, DonationId, DonorId,
    EmailAddress, Fault, FieldValue, IdentityKind, IdentityNumber, Money, Origin, Permission,
    PermissionSet, PersonName, PhoneNumber, Region, ScopeKind, SessionId, Snapshot, Timestamp,
    Trail, UserId, Version,
};
use chrono::{Duration, NaiveDate, TimeZone, Utc};
use uuid::Uuid;

use super::mocks::{
    MockCampaigns, MockCampaignsTx, MockDonations, MockDonationsTx, MockDonors, MockDonorsTx,
    MockIds,
};
use crate::{
    Campaign, CampaignDraft, CampaignRef, CampaignService, Donation, DonationDraft,
    DonationService, Donor, DonorDraft, DonorKind, DonorRef, DonorService, Method, State,
};

/// The user who asks.
pub const ME: UserId = UserId::new(Uuid::from_u128(0xA1));
/// The id that is handed out next.
pub const FRESH: Uuid = Uuid::from_u128(0xF1);
pub const DONOR: DonorId = DonorId::new(Uuid::from_u128(0xD1));
pub const OTHER_DONOR: DonorId = DonorId::new(Uuid::from_u128(0xD2));
pub const CAMPAIGN: CampaignId = CampaignId::new(Uuid::from_u128(0xC1));
pub const OTHER_CAMPAIGN: CampaignId = CampaignId::new(Uuid::from_u128(0xC2));
pub const DONATION: DonationId = DonationId::new(Uuid::from_u128(0xE1));

/// Every record of the fixtures is at this version.
pub const CURRENT: Version = Version::new(3);
/// The version a slow caller still has.
pub const OLD: Version = Version::new(2);

/// The T.C. identity number of [`a_donor`], in full.
pub const NUMBER: &str = "10000000146";

/// When every request of the tests is made, unless they say otherwise.
pub fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 14, 12, 0, 0).unwrap()
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

// Who asks.

/// Somebody who may do everything, everywhere.
pub fn admin() -> Context {
    user(PermissionSet::all(), ScopeKind::All, None)
}

/// Somebody who enters records, and may correct their own for a quarter of an hour.
pub fn data_entry() -> Context {
    use Permission::{
        CampaignsRead, DonationsCreate, DonationsRead, DonationsUpdate, DonorsCreate, DonorsRead,
        DonorsUpdate,
    };
    let permissions = [
        DonorsRead,
        DonorsCreate,
        DonorsUpdate,
        DonationsRead,
        DonationsCreate,
        DonationsUpdate,
        CampaignsRead,
    ];
    user(permissions.into_iter().collect(), ScopeKind::Own, Some(Duration::minutes(15)))
}

/// Somebody who only looks.
pub fn viewer() -> Context {
    let permissions =
        [Permission::DonorsRead, Permission::CampaignsRead, Permission::DonationsRead];
    user(permissions.into_iter().collect(), ScopeKind::All, None)
}

/// Somebody who may do one thing.
pub fn may_only(permission: Permission) -> Context {
    user(PermissionSet::NONE.with(permission), ScopeKind::All, None)
}

/// Somebody who may do everything within a scope.
pub fn scoped(scope: ScopeKind) -> Context {
    user(PermissionSet::all(), scope, None)
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
    Context {
        actor: Actor::User(Arc::new(Caller {
            user_id: ME,
            session_id: SessionId::new(Uuid::from_u128(0x51)),
            role: "role".to_owned(),
            permissions,
            scope,
            edit_window,
        })),
        at: noon(),
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

// Values.

pub fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::parse("TR").unwrap()).unwrap()
}

pub fn national_id() -> IdentityNumber {
    IdentityNumber::parse(IdentityKind::TrNationalId, NUMBER).unwrap()
}

pub fn passport() -> IdentityNumber {
    IdentityNumber::parse(IdentityKind::ForeignId, "U12345678").unwrap()
}

pub fn lira() -> Currency {
    Currency::parse("TRY").unwrap()
}

/// A currency the organisation does not accept.
pub fn yen() -> Currency {
    Currency::parse("JPY").unwrap()
}

pub fn accepted() -> Vec<Currency> {
    ["TRY", "USD", "EUR"].into_iter().map(|code| Currency::parse(code).unwrap()).collect()
}

pub fn liras(amount: &str) -> Money {
    Money::parse(amount, lira()).unwrap()
}

// Records, entered by the user who asks, at the time of the request.

pub fn a_donor() -> Donor {
    Donor { version: CURRENT, ..a_donor_draft().into_donor(DONOR, Some(ME), noon()) }
}

pub fn a_donor_in_the_trash() -> Donor {
    Donor { deleted_at: Some(noon() - Duration::days(1)), ..a_donor() }
}

pub fn a_donor_draft() -> DonorDraft {
    DonorDraft {
        kind: DonorKind::Person,
        name: name("Ayşe Yılmaz"),
        email: Some(email("ayse@example.org")),
        phone: Some(phone("0532 123 45 67")),
        identity: Some(national_id()),
        address: None,
        language: Some("tr".to_owned()),
        notes: None,
        contact_consent: true,
    }
}

pub fn a_campaign() -> Campaign {
    Campaign { version: CURRENT, ..a_campaign_draft().into_campaign(CAMPAIGN, Some(ME), noon()) }
}

pub fn a_campaign_in_the_trash() -> Campaign {
    Campaign { deleted_at: Some(noon() - Duration::days(1)), ..a_campaign() }
}

pub fn a_campaign_draft() -> CampaignDraft {
    CampaignDraft {
        name: name("Winter fuel"),
        description: None,
        goal: Some(liras("50000.00")),
        starts_on: Some(day(2026, 1, 1)),
        ends_on: Some(day(2026, 3, 31)),
    }
}

pub fn a_pending_donation() -> Donation {
    Donation {
        id: DONATION,
        donor: Some(donor_ref(DONOR)),
        campaign: Some(campaign_ref(CAMPAIGN)),
        amount: liras("250.00"),
        method: Method::BankTransfer,
        state: State::Pending,
        purpose: None,
        donated_on: day(2026, 3, 14),
        reference: Some("REF-1".to_owned()),
        notes: None,
        reason: None,
        settled_at: None,
        version: CURRENT,
        created_by: Some(ME),
        created_at: noon(),
        updated_at: noon(),
        deleted_at: None,
    }
}

pub fn a_donation_that_is(state: State) -> Donation {
    let settled_at = (state != State::Pending).then(|| noon() - Duration::hours(1));
    Donation { state, settled_at, ..a_pending_donation() }
}

pub fn a_donation_in_the_trash() -> Donation {
    Donation { deleted_at: Some(noon() - Duration::days(1)), ..a_pending_donation() }
}

pub fn a_donation_draft() -> DonationDraft {
    DonationDraft {
        donor_id: Some(DONOR),
        campaign_id: Some(CAMPAIGN),
        amount: liras("250.00"),
        method: Method::BankTransfer,
        purpose: None,
        donated_on: day(2026, 3, 14),
        reference: Some("REF-1".to_owned()),
        notes: None,
    }
}

pub fn donor_ref(id: DonorId) -> DonorRef {
    DonorRef { id, name: name("Ayşe Yılmaz") }
}

pub fn campaign_ref(id: CampaignId) -> CampaignRef {
    CampaignRef { id, name: name("Winter fuel") }
}

// Transactions that find a record.

pub fn finding_donor(donor: Donor) -> MockDonorsTx {
    let mut tx = MockDonorsTx::new();
    tx.expect_donor().once().withf(|id, _| *id == DONOR).return_once(|_, _| Ok(Some(donor)));
    tx
}

pub fn finding_campaign(campaign: Campaign) -> MockCampaignsTx {
    let mut tx = MockCampaignsTx::new();
    tx.expect_campaign().once().withf(|id| *id == CAMPAIGN).return_once(|_| Ok(Some(campaign)));
    tx
}

pub fn finding_donation(donation: Donation) -> MockDonationsTx {
    let mut tx = MockDonationsTx::new();
    tx.expect_donation()
        .once()
        .withf(|id, _| *id == DONATION)
        .return_once(|_, _| Ok(Some(donation)));
    tx
}

// Services whose next change is that transaction, and which may do nothing else with storage.

pub fn donors_with(tx: MockDonorsTx) -> DonorService {
    let mut donors = MockDonors::new();
    donors.expect_begin().once().return_once(|| Ok(Box::new(tx)));
    DonorService::new(Arc::new(donors), fresh_ids())
}

pub fn campaigns_with(tx: MockCampaignsTx) -> CampaignService {
    let mut campaigns = MockCampaigns::new();
    campaigns.expect_begin().once().return_once(|| Ok(Box::new(tx)));
    CampaignService::new(Arc::new(campaigns), fresh_ids())
}

pub fn donations_with(tx: MockDonationsTx) -> DonationService {
    let mut donations = MockDonations::new();
    donations.expect_begin().once().return_once(|| Ok(Box::new(tx)));
    DonationService::new(Arc::new(donations), fresh_ids(), accepted())
}

/// Hands out [`FRESH`].
pub fn fresh_ids() -> Arc<MockIds> {
    let mut ids = MockIds::new();
    ids.expect_next().return_const(FRESH);
    Arc::new(ids)
}

// What tests ask of an outcome.

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
    assert_eq!(trail.at, cx.at);
    assert_eq!(trail.origin, cx.origin);
    match (&trail.actor, &cx.actor) {
        (Actor::User(told), Actor::User(acted)) => assert_eq!(told, acted),
        (told, acted) => panic!("{told:?} is told of {acted:?}"),
    }
}

pub fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

/// The names of the fields of a snapshot.
pub fn names(snapshot: &Snapshot) -> Vec<&'static str> {
    snapshot.iter().map(|(name, _)| *name).collect()
}
