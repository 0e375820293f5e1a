//! The actix application: every middleware in its order, every route, the documents. Made once for a
//! process, then asked for one [`App`] by each worker, and by tests.
//!
//! Answers are compressed with gzip, not brotli. actix compresses on the worker: a list of 50 took tens
//! of milliseconds with brotli, two with gzip.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_server::ServerBuilder;
use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{self, ServiceFactory, ServiceRequest, ServiceResponse},
    get,
    http::header,
    middleware::{Compress, from_fn},
    web::{Bytes, Data},
};
use almoner_records::Registry;
use utoipa_actix_web::{AppExt, scope, service_config::ServiceConfig};

use crate::{
    address::Reserved,
    connection,
    contract::openapi::{self, Gap, docs},
    domains::Domains,
    health,
    kit::{
        body::intake::Intake,
        cursor::CursorKey,
        etag::{self, Tags},
        problem::{Problem, page},
        replay::Running,
    },
    live::{
        Live,
        rooms::{Pace, Rooms},
    },
    middleware::{
        arrival, cors, gate, headers, identity, problems,
        quotas::{self, Limits},
        session,
    },
    resources::{self, batch::AtWork},
    routes::{API, RouteTable},
    services::Services,
    settings::HttpSettings,
};

pub use crate::routes::Routes;

/// Everything the workers share.
pub struct Site {
    pub(crate) settings: HttpSettings,
    pub(crate) routes: RouteTable,
    /// Makes the `ETag` of every answer.
    pub(crate) tags: Tags,
    /// Seals list cursors: one of another epoch or order is of no list of this one.
    pub(crate) cursor_key: CursorKey,
    pub(crate) limits: Limits,
    pub(crate) running: Running,
    pub(crate) batches: AtWork,
    pub(crate) live: Live,
    pub(crate) intake: Intake,
    document: Bytes,
}

/// The server cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The OpenAPI document promises something twice, or not at all.
    #[error("the OpenAPI document is not complete: {}", join(.0))]
    Document(Vec<Gap>),
    /// A quota is zero.
    #[error("a request quota must be at least 1")]
    Quota,
}

/// Builds the actix application for each worker.
#[derive(Clone)]
pub struct Server {
    site: Data<Site>,
    services: Data<Services>,
    domains: Option<Data<Domains>>,
    resources: Routes,
}

impl Server {
    /// Puts the server together.
    ///
    /// # Errors
    /// [`SiteError`], which is a mistake in the program or its configuration.
    pub fn new(
        settings: HttpSettings,
        services: Arc<Services>,
        domains: Arc<Domains>,
    ) -> Result<Self, SiteError> {
        let registry = domains.registry;
        let gaps = openapi::gaps(&openapi::api_document(registry));
        if !gaps.is_empty() {
            return Err(SiteError::Document(gaps));
        }
        let server = Self::with_resources(settings, services, resources::of(registry), registry)?;
        domains.sessions.when_forgotten(server.live().bell());
        Ok(Self { domains: Some(Data::from(domains)), ..server })
    }

    pub(crate) fn with_resources(
        settings: HttpSettings,
        services: Arc<Services>,
        resources: Routes,
        registry: &'static Registry,
    ) -> Result<Self, SiteError> {
        let public = settings.is_public_url_given.then(|| settings.public_url.origin().as_str());
        let document = openapi::served_at(openapi::document(&resources, registry), public);
        let limits = Limits::new(&settings.quotas).ok_or(SiteError::Quota)?;
        let of_lists = etag::epoch_of_lists(settings.epoch, &settings.order);
        let live = Live::new(
            settings.live,
            Arc::clone(&services.feed),
            Arc::clone(&services.callers),
            Arc::clone(&services.clock),
            Rooms::new(
                Pace::default(),
                Arc::clone(&services.signals),
                Arc::clone(&services.clock),
                registry,
            ),
            of_lists,
        );
        let key = &settings.keys.cursor;
        let site = Site {
            tags: Tags::new(key, settings.epoch),
            cursor_key: etag::of_epoch(key, b"cursor", of_lists),
            intake: Intake::new(settings.bodies),
            settings,
            routes: RouteTable::of_document(&document, registry),
            limits,
            running: Running::default(),
            batches: AtWork::default(),
            live,
            document: Bytes::from(document.to_string()),
        };
        Ok(Self { site: Data::new(site), services: Data::from(services), domains: None, resources })
    }

    /// The live lists: whoever serves runs them, and closes them before it stops.
    pub fn live(&self) -> Live {
        self.site.live.clone()
    }

    /// What is on its way to the server: whoever stops it closes that too.
    pub fn intake(&self) -> Intake {
        self.site.intake.clone()
    }

    /// Serves at an address that was kept for it, once it is polled; it leaves signals to its caller.
    /// When it is told to stop, requests that have begun have `grace` to come to their end.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn serve(&self, address: Reserved, grace: Duration) -> io::Result<dev::Server> {
        self.run(dev::Server::build().shutdown_timeout(grace.as_secs()), address.listen()?)
    }

    /// The same on a socket that listens already, with some workers.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub fn listen(&self, listener: TcpListener, workers: usize) -> io::Result<dev::Server> {
        self.run(dev::Server::build().workers(workers), listener)
    }

    fn run(&self, builder: ServerBuilder, listener: TcpListener) -> io::Result<dev::Server> {
        let server = self.clone();
        let builder = connection::serve(builder, listener, move || server.app())?;
        Ok(builder.disable_signals().run())
    }

    /// The application of one worker. It is a type of many megabytes of code: whoever calls this from
    /// another crate compiles all of it once more.
    pub(crate) fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let settings = &self.site.settings;
        let (app, _) = collect(&self.resources);
        let app = match &self.domains {
            Some(domains) => app.app_data(domains.clone()),
            None => app,
        };
        app.service(health::get_metrics)
            .service(get_document)
            .service(docs::enter)
            .service(docs::file)
            // Reached only when the route table and the router disagree.
            .default_service(actix_web::web::to(async || {
                Err::<HttpResponse, _>(Problem::not_found())
            }))
            .app_data(self.site.clone())
            .app_data(self.services.clone())
            // The last one wrapped is the first one a request meets.
            .wrap(from_fn(gate::guard))
            .wrap(self.site.limits.strangers())
            .wrap(from_fn(quotas::limit))
            .wrap(from_fn(identity::identify))
            .wrap(session::middleware(settings))
            .wrap(from_fn(identity::cookies))
            .wrap(Compress::default())
            .wrap(cors::cors(settings))
            .wrap(from_fn(cors::tidy))
            .wrap(from_fn(problems::rewrite))
            .wrap(from_fn(headers::secure))
            .wrap(from_fn(arrival::arrive))
    }
}

/// Registers every documented route, and collects its documentation.
pub(crate) fn collect(
    resources: &Routes,
) -> (
    App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = Error,
            InitError = (),
        > + use<>,
    >,
    utoipa::openapi::OpenApi,
) {
    App::new()
        .into_utoipa_app()
        .openapi(openapi::skeleton())
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(page::explain_problem)
        .service(scope(API).configure(|cfg: &mut ServiceConfig| resources(cfg)))
        .split_for_parts()
}

#[get("/api/openapi.json")]
async fn get_document(site: Data<Site>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(site.document.clone())
}

fn join(gaps: &[Gap]) -> String {
    gaps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
