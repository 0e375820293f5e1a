//! Who may read the trail, and what they see of it.

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Actor, Caller, Context, Denied, Fault, Kind, Origin, Page, PageRequest, Permission,
    PermissionSet, ScopeKind, SecurityEvent, SecurityEventKind, SessionId, StoreError, Trail,
    UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use chrono::DateTime;
use mockall::{
    Sequence, mock,
    predicate::{always, eq},
};
use uuid::Uuid;

use super::{KEY, change, head, row, sealed, user_id};
use crate::{
    ActorOnRecord, Audit, AuditError, AuditTrail, ChangeQuery, ChangeRecord, Finding, Floor, Head,
    Mac, Mark, Progress, Seal, SealedChange, SecurityEventQuery, SecurityEventRecord,
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
        async fn floor(&self) -> Result<Option<Floor>, StoreError>;
        async fn raise_floor(&self, from: i64, to: &Floor) -> Result<u64, StoreError>;
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
        assert!(is_denied(audit.shorten(&cx, &seal, cx.at, 10).await, denied));
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
    stored.expect_floor().returning(|| Ok(None));
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

fn behind(seal: &Seal, row: &SealedChange) -> Floor {
    let mac = Mac::from_bytes(row.mac.as_slice().try_into().unwrap());
    Floor::behind(&Mark { position: row.position, mac }, seal)
}

#[tokio::test]
async fn verification_goes_on_behind_a_floor_that_was_raised_meanwhile() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=6).map(row));
    let (head, floor) = (head(&seal, &rows), behind(&seal, &rows[2]));
    let mut stored = MockStored::new();
    stored.expect_head().returning(move || Ok(head.clone()));
    stored.expect_floor().once().returning(|| Ok(None));
    stored.expect_floor().once().return_once(move || Ok(Some(floor)));
    // Another row went between the two readings of the second batch.
    for (after, from) in [(i64::MIN, 2), (3, 3)] {
        let rows = rows[from..].to_vec();
        stored.expect_sealed().with(eq(after), always()).once().return_once(|_, _| Ok(rows));
    }
    let verdict =
        audit(stored).verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert_eq!((verdict.finding, verdict.floor, verdict.verified), (None, 3, 3));
}

/// Shortens a trail of rows 3 to 6, each a millisecond after the one before, by what lies before row
/// `before`, `limit` rows at the most; gives the position of the new floor.
async fn shortened(
    before: i64,
    limit: u32,
    tamper: fn(&mut [SealedChange]),
) -> Result<Option<i64>, AuditError> {
    let seal = Seal::new(KEY);
    let mut rows = sealed(&seal, (1..=6).map(row));
    let (head, floor) = (head(&seal, &rows), behind(&seal, &rows[1]));
    tamper(&mut rows);
    let mut stored = MockStored::new();
    stored.expect_head().returning(move || Ok(head.clone()));
    stored.expect_floor().once().return_once(move || Ok(Some(floor)));
    let page: Vec<_> = rows.drain(2..).take(limit as usize + 1).collect();
    stored.expect_sealed().with(eq(2), eq(limit + 1)).times(..=1).return_once(|_, _| Ok(page));
    let raised = Arc::new(Mutex::new(None));
    let to = Arc::clone(&raised);
    stored.expect_raise_floor().times(..=1).returning(move |from, floor| {
        let proper = sealed(&Seal::new(KEY), (1..=6).map(row));
        let at = usize::try_from(floor.position).unwrap() - 1;
        assert_eq!((from, floor), (2, &behind(&Seal::new(KEY), &proper[at])));
        *to.lock().unwrap() = Some(floor.position);
        Ok(u64::try_from(floor.position - from).unwrap())
    });
    let at = |position: i64| DateTime::from_timestamp_millis(row(position).at).unwrap();
    let system = cx(Actor::System("housekeeping.changes"));
    let gone = audit(stored).shorten(&system, &seal, at(before), limit).await?;
    let raised = *raised.lock().unwrap();
    assert_eq!(i64::try_from(gone).unwrap(), raised.map_or(0, |position| position - 2));
    Ok(raised)
}

#[tokio::test]
async fn the_oldest_changes_go_up_to_the_first_younger_one() {
    let as_it_is: fn(&mut [SealedChange]) = |_| ();
    assert_eq!(shortened(5, 10, as_it_is).await.unwrap(), Some(4));
    assert_eq!(shortened(5, 1, as_it_is).await.unwrap(), Some(3), "no more than are wanted");
    assert_eq!(shortened(3, 10, as_it_is).await.unwrap(), None);
    assert_eq!(shortened(100, 10, as_it_is).await.unwrap(), Some(5), "the last one stays");
}

#[tokio::test]
async fn what_was_tampered_with_does_not_go() {
    let altered: [fn(&mut [SealedChange]); 3] = [
        |rows| rows[3].row.as_mut().unwrap().at -= 1,
        |rows| rows[3].row = None,
        |rows| rows[3].mac = vec![0; 32],
    ];
    for tamper in altered {
        let error = shortened(6, 10, tamper).await.unwrap_err();
        assert!(
            matches!(&error, AuditError::Tampered(Finding::Altered { position: 4 })),
            "{error}"
        );
        assert_eq!((error.kind(), error.code()), (Kind::Internal, "internal"));
        assert_eq!(error.to_string(), "the trail is not intact: row 4 was altered");
    }
    // What lies behind is not looked at.
    let later: fn(&mut [SealedChange]) = |rows| rows[5].mac = vec![0; 32];
    assert_eq!(shortened(4, 10, later).await.unwrap(), Some(3));
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
