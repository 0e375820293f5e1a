//! Webhooks: what is stored of them, and that no change is told twice or not at all.

use std::{sync::Arc, time::Duration};

use almoner_kernel::{Clock, Notice, PageRequest, StoreError, Timestamp};
use almoner_webhooks::{
    Delivery, DeliveryQuery, DeliveryState, Dispatcher, Failure, Patience, Reply, Secret, Webhook,
};
use chrono::TimeDelta;

use crate::support::{START, World, changed, later, session_noted};

on_both![
    a_webhook_is_stored_as_it_is,
    its_secret_is_stored_encrypted_and_signs_beside_the_next_one_for_a_time,
    deliveries_are_stored_with_their_jobs_from_the_known_position_only,
    a_webhook_that_is_gone_is_told_nothing,
    several_dispatchers_tell_each_change_once,
    an_attempt_is_written_down_for_the_delivery_and_its_webhook,
    failures_that_a_wrong_clock_has_dated_begin_anew,
    deliveries_are_listed_by_state_and_forgotten_once_they_are_old,
];

const PAGE: PageRequest = PageRequest { limit: 100, after: None, count: false };

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        START
    }
}

impl World {
    async fn hook(&self) -> Webhook {
        let webhook = self.webhook(true);
        self.save_webhook(&webhook).await;
        webhook
    }

    fn told(&self, webhook: &Webhook, notice: &Notice) -> Delivery {
        let id = self.id::<almoner_kernel::id::DeliveryEntity>();
        Delivery::of(id, webhook, notice, START)
    }

    async fn listed(&self, webhook: &Webhook) -> Vec<Delivery> {
        let all = DeliveryQuery::default();
        self.webhooks().deliveries(webhook.id, &all, &PAGE).await.unwrap().items
    }

    /// Commits a change of a new donor.
    async fn happens(&self) {
        self.save_donor(&self.donor("Told Of")).await;
    }

    fn dispatcher(&self) -> Dispatcher {
        let store = Arc::new(self.store.clone());
        Dispatcher::new(store.clone(), store, Arc::new(Standing), self.ids.clone())
    }
}

async fn a_webhook_is_stored_as_it_is(world: &World) {
    let webhook = Webhook { description: Some("Books".to_owned()), ..world.webhook(true) };
    world.save_webhook(&webhook).await;
    assert_eq!(world.webhooks().find(webhook.id).await.unwrap(), Some(webhook.clone()));
    assert_eq!(world.webhooks().list(&PAGE).await.unwrap().items, std::slice::from_ref(&webhook));
    assert_eq!(world.outbox().active().await.unwrap(), std::slice::from_ref(&webhook));

    let mut tx = world.webhooks().begin().await.unwrap();
    let off = webhook.clone().disabled(almoner_webhooks::DisabledReason::Gone, later(1));
    tx.update_webhook(&off).await.unwrap();
    tx.commit(changed(&off)).await.unwrap();
    assert_eq!(world.webhooks().find(webhook.id).await.unwrap(), Some(off.clone()));
    assert_eq!(world.outbox().active().await.unwrap(), []);
    let mut tx = world.webhooks().begin().await.unwrap();
    assert!(matches!(tx.update_webhook(&off).await, Err(StoreError::Raced)));
    drop(tx);

    world.save_delivery(&off).await;
    let mut tx = world.webhooks().begin().await.unwrap();
    tx.remove_webhook(webhook.id).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(world.webhooks().find(webhook.id).await.unwrap(), None);
    assert_eq!(world.rows("webhook_deliveries").await, 0);
}

