//! What can be done with webhooks.

use std::sync::Arc;

use almoner_kernel::{
    Action, Audited, Context, DeliveryId, FieldValue, Ids, Page, PageRequest, Permission, Trail,
    Version, WebhookId, fault::Unfit, store::must_match,
};
use chrono::TimeDelta;

use crate::{
    Delivery, DeliveryQuery, DeliveryState, EventTypes, Secret, Secrets, Target, Webhook,
    WebhookDraft, WebhookPatch, Webhooks, WebhooksError,
};

/// How long a secret that was replaced signs beside its successor.
pub const BOTH_SIGN: TimeDelta = TimeDelta::hours(24);

/// Webhooks there may be: each change is held against every one of them, and a charity has a few other
/// systems, not hundreds. Those that are made at the same moment do not see each other.
pub const MAX_WEBHOOKS: u64 = 100;

/// Use cases of webhooks.
#[derive(Clone)]
pub struct WebhookService {
    webhooks: Arc<dyn Webhooks>,
    secrets: Arc<dyn Secrets>,
    ids: Arc<dyn Ids>,
    allow_private: bool,
}

impl WebhookService {
    /// The service over its ports. `allow_private`: receivers may be in a private network.
    pub fn new(
        webhooks: Arc<dyn Webhooks>,
        secrets: Arc<dyn Secrets>,
        ids: Arc<dyn Ids>,
        allow_private: bool,
    ) -> Self {
        Self { webhooks, secrets, ids, allow_private }
    }

