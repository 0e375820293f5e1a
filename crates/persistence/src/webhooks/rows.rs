//! Webhooks and deliveries as rows.

use almoner_kernel::{ChangeId, DeliveryId, StoreError, Timestamp, UserId, Version, WebhookId};
use almoner_webhooks::{
    Delivery, DeliveryState, DisabledReason, EventTypes, Failure, Target, Webhook,
};
use sea_orm::ActiveValue::{NotSet, Set};

use crate::{
    entities::{webhook_deliveries, webhooks},
    paging::{instant, millis},
};

fn known<T>(parsed: Option<T>, column: &str) -> Result<T, StoreError> {
    parsed.ok_or_else(|| StoreError::Damaged(format!("{column} has a value nobody knows")))
}

fn time(stored: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    stored.map(instant).transpose()
}

fn number<T: TryFrom<i64>>(stored: i64, column: &str) -> Result<T, StoreError> {
    known(stored.try_into().ok(), column)
}

pub fn into_webhook(row: webhooks::Model) -> Result<Webhook, StoreError> {
    let reason = |text: String| known(DisabledReason::parse(&text), "webhooks.disabled_reason");
    Ok(Webhook {
        id: WebhookId::new(row.id),
        target: known(Target::from_stored(&row.url), "webhooks.url")?,
        description: row.description,
        events: known(EventTypes::from_stored(&row.events), "webhooks.events")?,
        is_active: row.is_active,
        disabled_reason: row.disabled_reason.map(reason).transpose()?,
        since: row.since,
        failing_since: time(row.failing_since)?,
        quiet_until: time(row.quiet_until)?,
        version: Version::new(row.version),
        created_by: row.created_by.map(UserId::new),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
    })
}

/// A webhook without its secrets, which are stored apart from it.
pub fn webhook_row(webhook: &Webhook) -> webhooks::ActiveModel {
    webhooks::ActiveModel {
        id: Set(webhook.id.uuid()),
        url: Set(webhook.target.as_str().to_owned()),
        description: Set(webhook.description.clone()),
        events: Set(webhook.events.to_string()),
        is_active: Set(webhook.is_active),
        disabled_reason: Set(webhook.disabled_reason.map(|reason| reason.as_str().to_owned())),
        since: Set(webhook.since),
        failing_since: Set(webhook.failing_since.map(millis)),
        quiet_until: Set(webhook.quiet_until.map(millis)),
        secret_sealed: NotSet,
        old_secret_sealed: NotSet,
        old_secret_until: NotSet,
        version: Set(webhook.version.number()),
        created_by: Set(webhook.created_by.map(UserId::uuid)),
        created_at: Set(millis(webhook.created_at)),
        updated_at: Set(millis(webhook.updated_at)),
    }
}

pub fn into_delivery(row: webhook_deliveries::Model) -> Result<Delivery, StoreError> {
    let failure = |text: String| known(Failure::parse(&text), "webhook_deliveries.failure");
    let status = |status| number(status, "webhook_deliveries.status");
    let took = |took| number(took, "webhook_deliveries.took_ms");
    Ok(Delivery {
        id: DeliveryId::new(row.id),
        webhook: WebhookId::new(row.webhook_id),
        position: row.position,
        change: row.change_id.map(ChangeId::new),
        event: row.event,
        record: row.record,
        version: Version::new(row.record_version),
        happened_at: instant(row.happened_at)?,
        state: known(DeliveryState::parse(&row.state), "webhook_deliveries.state")?,
        attempts: number(row.attempts, "webhook_deliveries.attempts")?,
        status: row.status.map(status).transpose()?,
        failure: row.failure.map(failure).transpose()?,
        took_ms: row.took_ms.map(took).transpose()?,
        created_at: instant(row.created_at)?,
        began_at: time(row.began_at)?,
        attempted_at: time(row.attempted_at)?,
        next_at: time(row.next_at)?,
        ended_at: time(row.ended_at)?,
    })
}

pub fn delivery_row(delivery: &Delivery) -> webhook_deliveries::ActiveModel {
    webhook_deliveries::ActiveModel {
        id: Set(delivery.id.uuid()),
        webhook_id: Set(delivery.webhook.uuid()),
        position: Set(delivery.position),
        event: Set(delivery.event.clone()),
        record: Set(delivery.record),
        record_version: Set(delivery.version.number()),
        happened_at: Set(millis(delivery.happened_at)),
        state: Set(delivery.state.as_str().to_owned()),
        attempts: Set(delivery.attempts.into()),
        status: Set(delivery.status.map(i64::from)),
        failure: Set(delivery.failure.map(|failure| failure.as_str().to_owned())),
        took_ms: Set(delivery.took_ms.map(i64::from)),
        created_at: Set(millis(delivery.created_at)),
        began_at: Set(delivery.began_at.map(millis)),
        attempted_at: Set(delivery.attempted_at.map(millis)),
        next_at: Set(delivery.next_at.map(millis)),
        ended_at: Set(delivery.ended_at.map(millis)),
        change_id: Set(delivery.change.map(ChangeId::uuid)),
    }
}
