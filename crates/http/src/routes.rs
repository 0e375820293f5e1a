//! Which addresses exist, with which methods: collected from the OpenAPI document, so that a route
//! is written once. The router itself cannot tell a wrong method from an unknown address, nor tell
//! either before authentication.

use std::{collections::HashMap, sync::Arc};

use actix_web::http::{Method, header::HeaderValue};
use almoner_kernel::Permission;
use almoner_records::Registry;
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

/// Where the API begins.
pub const API: &str = "/api/v1";

/// Where a resource registers its routes, relative to `/api/v1`.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The media type of a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// The parameter of every operation that can be rehearsed.
pub const DRY_RUN: &str = "dry_run";

/// The operations a stranger may call. Everything else under [`API`] needs a session, whoever adds
/// a route; outside of it everything is public.
const PUBLIC: &[(&str, &str)] = &[
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/password-reset"),
    ("POST", "/api/v1/auth/password-reset/confirm"),
    ("POST", "/api/v1/auth/invitation/accept"),
];

/// True when a stranger may call the operation.
pub fn is_public(method: &str, pattern: &str) -> bool {
    !is_api(pattern) || PUBLIC.contains(&(method, pattern))
}

/// True for the API itself, as opposed to its documents and the health endpoints.
pub fn is_api(path: &str) -> bool {
    path.strip_prefix(API).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Addresses that are not in the OpenAPI document.
const UNDOCUMENTED: &[&str] = &["/api/openapi.json", "/docs", "/docs/{file:.*}", "/metrics"];

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// An operation.
    Found {
        /// The address with `{…}` for its parameters.
        pattern: Arc<str>,
        /// True when a stranger may call it.
        is_public: bool,
        /// True when it has parameters of its own in the query.
        has_query: bool,
        /// True when it can be rehearsed with `dry_run=true`.
        has_dry_run: bool,
        /// How it answers.
        media: Media,
        /// Its id in the document; none of what stands in none.
        operation: Option<Arc<str>>,
        /// The permissions of which its caller has one; none when it asks for none.
        permissions: Arc<[Permission]>,
    },
    /// Operations, with other methods.
    WrongMethod {
        /// The address with `{…}` for its parameters.
        pattern: Arc<str>,
        /// The methods that are offered, for `Allow`.
        allow: HeaderValue,
    },
    /// Nothing.
    Unknown,
}

/// How an operation answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// With JSON.
    Json,
    /// With JSON, or with a stream of events.
    Both,
    /// With a stream of events.
    Stream,
    /// With a WebSocket.
    Socket,
}

impl Media {
    fn of(operation: &Value) -> Self {
        if operation["responses"]["101"].is_object() {
            return Self::Socket;
        }
        let content = operation["responses"]["200"]["content"].as_object();
        let has = |media: &str| content.is_some_and(|content| content.contains_key(media));
        match (has(EVENT_STREAM), has("application/json")) {
            (false, _) => Self::Json,
            (true, true) => Self::Both,
            (true, false) => Self::Stream,
        }
    }
}

impl Lookup {
    /// The id of the operation, if there is one.
    pub fn operation(&self) -> Option<&Arc<str>> {
        match self {
            Self::Found { operation, .. } => operation.as_ref(),
            Self::WrongMethod { .. } | Self::Unknown => None,
        }
    }

    /// The pattern of the address, if there is one: safe as a label of metrics.
    pub fn pattern(&self) -> Option<&Arc<str>> {
        match self {
            Self::Found { pattern, .. } | Self::WrongMethod { pattern, .. } => Some(pattern),
            Self::Unknown => None,
        }
    }
}

/// Every address and its methods.
#[derive(Debug, Default)]
pub struct RouteTable {
    /// By the number of segments; fewest parameters first.
    routes: HashMap<usize, Vec<Route>>,
}

#[derive(Debug)]
struct Route {
    pattern: Arc<str>,
    segments: Vec<Segment>,
    methods: Vec<Offer>,
}

/// A method that an address offers.
#[derive(Debug)]
struct Offer {
    method: Method,
    operation: Option<Arc<str>>,
    permissions: Arc<[Permission]>,
    has_query: bool,
    has_dry_run: bool,
    media: Media,
}

#[derive(Debug)]
enum Segment {
    Word(String),
    Parameter,
}

