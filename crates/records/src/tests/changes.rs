//! Creating and changing: who, when and from which version on, and what the rules of the kind say.

use almoner_kernel::{
    Action, Context, Currency, Fault, FieldValue, Kind, Money, Patch, StoreError, Version,
};
use chrono::Duration;

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch, State},
    mocks::MockUnit,
};
use crate::{Kept, RecordError};

fn renamed() -> ParcelPatch {
    ParcelPatch { name: Some(name("Summer")), ..ParcelPatch::default() }
}

fn creating() -> MockUnit<Parcel> {
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit
}

#[tokio::test]
async fn a_new_record_is_stored_whole_and_told() {
    let (cx, mut unit) = (admin(), creating());
    unit.expect_insert()
        .once()
        .withf(|made| made.version == Version::FIRST && made.own == a_new_parcel())
        .returning(|_| Ok(()));
    let written = unit.commits();
    let made = with(unit).create(&cx, a_new_parcel()).await.unwrap();
    assert_eq!((made.id.uuid(), made.created_by), (FRESH, Some(ME)));
    assert_eq!((made.created_at, made.updated_at, made.deleted_at), (noon(), noon(), None));
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Created, FRESH, Version::FIRST);
    // What is absent is not told, and of a sealed value no more than may be shown.
    let told: Vec<_> = the_change(&trail).after.iter().map(|(name, _)| *name).collect();
    let fields = ["name", "shelf_id", "identity_kind", "identity", "content", "worth"];
    let others = ["packed_on", "is_fragile", "state", "deleted"];
    assert_eq!(told, [&fields[..], &others[..]].concat());
    assert!(the_change(&trail).after.contains(&("identity", text("*********46"))));
}

#[tokio::test]
async fn the_program_enters_records_of_nobody() {
    let mut unit = creating();
    unit.expect_insert().once().returning(|_| Ok(()));
    unit.commits();
    let made = with(unit).create(&the_program(), a_new_parcel()).await.unwrap();
    assert_eq!(made.created_by, None);
}

#[tokio::test]
async fn all_rules_are_asked_about_a_new_record_before_anything_is_stored() {
    let wrong = Parcel { worth: Some(liras("0")), packed_on: day(15), ..a_new_parcel() };
    let error = with(creating()).create(&admin(), wrong).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/worth/amount worthless", "/packed_on future"]);
    assert_eq!(error.kind(), Kind::Invalid);
}

#[tokio::test]
async fn a_change_is_stored_as_the_next_version_and_tells_what_differs() {
    let cx = Context { at: noon() + Duration::minutes(1), ..admin() };
    let mut unit = finding(a_parcel());
    unit.expect_update()
        .once()
        .withf(|after| after.version == CURRENT.next() && after.name == name("Summer"))
        .returning(|_| Ok(()));
    let written = unit.commits();
    let after = with(unit).update(&cx, PARCEL, CURRENT, &renamed()).await.unwrap();
    assert_eq!((after.created_at, after.updated_at), (noon(), cx.at));
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Updated, PARCEL.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).before, [("name", text("Winter"))]);
    assert_eq!(the_change(&trail).after, [("name", text("Summer"))]);
}

#[tokio::test]
async fn clearing_and_flags_are_told_as_such() {
    let mut unit = finding(a_parcel());
    unit.stores();
    let written = unit.commits();
    let patch =
        ParcelPatch { worth: Patch::Clear, is_fragile: Some(true), ..ParcelPatch::default() };
    let after = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
    assert_eq!((after.worth, after.is_fragile), (None, true));
    let trail = written.trail();
    let told = [("worth", FieldValue::Null), ("is_fragile", FieldValue::Bool(true))];
    assert_eq!(the_change(&trail).after, told);
}

#[tokio::test]
async fn nothing_changed_stores_and_tells_nothing() {
    let same = ParcelPatch { name: Some(name("Winter")), ..ParcelPatch::default() };
    for patch in [ParcelPatch::default(), same] {
        let after =
            with(finding(a_parcel())).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
        assert_eq!(after, a_parcel());
    }
}

fn found_stale() -> MockUnit<Parcel> {
    found_stale_as(a_parcel())
}

fn found_stale_as(parcel: Kept<Parcel>) -> MockUnit<Parcel> {
    let mut unit = finding(parcel);
    unit.expect_changed_since()
        .once()
        .withf(|entity, id, since| (entity, *id, *since) == ("parcel", PARCEL.uuid(), OLD))
        .returning(|_, _, _| Ok(vec!["content".to_owned(), "name".to_owned()]));
    unit
}

