//! Sealed values: shown in full only once that is on record, and replaced without a trace of them.

use almoner_kernel::{Action, Fault, Kind, Patch, Permission};
use mockall::Sequence;

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch},
    mocks::MockUnit,
};
use crate::Sealed;

const REVEAL: Permission = Permission::new("parcels:reveal");

fn on_file() -> Option<(String, String)> {
    Some(("tr_national_id".to_owned(), NUMBER.to_owned()))
}

#[tokio::test]
async fn that_a_value_was_seen_is_on_record_before_it_is_shown() {
    let (cx, identity) = (may_only(REVEAL), field::<Parcel>("identity"));
    let mut unit = finding(a_parcel());
    let mut order = Sequence::new();
    unit.expect_secret().once().in_sequence(&mut order).returning(|_, _| Ok(on_file()));
    let written = unit.commits();
    let shown = with(unit).reveal(&cx, REVEAL, PARCEL, identity, "receipt".to_owned()).await;
    assert_eq!(shown.unwrap(), on_file().unwrap());
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Revealed, PARCEL.uuid(), CURRENT);
    assert_eq!(the_change(&trail).reason.as_deref(), Some("receipt"));
    assert!(the_change(&trail).before.is_empty() && the_change(&trail).after.is_empty());
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_shown() {
    let mut unit = finding(a_parcel());
    unit.expect_secret().returning(|_, _| Ok(on_file()));
    unit.fails_to_commit();
    let identity = field::<Parcel>("identity");
    let shown = with(unit).reveal(&admin(), REVEAL, PARCEL, identity, "why".to_owned()).await;
    assert_eq!(shown.unwrap_err().code(), "unavailable");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_shown() {
    let mut unit = finding(a_parcel());
    unit.expect_secret().returning(|_, _| Ok(None));
    let identity = field::<Parcel>("identity");
    let shown = with(unit).reveal(&admin(), REVEAL, PARCEL, identity, "why".to_owned()).await;
    let error = shown.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "no_identity"));
}

/// A change that sends this number, while the one of the fixtures is stored.
fn sending(number: almoner_kernel::IdentityNumber) -> (MockUnit<Parcel>, ParcelPatch) {
    let patch =
        ParcelPatch { identity: Patch::Set(Sealed::fresh(number)), ..ParcelPatch::default() };
    (finding(a_parcel()), patch)
}

#[tokio::test]
async fn the_same_number_again_changes_nothing() {
    let (mut unit, patch) = sending(national_id());
    unit.expect_secret().once().returning(|_, _| Ok(on_file()));
    let after = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
    assert_eq!(after, a_parcel());
}

#[tokio::test]
async fn a_number_that_looks_the_same_is_stored_and_told() {
    let (mut unit, patch) = sending(its_lookalike());
    unit.expect_secret().once().returning(|_, _| Ok(on_file()));
    unit.expect_update()
        .once()
        .withf(|after| {
            let sent = after.identity.as_ref().and_then(Sealed::number);
            sent.is_some_and(|number| *number == its_lookalike())
        })
        .returning(|_| Ok(()));
    let written = unit.commits();
    with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
    let trail = written.trail();
    assert_eq!(the_change(&trail).before, [("identity", text("*********46"))]);
    assert_eq!(the_change(&trail).after, [("identity", text("*********46"))]);
}

#[tokio::test]
async fn a_number_that_is_taken_away_is_told_with_its_register() {
    let mut unit = finding(a_parcel());
    unit.stores();
    let written = unit.commits();
    let patch = ParcelPatch { identity: Patch::Clear, ..ParcelPatch::default() };
    with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
    let trail = written.trail();
    let told = [("identity_kind", text("tr_national_id")), ("identity", text("*********46"))];
    assert_eq!(the_change(&trail).before, told);
}

#[tokio::test]
async fn a_step_tells_a_number_that_looks_the_same_and_keeps_the_same_one() {
    for (number, is_other) in [(its_lookalike(), true), (national_id(), false)] {
        let (mut unit, patch) = sending(number);
        unit.expect_secret().once().returning(|_, _| Ok(on_file()));
        unit.expect_update()
            .once()
            .withf(move |after| {
                after.identity.as_ref().is_some_and(|sent| sent.number().is_some() == is_other)
            })
            .returning(|_| Ok(()));
        let written = unit.commits();
        let step = &super::kinds::STEPS[0];
        with(unit).step(&admin(), PARCEL, step, None, None, &patch).await.unwrap();
        let told =
            |fields: &almoner_kernel::Snapshot| fields.iter().any(|(name, _)| *name == "identity");
        let trail = written.trail();
        assert_eq!(told(&the_change(&trail).after), is_other);
    }
}
