use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use almoner_kernel::{Actor, JobError, Timestamp, Trail};

use super::{
    delivery, later,
    mocks::{MockClock, MockOutbox, MockSender, MockTrust, MockTx, MockWebhooks},
    webhook,
};
use crate::{
    Call, Deliverer, Delivery, DeliveryState, DisabledReason, Due, Failure, Reply, Secret, Webhook,
    WebhooksTx,
};

const NOW: i64 = 100;

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    recorded: Vec<(Delivery, Option<Timestamp>)>,
    dropped: Vec<Delivery>,
    disabled: Vec<(Webhook, Trail)>,
}

/// Makes one attempt; what came of it, and what was seen on the way.
async fn attempt(
    webhook: Webhook,
    delivery: Delivery,
    outcome: Result<u16, Failure>,
) -> (Result<(), JobError>, Seen) {
    attempt_at(NOW, false, webhook, delivery, outcome).await
}

/// The same at a time that is known, or doubted.
async fn attempt_at(
    now: i64,
    is_doubted: bool,
    webhook: Webhook,
    delivery: Delivery,
    outcome: Result<u16, Failure>,
) -> (Result<(), JobError>, Seen) {
    let mut trust = MockTrust::new();
    trust.expect_is_doubted().return_const(is_doubted);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut clock = MockClock::new();
    clock.expect_now().return_const(later(now));
    let mut sender = MockSender::new();
    let kept = Arc::clone(&seen);
    sender.expect_send().returning(move |call| {
        kept.lock().unwrap().calls.push(call.clone());
        Reply { outcome, retry_after: None, took: Duration::from_millis(5) }
    });
    let mut outbox = MockOutbox::new();
    let secrets = vec![Secret::from_random([1; 32]), Secret::from_random([2; 32])];
    let due = Due { delivery: delivery.clone(), webhook: webhook.clone(), secrets };
    outbox.expect_due().returning(move |_, _| Ok(Some(due.clone())));
    let kept = Arc::clone(&seen);
    outbox.expect_record().returning(move |delivery, quiet_until| {
        kept.lock().unwrap().recorded.push((delivery.clone(), quiet_until));
        Ok(())
    });
    let kept = Arc::clone(&seen);
    outbox.expect_drop_pending().returning(move |delivery| {
        kept.lock().unwrap().dropped.push(delivery.clone());
        Ok(())
    });
    let mut webhooks = MockWebhooks::new();
    let kept = Arc::clone(&seen);
    webhooks.expect_begin().returning(move || {
        let (mut tx, found, kept) = (MockTx::new(), webhook.clone(), Arc::clone(&kept));
        tx.expect_webhook().returning(move |_| Ok(Some(found.clone())));
        let changed = Arc::new(Mutex::new(None));
        let change = Arc::clone(&changed);
        tx.expect_update_webhook().returning(move |webhook| {
            *change.lock().unwrap() = Some(webhook.clone());
            Ok(())
        });
        tx.expect_commit().returning(move |trail| {
            let webhook = changed.lock().unwrap().clone().unwrap();
            kept.lock().unwrap().disabled.push((webhook, trail));
            Ok(())
        });
        let tx: Box<dyn WebhooksTx> = Box::new(tx);
        Ok(tx)
    });
    let id = delivery.id;
    let deliverer = Deliverer::new(
        Arc::new(webhooks),
        Arc::new(outbox),
        Arc::new(sender),
        Arc::new(clock),
        Arc::new(trust),
    );
    let result = deliverer.deliver(id).await;
    drop(deliverer);
    let seen = Arc::into_inner(seen).unwrap().into_inner().unwrap();
    (result, seen)
}

/// A delivery whose next failure is its last one.
fn last_chance() -> Delivery {
    Delivery { attempts: 11, began_at: Some(later(0)), ..delivery() }
}

