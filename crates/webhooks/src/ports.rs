//! What this domain asks of storage, of the network and of chance.

use std::time::Duration;

use almoner_kernel::{DeliveryId, Page, PageRequest, StoreError, Timestamp, UnitOfWork, WebhookId};
use async_trait::async_trait;

use crate::{Delivery, DeliveryQuery, Failure, Secret, Target, Webhook};

/// Webhooks, for reading.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn WebhooksTx>, StoreError>;
    /// One webhook.
    async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
    /// A page of webhooks, newest first.
    async fn list(&self, page: &PageRequest) -> Result<Page<Webhook>, StoreError>;
    /// A page of what was sent to one webhook, or is to be, newest first.
    async fn deliveries(
        &self,
        webhook: WebhookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError>;
}

/// A change of webhooks.
#[async_trait]
pub trait WebhooksTx: UnitOfWork {
    /// One webhook, locked until the end of the change.
    async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
    /// The position of the last change that was committed.
    async fn head(&mut self) -> Result<i64, StoreError>;
    /// How many webhooks there are, active or not.
    async fn count(&mut self) -> Result<u64, StoreError>;
    /// Stores a new webhook with its secret.
    async fn insert_webhook(
        &mut self,
        webhook: &Webhook,
        secret: &Secret,
    ) -> Result<(), StoreError>;
    /// Stores a changed webhook. Its secret stays.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `webhook.version`.
    async fn update_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError>;
    /// Gives a webhook another secret; the one before signs beside it until then.
    async fn replace_secret(
        &mut self,
        id: WebhookId,
        secret: &Secret,
        both_until: Timestamp,
    ) -> Result<(), StoreError>;
    /// Removes a webhook with its deliveries.
    async fn remove_webhook(&mut self, id: WebhookId) -> Result<(), StoreError>;
    /// Lets the next attempt be made at once, whatever failed before.
    async fn end_quiet(&mut self, id: WebhookId) -> Result<(), StoreError>;
    /// One delivery of a webhook, locked until the end of the change.
    async fn delivery(
        &mut self,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError>;
    /// Stores a new delivery.
    async fn insert_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError>;
    /// Stores a changed delivery.
    async fn update_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError>;
}

/// Deliveries, as those see them who make them. What is written here leaves no trail: how a message
/// fares is no business record.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Up to which position of the feed deliveries have been stored.
    async fn position(&self) -> Result<i64, StoreError>;
    /// Every active webhook.
    async fn active(&self) -> Result<Vec<Webhook>, StoreError>;
    /// Stores deliveries with their jobs and moves the position from `from` to `to`, all or nothing.
    /// False when the position is not `from` any more: another instance was faster.
    async fn put(
        &self,
        from: i64,
        to: i64,
        deliveries: &[Delivery],
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// One delivery with what its attempt needs; none when it is gone.
    async fn due(&self, id: DeliveryId, at: Timestamp) -> Result<Option<Due>, StoreError>;
    /// Writes down how an attempt went, for the delivery and for its webhook: since when nothing
    /// got through, and until when it is left alone. A time since when that cannot be, before the webhook
    /// was made or after the attempt, begins anew. A delivery that is not pending any more stays as it
    /// is.
    async fn record(
        &self,
        delivery: &Delivery,
        quiet_until: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// Ends a delivery whose webhook was switched off.
    async fn drop_pending(&self, delivery: &Delivery) -> Result<(), StoreError>;
    /// Removes deliveries that ended and were stored before a time, at most `limit`; says how many.
    async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// What an attempt needs.
#[derive(Clone, Debug)]
pub struct Due {
    /// The delivery.
    pub delivery: Delivery,
    /// To whom.
    pub webhook: Webhook,
    /// What signs: one secret, or two for a time after a new one was made.
    pub secrets: Vec<Secret>,
}

/// One call, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// To where.
    pub target: Target,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`: one or two, with a space between them.
    pub signature: String,
    /// The body.
    pub body: String,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, or why there was none.
    pub outcome: Result<u16, Failure>,
    /// `Retry-After`, when the receiver sent one.
    pub retry_after: Option<Duration>,
    /// How long it took.
    pub took: Duration,
}

/// Makes calls: to addresses that may be called, to none that another answer redirects to.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Makes a call.
    async fn send(&self, call: &Call) -> Reply;
}

/// Whether the clock is believed. One that has jumped ahead makes every span long.
pub trait Trust: Send + Sync {
    /// True while it may be far ahead.
    fn is_doubted(&self) -> bool;
}

/// Randomness from the operating system.
pub trait Secrets: Send + Sync {
    /// A fresh secret.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the operating system gives none.
    fn webhook_secret(&self) -> Result<Secret, StoreError>;
}
