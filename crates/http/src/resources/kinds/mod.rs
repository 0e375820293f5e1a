//! Kinds of record over HTTP: one set of operations for all of them. A handler here knows a kind by its
//! description, and its records without their type.
//!
//! | operation | |
//! |---|---|
//! | `GET /{kind}` | a page, or a live list |
//! | `POST /{kind}` | create |
//! | `POST /{kind}/batch` | many changes |
//! | `POST /{kind}/lookup` | find by exactly one value, where the kind has such fields |
//! | `GET /{kind}/summary` | counts and sums by group, where the kind has such fields |
//! | `GET`, `PATCH`, `DELETE /{kind}/{id}` | read, change, to the trash or out of it for good |
//! | `POST /{kind}/{id}/restore` | back from the trash |
//! | `POST /{kind}/{id}/{step}` | a step of its state machine |
//! | `GET /{kind}/{id}/history` | every change of it |
//!
//! What a kind can do beside these stands in a module of its own in [`crate::resources`], in the same scope.

mod batch;
mod body;
mod chosen;
pub(crate) mod document;
mod live;
mod operations;
mod query;
mod show;
mod summary;

use std::{ops::Deref, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{AppService, HttpServiceFactory, Payload},
    web::{self, Data},
};
use almoner_records::{Kind, Served, Step};
use utoipa::openapi::{RefOr, Schema, path::Paths};
use utoipa_actix_web::OpenApiFactory;

pub(crate) use self::{
    body::KindBody,
    live::following,
    operations::{AnyEntity, created, shown},
};
use crate::{
    domains::Domains,
    kit::{problem::Problem, problem::registry},
};

/// The operations of a kind, to be registered in the scope of its noun. Their documentation is written in
/// [`document`], from the same description.
pub(crate) struct Operations(pub(crate) &'static Kind);

impl HttpServiceFactory for Operations {
    fn register(self, config: &mut AppService) {
        let Self(kind) = self;
        let at = |path: &str| web::resource(path).app_data(ThisKind(kind));
        at("")
            .route(web::get().to(operations::list))
            .route(web::head().to(operations::list))
            .route(web::post().to(operations::create))
            .register(config);
        at("/batch").route(web::post().to(batch::batch)).register(config);
        if kind.fields.iter().any(|field| field.is_looked_up) {
            at("/lookup").route(web::post().to(operations::lookup)).register(config);
        }
        if kind.has_summary() {
            at("/summary")
                .route(web::get().to(summary::summary))
                .route(web::head().to(summary::summary))
                .register(config);
        }
        at("/{id}")
            .route(web::get().to(operations::get))
            .route(web::head().to(operations::get))
            .route(web::patch().to(operations::update))
            .route(web::delete().to(operations::delete))
            .register(config);
        at("/{id}/restore").route(web::post().to(operations::restore)).register(config);
        at("/{id}/history")
            .route(web::get().to(operations::history))
            .route(web::head().to(operations::history))
            .register(config);
        for step in kind.steps {
            at(&format!("/{{id}}/{}", step.name))
                .app_data(ThisStep(step))
                .route(web::post().to(operations::step))
                .register(config);
        }
    }
}

impl OpenApiFactory for Operations {
    fn paths(&self) -> Paths {
        Paths::new()
    }

    fn schemas(&self, _: &mut Vec<(String, RefOr<Schema>)>) {}
}

/// The kind whose operation is asked for.
#[derive(Clone, Copy)]
pub(crate) struct ThisKind(&'static Kind);

/// The step that is asked for.
#[derive(Clone, Copy)]
struct ThisStep(&'static Step);

/// The use cases of the kind whose operation is asked for: an extractor.
pub(crate) struct ThisServed(pub(crate) Arc<dyn Served>);

impl Deref for ThisServed {
    type Target = dyn Served;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl FromRequest for ThisServed {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let served = || {
            let ThisKind(kind) = req.app_data::<ThisKind>()?;
            req.app_data::<Data<Domains>>()?.kind(kind.many).cloned()
        };
        std::future::ready(served().map(Self).ok_or_else(|| Problem::new(registry::INTERNAL)))
    }
}

/// The address of a record.
pub(crate) fn address(kind: &Kind, id: uuid::Uuid) -> String {
    format!("{}/{}/{id}", crate::routes::API, kind.path)
}