impl RouteTable {
    /// Collects the addresses of an OpenAPI document.
    pub fn of_document(document: &Value, registry: &Registry) -> Self {
        let known = registry.all_permissions();
        let mut table = Self::default();
        let paths = document.get("paths").and_then(Value::as_object);
        for (pattern, item) in paths.into_iter().flatten() {
            let offers = item.as_object().into_iter().flatten();
            table.add(
                pattern,
                offers.filter_map(|(method, operation)| {
                    let parameters = operation["parameters"].as_array().into_iter().flatten();
                    let (dry_run, own): (Vec<&Value>, _) = parameters
                        .filter(|parameter| parameter["in"] == "query")
                        .partition(|parameter| parameter["name"] == DRY_RUN);
                    Some(Offer {
                        method: method.to_uppercase().parse().ok()?,
                        operation: operation["operationId"].as_str().map(Arc::from),
                        permissions: permissions(operation, &known),
                        has_query: !own.is_empty(),
                        has_dry_run: !dry_run.is_empty(),
                        media: Media::of(operation),
                    })
                }),
            );
        }
        for pattern in UNDOCUMENTED {
            let offer = Offer {
                method: Method::GET,
                operation: None,
                permissions: Arc::default(),
                has_query: true,
                has_dry_run: false,
                media: Media::Json,
            };
            table.add(pattern, [offer].into_iter());
        }
        for routes in table.routes.values_mut() {
            routes.sort_by_key(|route| {
                route
                    .segments
                    .iter()
                    .filter(|segment| matches!(segment, Segment::Parameter))
                    .count()
            });
        }
        table
    }

    /// What stands at an address.
    pub fn find(&self, method: &Method, path: &str) -> Lookup {
        let words: Vec<&str> = match path {
            // The documents are the only tree; its files are one route.
            path if path.starts_with("/docs/") => vec!["", "docs", "file"],
            path => path.split('/').collect(),
        };
        let routes = self.routes.get(&words.len()).map_or(&[][..], Vec::as_slice);
        // A word is never somebody's `{id}`: `GET /donors/lookup` asks for nothing that could be there.
        let Some(route) = routes.iter().find(|route| route.fits(&words)) else {
            return Lookup::Unknown;
        };
        let pattern = Arc::clone(&route.pattern);
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        if let Some(offer) = route.methods.iter().find(|offer| offer.method == *wanted) {
            let is_public = is_public(wanted.as_str(), &pattern);
            let Offer { has_query, has_dry_run, media, .. } = *offer;
            let (operation, permissions) = (offer.operation.clone(), offer.permissions.clone());
            return Lookup::Found {
                pattern,
                is_public,
                has_query,
                has_dry_run,
                media,
                operation,
                permissions,
            };
        }
        let mut offered: Vec<&str> =
            route.methods.iter().map(|offer| offer.method.as_str()).collect();
        if offered.contains(&"GET") {
            offered.push("HEAD");
        }
        offered.sort_unstable();
        let allow = HeaderValue::from_str(&offered.join(", "));
        Lookup::WrongMethod { pattern, allow: allow.unwrap_or(HeaderValue::from_static("")) }
    }

    fn add(&mut self, pattern: &str, methods: impl Iterator<Item = Offer>) {
        let segments: Vec<Segment> = pattern
            .split('/')
            .map(|word| match word.starts_with('{') {
                true => Segment::Parameter,
                false => Segment::Word(word.to_owned()),
            })
            .collect();
        let route = Route { pattern: Arc::from(pattern), segments, methods: methods.collect() };
        self.routes.entry(route.segments.len()).or_default().push(route);
    }
}

/// What the document says that an operation takes: `x-permission`, or one of the others beside it.
fn permissions(operation: &Value, known: &[Permission]) -> Arc<[Permission]> {
    let others = operation["x-permission-or"].as_array().into_iter().flatten();
    let names = std::iter::once(&operation["x-permission"]).chain(others);
    let named = names.filter_map(|name| {
        known.iter().copied().find(|permission| Some(permission.as_str()) == name.as_str())
    });
    named.collect()
}

impl Route {
    fn fits(&self, words: &[&str]) -> bool {
        self.segments.iter().zip(words).all(|(segment, word)| match segment {
            Segment::Word(expected) => expected == word,
            Segment::Parameter => !word.is_empty(),
        })
    }
}
