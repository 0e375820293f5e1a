use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Action, Actor, Caller, Context, DeliveryId, Fault, Grant, Kind, Origin, PageRequest,
    Permission, PermissionSet, ScopeKind, SessionId, Trail, UserId, Version,
};
use uuid::Uuid;

use super::{
    START, delivery, later,
    mocks::{MockIds, MockSecrets, MockTx, MockWebhooks},
    webhook,
};
use crate::{
    Delivery, DeliveryQuery, DeliveryState, DisabledReason, EventTypes, Secret, Webhook,
    WebhookDraft, WebhookPatch, WebhookService, WebhooksError, WebhooksTx, service::MAX_WEBHOOKS,
};

fn asked_by(permissions: impl IntoIterator<Item = Permission>) -> Context {
    let permissions = permissions.into_iter().collect::<PermissionSet>();
    let caller = Caller {
        user_id: UserId::new(Uuid::from_u128(1)),
        session_id: SessionId::new(Uuid::from_u128(2)),
        grants: vec![Grant::new("operator", permissions, ScopeKind::All)],
    };
    Context {
        actor: Actor::User(Arc::new(caller)),
        at: later(5),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

fn manager() -> Context {
    asked_by([Permission::WEBHOOKS_MANAGE])
}

/// A service on a transaction, and the trail it committed.
fn stage(prepare: impl FnOnce(&mut MockTx)) -> (WebhookService, Arc<Mutex<Option<Trail>>>) {
    let committed = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&committed);
    let mut tx = MockTx::new();
    prepare(&mut tx);
    tx.expect_head().returning(|| Ok(40));
    tx.expect_count().returning(|| Ok(MAX_WEBHOOKS - 1));
    tx.expect_commit().times(0..=1).returning(move |trail| {
        *kept.lock().unwrap() = Some(trail);
        Ok(())
    });
    let mut webhooks = MockWebhooks::new();
    let tx = Mutex::new(Some(tx));
    webhooks.expect_begin().times(0..=1).returning(move || {
        let tx: Box<dyn WebhooksTx> = Box::new(tx.lock().unwrap().take().unwrap());
        Ok(tx)
    });
    let mut ids = MockIds::new();
    ids.expect_next().times(0..=1).return_const(Uuid::from_u128(77));
    let mut secrets = MockSecrets::new();
    secrets.expect_webhook_secret().returning(|| Ok(Secret::from_random([9; 32])));
    let (webhooks, secrets) = (Arc::new(webhooks), Arc::new(secrets));
    (WebhookService::new(webhooks, secrets, Arc::new(ids), false), committed)
}

fn with(
    webhook: Webhook,
    delivery: Option<Delivery>,
) -> (WebhookService, Arc<Mutex<Option<Trail>>>) {
    stage(|tx| {
        tx.expect_webhook().times(0..=1).returning(move |_| Ok(Some(webhook.clone())));
        tx.expect_update_webhook().times(0..=1).returning(|_| Ok(()));
        tx.expect_replace_secret()
            .withf(|_, _, until| *until == later(5 + 86_400))
            .times(0..=1)
            .returning(|_, _, _| Ok(()));
        tx.expect_remove_webhook().times(0..=1).returning(|_| Ok(()));
        tx.expect_end_quiet().times(0..=1).returning(|_| Ok(()));
        tx.expect_delivery().times(0..=1).returning(move |_, _| Ok(delivery.clone()));
        tx.expect_insert_delivery().times(0..=1).returning(|_| Ok(()));
        tx.expect_update_delivery().times(0..=1).returning(|_| Ok(()));
        tx.expect_changed_since().returning(|_, _, _| Ok(vec!["url".to_owned()]));
    })
}

fn draft() -> WebhookDraft {
    let events = EventTypes::parse(&["donation.created"], super::TOLD).unwrap();
    WebhookDraft { target: webhook().target, description: None, events }
}

fn trail(committed: &Mutex<Option<Trail>>) -> Trail {
    committed.lock().unwrap().take().expect("nothing was committed")
}

#[tokio::test]
async fn there_are_only_so_many_webhooks() {
    let (service, committed) = stage(|tx| {
        tx.expect_count().returning(|| Ok(MAX_WEBHOOKS));
    });
    let refusal = service.create(&manager(), draft()).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.kind()), ("webhook_limit", Kind::Conflict));
    assert!(committed.lock().unwrap().is_none());
}

#[tokio::test]
async fn a_new_webhook_begins_where_the_feed_is_and_shows_its_secret_once() {
    let (service, committed) = stage(|tx| {
        tx.expect_insert_webhook()
            .withf(|_, secret| secret.expose() == [9; 32])
            .times(1)
            .returning(|_, _| Ok(()));
    });
    let (webhook, secret) = service.create(&manager(), draft()).await.unwrap();
    assert_eq!((webhook.since, webhook.is_active), (40, true));
    assert_eq!(secret.expose(), [9; 32]);
    let trail = trail(&committed);
    assert_eq!(trail.changes[0].action, Action::Created);
    assert!(!format!("{trail:?}").contains(&secret.text()[6..]));
}

