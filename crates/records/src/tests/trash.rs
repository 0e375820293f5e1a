//! Into the trash, back, and out of it for good.

use almoner_kernel::{Action, Fault, Kind, StoreError};

use super::{
    fixtures::*,
    kinds::{Parcel, Shelf, State},
};
use crate::{Child, Record, RecordError};

#[tokio::test]
async fn a_deleted_record_is_one_version_further_and_in_the_trash() {
    let (cx, mut unit) = (admin(), finding(a_parcel()));
    unit.expect_update()
        .once()
        .withf(|after| {
            after.deleted_at == Some(noon())
                && after.version == CURRENT.next()
                && after.own == a_parcel().own
        })
        .returning(|_| Ok(()));
    let written = unit.commits();
    with(unit).delete(&cx, PARCEL, CURRENT).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Deleted, PARCEL.uuid(), CURRENT.next());
    assert_eq!(the_change(&trail).after, [("deleted", true.into())]);
}

#[tokio::test]
async fn nothing_is_deleted_twice() {
    let unit = finding(a_parcel_in_the_trash());
    let error = with(unit).delete(&admin(), PARCEL, CURRENT).await.unwrap_err();
    assert!(matches!(error, RecordError::NotFound), "{error:?}");
}

#[tokio::test]
async fn the_kind_says_what_is_not_deleted() {
    let unit = finding(a_parcel_that_is(State::OnTheWay));
    let error = with(unit).delete(&admin(), PARCEL, CURRENT).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "sent_stays"));
}

#[tokio::test]
async fn a_restored_record_is_what_it_was() {
    let (cx, mut unit) = (admin(), finding(a_parcel_in_the_trash()));
    unit.stores();
    let written = unit.commits();
    let after = with(unit).restore(&cx, PARCEL).await.unwrap();
    assert_eq!((after.deleted_at, after.version), (None, CURRENT.next()));
    assert_eq!(after.own, a_parcel().own);
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Restored, PARCEL.uuid(), CURRENT.next());
}

#[tokio::test]
async fn a_value_that_was_taken_meanwhile_keeps_a_record_in_the_trash() {
    let mut unit = finding(a_parcel_in_the_trash());
    unit.expect_update().once().returning(|_| Err(StoreError::Taken("name")));
    let error = with(unit).restore(&admin(), PARCEL).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/name taken"]);
}

#[tokio::test]
async fn what_is_not_in_the_trash_is_neither_restored_nor_destroyed() {
    let error = with(finding(a_parcel())).restore(&admin(), PARCEL).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "not_in_trash"));
    let error = with(finding(a_parcel())).purge(&admin(), PARCEL, CURRENT).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "not_in_trash"));
}

#[tokio::test]
async fn what_others_name_is_not_destroyed() {
    let mut unit = finding(a_parcel_in_the_trash());
    unit.expect_children().once().returning(|_, _| Ok(Vec::new()));
    unit.expect_holder().once().returning(|_| Ok(Some(Shelf::KIND)));
    let error = with(unit).purge(&admin(), PARCEL, CURRENT).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "has_high_shelves"));
}

#[tokio::test]
async fn what_is_destroyed_is_told_without_its_fields() {
    let (cx, mut unit) = (admin(), finding(a_parcel_in_the_trash()));
    unit.expect_children().once().returning(|_, _| Ok(Vec::new()));
    unit.expect_holder().once().returning(|_| Ok(None));
    unit.expect_purge().once().withf(|id| *id == PARCEL).returning(|_| Ok(()));
    let written = unit.commits();
    with::<Parcel>(unit).purge(&cx, PARCEL, CURRENT).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Purged, PARCEL.uuid(), CURRENT);
    assert!(the_change(&trail).before.is_empty() && the_change(&trail).after.is_empty());
}

/// What is too much is not even looked through for who names it.
#[tokio::test]
async fn what_has_too_many_children_is_not_destroyed() {
    let mut unit = finding(a_parcel_in_the_trash());
    let child = |_| Child { kind: Shelf::KIND, id: PARCEL.uuid(), version: CURRENT };
    unit.expect_children().once().returning(move |_, limit| Ok((0..limit).map(child).collect()));
    let error = with(unit).purge(&admin(), PARCEL, CURRENT).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "too_many_children"));
}
