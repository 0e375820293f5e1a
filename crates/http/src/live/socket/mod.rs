//! A WebSocket: live lists, topics and rooms over one connection, in both directions.
//!
//! [`message`] and [`answer`] have the words, [`connection`] does what they say for its [`host`],
//! [`subscriptions`] holds what is followed, [`wire`] keeps slow readers from piling up what they are told, [`ending`] says why it is
//! over, [`document`] describes the words in the contract.

mod answer;
pub(crate) mod connection;
pub(crate) mod document;
mod ending;
mod host;
mod message;
mod subscriptions;
mod wire;

pub(crate) use self::{host::Host, message::MAX_MESSAGE};

/// The name of this protocol, for clients that offer one.
pub(crate) const PROTOCOL: &str = "almoner.v1";
