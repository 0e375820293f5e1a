//! The HTTP adapter: everything between a socket and a use case.
//!
//! [`Server::new`] puts the application together from [`HttpSettings`], [`Services`] and [`Domains`];
//! [`Server::serve`] serves it.
//!
//! Most of it stands in rooms. Each may know some of those above it, and none below:
//!
//! | room | what is in it | may know |
//! |---|---|---|
//! | `kit` | what every handler and middleware is made with | no other |
//! | `middleware` | what every request passes | `kit` |
//! | [`live`] | lists that are followed, the socket, who is in a room | `kit` |
//! | [`resources`] | the operations: of kinds of record, of all other nouns | `kit`, `middleware`, `live` |
//! | `contract` | the OpenAPI document, its checks, the mock | `kit`, `middleware`, `live`, `resources` |
//!
//! The others are the house: they put the rooms together ([`site`], [`health`], [`adapters`], `address`), or
//! are what all of them stand on ([`connection`], [`domains`], [`routes`], [`services`], [`settings`]). What a
//! room may know of the house, and the circles there are, stands in `tests/it/guards/rooms.rs`, which holds
//! this table.

pub mod adapters;
mod address;
pub mod connection;
mod contract;
pub mod domains;
pub mod health;
mod kit;
pub mod live;
mod middleware;
pub mod resources;
pub mod routes;
pub mod services;
pub mod settings;
pub mod site;

#[cfg(test)]
mod tests;

pub use address::Reserved;
pub use contract::{
    mock::{self, Mock},
    openapi,
};
pub use domains::Domains;
pub use kit::{
    answer::{self, Answer, ListOf},
    body::{
        self, Body, NoBody,
        intake::{BodySettings, Intake},
    },
    client::{self, TraceParent},
    cursor,
    cx::{self, Cx},
    etag::{self, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam},
    patch,
    path::{self, IdPath},
    problem::{self, Problem},
    query::{self, ListQuery, NoParams, PageParams, Params, StrictQuery},
    replay,
};
pub use middleware::{csrf, session};
pub use services::{Callers, Refusals, Services, Traces};
pub use settings::{HttpKeys, HttpSettings, PublicUrl, Quotas};
pub use site::{Server, SiteError};
