//! What every handler and every middleware is made with: what a request says ([`accept`], [`body`], [`client`],
//! [`cx`], [`language`], [`patch`], [`path`], [`query`]), what it is answered with ([`answer`], [`etag`],
//! [`cursor`], [`problem`], [`spent`], [`words`]), and what may be repeated ([`replay`]).
//!
//! It knows no other room.

pub(crate) mod accept;
pub mod answer;
pub mod body;
pub mod client;
pub mod cursor;
pub mod cx;
pub mod etag;
pub(crate) mod language;
pub mod patch;
pub mod path;
pub mod problem;
pub mod query;
pub mod replay;
pub(crate) mod spent;
pub(crate) mod words;