    /// Reads the URL of a receiver, as far as one may be called from here.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn target(&self, url: &str) -> Result<Target, Unfit> {
        Target::parse(url, self.allow_private)
    }

    /// A page of webhooks.
    ///
    /// # Errors
    /// Without `webhooks:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        page: &PageRequest,
    ) -> Result<Page<Webhook>, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_READ)?;
        Ok(self.webhooks.list(page).await?)
    }

    /// One webhook.
    ///
    /// # Errors
    /// Without `webhooks:read`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: WebhookId) -> Result<Webhook, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_READ)?;
        self.webhooks.find(id).await?.ok_or(WebhooksError::NotFound)
    }

    /// Tells another system what happens from now on. The secret is shown this once.
    ///
    /// # Errors
    /// Without `webhooks:manage`; [`WebhooksError::TooMany`]; when there is no randomness.
    #[tracing::instrument(skip_all)]
    pub async fn create(
        &self,
        cx: &Context,
        draft: WebhookDraft,
    ) -> Result<(Webhook, Secret), WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let secret = self.secrets.webhook_secret()?;
        let mut tx = self.webhooks.begin().await?;
        if tx.count().await? >= MAX_WEBHOOKS {
            return Err(WebhooksError::TooMany);
        }
        let webhook = Webhook {
            id: WebhookId::new(self.ids.next()),
            target: draft.target,
            description: draft.description,
            events: draft.events,
            is_active: true,
            disabled_reason: None,
            since: tx.head().await?,
            failing_since: None,
            quiet_until: None,
            version: Version::FIRST,
            created_by: cx.user_id(),
            created_at: cx.at,
            updated_at: cx.at,
        };
        tx.insert_webhook(&webhook, &secret).await?;
        tx.commit(Trail::of(cx).created(&webhook)).await?;
        Ok((webhook, secret))
    }

    /// What a webhook is told of: whoever changes where that goes may read it.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn events(&self, cx: &Context, id: WebhookId) -> Result<EventTypes, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let webhook = self.webhooks.find(id).await?.ok_or(WebhooksError::NotFound)?;
        Ok(webhook.events)
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`; `stale`.
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        id: WebhookId,
        expected: Version,
        patch: WebhookPatch,
    ) -> Result<Webhook, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let mut tx = self.webhooks.begin().await?;
        let before = tx.webhook(id).await?.ok_or(WebhooksError::NotFound)?;
        must_match::<_, _, WebhooksError>(&mut *tx, &before, expected).await?;
        let head = tx.head().await?;
        let after = before.clone().patched(patch, head, cx.at);
        if before.snapshot() == after.snapshot() {
            return Ok(before);
        }
        tx.update_webhook(&after).await?;
        tx.commit(Trail::of(cx).changed(&before, &after)).await?;
        Ok(after)
    }

    /// Removes a webhook with its deliveries, those under way included.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`; `stale`.
    #[tracing::instrument(skip_all)]
    pub async fn delete(
        &self,
        cx: &Context,
        id: WebhookId,
        expected: Version,
    ) -> Result<(), WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let mut tx = self.webhooks.begin().await?;
        let webhook = tx.webhook(id).await?.ok_or(WebhooksError::NotFound)?;
        must_match::<_, _, WebhooksError>(&mut *tx, &webhook, expected).await?;
        tx.remove_webhook(id).await?;
        tx.commit(Trail::of(cx).noted(Action::Purged, &webhook, None)).await?;
        Ok(())
    }

    /// Gives a webhook another secret, shown this once. The one before signs beside it for
    /// [`BOTH_SIGN`], so that the receiver has time to learn the new one.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn rotate(
        &self,
        cx: &Context,
        id: WebhookId,
    ) -> Result<(Webhook, Secret), WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let secret = self.secrets.webhook_secret()?;
        let mut tx = self.webhooks.begin().await?;
        let before = tx.webhook(id).await?.ok_or(WebhooksError::NotFound)?;
        let after = Webhook { version: before.version.next(), updated_at: cx.at, ..before.clone() };
        tx.update_webhook(&after).await?;
        tx.replace_secret(id, &secret, cx.at + BOTH_SIGN).await?;
        let hidden = || FieldValue::from("whsec_…");
        let trail = Trail::of(cx).changed(&before, &after);
        tx.commit(trail.replaced("secret", hidden(), hidden())).await?;
        Ok((after, secret))
    }

    /// Sends a message that only tries whether the receiver answers.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`; `webhook_disabled`.
    #[tracing::instrument(skip_all)]
    pub async fn test(&self, cx: &Context, id: WebhookId) -> Result<Delivery, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let mut tx = self.webhooks.begin().await?;
        let webhook = tx.webhook(id).await?.ok_or(WebhooksError::NotFound)?;
        if !webhook.is_active {
            return Err(WebhooksError::Disabled);
        }
        let delivery = Delivery::ping(DeliveryId::new(self.ids.next()), &webhook, cx.at);
        tx.insert_delivery(&delivery).await?;
        tx.end_quiet(id).await?;
        let reason = Some(format!("test {}", delivery.id));
        let trail = Trail::of(cx).noted(Action::Started, &webhook, reason).enqueue(delivery.job());
        tx.commit(trail.answering(cx, &delivery)).await?;
        Ok(delivery)
    }

    /// A page of what was sent to a webhook, or is to be.
    ///
    /// # Errors
    /// Without `webhooks:read`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn deliveries(
        &self,
        cx: &Context,
        id: WebhookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, WebhooksError> {
        self.find(cx, id).await?;
        Ok(self.webhooks.deliveries(id, query, page).await?)
    }

    /// Sends a message once more that was delivered or given up, under the same `webhook-id`.
    ///
    /// # Errors
    /// Without `webhooks:manage`; `not_found`; `webhook_disabled`; `delivery_pending`.
    #[tracing::instrument(skip_all)]
    pub async fn replay(
        &self,
        cx: &Context,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Delivery, WebhooksError> {
        cx.permit(Permission::WEBHOOKS_MANAGE)?;
        let mut tx = self.webhooks.begin().await?;
        let webhook = tx.webhook(id).await?.ok_or(WebhooksError::NotFound)?;
        let before = tx.delivery(id, delivery).await?.ok_or(WebhooksError::NotFound)?;
        if !webhook.is_active {
            return Err(WebhooksError::Disabled);
        }
        if before.state == DeliveryState::Pending {
            return Err(WebhooksError::Pending);
        }
        let after = before.replayed(cx.at);
        tx.update_delivery(&after).await?;
        tx.end_quiet(id).await?;
        let reason = Some(format!("delivery {delivery}"));
        let trail = Trail::of(cx).noted(Action::Retried, &webhook, reason).enqueue(after.job());
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }
}
