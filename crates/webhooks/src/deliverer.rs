//! One attempt at a delivery, and what follows from it.

use std::{sync::Arc, time::Duration};

use almoner_kernel::{
    Actor, Clock, Context, DeliveryId, JobError, Origin, StoreError, Timestamp, Trail, WebhookId,
};
use chrono::TimeDelta;

use crate::{
    Call, DeliveryState, DisabledReason, Due, Ending, Outbox, Patience, Reply, Sender, Trust,
    Webhooks,
};

/// A webhook that nothing has got through to for so long is switched off.
const LASTING: TimeDelta = TimeDelta::days(5);

/// After a failure a webhook is left alone for this long at the most before another message is tried.
const LONGEST_QUIET: Duration = Duration::from_secs(60 * 60);

/// What the receiver of a message answers to be told nothing any more.
const GONE: u16 = 410;

/// Makes the attempts.
pub struct Deliverer {
    webhooks: Arc<dyn Webhooks>,
    outbox: Arc<dyn Outbox>,
    sender: Arc<dyn Sender>,
    clock: Arc<dyn Clock>,
    trust: Arc<dyn Trust>,
}

impl Deliverer {
    /// A deliverer over its ports.
    pub const fn new(
        webhooks: Arc<dyn Webhooks>,
        outbox: Arc<dyn Outbox>,
        sender: Arc<dyn Sender>,
        clock: Arc<dyn Clock>,
        trust: Arc<dyn Trust>,
    ) -> Self {
        Self { webhooks, outbox, sender, clock, trust }
    }

    /// Makes an attempt at a delivery. One that is gone or has come to its end is done, also when it
    /// came to nothing: that stands with the delivery, which can be asked for again there.
    ///
    /// # Errors
    /// [`JobError::Retry`] with the time of the next attempt, or when storage is away.
    #[tracing::instrument(skip_all)]
    pub async fn deliver(&self, id: DeliveryId) -> Result<(), JobError> {
        let began = self.clock.now();
        let Some(due) = self.outbox.due(id, began).await? else { return Ok(()) };
        if due.delivery.state != DeliveryState::Pending {
            return Ok(());
        }
        if !due.webhook.is_active {
            self.outbox.drop_pending(&due.delivery.dropped(began)).await?;
            return Ok(());
        }
        // While a receiver fails, one message now and then is enough to see that; the others would
        // only keep the worker from other jobs.
        if let Some(wait) = due.webhook.quiet_until.and_then(|until| (until - began).to_std().ok())
            && !wait.is_zero()
            // Longer ones were noted by a clock that was ahead.
            && wait <= LONGEST_QUIET
        {
            return Err(again("the receiver failed just now", wait));
        }
        let reply = self.sender.send(&call(&due, began)).await;
        self.conclude(due, &reply, began).await
    }

    async fn conclude(&self, due: Due, reply: &Reply, began: Timestamp) -> Result<(), JobError> {
        let ended = self.clock.now();
        let Due { delivery, webhook, .. } = due;
        let patience = match self.trust.is_doubted() {
            true => Patience::Endless,
            false => Patience::Usual,
        };
        let (after, ending) = delivery.attempted(reply, began, ended, patience);
        if reply.outcome == Ok(GONE) {
            self.disable(webhook.id, DisabledReason::Gone).await?;
            self.outbox.record(&after.given_up(ended), None).await?;
            return Ok(());
        }
        let reason = match reply.outcome {
            Ok(status) => format!("the receiver answered {status}"),
            Err(failure) => format!("the receiver was not reached: {}", failure.as_str()),
        };
        let possible = webhook.created_at..=began;
        let failing_since = webhook.failing_since.filter(|since| possible.contains(since));
        let failing_since = failing_since.unwrap_or(began);
        // First the webhook: when the process dies in between, the delivery is attempted again.
        let is_lasting = match ending {
            Ending::Delivered => false,
            Ending::Again(_) => patience == Patience::Usual && ended - failing_since >= LASTING,
            // Nothing else got through either since its first attempt.
            Ending::GivenUp => after.began_at.is_none_or(|first| failing_since <= first),
        };
        if is_lasting {
            self.disable(webhook.id, DisabledReason::Failing).await?;
        }
        match ending {
            Ending::Delivered => Ok(self.outbox.record(&after, None).await?),
            Ending::Again(pause) => {
                let quiet = TimeDelta::from_std(pause.min(LONGEST_QUIET)).unwrap_or(TimeDelta::MAX);
                self.outbox.record(&after, Some(ended + quiet)).await?;
                Err(again(reason, pause))
            }
            Ending::GivenUp => {
                tracing::warn!(reason, "a delivery was given up");
                Ok(self.outbox.record(&after, None).await?)
            }
        }
    }

    async fn disable(&self, id: WebhookId, reason: DisabledReason) -> Result<(), StoreError> {
        let mut tx = self.webhooks.begin().await?;
        let before = tx.webhook(id).await?.filter(|webhook| webhook.is_active);
        let Some(before) = before else { return Ok(()) };
        let cx = Context {
            actor: Actor::System("webhooks"),
            at: self.clock.now(),
            origin: Origin::default(),
            replay: None,
            dry_run: false,
            suspicions: almoner_kernel::Suspicions::default(),
        };
        let after = before.clone().disabled(reason, cx.at);
        tx.update_webhook(&after).await?;
        tx.commit(Trail::of(&cx).changed(&before, &after)).await?;
        tracing::warn!(webhook = %id, reason = reason.as_str(), "a webhook was switched off");
        Ok(())
    }
}

/// The call that an attempt makes, signed with every secret that is valid.
fn call(due: &Due, at: Timestamp) -> Call {
    let (id, timestamp, body) = (due.delivery.message_id(), at.timestamp(), due.delivery.body());
    let signatures = due.secrets.iter().map(|secret| secret.sign(&id, timestamp, &body));
    let signature = signatures.collect::<Vec<_>>().join(" ");
    Call { target: due.webhook.target.clone(), id, timestamp, signature, body }
}

fn again(reason: impl Into<String>, after: Duration) -> JobError {
    JobError::Retry { reason: reason.into(), after: Some(after), source: None }
}
