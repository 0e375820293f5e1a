//! The caller's scope goes into every read, and what it hides is not found.

use almoner_kernel::{Fault, Id, Kind, Page, PageRequest, Permission, Scope, ScopeKind, Version};
use uuid::Uuid;

use super::{
    fixtures::*,
    kinds::{Parcel, STEPS, Shelf},
    mocks::{MockRepository, MockUnit},
};
use crate::{Kept, Key, Line, Query, RecordError, Records, service::MAX_FOUND};

const SCOPES: [(ScopeKind, Scope); 3] = [
    (ScopeKind::Own, Scope::Own(ME)),
    (ScopeKind::Assigned, Scope::Assigned(ME)),
    (ScopeKind::All, Scope::All),
];

/// Parcels, none of which is within that scope.
fn out_of(scope: Scope) -> Records<Parcel> {
    let mut parcels = MockRepository::new();
    parcels.expect_find().withf(move |_, asked| *asked == scope).returning(|_, _| Ok(None));
    parcels
        .expect_list()
        .withf(move |_, asked, _| *asked == scope)
        .returning(|_, _, _| Ok(Page { items: Vec::new(), next: None, total: None }));
    parcels
        .expect_lookup()
        .withf(move |_, _, asked, limit| (*asked, *limit) == (scope, MAX_FOUND))
        .returning(|_, _, _, _| Ok(Vec::new()));
    parcels.expect_begin().returning(move || {
        let mut unit = MockUnit::new();
        unit.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
        unit.expect_load()
            .once()
            .withf(move |id, asked| (*id, *asked) == (PARCEL, scope))
            .returning(|_, _| Ok(None));
        Ok(Box::new(unit))
    });
    over(parcels)
}

fn assert_not_found<T>(outcome: Result<T, RecordError>, use_case: &str) {
    match outcome {
        Err(error @ RecordError::NotFound) => assert_eq!(error.kind(), Kind::NotFound),
        Err(error) => panic!("{use_case}: {error:?}"),
        Ok(_) => panic!("{use_case}: found"),
    }
}

#[tokio::test]
async fn what_is_outside_the_scope_is_not_found_by_any_use_case() {
    for (kind, scope) in SCOPES {
        let (cx, parcels, patch) = (scoped(kind), out_of(scope), Default::default());
        assert_not_found(parcels.find(&cx, PARCEL).await, "find");
        assert_not_found(parcels.update(&cx, PARCEL, CURRENT, &patch).await, "update");
        assert_not_found(parcels.delete(&cx, PARCEL, CURRENT).await, "delete");
        assert_not_found(parcels.restore(&cx, PARCEL).await, "restore");
        assert_not_found(parcels.purge(&cx, PARCEL, CURRENT).await, "purge");
        for step in STEPS {
            let why = Some("because".to_owned());
            let outcome = parcels.step(&cx, PARCEL, step, None, why, &patch).await;
            assert_not_found(outcome, step.name);
        }
        let (identity, may) = (field::<Parcel>("identity"), Permission::USERS_READ);
        let outcome = parcels.reveal(&cx, may, PARCEL, identity, "why".to_owned()).await;
        assert_not_found(outcome, "reveal");
    }
}

#[tokio::test]
async fn lists_and_lookups_stay_within_the_scope() {
    for (kind, scope) in SCOPES {
        let (cx, parcels) = (scoped(kind), out_of(scope));
        let page = parcels.list(&cx, &Query::default(), &PageRequest::default()).await.unwrap();
        assert!(page.items.is_empty());
        let rice = Key::Text("Rice".to_owned());
        let found = parcels.lookup(&cx, field::<Parcel>("content"), &rice).await.unwrap();
        assert!(found.is_empty());
    }
}

#[tokio::test]
async fn what_belongs_to_the_organisation_is_met_by_everybody() {
    let shelf = Kept {
        id: SHELF,
        version: Version::FIRST,
        created_by: None,
        created_at: noon(),
        updated_at: noon(),
        deleted_at: None,
        hidden: Vec::new(),
        own: Shelf { name: Line::from_stored("A7") },
    };
    for (kind, _) in SCOPES {
        let mut shelves = MockRepository::<Shelf>::new();
        let found = shelf.clone();
        shelves
            .expect_find()
            .once()
            .withf(|_, scope| scope.is_all())
            .returning(move |_, _| Ok(Some(found.clone())));
        shelves.expect_begin().once().returning(|| {
            // Nobody is asked about values of records that the caller does not meet: there are none.
            let mut unit = MockUnit::<Shelf>::new();
            unit.expect_insert().once().returning(|_| Ok(()));
            unit.commits();
            Ok(Box::new(unit))
        });
        let shelves = over(shelves);
        assert_eq!(shelves.find(&scoped(kind), SHELF).await.unwrap(), shelf);
        let made = shelves.create(&scoped(kind), shelf.own.clone()).await.unwrap();
        assert_eq!(made.id, Id::new(FRESH));
    }
}

#[tokio::test]
async fn a_record_names_only_what_the_caller_may_meet() {
    for (kind, scope) in SCOPES {
        let mut unit = MockUnit::new();
        unit.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
        unit.expect_named()
            .once()
            .withf(move |field, id, asked| {
                (field.name, *id, *asked) == ("shelf_id", Uuid::from_u128(0xC1), scope)
            })
            .returning(|_, _, _| Ok(None));
        let error = with(unit).create(&scoped(kind), a_new_parcel()).await.unwrap_err();
        assert_eq!(wrong_fields(&error), ["/shelf_id unknown"]);
    }
}
