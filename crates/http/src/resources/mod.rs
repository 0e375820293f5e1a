//! The resources of the API, one module each: bodies, filters and handlers of one plural noun.
//!
//! A module has one public function, `routes`, which registers its handlers within the scope of its
//! noun, addresses with a word before those with a parameter in the same place
//! (`/donations/summary` before `/donations/{id}`). actix tries its addresses one after the other, each a
//! regular expression; a scope is passed over with one comparison. Together with the `unicode` feature of
//! actix-web, which matches with `regex` in place of `regex-lite`, finding the route fell from a tenth of a
//! read by id to a fiftieth.
//!
//! Kinds of record need none: their operations are served from their description by [`kinds`], many changes
//! of them by [`batch`]. What a kind can do beside them stands in a module here, and in the scope of the kind.
//!
//! A handler extracts, turns the body into a command, calls one use case, and converts the answer.
//!
//! The function's name becomes the `operationId` (`createDonor`); security, the common problems, the
//! idempotency key and the `ETag` are added to the document by [`crate::contract::openapi`]. A record that is
//! read takes [`crate::kit::etag::IfNoneMatch`] and `params(IfNoneMatchParam)`, one that is changed
//! [`crate::kit::etag::IfMatch`] and `params(IfMatchParam)`; a list takes
//! [`crate::kit::query::ListQuery`] and `params(PageParams, …)`. A list whose changes the feed tells can be
//! followed: its filter is a [`crate::live::list::LiveList`], and its handler takes a
//! [`crate::live::list::Follower`] and `params(FollowerParam)`; it stands in [`LIVE_LISTS`].
//!
//! Each body has an example, each field a description. A text says its form, from which its pattern
//! follows: `format = "line"` or `"text"` with `min_length` and `max_length`, `"word"`, `"e164"`, …;
//! an array its `max_items`. [`crate::contract::openapi::gaps`] names what is missing.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod batch;
pub(crate) mod donations;
pub(crate) mod donors;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod kinds;
pub(crate) mod mails;
pub(crate) mod parts;
pub(crate) mod reaches;
pub(crate) mod roles;
pub(crate) mod shared;
pub(crate) mod socket;
pub(crate) mod users;
pub(crate) mod webhooks;
pub(crate) mod words;

use std::sync::Arc;

use almoner_records::Registry;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

use crate::{
    live::list::{ListAt, list_at},
    resources::kinds::Operations,
    routes::Routes,
};

/// Every list that can be followed and is of no kind of record, for the socket.
pub(crate) const LIVE_LISTS: &[ListAt] =
    &[list_at::<audit::ChangeFilter>(), list_at::<users::UserFilter>()];

/// The resources of a program with these kinds of record.
pub(crate) fn of(registry: &'static Registry) -> Routes {
    Arc::new(move |cfg: &mut ServiceConfig| {
        routes(cfg);
        for kind in registry.kinds {
            let own = match kind.many {
                "donations" => donations::routes,
                "donors" => donors::routes,
                _ => |_: &mut ServiceConfig| {},
            };
            let noun = format!("/{}", kind.path);
            cfg.service(scope(noun.as_str()).configure(own).service(Operations(kind)));
        }
    })
}

/// Registers every resource under `/api/v1`.
fn routes(cfg: &mut ServiceConfig) {
    cfg.service(scope("/auth").configure(auth::routes))
        .service(scope("/users").configure(users::routes))
        .service(scope("/roles").configure(roles::routes))
        .service(scope("/audit").configure(audit::routes))
        .service(scope("/events").configure(events::routes))
        .service(scope("/socket").configure(socket::routes))
        .service(scope("/jobs").configure(jobs::routes))
        .service(scope("/mails").configure(mails::routes))
        .service(scope("/webhooks").configure(webhooks::routes));
}
