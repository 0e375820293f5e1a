//! What readers of the trail see, and what readers of a record do.

use mockall::predicate::eq;

use super::*;
use crate::tests::{change, may};

#[tokio::test]
async fn a_reader_of_the_trail_sees_what_the_query_asks_for() {
    let query = ChangeQuery { actor: Some(user_id()), ..ChangeQuery::default() };
    let mut stored = MockStored::new();
    stored
        .expect_changes()
        .with(eq(query.clone()), eq(PageRequest::first(10)))
        .once()
        .returning(|_, _| Ok(page(vec![change(2), by_cli(3), change(1)])));
    // One question for the page, however many changes a user made.
    let asked = vec![user_id()];
    stored
        .expect_names()
        .withf(move |users| users == asked)
        .once()
        .returning(|_| Ok(vec![(user_id(), "Elif Kaya".to_owned())]));
    let found = audit(stored)
        .changes(&user(&[Permission::AUDIT_READ]), &query, &PageRequest::first(10))
        .await
        .unwrap();
    let named = |change| ChangeRecord { user_name: Some("Elif Kaya".to_owned()), ..change };
    assert_eq!(found, page(vec![named(change(2)), by_cli(3), named(change(1))]));
}

fn by_cli(position: i64) -> ChangeRecord {
    ChangeRecord { actor: ActorOnRecord::System("cli".to_owned()), ..change(position) }
}

#[tokio::test]
async fn nobody_is_asked_for_where_no_user_did_anything() {
    let mut stored = MockStored::new();
    stored.expect_changes().once().returning(|_, _| Ok(page(vec![by_cli(1)])));
    let reader = user(&[Permission::AUDIT_READ]);
    let (query, first) = (ChangeQuery::default(), PageRequest::default());
    let found = audit(stored).changes(&reader, &query, &first).await;
    assert_eq!(found.unwrap(), page(vec![by_cli(1)]));
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
        .security_events(&user(&[Permission::AUDIT_READ]), &query, &PageRequest::default())
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
    let may_read_all = cx.permit(Permission::AUDIT_READ).is_ok();
    stored.expect_names().times(..=usize::from(may_read_all)).returning(|_| Ok(Vec::new()));
    let (donor, first) = (Uuid::from_u128(77), PageRequest::default());
    audit(stored).history(cx, may::DONORS_READ, "donor", donor, &first).await
}

#[tokio::test]
async fn a_records_history_hides_address_and_browser_from_its_readers() {
    let found = history(&user(&[may::DONORS_READ])).await.unwrap();
    assert_eq!(found.items.len(), 2);
    for (found, stored) in found.items.iter().zip([change(2), change(1)]) {
        assert_eq!(*found, ChangeRecord { address: None, user_agent: None, ..stored });
    }
}

#[tokio::test]
async fn a_records_history_is_complete_for_readers_of_the_trail() {
    let found = history(&user(&[may::DONORS_READ, Permission::AUDIT_READ])).await.unwrap();
    assert_eq!(found, page(vec![change(2), change(1)]));
}

#[tokio::test]
async fn a_records_history_needs_the_permission_to_read_the_record() {
    let missing = Denied::Missing(may::DONORS_READ);
    assert!(is_denied(history(&user(&[Permission::AUDIT_READ])).await, missing));
    assert!(is_denied(history(&cx(Actor::Anonymous)).await, Denied::Unauthenticated));
}
