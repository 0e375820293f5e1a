//! `almoner serve --mock`: answers every operation from the document's own examples, so that a
//! frontend can start before there is data. Nobody is asked who they are, and nothing is stored. What
//! is sent has to fit the contract all the same.
//!
//! A request chooses another documented answer with `Prefer: code=422` (RFC 7240), whatever it sends.

mod schema;
mod stream;

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::Arc,
};

use actix_cors::Cors;
use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError,
    body::MessageBody,
    cookie::{Cookie, SameSite},
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::{Compress, Next, from_fn},
    web::{self, Bytes, Data, PayloadConfig},
};
use almoner_kernel::{Epoch, FieldError, Invalid, Version};
use almoner_records::Registry;
use serde_json::Value;
use uuid::Uuid;

use self::schema::Schemas;
use crate::{
    contract::openapi::{self, docs},
    kit::{
        accept::{self, Accept},
        body, client,
        etag::Tags,
        language::Language,
        problem::{self, Problem, page, registry},
        query::Given,
        replay, words,
    },
    routes::{self, EVENT_STREAM, Lookup, Media, RouteTable},
    settings::HttpSettings,
};

/// A server of examples.
#[derive(Clone)]
pub struct Mock(Data<Examples>);

struct Examples {
    routes: RouteTable,
    /// By method and address.
    operations: HashMap<(String, Arc<str>), Operation>,
    schemas: Schemas,
    document: Bytes,
}

/// What is sent to an operation, and what it answers.
#[derive(Default)]
struct Operation {
    /// The schema of its body.
    body: Option<Value>,
    /// What its address may ask for.
    parameters: Arc<HashSet<String>>,
    /// True when it must be said which version is changed.
    needs_version: bool,
    /// By status.
    examples: Vec<Example>,
}

/// One documented answer.
#[derive(Debug)]
struct Example {
    status: StatusCode,
    /// The media type and the body.
    content: Option<(String, Value)>,
    /// The same as a stream.
    stream: Option<String>,
    has_etag: bool,
    has_location: bool,
}

impl Mock {
    /// Collects the examples; `url` is where the API is, when that is known.
    pub fn new(registry: &'static Registry, url: Option<&str>) -> Self {
        Self::of_document(&openapi::served_at(openapi::api_document(registry), url))
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
                let body = operation["requestBody"]["content"]["application/json"].get("schema");
                let parameters = || operation["parameters"].as_array().into_iter().flatten();
                let version = parameters().find(|parameter| parameter["name"] == "If-Match");
                let in_query = parameters().filter(|parameter| parameter["in"] == "query");
                let names = in_query.filter_map(|parameter| parameter["name"].as_str());
                let operation = Operation {
                    body: body.cloned(),
                    parameters: Arc::new(names.map(str::to_owned).collect()),
                    needs_version: version.is_some_and(|version| version["required"] == true),
                    examples,
                };
                operations.insert((method.to_uppercase(), Arc::from(pattern.as_str())), operation);
            }
        }
        Self(Data::new(Examples {
            routes: RouteTable::of_document(document, &Registry::EMPTY),
            operations,
            schemas: Schemas::of(document),
            document: Bytes::from(document.to_string()),
        }))
    }

    /// Serves at an address, once it is polled, until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(&self, address: SocketAddr) -> io::Result<Server> {
        let mock = self.clone();
        let server = HttpServer::new(move || mock.app());
        // Streams end with nobody else.
        Ok(server.shutdown_timeout(1).bind(address)?.run())
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
            .app_data(PayloadConfig::new(HttpSettings::DEFAULT_BODY_LIMIT))
            .service(docs::enter)
            .service(docs::file)
            .default_service(web::to(answer))
            .wrap(Compress::default())
            .wrap(cors)
            .wrap(from_fn(listen))
    }
}

/// Hears in which language problems are to be told.
async fn listen<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let languages = req.headers().get_all(header::ACCEPT_LANGUAGE).cloned().collect();
    let request_id = openapi::REQUEST_ID.to_owned();
    let asked = problem::Asked { request_id, trace_id: None, languages };
    let mut answer = problem::in_request(asked, next.call(req)).await?;
    let (name, id) = (HeaderName::from_static(client::REQUEST_ID), openapi::REQUEST_ID);
    answer.headers_mut().insert(name, HeaderValue::from_static(id));
    Ok(answer)
}