fn pause(result: Result<(), JobError>) -> Duration {
    match result {
        Err(JobError::Retry { after: Some(after), .. }) => after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_signed_with_every_secret_and_delivered() {
    let (result, seen) = attempt(webhook(), delivery(), Ok(204)).await;
    result.unwrap();
    let [call] = &seen.calls[..] else { panic!("one call") };
    assert_eq!(
        (call.id.as_str(), call.timestamp),
        (&*delivery().message_id(), later(NOW).timestamp())
    );
    let signatures = [1, 2]
        .map(|byte| Secret::from_random([byte; 32]).sign(&call.id, call.timestamp, &call.body));
    assert_eq!(call.signature, signatures.join(" "));
    let [(after, None)] = &seen.recorded[..] else { panic!("one record, no quiet") };
    assert_eq!(after.state, DeliveryState::Delivered);
    assert!(seen.disabled.is_empty());
}

#[tokio::test]
async fn a_failure_is_tried_again_and_leaves_the_receiver_alone_until_then() {
    for outcome in [Ok(500), Ok(302), Err(Failure::Timeout), Err(Failure::Address)] {
        let (result, seen) = attempt(webhook(), delivery(), outcome).await;
        assert_eq!(pause(result), Duration::from_secs(5));
        let [(after, Some(quiet))] = &seen.recorded[..] else { panic!("one record") };
        assert_eq!((after.state, *quiet), (DeliveryState::Pending, later(NOW + 5)));
        assert!(seen.disabled.is_empty());
    }
}

#[tokio::test]
async fn other_messages_wait_while_a_receiver_fails() {
    let failing = Webhook { quiet_until: Some(later(NOW + 30)), ..webhook() };
    let (result, seen) = attempt(failing, delivery(), Ok(200)).await;
    assert_eq!(pause(result), Duration::from_secs(30));
    assert!(seen.calls.is_empty() && seen.recorded.is_empty());
    let over = Webhook { quiet_until: Some(later(NOW)), ..webhook() };
    assert!(attempt(over, delivery(), Ok(200)).await.0.is_ok());
}

/// Twenty years, in seconds.
const YEARS: i64 = 20 * 365 * 86_400;

#[tokio::test]
async fn a_pause_that_a_clock_has_noted_that_was_ahead_is_over() {
    for (seconds, is_called) in [(3_600, false), (3_601, true), (YEARS, true)] {
        let failing = Webhook { quiet_until: Some(later(NOW + seconds)), ..webhook() };
        let (_, seen) = attempt(failing, delivery(), Ok(200)).await;
        assert_eq!(seen.calls.len(), usize::from(is_called), "{seconds}");
    }
}

#[tokio::test]
async fn nothing_is_switched_off_or_given_up_by_a_clock_that_is_doubted() {
    let failing = Webhook { failing_since: Some(later(0)), ..webhook() };
    for told in [Delivery { began_at: Some(later(0)), ..delivery() }, last_chance()] {
        let (result, seen) = attempt_at(YEARS, true, failing.clone(), told.clone(), Ok(500)).await;
        assert!(matches!(result, Err(JobError::Retry { .. })));
        assert!(seen.disabled.is_empty());
        assert_eq!(seen.recorded[0].0.state, DeliveryState::Pending);
        // Were the clock right, both would be over.
        let (_, seen) = attempt_at(YEARS, false, failing.clone(), told, Ok(500)).await;
        assert_eq!(seen.disabled.len(), 1);
    }
    // A receiver that says itself that it is gone is believed.
    let (_, seen) = attempt_at(YEARS, true, failing, delivery(), Ok(410)).await;
    assert_eq!(seen.disabled.len(), 1);
}

#[tokio::test]
async fn failures_that_a_wrong_clock_has_dated_begin_anew() {
    for since in [Timestamp::UNIX_EPOCH, later(YEARS)] {
        let failing = Webhook { failing_since: Some(since), ..webhook() };
        let (_, seen) = attempt(failing, delivery(), Ok(500)).await;
        assert!(seen.disabled.is_empty(), "{since}");
    }
}

#[tokio::test]
async fn who_answers_410_is_told_nothing_more() {
    let (result, seen) = attempt(webhook(), delivery(), Ok(410)).await;
    result.unwrap();
    let [(after, trail)] = &seen.disabled[..] else { panic!("not disabled") };
    assert!(!after.is_active);
    assert_eq!(after.disabled_reason, Some(DisabledReason::Gone));
    assert!(matches!(trail.actor, Actor::System("webhooks")));
    assert_eq!(seen.recorded[0].0.state, DeliveryState::Failed);
}

#[tokio::test]
async fn a_receiver_that_nothing_gets_through_to_is_switched_off() {
    // Given up, and nothing else has got through since its first attempt.
    let failing = Webhook { failing_since: Some(later(0)), ..webhook() };
    let (result, seen) = attempt(failing, last_chance(), Ok(500)).await;
    result.unwrap();
    assert_eq!(seen.disabled[0].0.disabled_reason, Some(DisabledReason::Failing));
    assert_eq!(seen.recorded[0].0.state, DeliveryState::Failed);

    // Given up, but others got through meanwhile: it is this message that is not wanted.
    let mixed = Webhook { failing_since: Some(later(50)), ..webhook() };
    let (result, seen) = attempt(mixed, last_chance(), Ok(500)).await;
    result.unwrap();
    assert!(seen.disabled.is_empty());
    assert_eq!(seen.recorded[0].0.state, DeliveryState::Failed);

    // Five days of failures, whatever a single message has left.
    let since = later(NOW - 5 * 86_400);
    let long = Webhook { failing_since: Some(since), created_at: since, ..webhook() };
    let (_, seen) = attempt(long, delivery(), Ok(500)).await;
    assert_eq!(seen.disabled.len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_a_webhook_that_is_off_nor_twice() {
    let off = Webhook { is_active: false, ..webhook() };
    let (result, seen) = attempt(off, delivery(), Ok(200)).await;
    result.unwrap();
    assert!(seen.calls.is_empty());
    assert_eq!(seen.dropped[0].failure, Some(Failure::Disabled));
    assert_eq!(seen.dropped[0].state, DeliveryState::Failed);

    let done = Delivery { state: DeliveryState::Delivered, ..delivery() };
    let (result, seen) = attempt(webhook(), done, Ok(200)).await;
    result.unwrap();
    assert!(seen.calls.is_empty() && seen.recorded.is_empty());
}
