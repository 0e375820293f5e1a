//! A WebSocket: live lists, topics and rooms over one connection, in both directions.
//!
//! [`message`] and [`answer`] have the words, [`connection`] does what they say for its [`host`],
//! [`frames`] looks at what comes before it is kept, [`subscriptions`] holds what is followed,
//! [`judging`] asks again who may be in a room,
//! [`wire`] keeps slow readers from piling up what they are told, [`ending`] says why it is over,
//! [`document`] describes the words in the contract.

mod answer;
pub(crate) mod connection;
pub(crate) mod document;
mod ending;
mod frames;
mod host;
mod judging;
mod message;
mod subscriptions;
mod wire;

pub(crate) use self::{frames::Frames, host::Host, message::MAX_MESSAGE};

/// The name of this protocol, for clients that offer one.
pub(crate) const PROTOCOL: &str = "almoner.v1";
