//! Several roles of one caller: each right with the reach and the edit window of its own role.

use almoner_kernel::{Context, Fault, Grant, Patch, PermissionSet, Scope, ScopeKind};
use chrono::Duration;
use uuid::Uuid;

use super::{
    fixtures::*,
    kinds::{Parcel, ParcelPatch},
    mocks::{MockRepository, MockUnit},
};
use crate::{Kept, Line, Record};

fn grant(patterns: &[&'static str], scope: ScopeKind) -> Grant {
    Grant::new("role", PermissionSet::granting(patterns), scope)
}

/// Changes all parcels for a quarter of an hour, and the own ones for ever.
fn corrector() -> Context {
    let soon = grant(&["parcels:*"], ScopeKind::All);
    of_roles(vec![
        Grant { edit_window: Some(Duration::minutes(15)), ..soon },
        grant(&["parcels:*"], ScopeKind::Own),
    ])
}

/// A change that finds a parcel of an hour ago, and is asked whether it is the caller's own.
fn an_old_one(is_own: bool) -> MockUnit<Parcel> {
    let parcel = || Kept { created_at: noon() - Duration::hours(1), ..a_parcel() };
    let mut unit = MockUnit::new();
    unit.expect_load()
        .once()
        .withf(|_, scope| scope.is_all())
        .returning(move |_, _| Ok(Some(parcel())));
    unit.expect_load()
        .once()
        .withf(|_, scope| *scope == Scope::Own(ME))
        .returning(move |_, _| Ok(is_own.then(parcel)));
    unit.expect_update().times(usize::from(is_own)).returning(|_| Ok(()));
    unit.expect_commit().returning(|_| Ok(()));
    unit
}

#[tokio::test]
async fn a_record_is_changed_as_long_and_as_far_as_one_role_lets() {
    let patch =
        || ParcelPatch { content: Patch::Set(Line::from_stored("Tea")), ..Default::default() };
    for is_own in [true, false] {
        let changed =
            with(an_old_one(is_own)).update(&corrector(), PARCEL, CURRENT, &patch()).await;
        let code = changed.err().map(|error| error.code());
        assert_eq!(code, (!is_own).then_some("edit_window_closed"));
        let deleted = with(an_old_one(is_own)).delete(&corrector(), PARCEL, CURRENT).await;
        let code = deleted.err().map(|error| error.code());
        assert_eq!(code, (!is_own).then_some("edit_window_closed"));
    }
}

#[tokio::test]
async fn a_record_is_read_as_far_as_the_role_that_reads_and_changed_as_far_as_the_one_that_changes()
{
    let cx = of_roles(vec![
        grant(&["parcels:read"], ScopeKind::All),
        grant(&["parcels:update"], ScopeKind::Own),
    ]);
    let mut parcels = MockRepository::<Parcel>::new();
    parcels.expect_find().withf(|_, scope| scope.is_all()).returning(|_, _| Ok(None));
    parcels.expect_begin().returning(|| {
        let mut unit = MockUnit::new();
        unit.expect_load().withf(|_, scope| *scope == Scope::Own(ME)).returning(|_, _| Ok(None));
        Ok(Box::new(unit))
    });
    let parcels = over(parcels);
    assert_eq!(parcels.find(&cx, PARCEL).await.unwrap_err().code(), "not_found");
    let patch = ParcelPatch::default();
    let changed = parcels.update(&cx, PARCEL, CURRENT, &patch).await;
    assert_eq!(changed.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn what_another_role_reads_may_be_named_and_is_known_to_be_there() {
    let shelf = Parcel::KIND.field("shelf_id").and_then(|field| field.target_read);
    let shelf = PermissionSet::NONE.with(shelf.unwrap());
    let cx = of_roles(vec![
        grant(&["parcels:create"], ScopeKind::Own),
        grant(&["parcels:read"], ScopeKind::All),
        Grant::new("role", shelf, ScopeKind::All),
    ]);
    let mut unit = MockUnit::new();
    unit.expect_named()
        .once()
        .withf(|field, id, scope| {
            (field.name, *id, *scope) == ("shelf_id", Uuid::from_u128(0xC1), Scope::All)
        })
        .returning(|_, _, _| Ok(None));
    // Nobody counts what the caller tries: they may read all that have such a value.
    let error = with(unit).create(&cx, a_new_parcel()).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/shelf_id unknown"]);
}
