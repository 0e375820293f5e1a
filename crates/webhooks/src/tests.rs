//! The rules of this domain, on ports that refuse every call a test did not announce.

mod deliverer;
mod delivery;
mod dispatcher;
mod mocks;
mod receivers;
mod secret;
mod service;

use almoner_kernel::{ChangeId, DeliveryId, Notice, Timestamp, UserId, Version, WebhookId};
use chrono::{DateTime, Duration};
use uuid::Uuid;

use crate::{Delivery, EventTypes, Target, Webhook, event::Told};

/// What can be told, a step of a kind among it.
const TOLD: Told<'_> = Told {
    records: &["campaign", "donation", "donor"],
    actions: &["created", "updated", "refunded", "lent"],
};

/// 2026-03-14 12:00:00 UTC.
const START: Timestamp = match DateTime::from_timestamp_millis(1_773_489_600_000) {
    Some(start) => start,
    None => panic!("out of range"),
};

fn later(seconds: i64) -> Timestamp {
    START + Duration::seconds(seconds)
}

fn webhook() -> Webhook {
    Webhook {
        id: WebhookId::new(Uuid::from_u128(7)),
        target: Target::parse("https://example.org/hooks", false).unwrap(),
        description: None,
        events: EventTypes::parse(&["donation.*", "donor.updated"], TOLD).unwrap(),
        is_active: true,
        disabled_reason: None,
        since: 10,
        failing_since: None,
        quiet_until: None,
        version: Version::FIRST,
        created_by: Some(UserId::new(Uuid::from_u128(1))),
        created_at: START,
        updated_at: START,
    }
}

fn notice(position: i64, entity: &str, action: &str) -> Notice {
    Notice {
        change: ChangeId::new(Uuid::from_u64_pair(0xc, position.unsigned_abs())),
        position,
        at: START,
        entity: entity.to_owned(),
        entity_id: Uuid::from_u128(9),
        action: action.to_owned(),
        version: Version::new(3),
    }
}

fn delivery() -> Delivery {
    let id = DeliveryId::new(Uuid::from_u128(0x100));
    Delivery::of(id, &webhook(), &notice(11, "donation", "created"), START)
}
