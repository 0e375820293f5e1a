//! Who may read the trail, and what they see of it.

mod comparing;
mod reading;
mod shortening;
mod verifying;

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Actor, Caller, Context, Denied, Fault, Grant, Kind, Origin, Page, PageRequest, Permission,
    PermissionSet, ScopeKind, SecurityEvent, SecurityEventKind, SessionId, StoreError, Trail,
    UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use chrono::DateTime;
use mockall::mock;
use uuid::Uuid;

use super::{KEY, user_id};
use crate::{
    ActorOnRecord, Audit, AuditError, AuditTrail, ChangeQuery, ChangeRecord, Compared, Floor, Gone,
    Head, Mac, Mark, Seal, SealedChange, SealedEvent, SecurityEventQuery, SecurityEventRecord,
};

mock! {
    Stored {}

    #[async_trait]
    impl AuditTrail for Stored {
        async fn changes(
            &self,
            query: &ChangeQuery,
            page: &PageRequest,
        ) -> Result<Page<ChangeRecord>, StoreError>;
        async fn names(&self, users: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError>;
        async fn security_events(
            &self,
            query: &SecurityEventQuery,
            page: &PageRequest,
        ) -> Result<Page<SecurityEventRecord>, StoreError>;
        async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<SealedChange>, StoreError>;
        async fn head(&self) -> Result<Option<Head>, StoreError>;
        async fn floor(&self) -> Result<Option<Floor>, StoreError>;
        async fn raise_floor(&self, from: i64, to: &Floor) -> Result<u64, StoreError>;
        async fn events_head(&self) -> Result<Option<Head>, StoreError>;
        async fn events_floor(&self) -> Result<Option<Floor>, StoreError>;
        async fn sealed_events(
            &self,
            after: i64,
            limit: u32,
        ) -> Result<Vec<SealedEvent>, StoreError>;
        async fn unsealed_events(&self) -> Result<u64, StoreError>;
        fn kinds(&self) -> Vec<&'static str>;
        async fn compared(
            &self,
            entity: &'static str,
            after: Option<Uuid>,
            limit: u32,
        ) -> Result<Compared, StoreError>;
        async fn gone(&self, after: i64, limit: u32) -> Result<Gone, StoreError>;
        async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;
    }
}

mock! {
    Unit {}

    #[async_trait]
    impl UnitOfWork for Unit {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }
}

fn cx(actor: Actor) -> Context {
    Context {
        actor,
        at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

fn user(permissions: &[Permission]) -> Context {
    cx(Actor::User(Arc::new(Caller {
        user_id: user_id(),
        session_id: SessionId::new(Uuid::from_u128(6)),
        grants: vec![Grant::new(
            "viewer",
            permissions.iter().copied().collect::<PermissionSet>(),
            ScopeKind::Own,
        )],
    })))
}

fn audit(stored: MockStored) -> Audit {
    Audit::new(Arc::new(stored))
}

fn page<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None, total: None }
}

fn is_denied<T>(outcome: Result<T, AuditError>, expected: Denied) -> bool {
    matches!(outcome, Err(AuditError::Denied(denied)) if denied == expected)
}

fn behind(seal: &Seal, row: &SealedChange) -> Floor {
    let mac = Mac::from_bytes(row.mac.as_slice().try_into().unwrap());
    Floor::behind(&Mark { position: row.position, mac }, seal)
}

#[tokio::test]
async fn the_whole_trail_is_for_those_with_the_permission_only() {
    let missing = Denied::Missing(Permission::AUDIT_READ);
    let all = Permission::OF_THE_HOUSE.iter().copied();
    let others: Vec<Permission> = all.filter(|one| *one != Permission::AUDIT_READ).collect();
    for (cx, denied) in [(user(&others), missing), (cx(Actor::Anonymous), Denied::Unauthenticated)]
    {
        let audit = audit(MockStored::new());
        let first = PageRequest::default();
        assert!(is_denied(audit.changes(&cx, &ChangeQuery::default(), &first).await, denied));
        let query = SecurityEventQuery::default();
        assert!(is_denied(audit.security_events(&cx, &query, &first).await, denied));
        let seal = Seal::new(KEY);
        assert!(is_denied(audit.verify(&cx, &seal, None, &mut |_| ()).await, denied));
        assert!(is_denied(audit.verify_events(&cx, &seal, 0, &mut |_| ()).await, denied));
        assert!(is_denied(audit.compare(&cx, &mut |_| ()).await, denied));
        assert!(is_denied(audit.shorten(&cx, &seal, cx.at, 10).await, denied));
    }
}

#[tokio::test]
async fn a_refusal_is_committed_as_a_security_event_without_a_change() {
    for (cx, about) in [(user(&[]), Some(user_id())), (cx(Actor::Anonymous), None)] {
        let committed = Arc::new(Mutex::new(Vec::<Trail>::new()));
        let kept = Arc::clone(&committed);
        let mut stored = MockStored::new();
        stored.expect_begin().once().return_once(move || {
            let mut unit = MockUnit::new();
            unit.expect_commit().once().returning(move |trail| {
                kept.lock().unwrap().push(trail);
                Ok(())
            });
            Ok(Box::new(unit) as Box<dyn UnitOfWork>)
        });
        let detail = Some("donors:purge".to_owned());
        audit(stored)
            .record_refusal(&cx, SecurityEventKind::AccessDenied, detail.clone())
            .await
            .unwrap();
        let committed = committed.lock().unwrap();
        let [trail] = committed.as_slice() else { panic!("one commit") };
        assert!(trail.changes.is_empty());
        let kind = SecurityEventKind::AccessDenied;
        assert_eq!(trail.security_events, [SecurityEvent { kind, user_id: about, detail }]);
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_written_is_an_error() {
    let mut stored = MockStored::new();
    stored.expect_begin().once().returning(|| Err(StoreError::Unavailable("disk full".into())));
    let error = audit(stored)
        .record_refusal(&user(&[]), SecurityEventKind::ForgeryRefused, None)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "unavailable"));
    assert!(error.retry_after().is_some());
    assert_eq!(error.to_string(), "storage failed");
    let missing = AuditError::from(Denied::Missing(Permission::AUDIT_READ));
    assert_eq!((missing.kind(), missing.code()), (Kind::Forbidden, "forbidden"));
    assert!(missing.retry_after().is_none());
}

#[test]
fn what_is_kept_of_an_actor_is_read_back_from_its_columns() {
    for actor in [Actor::Anonymous, user(&[]).actor, Actor::System("cli")] {
        let kept = ActorOnRecord::of(&actor);
        let name = kept.system().map(str::to_owned);
        assert_eq!(ActorOnRecord::from_stored(kept.kind(), kept.user_id(), name), Some(kept));
    }
}

#[test]
fn columns_that_contradict_each_other_are_no_actor() {
    let id = Some(UserId::new(Uuid::from_u128(1)));
    let name = || Some("cli".to_owned());
    for (kind, user_id, name) in [
        ("user", None, None),
        ("user", id, name()),
        ("system", None, None),
        ("system", id, name()),
        ("anonymous", id, None),
        ("anonymous", None, name()),
        ("robot", None, None),
    ] {
        assert_eq!(ActorOnRecord::from_stored(kind, user_id, name), None, "{kind}");
    }
}
