//! A WebSocket: live lists, topics and rooms over one connection, in both directions.
//!
//! [`message`] and [`answer`] have the words, [`connection`] does what they say for its [`host`],
//! [`frames`] looks at what comes before it is kept, [`subscriptions`] holds what is followed,
//! [`judging`] asks again who may be in a room,
//! [`wire`] keeps slow readers from piling up what they are told, [`ending`] says why it is over,
//! [`document`] describes the words in the contract.
//!
//! **A second way to the same streams.** A subscription ends in `Following::join`, as `Accept:
//! text/event-stream` does: the same filter, rights, group, ticket, marks and problems, so that there
//! is nothing to keep in step. A test subscribes to every list of the contract that has a stream. The
//! socket has a ticket and each subscription another one. Beginning one, and joining a room, count
//! against the user's quota of requests: what costs is a subscription, however it is asked for.
//!
//! - *Who may open one.* The session's cookie, and an `Origin` that is ours or allowed:
//!   `csrf::check_page` refuses a missing one too, because browsers let any page open a socket to any
//!   server, with its user's cookies, and read it. There are no bearer tokens yet; a request with one
//!   needs no `Origin`. The answer is given before the upgrade, as a problem. A socket is no use of the
//!   session; the last thing it hears of one that ended is `end` and 4401: the ticket's verdict is
//!   awaited before every message, in both directions, and a catch-up of many events goes out one by
//!   one for that.
//! - *What a client sends.* A head that declares more than 16 KiB ends the socket, and so do more pongs
//!   and pieces of messages than anybody needs. No single message is refused as too much: a flood ends
//!   the socket, because a list of refusals would be one too. An `error` has `retry_after` where
//!   waiting helps.
//! - *Slow readers.* actix-ws (no actors; it speaks within the middlewares there are) drains its queue
//!   into buffers whether or not anybody reads, so the queue is no measure: some 256 KiB and one
//!   message can pile up; after 20 s without a pong the reader is cut off, and its groups cut it off
//!   behind 64 changes. The connection of a peer that neither reads nor closes is given up by the
//!   system after a minute (RFC 5482, on Linux; the same for streams).

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

pub(crate) use self::{
    frames::Frames,
    host::{Host, Offer},
    message::{MAX_MESSAGE, Wanted},
};

/// The name of this protocol, for clients that offer one.
pub(crate) const PROTOCOL: &str = "almoner.v1";
