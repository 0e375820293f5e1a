//! Records that name others: what is named anew is looked up, what is kept is not.

use almoner_kernel::{Patch, Scope};

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch, STEPS},
    mocks::MockUnit,
};
use crate::Ref;

fn elsewhere() -> ParcelPatch {
    ParcelPatch { shelf_id: Patch::Set(Ref::to(OTHER_SHELF)), ..ParcelPatch::default() }
}

/// Whoever is named is called that, within every scope.
fn naming(mut unit: MockUnit<Parcel>, label: Option<&'static str>) -> MockUnit<Parcel> {
    unit.expect_named()
        .once()
        .withf(|field, id, scope| {
            (field.name, *id, *scope) == ("shelf_id", OTHER_SHELF.uuid(), Scope::All)
        })
        .returning(move |_, _, _| Ok(label.map(str::to_owned)));
    unit
}

fn called(parcel: &Parcel) -> Option<&str> {
    crate::Show::label(parcel.shelf_id.as_ref()?)
}

#[tokio::test]
async fn what_is_named_anew_is_shown_as_it_is_called() {
    let mut unit = naming(finding(a_parcel()), Some("B1"));
    unit.stores();
    unit.commits();
    let after = with(unit).update(&admin(), PARCEL, CURRENT, &elsewhere()).await.unwrap();
    assert_eq!(called(&after), Some("B1"));
}

#[tokio::test]
async fn what_does_not_exist_is_a_wrong_field_beside_the_others() {
    let unit = naming(finding(a_parcel()), None);
    let patch = ParcelPatch { packed_on: Some(day(15)), ..elsewhere() };
    let error = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/shelf_id unknown", "/packed_on future"]);
}

#[tokio::test]
async fn what_is_kept_is_not_looked_up() {
    // Neither when nothing is said of it, nor when the same one is named again.
    let same = Patch::Set(Ref::to(SHELF));
    for shelf_id in [Patch::Keep, same] {
        let mut unit = finding(a_parcel());
        unit.stores();
        unit.commits();
        let patch = ParcelPatch { shelf_id, is_fragile: Some(true), ..ParcelPatch::default() };
        let after = with(unit).update(&admin(), PARCEL, CURRENT, &patch).await.unwrap();
        assert_eq!(called(&after), Some("A7"), "and is called as before");
    }
}

#[tokio::test]
async fn a_step_looks_up_what_it_names() {
    let put = &STEPS[2];
    let mut unit = naming(finding(a_parcel()), Some("B1"));
    unit.stores();
    unit.commits();
    let after = with(unit).step(&admin(), PARCEL, put, None, None, &elsewhere()).await.unwrap();
    assert_eq!(called(&after), Some("B1"));

    let unit = naming(finding(a_parcel()), None);
    let outcome = with(unit).step(&admin(), PARCEL, put, None, None, &elsewhere()).await;
    assert_eq!(wrong_fields(&outcome.unwrap_err()), ["/shelf_id unknown"]);
}
