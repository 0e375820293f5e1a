//! Deliveries, as they are shown.

use almoner_webhooks::Delivery;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resources::{
    shared::instant,
    words::{DeliveryFailureWord, DeliveryStateWord, Word},
};

/// One message to a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryBody {
    /// The delivery's id.
    #[schema(example = "019cec30-0c44-7a91-b2d7-5e8f13c6a940")]
    id: Uuid,
    /// The `webhook-id` of the message, the same in every attempt and every replay.
    #[schema(
        format = "message_id",
        example = "msg_019cec2f9b107d208f4a2c61d0b7e3f5_019cec2fa3317c52b0a4d6f81e2937c8"
    )]
    message_id: String,
    /// The type of the event; `test.ping` for a test.
    #[schema(format = "event_type", example = "donation.created")]
    event: String,
    /// The record it tells of; the webhook itself for a test.
    #[schema(example = "019a9f3c-5b1e-7c41-9d55-3f0f6a0f8a11")]
    record: Uuid,
    /// Where it stands.
    #[schema(value_type = DeliveryStateWord)]
    state: DeliveryStateWord,
    /// Attempts since it was stored, or since it was last replayed.
    #[schema(minimum = 0, example = 1)]
    attempts: i64,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 100, maximum = 999, example = 503)]
    status: Option<i64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DeliveryFailureWord, required = false)]
    failure: Option<DeliveryFailureWord>,
    /// How long the last attempt took, in ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, example = 184)]
    duration_ms: Option<i64>,
    /// When the event happened.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T10:07:00.000Z")]
    happened_at: String,
    /// When it was stored.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T10:07:00.004Z")]
    created_at: String,
    /// When the last attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:00.020Z")]
    attempted_at: Option<String>,
    /// When the next attempt is due, while it is pending. It may be later when the receiver fails
    /// other messages too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:05.204Z")]
    next_at: Option<String>,
    /// When it came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:00.204Z")]
    ended_at: Option<String>,
}

impl DeliveryBody {
    /// Shows a delivery.
    pub(crate) fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.uuid(),
            message_id: delivery.message_id(),
            event: delivery.event.clone(),
            record: delivery.record,
            state: Word(delivery.state),
            attempts: delivery.attempts.into(),
            status: delivery.status.map(i64::from),
            failure: delivery.failure.map(Word),
            duration_ms: delivery.took_ms.map(i64::from),
            happened_at: instant(delivery.happened_at),
            created_at: instant(delivery.created_at),
            attempted_at: delivery.attempted_at.map(instant),
            next_at: delivery.next_at.map(instant),
            ended_at: delivery.ended_at.map(instant),
        }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019cec30-0c44-7a91-b2d7-5e8f13c6a940",
            "message_id": "msg_019cec2f9b107d208f4a2c61d0b7e3f5_019cec2fa3317c52b0a4d6f81e2937c8",
            "event": "donation.created",
            "record": "019a9f3c-5b1e-7c41-9d55-3f0f6a0f8a11",
            "state": "pending",
            "attempts": 1,
            "status": 503,
            "failure": "status",
            "duration_ms": 184,
            "happened_at": "2026-03-14T10:07:00.000Z",
            "created_at": "2026-03-14T10:07:00.004Z",
            "attempted_at": "2026-03-14T10:07:00.020Z",
            "next_at": "2026-03-14T10:07:05.204Z",
        })
    }

    pub(crate) fn test_example() -> Value {
        json!({
            "id": "019cec30-0c44-7a91-b2d7-5e8f13c6a940",
            "message_id": "msg_019cec2f9b107d208f4a2c61d0b7e3f5_019cec300c447a91b2d75e8f13c6a940",
            "event": "test.ping",
            "record": "019cec2f-9b10-7d20-8f4a-2c61d0b7e3f5",
            "state": "pending",
            "attempts": 0,
            "happened_at": "2026-03-14T10:07:00.000Z",
            "created_at": "2026-03-14T10:07:00.000Z",
            "next_at": "2026-03-14T10:07:00.000Z",
        })
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()] })
    }
}