async fn its_secret_is_stored_encrypted_and_signs_beside_the_next_one_for_a_time(world: &World) {
    let (webhook, other) = (world.hook().await, world.hook().await);
    let delivery = world.save_delivery(&webhook).await;
    let old = Secret::from_random([7; 32]);
    let secrets = async |at| world.outbox().due(delivery.id, at).await.unwrap().unwrap().secrets;
    assert_eq!(secrets(START).await, std::slice::from_ref(&old));

    let new = Secret::from_random([8; 32]);
    let mut tx = world.webhooks().begin().await.unwrap();
    tx.replace_secret(webhook.id, &new, later(1_000)).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(secrets(later(999)).await, [new.clone(), old]);
    assert_eq!(secrets(later(1_000)).await, [new]);

    let column = |name: &str| match world.backend {
        crate::support::Backend::Sqlite => format!("hex({name})"),
        crate::support::Backend::Postgres => format!("encode({name}, 'hex')"),
    };
    for text in world.texts(&column("secret_sealed"), "FROM webhooks").await {
        let text = text.to_lowercase();
        assert!(!text.contains("0707070707") && !text.contains("0808080808"), "{text}");
    }
    // Moved to another webhook it cannot be read.
    let (from, to) = (world.literal(other.id.uuid()), world.literal(webhook.id.uuid()));
    world
        .sql(&format!(
            "UPDATE webhooks SET secret_sealed =
             (SELECT secret_sealed FROM webhooks WHERE id = {from}) WHERE id = {to}"
        ))
        .await;
    let moved = world.outbox().due(delivery.id, START).await;
    assert!(matches!(moved, Err(StoreError::Damaged(_))), "{moved:?}");
}

async fn deliveries_are_stored_with_their_jobs_from_the_known_position_only(world: &World) {
    let webhook = world.hook().await;
    world.happens().await;
    let notices = world.feed_after(1, 10).await;
    let told = world.told(&webhook, &notices[0]);
    assert_eq!(world.outbox().position().await.unwrap(), 0);
    assert!(!world.outbox().put(1, 2, std::slice::from_ref(&told), START).await.unwrap());
    assert_eq!((world.rows("webhook_deliveries").await, world.rows("jobs").await), (0, 0));

    assert!(world.outbox().put(0, 2, std::slice::from_ref(&told), START).await.unwrap());
    assert_eq!(world.outbox().position().await.unwrap(), 2);
    assert_eq!(world.listed(&webhook).await, std::slice::from_ref(&told));
    assert_eq!(world.texts("payload", "FROM jobs").await, [told.job().payload]);

    // The same change a second time, whoever made what mistake, takes everything back.
    let twin = world.told(&webhook, &notices[0]);
    assert!(world.outbox().put(2, 3, &[twin], START).await.is_err());
    assert_eq!(world.outbox().position().await.unwrap(), 2);
    assert_eq!(world.rows("jobs").await, 1);
}

async fn a_webhook_that_is_gone_is_told_nothing(world: &World) {
    let (gone, webhook) = (world.webhook(true), world.hook().await);
    world.happens().await;
    let notices = world.feed_after(1, 10).await;
    let told = [world.told(&gone, &notices[0]), world.told(&webhook, &notices[0])];
    assert!(world.outbox().put(0, 2, &told, START).await.unwrap());
    assert_eq!(world.listed(&webhook).await, [told[1].clone()]);
    assert_eq!(world.rows("jobs").await, 1);
}

