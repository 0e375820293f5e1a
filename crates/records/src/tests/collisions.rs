//! Unique values, and those of records that the caller does not see.

use almoner_kernel::{Context, Fault, Kind, SecurityEventKind, StoreError};
use chrono::Duration;

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch},
    mocks::MockUnit,
};
use crate::{Key, RecordError};

/// A change in which somebody else has the number, after some collisions.
fn hiding(collisions: usize) -> MockUnit<Parcel> {
    let mut unit = asking(collisions);
    unit.expect_is_hidden().returning(|field, key, scope| {
        assert_eq!(scope, almoner_kernel::Scope::Own(ME));
        Ok(field.name == "identity" && matches!(key, Key::Secret(_, number) if number == NUMBER))
    });
    unit
}

fn asking(collisions: usize) -> MockUnit<Parcel> {
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit.expect_lock_collisions()
        .withf(|user, since, until| {
            let span = (noon() - Duration::minutes(10), noon() + Duration::minutes(10));
            (*user, (*since, *until)) == (ME, span)
        })
        .returning(move |_, _, _| Ok(vec![noon() - Duration::minutes(4); collisions]));
    unit
}

#[tokio::test]
async fn a_value_of_a_hidden_record_is_taken_and_that_is_stored_before_it_is_told() {
    let cx = data_entry();
    let mut unit = hiding(4);
    let written = unit.commits();
    let error = with(unit).create(&cx, a_new_parcel()).await.unwrap_err();
    assert_eq!(
        (error.code(), wrong_fields(&error)),
        ("taken", vec!["/identity/number taken".to_owned()])
    );
    let trail = written.trail();
    let events: Vec<_> = trail.security_events.iter().map(|e| (e.kind, e.user_id)).collect();
    assert_eq!(events, [(SecurityEventKind::HiddenValueTaken, Some(ME))]);
    let detail = trail.security_events[0].detail.as_deref().unwrap();
    assert_eq!(detail, "the identity of one of the parcels outside the caller's scope");
    assert!(trail.changes.is_empty() && trail.answer.is_none());
    assert!(cx.suspicions.take().is_empty());
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_told() {
    let mut unit = hiding(4);
    unit.fails_to_commit();
    let error = with(unit).create(&data_entry(), a_new_parcel()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
}

#[tokio::test]
async fn after_too_many_of_them_nothing_is_told_and_nothing_is_noted() {
    let cx = data_entry();
    let error = with(hiding(5)).create(&cx, a_new_parcel()).await.unwrap_err();
    assert!(matches!(error, RecordError::Collisions(_)), "{error:?}");
    assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(360)));
    assert!(cx.suspicions.take().is_empty());
}

#[tokio::test]
async fn a_dry_run_says_nothing_and_stores_nothing_of_it() {
    let cx = Context { dry_run: true, ..data_entry() };
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit.expect_is_hidden().returning(|field, _, _| Ok(field.name == "identity"));
    unit.commits();
    with(unit).create(&cx, a_new_parcel()).await.unwrap();
    assert_eq!(cx.suspicions.take(), [SecurityEventKind::HiddenValueTried]);
}

#[tokio::test]
async fn who_sees_every_record_is_told_by_the_database() {
    for (taken, pointer) in [("identity", "/identity/number taken"), ("name", "/name taken")] {
        let mut unit = MockUnit::new();
        unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
        unit.expect_insert().once().returning(move |_| Err(StoreError::Taken(taken)));
        let error = with(unit).create(&admin(), a_new_parcel()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "taken"));
        assert_eq!(wrong_fields(&error), [pointer]);
    }
}

#[tokio::test]
async fn a_unique_value_that_the_kind_does_not_know_is_a_failure_of_storage() {
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit.expect_insert().once().returning(|_| Err(StoreError::Taken("content")));
    let error = with(unit).create(&admin(), a_new_parcel()).await.unwrap_err();
    assert!(matches!(error, RecordError::Store(_)), "{error:?}");
}

