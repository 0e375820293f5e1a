//! Who may read the trail, and what they see of it.

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Actor, Caller, Context, Denied, Fault, Kind, Origin, Page, PageRequest, Permission,
    PermissionSet, ScopeKind, SecurityEvent, SecurityEventKind, SessionId, StoreError, Trail,
    UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use chrono::DateTime;
use mockall::{Sequence, mock, predicate::eq};
use uuid::Uuid;

use super::{KEY, change, head, row, sealed, user_id};
use crate::{
    ActorOnRecord, Audit, AuditError, AuditTrail, ChangeQuery, ChangeRecord, Finding, Head,
    Progress, Seal, SealedChange, SecurityEventQuery, SecurityEventRecord,
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
        async fn security_events(
            &self,
            query: &SecurityEventQuery,
            page: &PageRequest,
        ) -> Result<Page<SecurityEventRecord>, StoreError>;
        async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<SealedChange>, StoreError>;
        async fn head(&self) -> Result<Option<Head>, StoreError>;
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
    }
}

fn user(permissions: &[Permission]) -> Context {
    cx(Actor::User(Arc::new(Caller {
        user_id: user_id(),
        session_id: SessionId::new(Uuid::from_u128(6)),
        role: "viewer".to_owned(),
        permissions: permissions.iter().copied().collect::<PermissionSet>(),
        scope: ScopeKind::Own,
        edit_window: None,
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

#[tokio::test]
async fn the_whole_trail_is_for_those_with_the_permission_only() {
    let missing = Denied::Missing(Permission::AuditRead);
    let others: Vec<Permission> =
        Permission::ALL.iter().copied().filter(|one| *one != Permission::AuditRead).collect();
    for (cx, denied) in [(user(&others), missing), (cx(Actor::Anonymous), Denied::Unauthenticated)]
    {
        let audit = audit(MockStored::new());
        let first = PageRequest::default();
        assert!(is_denied(audit.changes(&cx, &ChangeQuery::default(), &first).await, denied));
        let query = SecurityEventQuery::default();
        assert!(is_denied(audit.security_events(&cx, &query, &first).await, denied));
        let seal = Seal::new(KEY);
        assert!(is_denied(audit.verify(&cx, &seal, None, &mut |_| ()).await, denied));
    }
}

#[tokio::test]
async fn a_reader_of_the_trail_sees_what_the_query_asks_for() {
    let query = ChangeQuery { actor: Some(user_id()), ..ChangeQuery::default() };
    let mut stored = MockStored::new();
    stored
        .expect_changes()
        .with(eq(query.clone()), eq(PageRequest::first(10)))
        .once()
        .returning(|_, _| Ok(page(vec![change(1)])));
    let found = audit(stored)
        .changes(&user(&[Permission::AuditRead]), &query, &PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(found, page(vec![change(1)]));
}

#[tokio::test]
async fn a_reader_of_the_trail_sees_security_events() {
    let query =
        SecurityEventQuery { kind: Some(SecurityEventKind::LoggedIn), ..Default::default() };
    let mut stored = MockStored::new();
    stored
        .expect_security_events()
        .with(eq(query.clone()), eq(PageRequest::default()))
        .once()
        .returning(|_, _| Ok(page(Vec::new())));
    let found = audit(stored)
        .security_events(&user(&[Permission::AuditRead]), &query, &PageRequest::default())
        .await;
    assert_eq!(found.unwrap(), page(Vec::new()));
}

async fn history(cx: &Context) -> Result<Page<ChangeRecord>, AuditError> {
    let mut stored = MockStored::new();
    let query = ChangeQuery {
        entity: Some("donor".to_owned()),
        entity_id: Some(Uuid::from_u128(77)),
        ..ChangeQuery::default()
    };
    stored
        .expect_changes()
        .with(eq(query), eq(PageRequest::default()))
        .times(..=1)
        .returning(|_, _| Ok(page(vec![change(2), change(1)])));
    let (donor, first) = (Uuid::from_u128(77), PageRequest::default());
    audit(stored).history(cx, Permission::DonorsRead, "donor", donor, &first).await
}

#[tokio::test]
async fn a_records_history_hides_address_and_browser_from_its_readers() {
    let found = history(&user(&[Permission::DonorsRead])).await.unwrap();
    assert_eq!(found.items.len(), 2);
    for (found, stored) in found.items.iter().zip([change(2), change(1)]) {
        assert_eq!(*found, ChangeRecord { address: None, user_agent: None, ..stored });
    }
}

#[tokio::test]
async fn a_records_history_is_complete_for_readers_of_the_trail() {
    let found = history(&user(&[Permission::DonorsRead, Permission::AuditRead])).await.unwrap();
    assert_eq!(found, page(vec![change(2), change(1)]));
}

#[tokio::test]
async fn a_records_history_needs_the_permission_to_read_the_record() {
    let missing = Denied::Missing(Permission::DonorsRead);
    assert!(is_denied(history(&user(&[Permission::AuditRead])).await, missing));
    assert!(is_denied(history(&cx(Actor::Anonymous)).await, Denied::Unauthenticated));
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
    let missing = AuditError::from(Denied::Missing(Permission::AuditRead));
    assert_eq!((missing.kind(), missing.code()), (Kind::Forbidden, "forbidden"));
    assert!(missing.retry_after().is_none());
}

/// Storage that hands out `batches`, one for each call, and always the same head.
fn stored_in_batches(batches: Vec<Vec<SealedChange>>, head: Option<Head>) -> MockStored {
    let mut stored = MockStored::new();
    let mut order = Sequence::new();
    let mut after = i64::MIN;
    for batch in batches {
        let behind = batch.last().map_or(after, |row| row.position);
        stored
            .expect_sealed()
            .with(eq(after), eq(Audit::VERIFY_BATCH))
            .once()
            .in_sequence(&mut order)
            .return_once(move |_, _| Ok(batch));
        after = behind;
    }
    stored.expect_head().times(2).returning(move || Ok(head.clone()));
    stored
}

#[tokio::test]
async fn verification_reads_batch_behind_batch_and_tells_how_far_it_is() {
    let (seal, full) = (Seal::new(KEY), usize::try_from(Audit::VERIFY_BATCH).unwrap());
    let rows = sealed(&seal, (1..=i64::from(Audit::VERIFY_BATCH) + 5).map(row));
    let batches = vec![rows[..full].to_vec(), rows[full..].to_vec()];
    let audit = audit(stored_in_batches(batches, head(&seal, &rows)));
    let mut told = Vec::new();
    let verdict = audit
        .verify(&cx(Actor::System("cli")), &seal, None, &mut |progress| told.push(progress))
        .await
        .unwrap();
    assert!(verdict.is_intact());
    assert_eq!((verdict.verified, verdict.last.position), (10_005, 10_005));
    let at = |verified| Progress { verified, expected: 10_005 };
    assert_eq!(told, [at(10_000), at(10_005)]);
}

#[tokio::test]
async fn a_trail_that_ends_with_a_full_batch_is_intact() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=i64::from(Audit::VERIFY_BATCH)).map(row));
    let head = head(&seal, &rows);
    let audit = audit(stored_in_batches(vec![rows, Vec::new()], head));
    let verdict = audit.verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert!(verdict.is_intact());
}

#[tokio::test]
async fn verification_stops_reading_at_the_first_finding() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=5).map(row));
    let batches = vec![vec![rows[0].clone(), rows[2].clone()]];
    let audit = audit(stored_in_batches(batches, head(&seal, &rows)));
    let verdict = audit.verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert_eq!(verdict.finding, Some(Finding::Missing { position: 2, next: 3 }));
}

#[tokio::test]
async fn with_a_wrong_key_verification_reads_no_row() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=5).map(row));
    let audit = audit(stored_in_batches(Vec::new(), head(&seal, &rows)));
    let wrong = Seal::new([8; 32]);
    let verdict = audit.verify(&cx(Actor::System("cli")), &wrong, None, &mut |_| ()).await.unwrap();
    assert!(matches!(verdict.finding, Some(Finding::WrongKey { .. })));
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