async fn several_dispatchers_tell_each_change_once(world: &World) {
    const CHANGES: i64 = 60;
    let webhook = world.hook().await;
    let follow = |mut dispatcher: Dispatcher| {
        tokio::spawn(async move {
            loop {
                // Two writers may meet on PostgreSQL; the next step tries again.
                if dispatcher.step().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        })
    };
    let mut followers: Vec<_> = (0..3).map(|_| follow(world.dispatcher())).collect();
    for at in 0..CHANGES {
        world.happens().await;
        if at % 20 == 10 {
            // One of them dies in the middle of whatever it does.
            followers.remove(0).abort();
            followers.push(follow(world.dispatcher()));
        }
    }
    for _ in 0..400 {
        if world.rows("webhook_deliveries").await >= CHANGES {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    followers.iter().for_each(|follower| follower.abort());
    let mut positions: Vec<i64> =
        world.listed(&webhook).await.iter().filter_map(|one| one.position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (2..2 + CHANGES).collect::<Vec<_>>());
    assert_eq!(world.rows("jobs").await, CHANGES);
}

async fn an_attempt_is_written_down_for_the_delivery_and_its_webhook(world: &World) {
    let webhook = world.hook().await;
    world.happens().await;
    let told = world.told(&webhook, &world.feed_after(1, 10).await[0]);
    world.outbox().put(0, 2, std::slice::from_ref(&told), START).await.unwrap();
    let reply = |outcome| Reply { outcome, retry_after: None, took: Duration::from_millis(9) };
    let standing = async || {
        let webhook = world.webhooks().find(webhook.id).await.unwrap().unwrap();
        (webhook.failing_since, webhook.quiet_until, webhook.version)
    };

    let (once, _) =
        told.attempted(&reply(Err(Failure::Timeout)), later(1), later(2), Patience::Usual);
    world.outbox().record(&once, Some(later(7))).await.unwrap();
    assert_eq!(world.listed(&webhook).await, std::slice::from_ref(&once));
    assert_eq!(standing().await, (Some(later(1)), Some(later(7)), webhook.version));
    let (twice, _) = once.attempted(&reply(Ok(500)), later(8), later(9), Patience::Usual);
    world.outbox().record(&twice, Some(later(40))).await.unwrap();
    assert_eq!(standing().await, (Some(later(1)), Some(later(40)), webhook.version));

    let (done, _) = twice.clone().attempted(&reply(Ok(200)), later(50), later(51), Patience::Usual);
    world.outbox().record(&done, None).await.unwrap();
    assert_eq!(standing().await, (None, None, webhook.version));
    // A late word about what has come to its end changes nothing.
    world.outbox().record(&twice, Some(later(99))).await.unwrap();
    world.outbox().drop_pending(&twice.dropped(later(99))).await.unwrap();
    assert_eq!(world.listed(&webhook).await, [done]);
    assert_eq!(standing().await, (None, None, webhook.version));
}

async fn failures_that_a_wrong_clock_has_dated_begin_anew(world: &World) {
    let webhook = world.hook().await;
    world.happens().await;
    let told = world.told(&webhook, &world.feed_after(1, 10).await[0]);
    world.outbox().put(0, 2, std::slice::from_ref(&told), START).await.unwrap();
    let fails = async |at| {
        let refused = Reply { outcome: Ok(500), retry_after: None, took: Duration::ZERO };
        let (after, _) = told.clone().attempted(&refused, at, at, Patience::Endless);
        world.outbox().record(&after, None).await.unwrap();
        world.webhooks().find(webhook.id).await.unwrap().unwrap().failing_since
    };
    let years = later(20 * 365 * 24 * 3_600_000);
    assert_eq!(fails(years).await, Some(years));
    // The clock is set right; then the machine starts in 1970, and the network comes.
    assert_eq!(fails(later(5)).await, Some(later(5)));
    assert_eq!(fails(Timestamp::UNIX_EPOCH).await, Some(Timestamp::UNIX_EPOCH));
    assert_eq!(fails(later(9)).await, Some(later(9)));
    assert_eq!(fails(later(11)).await, Some(later(9)));
}

async fn deliveries_are_listed_by_state_and_forgotten_once_they_are_old(world: &World) {
    let (webhook, other) = (world.hook().await, world.hook().await);
    let failed = world.save_delivery(&webhook).await;
    world.save_delivery(&other).await;
    world.happens().await;
    let told = world.told(&webhook, &world.feed_after(2, 10).await[0]);
    world.outbox().put(0, 3, std::slice::from_ref(&told), START).await.unwrap();
    assert_eq!(world.listed(&webhook).await, [told.clone(), failed.clone()]);
    let state = async |state| {
        let query = DeliveryQuery { state: Some(state) };
        world.webhooks().deliveries(webhook.id, &query, &PAGE).await.unwrap().items
    };
    assert_eq!(state(DeliveryState::Failed).await, [failed]);
    assert_eq!(state(DeliveryState::Pending).await, std::slice::from_ref(&told));
    assert_eq!(state(DeliveryState::Delivered).await, []);

    assert_eq!(world.outbox().forget(START, 10).await.unwrap(), 0);
    // What is still to be sent stays, however old.
    let all = START + TimeDelta::days(400);
    assert_eq!(world.outbox().forget(all, 1).await.unwrap(), 1);
    assert_eq!(world.outbox().forget(all, 10).await.unwrap(), 1);
    assert_eq!(world.listed(&webhook).await, [told]);
    assert_eq!(world.listed(&other).await, []);
}