fn assert_stale<T: std::fmt::Debug>(outcome: Result<T, RecordError>) {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Stale, "stale"));
    let stale = error.stale().unwrap();
    assert_eq!((stale.current, stale.fields.join(" ")), (CURRENT, "content name".to_owned()));
}

#[tokio::test]
async fn whoever_read_an_older_version_learns_what_changed() {
    let (cx, send) = (admin(), &super::kinds::STEPS[0]);
    assert_stale(with(found_stale()).update(&cx, PARCEL, OLD, &renamed()).await);
    assert_stale(with(found_stale()).delete(&cx, PARCEL, OLD).await);
    assert_stale(with(found_stale_as(a_parcel_in_the_trash())).purge(&cx, PARCEL, OLD).await);
    let patch = ParcelPatch::default();
    assert_stale(with(found_stale()).step(&cx, PARCEL, send, Some(OLD), None, &patch).await);
}

#[tokio::test]
async fn a_race_at_the_last_moment_is_a_conflict() {
    let mut unit = finding(a_parcel());
    unit.expect_update().once().returning(|_| Err(StoreError::Raced));
    let error = with(unit).update(&admin(), PARCEL, CURRENT, &renamed()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "conflict"));
}

#[tokio::test]
async fn an_edit_window_closes_for_changing_and_deleting_in_either_direction_of_time() {
    for (minutes, is_open) in [(-16, false), (-15, true), (0, true), (15, true), (16, false)] {
        let created = noon() - Duration::minutes(minutes);
        let parcel = || Kept { created_at: created, ..a_parcel() };
        let mut unit = finding(parcel());
        unit.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
        unit.expect_is_hidden().returning(|_, _, _| Ok(false));
        unit.expect_update().returning(|_| Ok(()));
        unit.expect_commit().returning(|_| Ok(()));
        let changed = with(unit).update(&data_entry(), PARCEL, CURRENT, &renamed()).await;
        assert_eq!(changed.is_ok(), is_open, "{minutes}");
        if let Err(error) = changed {
            assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "edit_window_closed"));
        }
        let mut unit = finding(parcel());
        unit.expect_update().returning(|_| Ok(()));
        unit.expect_commit().returning(|_| Ok(()));
        let deleted = with(unit).delete(&data_entry(), PARCEL, CURRENT).await;
        assert_eq!(deleted.is_ok(), is_open, "{minutes}");
    }
}

#[tokio::test]
async fn a_rule_between_before_and_after_refuses() {
    let patch = ParcelPatch { packed_on: Some(day(13)), ..ParcelPatch::default() };
    let unit = finding(a_parcel_that_is(State::OnTheWay));
    let error = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "sent_already"));
}

#[tokio::test]
async fn rules_see_what_was_there_before() {
    // A parcel without worth from times when that was allowed stays, and may be renamed.
    let mut parcel = a_parcel();
    parcel.own.worth = Some(liras("0"));
    let mut unit = finding(parcel);
    unit.stores();
    unit.commits();
    with(unit).update(&admin(), PARCEL, CURRENT, &renamed()).await.unwrap();

    let patch = ParcelPatch {
        worth: Patch::Set(liras("0")),
        packed_on: Some(day(15)),
        ..ParcelPatch::default()
    };
    let unit = finding(a_parcel());
    let error = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/worth/amount worthless", "/packed_on future"]);
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_changed() {
    let unit = finding(a_parcel_in_the_trash());
    let error = with(unit).update(&admin(), PARCEL, CURRENT, &renamed()).await.unwrap_err();
    assert!(matches!(error, RecordError::NotFound), "{error:?}");
}

#[tokio::test]
async fn an_amount_in_a_currency_that_is_not_accepted_any_more_stays_until_it_is_changed() {
    let yen = |amount: &str| Money::parse(amount, Currency::parse("JPY").unwrap()).unwrap();
    let mut before = a_parcel();
    before.own.worth = Some(yen("5"));
    let mut unit = finding(before.clone());
    unit.stores();
    unit.commits();
    let fragile = ParcelPatch { is_fragile: Some(true), ..ParcelPatch::default() };
    with(unit).update(&admin(), PARCEL, CURRENT, &fragile).await.unwrap();
    let dearer = ParcelPatch { worth: Patch::Set(yen("6")), ..ParcelPatch::default() };
    let error = with(finding(before)).update(&admin(), PARCEL, CURRENT, &dearer).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/worth/currency currency"]);
}
