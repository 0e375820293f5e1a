//! What the HTTP layer is told by the configuration. `almoner-app` reads and checks the keys; here
//! they have types.

use std::{collections::BTreeMap, fmt, net::IpAddr, num::NonZeroU32};

pub use actix_web::cookie::SameSite;
use actix_web::http::Uri;
use almoner_kernel::Epoch;
use ipnet::IpNet;

pub use crate::kit::body::intake::BodySettings;
use crate::live::LiveSettings;

/// Everything the HTTP layer is told.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The address under which browsers see the server (`ALMONER_PUBLIC_URL`).
    pub public_url: PublicUrl,
    /// True when the operator has said it, and it is not only guessed from where the server listens.
    pub is_public_url_given: bool,
    /// With which requests browsers send the cookies (`ALMONER_SESSION_SAME_SITE`).
    pub same_site: SameSite,
    /// Peers whose `X-Forwarded-For` and `X-Request-Id` are believed (`ALMONER_TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// Foreign origins whose pages may call the API with credentials, such as a frontend's
    /// development server.
    pub cors_origins: Vec<Origin>,
    /// How many requests are answered.
    pub quotas: Quotas,
    /// How many may follow live lists.
    pub live: LiveSettings,
    /// The largest request body, bytes.
    pub body_limit: usize,
    /// How bodies have to come.
    pub bodies: BodySettings,
    /// Sub-keys of the signing key.
    pub keys: HttpKeys,
    /// The time line that the answers are of.
    pub epoch: Epoch,
    /// How names are sorted, in a few letters: what a cursor or mark of another order says of a place in a
    /// list is no longer true.
    pub order: String,
    /// The bearer token of `GET /metrics`; without it only loopback peers are answered, and only while
    /// the public address is loopback too.
    pub metrics_token: Option<String>,
}

impl HttpSettings {
    /// 1 MiB: the largest body of the API is a donor with notes, far below it.
    pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

    /// True for an origin whose pages may make changes: our own, or one of the allow-list.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.public_url.origin.0 == origin || self.cors_origins.iter().any(|one| one.0 == origin)
    }
}

/// The address under which browsers see the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Origin,
}

impl PublicUrl {
    /// Parses `https://almoner.example.org`; a path is refused, because cookies with the `__Host-`
    /// prefix belong to the whole host.
    ///
    /// # Errors
    /// [`NotAnOrigin`] unless it is `http` or `https`, a host and at most a port.
    pub fn parse(url: &str) -> Result<Self, NotAnOrigin> {
        Origin::parse(url.strip_suffix('/').unwrap_or(url)).map(|origin| Self { origin })
    }

    /// True when browsers reach the server over TLS.
    pub fn is_https(&self) -> bool {
        self.origin.0.starts_with("https://")
    }

    /// True when only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        let host = self.origin.0.parse::<Uri>().ok();
        is_loopback(host.as_ref().and_then(Uri::host).unwrap_or_default())
    }

    /// Scheme, host and port, as browsers send it in `Origin`.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// True for a host name or address that is this machine wherever it is looked up.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Scheme, host and port, as browsers send it in `Origin`: lower case, no default port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Parses `https://app.example.org:8443`.
    ///
    /// # Errors
    /// [`NotAnOrigin`] unless it is `http` or `https`, a host and at most a port.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let scheme = uri.scheme_str().ok_or(NotAnOrigin)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(NotAnOrigin),
        };
        let authority = uri.authority().ok_or(NotAnOrigin)?;
        let is_bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
        if !is_bare || authority.as_str().contains('@') {
            return Err(NotAnOrigin);
        }
        let host = authority.host().to_ascii_lowercase();
        Ok(Self(match authority.port_u16().filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not scheme, host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form https://host or https://host:port")]
pub struct NotAnOrigin;

/// How many requests are answered; each process counts for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Off only for load tests and behind a limiter of your own (`ALMONER_RATE_LIMIT`).
    pub is_on: bool,
    /// Requests per minute from one address (one /64 for IPv6) without a session.
    pub stranger: NonZeroU32,
    /// Requests per minute of one user.
    pub user: NonZeroU32,
    /// Requests per minute of one user, for roles that differ from `user`.
    pub roles: BTreeMap<String, NonZeroU32>,
}

impl Default for Quotas {
    fn default() -> Self {
        // The described systems' 100 to 300 per 15 minutes would stop any real frontend.
        let per_minute = |limit: u32| NonZeroU32::MIN.saturating_add(limit - 1);
        let (stranger, user) = (per_minute(60), per_minute(600));
        Self { is_on: true, stranger, user, roles: BTreeMap::new() }
    }
}

/// Sub-keys of the signing key, one per use.
#[derive(Clone)]
pub struct HttpKeys {
    /// Signs the session cookie.
    pub cookie: [u8; 64],
    /// Makes CSRF tokens.
    pub csrf: [u8; 32],
    /// Seals list cursors and makes tags, each with the epoch; knows repeated requests.
    pub cursor: [u8; 32],
}

impl fmt::Debug for HttpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpKeys(***)")
    }
}