impl Operation {
    /// Refuses what the contract does not take.
    fn check(&self, req: &HttpRequest, sent: &[u8], schemas: &Schemas) -> Result<(), Problem> {
        let parameters = Given::of(req)?.known(&[Arc::clone(&self.parameters)]);
        parameters.finish(Some(())).map_err(Problem::bad_parameters)?;
        if self.needs_version && !req.headers().contains_key(header::IF_MATCH) {
            let problem = Problem::new(registry::PRECONDITION_REQUIRED);
            return Err(problem.detail(words::if_match_missing()));
        }
        let Some(schema) = &self.body else {
            return match (req.method().as_str(), sent) {
                ("POST", sent) if !sent.is_empty() => nothing_in(&body::parsed(sent)?),
                _ => Ok(()),
            };
        };
        body::must_be_json(req)?;
        let sent = body::parsed(sent)?;
        if !sent.is_object() {
            let error = FieldError::new("", "type", words::must_be_a_json_object());
            return Err(Invalid::one(error).into());
        }
        match schemas.complaints(schema, &sent) {
            complaints if complaints.is_empty() => Ok(()),
            complaints => Err(Invalid(complaints).into()),
        }
    }
}

fn nothing_in(sent: &Value) -> Result<(), Problem> {
    match sent.as_object() {
        Some(fields) if fields.is_empty() => Ok(()),
        _ => Err(Invalid::one(FieldError::new("", "unknown_field", words::has_no_body())).into()),
    }
}

impl Example {
    fn of(status: &str, response: &Value) -> Option<Self> {
        let stream = response["content"][EVENT_STREAM]["example"].as_str().map(str::to_owned);
        let content = response["content"].as_object().and_then(|content| content.iter().next());
        let content = content.map(|(media, content)| (media.clone(), content["example"].clone()));
        let has = |name| response["headers"].get(name).is_some();
        Some(Self {
            status: status.parse().ok()?,
            content,
            stream,
            has_etag: has("ETag"),
            has_location: has("Location"),
        })
    }

    fn answer(&self, req: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((MOCK, "true"));
        let Some((media, body)) = &self.content else { return answer.finish() };
        let mut body = body.clone();
        if media == problem::MEDIA_TYPE {
            let language = problem::language();
            answer.insert_header((header::CONTENT_LANGUAGE, language.tag()));
            if let Some(entry) = body["code"].as_str().and_then(registry::find) {
                // What an operation says in words of its own stays in English.
                match body == openapi::problem_example(*entry, Language::english()) {
                    true => body = openapi::problem_example(*entry, language),
                    false => body["title"] = entry.title(language).into(),
                }
            }
        }
        let version = body["version"].as_i64().unwrap_or(1);
        if self.has_etag {
            let tag = Tags::new(&[0; 32], Epoch::new(Uuid::nil()));
            let tag = tag.of(Version::new(version), &body.to_string());
            answer.insert_header((header::ETAG, tag));
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
        answer.content_type(media.as_str()).body(body.to_string())
    }
}

async fn answer(
    req: HttpRequest,
    examples: Data<Examples>,
    sent: Result<Bytes, Error>,
) -> HttpResponse {
    examples.answer(&req, sent).unwrap_or_else(|problem| problem.error_response())
}

impl Examples {
    fn answer(
        &self,
        req: &HttpRequest,
        sent: Result<Bytes, Error>,
    ) -> Result<HttpResponse, Problem> {
        if req.path() == DOCUMENT {
            let mut answer = HttpResponse::Ok();
            return Ok(answer.content_type("application/json").body(self.document.clone()));
        }
        let wanted = preferred(req);
        if let Some(code) = req.path().strip_prefix("/problems/").filter(|_| wanted.is_none()) {
            return page::explained(req, code);
        }
        let (pattern, media) = match self.routes.find(req.method(), req.path()) {
            Lookup::Found { pattern, media, .. } => (pattern, media),
            Lookup::WrongMethod { allow, .. } => {
                let problem = Problem::new(registry::METHOD_NOT_ALLOWED);
                return Err(problem.header(header::ALLOW, allow));
            }
            Lookup::Unknown => return Err(Problem::not_found()),
        };
        let is_head = *req.method() == "HEAD";
        let method = if is_head { "GET" } else { req.method().as_str() };
        let operation = self.operations.get(&(method.to_owned(), pattern));
        let operation = operation.ok_or_else(Problem::not_found)?;
        let examples = operation.examples.iter();
        let found = match wanted {
            Some(status) => examples.clone().find(|example| example.status == status),
            None => {
                if routes::is_api(req.path()) {
                    accept::check(req.headers(), media)?;
                }
                let sent = sent
                    .map_err(|error| Problem::of_status(error.as_response_error().status_code()))?;
                operation.check(req, &sent, &self.schemas)?;
                examples.clone().find(|example| example.status.is_success())
            }
        };
        let Some(example) = found else {
            let offered: Vec<&str> = examples.map(|example| example.status.as_str()).collect();
            return Err(Problem::bad_request(words::statuses_of_the_operation(offered.join(", "))));
        };
        let is_followed = media == Media::Stream || Accept::of(req.headers()).prefers_stream();
        match &example.stream {
            Some(text) if is_followed => Ok(stream::answer(text, is_head)),
            _ => Ok(example.answer(req)),
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
