//! `almoner serve --mock`: answers every operation from the document's own examples, so that a
//! frontend can start before there is data. Nobody is asked who they are, and nothing is stored.
//!
//! A request chooses another documented answer with `Prefer: code=422` (RFC 7240).

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc};

use actix_cors::Cors;
use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError,
    body::MessageBody,
    cookie::{Cookie, SameSite},
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
    middleware::Compress,
    web::{self, Bytes, Data},
};
use serde_json::Value;

use crate::{
    client,
    live::stream::EVENT_STREAM,
    openapi::{self, docs},
    problem::{Problem, registry},
    replay,
    routes::{Lookup, RouteTable},
    words,
};

/// A server of examples.
#[derive(Clone)]
pub struct Mock(Data<Examples>);

struct Examples {
    routes: RouteTable,
    /// By method and address, then by status.
    operations: HashMap<(String, Arc<str>), Vec<Example>>,
    document: Bytes,
}

/// One documented answer.
#[derive(Debug)]
struct Example {
    status: StatusCode,
    /// The media type and the body.
    content: Option<(String, Value)>,
    has_etag: bool,
    has_location: bool,
}

impl Mock {
    /// Collects the examples.
    pub fn new() -> Self {
        Self::of_document(&openapi::api_document())
    }

    pub(crate) fn of_document(document: &Value) -> Self {
        let mut operations = HashMap::new();
        let paths = document["paths"].as_object();
        for (pattern, item) in paths.into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let responses = operation["responses"].as_object();
                let mut examples: Vec<Example> = responses
                    .into_iter()
                    .flatten()
                    .filter_map(|(status, response)| {
                        Example::of(status, resolved(document, response))
                    })
                    .collect();
                examples.sort_by_key(|example| example.status);
                operations.insert((method.to_uppercase(), Arc::from(pattern.as_str())), examples);
            }
        }
        Self(Data::new(Examples {
            routes: RouteTable::of_document(document),
            operations,
            document: Bytes::from(document.to_string()),
        }))
    }

    /// Serves at an address, once it is polled, until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(&self, address: SocketAddr) -> io::Result<Server> {
        let mock = self.clone();
        Ok(HttpServer::new(move || mock.app()).bind(address)?.run())
    }

    /// The application of one worker.
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
        // Examples are no secret: pages of any origin may show them.
        let cors = Cors::default()
            .allowed_origin_fn(|_, _| true)
            .allow_any_method()
            .allow_any_header()
            .supports_credentials()
            .expose_headers([header::ETAG, header::LOCATION, header::LINK, header::RETRY_AFTER])
            .expose_headers([client::REQUEST_ID, replay::IDEMPOTENCY_KEY]);
        App::new()
            .app_data(self.0.clone())
            .service(docs::enter)
            .service(docs::file)
            .default_service(web::to(answer))
            .wrap(Compress::default())
            .wrap(cors)
    }
}

impl Default for Mock {
    fn default() -> Self {
        Self::new()
    }
}

impl Example {
    fn of(status: &str, response: &Value) -> Option<Self> {
        let content = response["content"].as_object().and_then(|content| content.iter().next());
        let content = content.map(|(media, content)| (media.clone(), content["example"].clone()));
        let has = |name| response["headers"].get(name).is_some();
        Some(Self {
            status: status.parse().ok()?,
            content,
            has_etag: has("ETag"),
            has_location: has("Location"),
        })
    }

    fn answer(&self, req: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((MOCK, "true"));
        let Some((media, body)) = &self.content else { return answer.finish() };
        let mut body = body.clone();
        let version = body["version"].as_i64().unwrap_or(1);
        if self.has_etag {
            answer.insert_header((header::ETAG, format!("\"{version}\"")));
        }
        let id = body["id"].as_str().or_else(|| body["name"].as_str());
        if let Some(id) = id.filter(|_| self.has_location) {
            let folder = req.path().trim_end_matches('/');
            answer.insert_header((header::LOCATION, format!("{folder}/{id}")));
        }
        if let Some(token) = body["csrf_token"].as_str() {
            let cookie = Cookie::build(CSRF_COOKIE, token).path("/").same_site(SameSite::Strict);
            answer.cookie(cookie.finish());
        }
        // There is one more page after the first, and none after that.
        let is_next =
            form_urlencoded::parse(req.query_string().as_bytes()).any(|(name, _)| name == "cursor");
        if let Some(fields) = body.as_object_mut().filter(|_| is_next) {
            fields.remove("next_cursor");
        }
        let text = body.as_str().filter(|_| media == EVENT_STREAM).map(str::to_owned);
        answer.content_type(media.as_str()).body(text.unwrap_or_else(|| body.to_string()))
    }
}

async fn answer(req: HttpRequest, examples: Data<Examples>) -> HttpResponse {
    if req.path() == DOCUMENT {
        let mut answer = HttpResponse::Ok();
        return answer.content_type("application/json").body(examples.document.clone());
    }
    let pattern = match examples.routes.find(req.method(), req.path()) {
        Lookup::Found { pattern, .. } => pattern,
        Lookup::WrongMethod { allow, .. } => {
            let problem = Problem::new(registry::METHOD_NOT_ALLOWED);
            return problem.header(header::ALLOW, allow).error_response();
        }
        Lookup::Unknown => return Problem::not_found().error_response(),
    };
    let method = if *req.method() == "HEAD" { "GET" } else { req.method().as_str() };
    let offered = examples.operations.get(&(method.to_owned(), pattern));
    let offered = offered.map_or(&[][..], Vec::as_slice);
    let found = match preferred(&req) {
        Some(status) => offered.iter().find(|example| example.status == status),
        None => offered.iter().find(|example| example.status.is_success()),
    };
    match found {
        Some(example) => example.answer(&req),
        None => {
            let offered: Vec<&str> =
                offered.iter().map(|example| example.status.as_str()).collect();
            let detail = words::statuses_of_the_operation(offered.join(", "));
            Problem::bad_request(detail).error_response()
        }
    }
}

/// The status that `Prefer: code=…` asks for.
fn preferred(req: &HttpRequest) -> Option<StatusCode> {
    let values = req.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';']));
    preferences.find_map(|preference| preference.trim().strip_prefix("code=")?.parse().ok())
}

/// What a `$ref` stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// Tells an example from an answer.
const MOCK: HeaderName = HeaderName::from_static("almoner-mock");
const CSRF_COOKIE: &str = "almoner_csrf";
const DOCUMENT: &str = "/api/openapi.json";