#[test]
fn an_address_within_is_refused() {
    let (service, _) = stage(|_| {});
    assert_eq!(service.target("https://10.0.0.1/").unwrap_err().code, "url");
    assert!(service.target("https://example.org/").is_ok());
}

#[tokio::test]
async fn switched_on_again_it_is_told_what_happens_from_then_on() {
    let off = Webhook {
        is_active: false,
        disabled_reason: Some(DisabledReason::Failing),
        failing_since: Some(START),
        quiet_until: Some(START),
        ..webhook()
    };
    let (service, committed) = with(off, None);
    let patch = WebhookPatch { is_active: Some(true), ..WebhookPatch::default() };
    let after = service.update(&manager(), webhook().id, Version::FIRST, patch).await.unwrap();
    assert_eq!((after.is_active, after.since, after.disabled_reason), (true, 40, None));
    assert_eq!((after.failing_since, after.quiet_until), (None, None));
    assert_eq!(trail(&committed).changes[0].action, Action::Updated);

    let (service, _) = with(Webhook { version: Version::new(4), ..webhook() }, None);
    let patch = WebhookPatch { is_active: Some(false), ..WebhookPatch::default() };
    let stale = service.update(&manager(), webhook().id, Version::FIRST, patch).await;
    assert!(matches!(stale, Err(WebhooksError::Stale(_))));
}

#[tokio::test]
async fn a_rotation_is_in_the_trail_without_the_secret() {
    let (service, committed) = with(webhook(), None);
    let (after, secret) = service.rotate(&manager(), webhook().id).await.unwrap();
    assert_eq!(after.version, Version::new(2));
    let trail = trail(&committed);
    assert_eq!(trail.changes[0].after[0].0, "secret");
    assert!(!format!("{trail:?}").contains(&secret.text()[6..]));
}

#[tokio::test]
async fn a_test_leaves_its_job() {
    let (service, committed) = with(webhook(), None);
    let ping = service.test(&manager(), webhook().id).await.unwrap();
    assert_eq!((ping.event.as_str(), ping.state), ("test.ping", DeliveryState::Pending));
    assert_eq!(trail(&committed).jobs, [ping.job()]);
    let (service, _) = with(Webhook { is_active: false, ..webhook() }, None);
    let off = service.test(&manager(), webhook().id).await;
    assert!(matches!(off, Err(WebhooksError::Disabled)));
}

#[tokio::test]
async fn what_came_to_its_end_can_be_sent_once_more() {
    for state in [DeliveryState::Delivered, DeliveryState::Failed] {
        let (service, committed) = with(webhook(), Some(Delivery { state, ..delivery() }));
        let again = service.replay(&manager(), webhook().id, delivery().id).await.unwrap();
        assert_eq!(again.state, DeliveryState::Pending);
        assert_eq!(trail(&committed).jobs, [again.job()]);
    }
    let (service, _) = with(webhook(), Some(delivery()));
    let pending = service.replay(&manager(), webhook().id, delivery().id).await;
    assert!(matches!(pending, Err(WebhooksError::Pending)));
    let (service, _) = with(webhook(), None);
    let unknown = service.replay(&manager(), webhook().id, delivery().id).await;
    assert!(matches!(unknown, Err(WebhooksError::NotFound)));
    let done = Delivery { state: DeliveryState::Failed, ..delivery() };
    let (service, _) = with(Webhook { is_active: false, ..webhook() }, Some(done));
    let off = service.replay(&manager(), webhook().id, delivery().id).await;
    assert!(matches!(off, Err(WebhooksError::Disabled)));
}

#[tokio::test]
async fn a_webhook_is_deleted_at_its_version() {
    let (service, committed) = with(webhook(), None);
    service.delete(&manager(), webhook().id, Version::FIRST).await.unwrap();
    assert_eq!(trail(&committed).changes[0].action, Action::Purged);
    let (service, _) = with(Webhook { version: Version::new(4), ..webhook() }, None);
    let stale = service.delete(&manager(), webhook().id, Version::FIRST).await;
    assert!(matches!(stale, Err(WebhooksError::Stale(_))));
}

#[tokio::test]
async fn reading_and_managing_need_their_permissions() {
    fn refused<T: std::fmt::Debug>(result: Result<T, WebhooksError>) {
        assert_eq!(result.unwrap_err().code(), "forbidden");
    }
    let page = PageRequest { limit: 10, after: None, count: false };
    let (id, delivery, cx) = (webhook().id, DeliveryId::new(Uuid::nil()), manager());
    let service = || stage(|_| {}).0;
    refused(service().list(&cx, &page).await);
    refused(service().find(&cx, id).await);
    refused(service().deliveries(&cx, id, &DeliveryQuery::default(), &page).await);
    let cx = asked_by([Permission::WEBHOOKS_READ]);
    refused(service().create(&cx, draft()).await);
    let patch = WebhookPatch::default();
    refused(service().update(&cx, id, Version::FIRST, patch).await);
    refused(service().delete(&cx, id, Version::FIRST).await);
    refused(service().rotate(&cx, id).await);
    refused(service().test(&cx, id).await);
    refused(service().replay(&cx, id, delivery).await);
}
