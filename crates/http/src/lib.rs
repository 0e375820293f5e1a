//! The HTTP adapter: everything between a socket and a use case. What all resources share lives in
//! the modules here; the resources themselves in [`resources`].
//!
//! [`Server::new`] puts the application together from [`HttpSettings`], [`Services`] and [`Domains`];
//! [`Server::serve`] serves it.

mod accept;
pub mod adapters;
mod address;
pub mod answer;
mod batch;
pub mod body;
pub mod client;
pub mod connection;
pub mod csrf;
pub mod cursor;
pub mod cx;
pub mod domains;
pub mod etag;
pub mod health;
mod language;
pub mod live;
mod middleware;
pub mod mock;
pub mod openapi;
pub mod patch;
pub mod path;
pub mod problem;
pub mod query;
pub mod replay;
pub mod resources;
pub mod routes;
pub mod services;
pub mod session;
pub mod settings;
pub mod site;
mod spent;
mod words;

#[cfg(test)]
mod tests;

pub use address::Reserved;
pub use answer::{Answer, ListOf};
pub use body::{
    Body, NoBody,
    intake::{BodySettings, Intake},
};
pub use client::TraceParent;

pub use cx::Cx;
pub use domains::Domains;
pub use etag::{IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam};
pub use mock::Mock;
pub use path::IdPath;
pub use problem::Problem;
pub use query::{ListQuery, NoParams, PageParams, Params, StrictQuery};
pub use services::{Callers, Refusals, Services, Traces};
pub use settings::{HttpKeys, HttpSettings, PublicUrl, Quotas};
pub use site::{Server, SiteError};
