//! Other systems are told what happens here: who is told of which events, how a message is signed
//! (Standard Webhooks), when it is tried again, and when a receiver is given up.
//!
//! [`Dispatcher`] turns changes into deliveries, storage stores each with its job, and
//! [`Deliverer`] makes the attempts. What a message says is thin: which record, which version. The
//! receiver reads the record with its own rights.

pub mod address;
pub mod deliverer;
pub mod delivery;
pub mod dispatcher;
pub mod error;
pub mod event;
pub mod ports;
pub mod secret;
pub mod service;
pub mod target;
pub mod webhook;
pub mod words;

pub use deliverer::Deliverer;
pub use delivery::{Delivery, DeliveryQuery, DeliveryState, Ending, Failure, Patience};
pub use dispatcher::Dispatcher;
pub use error::WebhooksError;
pub use event::{EventType, EventTypes};
pub use ports::{Call, Due, Outbox, Reply, Secrets, Sender, Trust, Webhooks, WebhooksTx};
pub use secret::Secret;
pub use service::WebhookService;
pub use target::Target;
pub use webhook::{DisabledReason, Webhook, WebhookDraft, WebhookPatch};

#[cfg(test)]
mod tests;
