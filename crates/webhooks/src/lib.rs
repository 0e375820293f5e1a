//! Other systems are told what happens here: who is told of which events, how a message is signed
//! (Standard Webhooks), when it is tried again, and when a receiver is given up.
//!
//! [`Dispatcher`] turns changes into deliveries, storage stores each with its job, and
//! [`Deliverer`] makes the attempts. What a message says is thin: which record, which version. The
//! receiver reads the record with its own rights.
//!
//! **A webhook is told from the feed, and a message is a job.** One row holds the position up to which
//! the feed was read. `Dispatcher` stores deliveries, their jobs and the next position in one
//! transaction, and only from the position that stood there before (compare and set): nothing is lost
//! when a process dies, nothing is told twice when several instances follow the feed, and a unique
//! index on webhook and position holds against whatever mistake. Which webhooks there are it learns
//! from the feed too, so that a commit costs one read of the feed and, while nobody is told of
//! anything, no write. A webhook begins at the head of the feed when it was switched on. Changes of
//! webhooks and jobs cannot be asked for: telling would cause what is told.
//!
//! **Messages hold ids alone.** They leave the house, stay in logs of others and come late; who may see
//! a record is decided when it is read. A delivery is a small row, and the body is made anew for each
//! attempt. `webhook-id` follows from the webhook and the id of the change, not from its position: ids
//! are random, so none is used twice on whatever time line, and a change that came back with a backup
//! and is told again has the name it had. Order is not promised: retries break it anyway, and `version`
//! says what is newer.
//!
//! **The delivery, not the job, knows its attempts**: twelve in some three days, spread by a tenth,
//! with pauses of its own, which a queue that doubles them cannot express. While a receiver fails, its
//! other messages are put off (up to an hour) without a call: a dead one would otherwise keep every
//! worker busy for 10 s a message. A webhook is switched off when a message is given up and nothing
//! else got through since its first attempt (one that fails on one kind of message alone stays), after
//! five days without success, and at 410. While the clock is doubted only 410 counts, and nothing is
//! given up; a `quiet_until` further ahead than an hour, and a first attempt or failure before its
//! record was made or in the future, are of a clock that was wrong, and begin anew. An ended delivery
//! is a job that was done: dead jobs are for operators, deliveries have a log and a replay.
//!
//! **Signing** is ten lines over `hmac`, held against the examples of the Standard Webhooks libraries;
//! their crate would bring a second HMAC. The secret is encrypted like identity numbers, bound to its
//! webhook, and in no kept answer: creating and rotating take no `Idempotency-Key`.

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
