//! The OpenAPI document: collected from the routes, then completed with what every operation has in
//! common, so that a resource only writes what is its own.

mod check;
mod complete;
pub(crate) mod docs;
mod headers;
mod limits;
mod links;
mod responses;
mod schemas;
mod sorts;

pub use check::{Gap, gaps};
pub(crate) use responses::{REQUEST_ID, example as problem_example};

use almoner_records::Registry;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, ContactBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, Server,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
        tag::TagBuilder,
    },
};

use crate::{
    kit::problem::{ProblemBody, ProblemField, page::ProblemCode},
    middleware::csrf,
    resources::{self, kinds},
    routes::Routes,
    site,
};

/// The document of the API, as it is served and committed.
pub fn api_document(registry: &'static Registry) -> Value {
    document(&resources::of(registry), registry)
}

/// Says where the API is. The committed document does not: it is that of every server.
pub(crate) fn served_at(mut document: Value, url: Option<&str>) -> Value {
    if let Some(place) = document.pointer_mut("/servers/0/url")
        && let Some(url) = url
    {
        *place = url.into();
    }
    document
}

pub(crate) fn document(resources: &Routes, registry: &Registry) -> Value {
    let (_, collected) = site::collect(resources);
    match serde_json::to_value(collected) {
        Ok(mut document) => {
            kinds::document::add(&mut document, registry);
            schemas::name_permissions(&mut document, registry);
            schemas::name_kinds(&mut document, registry);
            complete::complete(document, registry)
        }
        Err(error) => {
            // The missing parts are what `gaps` reports.
            tracing::error!(%error, "the OpenAPI document cannot be written");
            Value::Null
        }
    }
}

/// What the routes are collected into.
pub(crate) fn skeleton() -> OpenApi {
    let mut licence = License::new("MIT");
    licence.identifier = Some("MIT".to_owned());
    let info = InfoBuilder::new()
        .title("Almoner")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .contact(Some(ContactBuilder::new().name(Some("The operator of the server")).build()))
        .license(Some(licence))
        .build();
    let cookie = ApiKeyValue::with_description(
        "almoner_session",
        "The session cookie that `POST /api/v1/auth/login` sets; `__Host-almoner_session` when the \
         public address is https.",
    );
    let token = ApiKeyValue::with_description(
        csrf::CSRF_TOKEN,
        "The value of the readable cookie `almoner_csrf` (`__Host-almoner_csrf` when the public \
         address is https), or of `csrf_token` in `GET /api/v1/auth/session`.",
    );
    let components = ComponentsBuilder::new()
        .security_scheme(complete::SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .security_scheme(complete::CSRF, SecurityScheme::ApiKey(ApiKey::Header(token)))
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(ProblemField::name(), ProblemField::schema())
        .schema(ProblemCode::name(), ProblemCode::schema())
        .build();
    let tags = TAGS.iter().map(|(name, description)| {
        TagBuilder::new().name(*name).description(Some(*description)).build()
    });
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .tags(Some(tags.collect::<Vec<_>>()))
        .components(Some(components))
        .build()
}

const ABOUT: &str = "The back office of a charity.\n\n\
    JSON with snake_case fields; absent optional fields are left out. Instants are RFC 3339 in UTC, \
    days are `YYYY-MM-DD`, money is a decimal string with an ISO 4217 currency. Enumerations in \
    answers may grow. Unknown fields and parameters are refused.\n\n\
    Every failure is an RFC 9457 problem with a stable `code`; its `type` resolves. Its texts are in \
    the language that `Accept-Language` asks for where the server has it, else in English; the codes \
    are the same in all of them. Every answer carries `X-Request-Id`.\n\n\
    The `ETag` of a record is its version and, behind a point, a mark of how it is shown: \
    `\"3.q7Jx0cWn4Zk1VfYt8LmR2g\"`. Changing a record needs `If-Match`, which compares the version alone, \
    so that `\"3\"` will do for a record out of a list. `If-None-Match` compares all of it: a record \
    that shows the name of another one is shown anew when that has a new name. When the database was \
    restored from a backup, nothing from before fits any more: `If-Match` with a whole `ETag` is 412, \
    `If-None-Match` 200, a cursor 400, and a stream begins anew. A POST with an \
    `Idempotency-Key` can be repeated for 24 hours without being done twice. Lists are paged by \
    `cursor`.\n\n\
    Lists can be followed: with `Accept: text/event-stream` a list answers with server-sent events; \
    where JSON would do as well, it answers with JSON. \
    Keep an array. `snapshot` replaces it by its `items`. `remove` takes the record with that `id` out \
    of it. `upsert` takes the record out, if it is there, and puts it in at `index`. `keep`, after a \
    reconnect, takes out every record that is not among `ids` and puts the others in that order. So \
    the array is at all times the page that the same request without the stream would give. Events \
    belong together up to the next one with an `id`. Connect again with that id as `Last-Event-ID`, \
    as browsers do by themselves, and the stream goes on where it stopped; `resync` says that it \
    cannot, and is followed by a new `snapshot`. `end` comes last, with a `code`: `unauthenticated`, or \
    `rights_changed`, after which the list may be followed anew. Every 15 seconds there is a sign of \
    life. A client that reads too slowly is cut off, and goes on by connecting again.";

/// The groups of operations, in the order they are shown.
pub const TAGS: &[(&str, &str)] = &[
    ("auth", "Logging in and out, and one's own sessions and password."),
    ("users", "The people who can log in."),
    ("roles", "What users may do, and with which records."),
    ("jobs", "What the server does apart from requests, and when."),
    ("webhooks", "Other systems that are told what happens."),
    ("events", "What changes, as it happens."),
    ("audit", "Who changed what, and what was refused."),
    ("mail", "What users were told by mail, and whether it reached them."),
    ("operations", "What the operator of the server asks."),
];
