//! Every use case asks for its permission before it touches anything.

use std::sync::Arc;

use almoner_kernel::{Context, Denied, Fault, Kind, PageRequest, Permission};

use super::{
    fixtures::*,
    kinds::{LOSE, MOVE, Parcel, SEND, STEPS},
    mocks::{MockIds, MockRepository, away},
};
use crate::{Key, Query, Record, RecordError, Records};

const REVEAL: Permission = Permission::new("parcels:reveal");

/// What a use case is called, what it needs, and how it ended.
type Attempt = (&'static str, Permission, Result<(), RecordError>);

/// Use cases whose ports refuse every call.
fn out_of_bounds() -> Records<Parcel> {
    let repository = Arc::new(MockRepository::new());
    Records::new(repository, Arc::new(MockIds::new()), Arc::new(terms()))
}

/// Use cases whose database is away: who gets so far learns that, and nothing else.
fn without_database() -> Records<Parcel> {
    let mut repository = MockRepository::new();
    repository.expect_begin().returning(|| Err(away()));
    repository.expect_find().returning(|_, _| Err(away()));
    repository.expect_list().returning(|_, _, _| Err(away()));
    repository.expect_lookup().returning(|_, _, _, _| Err(away()));
    over(repository)
}

async fn try_everything(parcels: &Records<Parcel>, cx: &Context) -> Vec<Attempt> {
    let all = Parcel::KIND.permissions;
    let (query, page) = (Query::default(), PageRequest::default());
    let (content, identity) = (field::<Parcel>("content"), field::<Parcel>("identity"));
    let rice = Key::Text("Rice".to_owned());
    let (patch, why) = (Default::default(), || "receipt".to_owned());
    let [send, lose, put] = [0, 1, 2].map(|at: usize| &STEPS[at]);
    vec![
        ("list", all.read, parcels.list(cx, &query, &page).await.map(drop)),
        ("find", all.read, parcels.find(cx, PARCEL).await.map(drop)),
        ("look up", all.read, parcels.lookup(cx, content, &rice).await.map(drop)),
        ("create", all.create, parcels.create(cx, a_new_parcel()).await.map(drop)),
        ("update", all.update, parcels.update(cx, PARCEL, CURRENT, &patch).await.map(drop)),
        ("delete", all.delete, parcels.delete(cx, PARCEL, CURRENT).await),
        ("restore", all.delete, parcels.restore(cx, PARCEL).await.map(drop)),
        ("purge", all.purge, parcels.purge(cx, PARCEL, CURRENT).await),
        ("send", SEND, parcels.step(cx, PARCEL, send, None, None, &patch).await.map(drop)),
        ("lose", LOSE, parcels.step(cx, PARCEL, lose, None, Some(why()), &patch).await.map(drop)),
        ("move", MOVE, parcels.step(cx, PARCEL, put, None, None, &patch).await.map(drop)),
        ("reveal", REVEAL, parcels.reveal(cx, REVEAL, PARCEL, identity, why()).await.map(drop)),
    ]
}

#[tokio::test]
async fn a_stranger_is_told_to_log_in_and_no_port_is_touched() {
    for (use_case, _, outcome) in try_everything(&out_of_bounds(), &a_stranger()).await {
        let error = outcome.expect_err(use_case);
        assert!(matches!(error, RecordError::Denied(Denied::Unauthenticated)), "{use_case}");
        assert_eq!(error.kind(), Kind::Unauthenticated, "{use_case}");
    }
}

#[tokio::test]
async fn without_its_permission_a_use_case_touches_no_port() {
    let other = may_only(Permission::USERS_READ);
    for (use_case, needed, outcome) in try_everything(&out_of_bounds(), &other).await {
        let error = outcome.expect_err(use_case);
        let RecordError::Denied(Denied::Missing(missing)) = error else {
            panic!("{use_case}: {error:?}")
        };
        assert_eq!(missing, needed, "{use_case}");
        assert_eq!(error.code(), "forbidden", "{use_case}");
    }
}

#[tokio::test]
async fn a_permission_opens_its_own_use_cases_and_no_other() {
    let own = Parcel::KIND.permissions.all();
    for given in own.into_iter().chain([SEND, LOSE, MOVE, REVEAL]) {
        for (use_case, needed, outcome) in
            try_everything(&without_database(), &may_only(given)).await
        {
            let expected = if needed == given { "unavailable" } else { "forbidden" };
            assert_eq!(outcome.expect_err(use_case).code(), expected, "{use_case} with {given:?}");
        }
    }
}

#[tokio::test]
async fn the_program_itself_may_do_everything() {
    for (use_case, _, outcome) in try_everything(&without_database(), &the_program()).await {
        assert_eq!(outcome.expect_err(use_case).code(), "unavailable", "{use_case}");
    }
}
