//! Records that may be another one of what is entered.

use almoner_kernel::{Context, Replay, Scope, ScopeKind, StoreError};

use super::{
    fixtures::*,
    kinds::Parcel,
    mocks::{MockRepository, MockUnit},
};
use crate::{Created, Kept, Kind, Record, Served};

/// Storage in which these have the same content, and which takes one record.
fn among(alike: Vec<Kept<Parcel>>, scope: Scope) -> MockRepository<Parcel> {
    let mut repository = MockRepository::<Parcel>::new();
    repository
        .expect_lookup()
        .once()
        .withf(move |field, _, of, _| field.name == "content" && *of == scope)
        .return_once(|_, _, _, _| Ok(alike));
    taking(repository)
}

fn taking(mut repository: MockRepository<Parcel>) -> MockRepository<Parcel> {
    let mut unit = MockUnit::new();
    unit.expect_named().returning(|_, _, _| Ok(Some("A7".to_owned())));
    unit.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
    unit.expect_is_hidden().returning(|_, _, _| Ok(false));
    unit.expect_insert().returning(|_| Ok(()));
    unit.expect_commit().returning(|_| Ok(()));
    repository.expect_begin().return_once(|| Ok(Box::new(unit)));
    repository
}

fn numbered(number: u128) -> Kept<Parcel> {
    Kept { id: almoner_kernel::Id::new(uuid::Uuid::from_u128(number)), ..a_parcel() }
}

#[test]
fn what_is_unique_has_no_second_one() {
    let kind: &Kind = Parcel::KIND;
    let names: Vec<&str> =
        kind.fields.iter().filter(|field| field.tells_twins()).map(|field| field.name).collect();
    assert_eq!(names, ["content"], "the name and the number are unique");
}

#[tokio::test]
async fn the_newest_are_told_and_not_too_many() {
    let alike = (1..=7).map(numbered).collect();
    let parcels = over(among(alike, Scope::All));
    let made = parcels.create_among(&admin(), a_new_parcel()).await.unwrap();
    let ids: Vec<u128> = made.alike.iter().map(|alike| alike.id.as_u128()).collect();
    assert_eq!(ids, [7, 6, 5, 4, 3]);
    assert_eq!(made.alike[0].label.as_deref(), Some("Winter"));
    assert_eq!(made.alike[0].fields, ["content"]);
}

#[tokio::test]
async fn nobody_hears_of_what_they_may_not_read() {
    let cx = scoped(ScopeKind::Own);
    let parcels = over(among(Vec::new(), Scope::Own(ME)));
    assert!(parcels.create_among(&cx, a_new_parcel()).await.unwrap().alike.is_empty());
    // Nothing is looked up without the permission to read, also in a rehearsal.
    for dry_run in [false, true] {
        let cx = may_only(Parcel::KIND.permissions.create);
        let parcels = over(taking(MockRepository::new()));
        let cx = Context { dry_run, ..cx };
        assert!(parcels.create_among(&cx, a_new_parcel()).await.unwrap().alike.is_empty());
    }
    // Nor is it for who may not create.
    let reader = may_only(Parcel::KIND.permissions.read);
    let parcels = over(MockRepository::<Parcel>::new());
    assert!(parcels.create_among(&reader, a_new_parcel()).await.is_err());
}

#[tokio::test]
async fn when_the_others_cannot_be_read_nothing_is_stored() {
    let mut repository = MockRepository::<Parcel>::new();
    repository.expect_lookup().returning(|_, _, _, _| Err(StoreError::Unavailable("away".into())));
    assert!(over(repository).create_among(&admin(), a_new_parcel()).await.is_err());
}

#[test]
fn an_answer_is_read_with_its_twins() {
    let parcels = over(MockRepository::<Parcel>::new());
    let alike = vec![crate::Alike { id: FRESH, label: None, fields: vec!["content"] }];
    let made = Created { kept: a_parcel(), alike };
    let read = Served::reads(&parcels);
    assert_eq!(read(&made).unwrap().alike().len(), 1);
    assert!(read(&a_parcel()).unwrap().alike().is_empty());
    let replay = Replay::of_any("key".to_owned(), [0; 32], move |made| {
        read(made).map(|made| made.alike().len().to_string().into_bytes())
    });
    assert_eq!(replay.answer(&made), Some(b"1".to_vec()));
}
