//! The end of every change: the answer kept for a repeated request, and what a failing commit leaves.

use almoner_kernel::{Context, Fault, Replay, StoreError, trail::SavedAnswer};

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch, STEPS},
    mocks::MockUnit,
};
use crate::{Kept, RecordError, Records, Served};

const FINGERPRINT: [u8; 32] = [7; 32];

/// A request with an `Idempotency-Key`, answered with a line about the record.
fn repeatable() -> Context {
    let replay = Replay::new("8f14e45f".to_owned(), FINGERPRINT, |made: &Kept<Parcel>| {
        line(made).into_bytes()
    });
    Context { replay: Some(replay), ..admin() }
}

fn line(parcel: &Kept<Parcel>) -> String {
    format!("{} v{}", parcel.id, parcel.version)
}

fn kept(parcel: &Kept<Parcel>) -> Option<SavedAnswer> {
    let body = line(parcel).into_bytes();
    Some(SavedAnswer { key: "8f14e45f".to_owned(), fingerprint: FINGERPRINT, body })
}

fn creating() -> MockUnit<Parcel> {
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit.expect_insert().once().returning(|_| Ok(()));
    unit
}

fn changing(parcel: Kept<Parcel>) -> MockUnit<Parcel> {
    let mut unit = finding(parcel);
    unit.stores();
    unit
}

#[tokio::test]
async fn creating_restoring_and_stepping_keep_the_answer() {
    let (cx, patch) = (repeatable(), ParcelPatch::default());
    let mut unit = creating();
    let written = unit.commits();
    let made = with(unit).create(&cx, a_new_parcel()).await.unwrap();
    assert_eq!(written.trail().answer, kept(&made));

    let mut unit = changing(a_parcel_in_the_trash());
    let written = unit.commits();
    let made = with(unit).restore(&cx, PARCEL).await.unwrap();
    assert_eq!(written.trail().answer, kept(&made));

    let mut unit = changing(a_parcel());
    let written = unit.commits();
    let made = with(unit).step(&cx, PARCEL, &STEPS[0], None, None, &patch).await.unwrap();
    assert_eq!(written.trail().answer, kept(&made));
}

#[tokio::test]
async fn without_a_key_no_answer_is_kept() {
    let mut unit = creating();
    let written = unit.commits();
    with(unit).create(&admin(), a_new_parcel()).await.unwrap();
    assert_eq!(written.trail().answer, None);
}

#[tokio::test]
async fn a_request_that_was_carried_out_already_says_so() {
    let mut unit = creating();
    unit.expect_commit().once().returning(|_| Err(StoreError::Replayed));
    let error = with(unit).create(&repeatable(), a_new_parcel()).await.unwrap_err();
    assert!(matches!(error, RecordError::Store(StoreError::Replayed)), "{error:?}");
}

#[tokio::test]
async fn a_change_that_cannot_be_committed_is_not_answered_as_done() {
    let (cx, patch) = (admin(), ParcelPatch { is_fragile: Some(true), ..ParcelPatch::default() });
    let ready = |parcel| {
        let mut unit = changing(parcel);
        unit.fails_to_commit();
        with(unit)
    };
    let mut purging = finding(a_parcel_in_the_trash());
    purging.expect_children().returning(|_, _| Ok(Vec::new()));
    purging.expect_holder().returning(|_| Ok(None));
    purging.expect_purge().returning(|_| Ok(()));
    purging.fails_to_commit();
    let mut created = creating();
    created.fails_to_commit();
    let outcomes = [
        with(created).create(&cx, a_new_parcel()).await.map(drop),
        ready(a_parcel()).update(&cx, PARCEL, CURRENT, &patch).await.map(drop),
        ready(a_parcel()).delete(&cx, PARCEL, CURRENT).await,
        ready(a_parcel_in_the_trash()).restore(&cx, PARCEL).await.map(drop),
        ready(a_parcel()).step(&cx, PARCEL, &STEPS[0], None, None, &patch).await.map(drop),
        with(purging).purge(&cx, PARCEL, CURRENT).await,
    ];
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().code(), "unavailable");
    }
}

#[tokio::test]
async fn a_dry_run_says_so_in_its_trail() {
    let cx = Context { dry_run: true, ..admin() };
    let mut unit = creating();
    let written = unit.commits();
    with(unit).create(&cx, a_new_parcel()).await.unwrap();
    assert!(written.trail().dry_run);
}

#[test]
fn what_a_use_case_made_is_read_without_its_type() {
    let parcels: Records<Parcel> = over(super::mocks::MockRepository::new());
    let read = Served::reads(&parcels);
    assert_eq!(read(&a_parcel()).unwrap().id(), PARCEL.uuid());
    assert!(read(&"something else").is_none());
}
