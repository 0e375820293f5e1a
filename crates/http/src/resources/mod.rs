//! The resources of the API, one module each: bodies, filters and handlers of one plural noun.
//!
//! A module has one public function, `routes`, which registers its handlers within the scope of its
//! noun, addresses with a word before those with a parameter in the same place
//! (`/donations/summary` before `/donations/{id}`). A scope is passed over with one comparison; only
//! the addresses within are matched one by one.
//! A handler extracts, turns the body into a command, calls one use case, and converts the answer:
//!
//! ```text
//! /// Create a donor
//! ///
//! /// Records a person or organisation that gives.
//! #[utoipa::path(
//!     tag = "donors",
//!     request_body = NewDonorBody,
//!     responses((status = 201, description = "The new donor", body = DonorBody)),
//!     extensions(("x-permission" = json!("donors:create"))),
//! )]
//! #[post("")]
//! async fn create_donor(
//!     cx: Cx,
//!     req: HttpRequest,
//!     domains: Data<Domains>,
//!     body: Body<NewDonorBody>,
//! ) -> Result<Answer, Problem> {
//!     let new = body.value.command(body.fields)?;
//!     let create = async |cx: &Context| domains.donors.create(cx, new).await;
//!     replay::run(&cx, &req, create, |donor: &Donor| {
//!         let at = format!("/api/v1/donors/{}", donor.id);
//!         Answer::created(at, donor.version, &DonorBody::of(donor))
//!     })
//!     .await
//! }
//! ```
//!
//! The function's name becomes the `operationId` (`createDonor`); security, the common problems, the
//! idempotency key and the `ETag` are added to the document by [`crate::openapi`]. A record that is
//! read takes [`crate::etag::IfNoneMatch`] and `params(IfNoneMatchParam)`, one that is changed
//! [`crate::etag::IfMatch`] and `params(IfMatchParam)`; a list takes
//! [`crate::query::ListQuery`] and `params(PageParams, …)`. A list whose changes the feed tells can be
//! followed: its filter is a [`crate::live::list::LiveList`], and its handler takes a
//! [`crate::live::list::Follower`] and `params(FollowerParam)`; it stands in [`LIVE_LISTS`].
//!
//! Each body has an example, each field a description. A text says its form, from which its pattern
//! follows: `format = "line"` or `"text"` with `min_length` and `max_length`, `"word"`, `"e164"`, …;
//! an array its `max_items`. [`crate::openapi::gaps`] names what is missing.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod campaigns;
pub(crate) mod donations;
pub(crate) mod donors;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod mails;
pub(crate) mod parts;
pub(crate) mod roles;
pub(crate) mod shared;
pub(crate) mod socket;
pub(crate) mod users;
pub(crate) mod webhooks;
pub(crate) mod words;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

use crate::live::list::{ListAt, list_at};

/// Every list that can be followed, for the socket.
pub(crate) const LIVE_LISTS: &[ListAt] = &[
    list_at::<audit::ChangeFilter>(),
    list_at::<campaigns::CampaignFilter>(),
    list_at::<donations::filter::DonationFilter>(),
    list_at::<donors::DonorFilter>(),
    list_at::<users::UserFilter>(),
];

/// Registers every resource under `/api/v1`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(scope("/auth").configure(auth::routes))
        .service(scope("/users").configure(users::routes))
        .service(scope("/roles").configure(roles::routes))
        .service(scope("/audit").configure(audit::routes))
        .service(scope("/events").configure(events::routes))
        .service(scope("/socket").configure(socket::routes))
        .service(scope("/donors").configure(donors::routes))
        .service(scope("/campaigns").configure(campaigns::routes))
        .service(scope("/donations").configure(donations::routes))
        .service(scope("/jobs").configure(jobs::routes))
        .service(scope("/mails").configure(mails::routes))
        .service(scope("/webhooks").configure(webhooks::routes));
}