/// A change of a parcel by somebody who sees only their own.
fn changing(collisions: usize) -> MockUnit<Parcel> {
    let mut unit = asking(collisions);
    unit.expect_load().once().returning(|_, _| Ok(Some(a_parcel())));
    unit
}

#[tokio::test]
async fn a_change_asks_only_about_the_values_that_it_gives_anew() {
    let mut unit = changing(0);
    unit.expect_is_hidden()
        .once()
        .withf(|field, key, _| field.name == "name" && *key == Key::Text("summer".to_owned()))
        .returning(|_, _, _| Ok(false));
    unit.stores();
    unit.commits();
    let patch = ParcelPatch { name: Some(name("Summer")), ..ParcelPatch::default() };
    with(unit).update(&data_entry(), PARCEL, CURRENT, &patch).await.unwrap();

    // None is given: nobody waits and nobody is asked.
    let mut unit = finding(a_parcel());
    unit.stores();
    unit.commits();
    let patch = ParcelPatch { is_fragile: Some(true), ..ParcelPatch::default() };
    with(unit).update(&data_entry(), PARCEL, CURRENT, &patch).await.unwrap();
}

#[tokio::test]
async fn a_change_to_a_hidden_value_is_refused_like_a_new_record() {
    let mut unit = changing(0);
    unit.expect_is_hidden().once().returning(|_, _, _| Ok(true));
    let written = unit.commits();
    let patch = ParcelPatch { name: Some(name("Summer")), ..ParcelPatch::default() };
    let error = with(unit).update(&data_entry(), PARCEL, CURRENT, &patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/name taken"]);
    assert_eq!(written.trail().security_events.len(), 1);
    assert!(written.trail().changes.is_empty());
}

#[tokio::test]
async fn restoring_asks_about_sealed_values_too() {
    let mut unit = asking(0);
    unit.expect_load().once().returning(|_, _| Ok(Some(a_parcel_in_the_trash())));
    unit.expect_secret()
        .once()
        .withf(|field, _| field.name == "identity")
        .returning(|_, _| Ok(Some(("tr_national_id".to_owned(), NUMBER.to_owned()))));
    unit.expect_is_hidden().returning(|field, key, _| {
        Ok(field.name == "identity" && matches!(key, Key::Secret(_, number) if number == NUMBER))
    });
    let written = unit.commits();
    let error = with(unit).restore(&data_entry(), PARCEL).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
    assert_eq!(written.trail().security_events.len(), 1);
}

#[tokio::test]
async fn a_step_that_gives_a_unique_value_asks_for_it_as_a_change_does() {
    let patch = ParcelPatch {
        identity: almoner_kernel::Patch::Set(crate::Sealed::fresh(national_id())),
        ..ParcelPatch::default()
    };
    let mut before = a_parcel();
    before.own.identity = None;
    let found = |mut unit: MockUnit<Parcel>| {
        let before = before.clone();
        unit.expect_load().once().return_once(|_, _| Ok(Some(before)));
        unit
    };
    let step = &super::kinds::STEPS[0];
    let mut unit = found(hiding(4));
    let written = unit.commits();
    let error = with(unit).step(&data_entry(), PARCEL, step, None, None, &patch).await;
    assert_eq!(wrong_fields(&error.unwrap_err()), ["/identity/number taken"]);
    assert!(written.trail().changes.is_empty(), "the step is not taken");
    let error = with(found(hiding(5))).step(&data_entry(), PARCEL, step, None, None, &patch).await;
    assert!(matches!(error, Err(RecordError::Collisions(_))));
}

#[tokio::test]
async fn a_step_may_set_a_value_that_nobody_sent() {
    let mut unit = MockUnit::new();
    unit.expect_lock_collisions().once().returning(|_, _, _| Ok(Vec::new()));
    unit.expect_load().once().returning(|_, _| Ok(Some(a_parcel())));
    unit.stores();
    unit.commits();
    let patch = ParcelPatch::default();
    let step = &super::kinds::STEPS[0];
    with(unit).step(&data_entry(), PARCEL, step, None, None, &patch).await.unwrap();
}
