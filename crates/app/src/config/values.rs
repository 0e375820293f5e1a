//! How a configuration value is written: times, sizes, origins, the database's address.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use almoner_adapters::telemetry::{is_dsn, masked_url};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where the database is.
#[derive(Clone)]
pub enum Database {
    /// A SQLite file, relative to the working directory unless it begins with `/`.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://user:password@host:port/database?options`.
        url: SecretString,
    },
}

impl Database {
    /// The address without its password: fit for logs and messages.
    pub fn masked(&self) -> String {
        match self {
            Self::Sqlite { path } => format!("sqlite://{}", path.display()),
            Self::Postgres { url } => masked_url(url.expose_secret()),
        }
    }

    /// Parses `sqlite:FILE`, `sqlite://FILE`, `postgres://…` or `postgresql://…`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            return match path {
                "" => Err("names no file: write sqlite://data/almoner.db".to_owned()),
                ":memory:" => Err("must be a file: a database in memory would be lost".to_owned()),
                path if path.contains('?') => {
                    Err("takes no parameters: only a file name after sqlite://".to_owned())
                }
                path => Ok(Self::Sqlite { path: PathBuf::from(path) }),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let url = Url::parse(text).map_err(|error| format!("is not an address: {error}"))?;
            if url.path().trim_matches('/').is_empty() {
                return Err("names no database: end it with /almoner".to_owned());
            }
            return Ok(Self::Postgres { url: text.to_owned().into() });
        }
        Err("must begin with sqlite:, postgres:// or postgresql://".to_owned())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The address as libpq takes it, without its password, wherever that stands.
pub fn url_without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return masked_url(text) };
    if url.password().is_some() && url.set_password(None).is_err() {
        return masked_url(text);
    }
    let is_password = |name: &str| name.eq_ignore_ascii_case("password");
    if url.query_pairs().any(|(name, _)| is_password(&name)) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_password(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        if url.query() == Some("") {
            url.set_query(None);
        }
    }
    url.to_string()
}

/// Scheme, host and port: `https://almoner.example.org`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebOrigin(Url);

impl WebOrigin {
    /// As browsers write it in `Origin`: no path, no default port.
    pub fn as_text(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The name or address in it.
    pub(super) fn host(&self) -> Option<url::Host<&str>> {
        self.0.host()
    }

    /// True for `https`: cookies are `Secure` then.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// True when only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "must be an origin such as https://almoner.example.org, without a path";
        let url = Url::parse(text).map_err(|_| SHAPE.to_owned())?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if bare { Ok(Self(url)) } else { Err(SHAPE.to_owned()) }
    }
}

impl fmt::Debug for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_text())
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_text())
    }
}

/// Parses a time span: a whole number and `s`, `m`, `h` or `d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    const SHAPE: &str = "must be a time such as 30s, 15m, 12h or 30d";
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(SHAPE.to_owned()),
    };
    let count: u32 = text[..text.len() - 1].trim().parse().map_err(|_| SHAPE.to_owned())?;
    Ok(Duration::from_secs(u64::from(count) * unit))
}

/// Parses a size in bytes: a whole number, alone or with `KiB` or `MiB`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    const SHAPE: &str = "must be a size such as 65536, 512KiB or 1MiB";
    let (digits, unit) = match text {
        text if text.ends_with("MiB") => (&text[..text.len() - 3], 1 << 20),
        text if text.ends_with("KiB") => (&text[..text.len() - 3], 1 << 10),
        text => (text, 1),
    };
    let count: usize = digits.trim().parse().map_err(|_| SHAPE.to_owned())?;
    count.checked_mul(unit).ok_or_else(|| SHAPE.to_owned())
}

/// Parses a block of addresses (`10.0.0.0/8`) or a single one.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    IpNet::from_str(text)
        .or_else(|_| IpAddr::from_str(text).map(IpNet::from))
        .map_err(|_| "must be addresses or CIDR blocks such as 10.0.0.0/8 or ::1".to_owned())
}

/// Parses `on` or `off`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

/// Parses a whole number within bounds.
pub(super) fn whole(
    bounds: std::ops::RangeInclusive<u32>,
) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            format!("must be a whole number from {} to {}", bounds.start(), bounds.end())
        })
    }
}

/// Parses a share from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// Parses the address of an OTLP collector; returns the one for traces, which is below it.
pub(super) fn collector(text: &str) -> Result<String, String> {
    const SHAPE: &str = "must be an address such as http://127.0.0.1:4318, without a name or query";
    const TRACES: &str = "/v1/traces";

    let url = Url::parse(text).map_err(|_| SHAPE.to_owned())?;
    // The address stands in the printed configuration and in the log.
    let is_fit = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !is_fit {
        return Err(SHAPE.to_owned());
    }
    let base = url.as_str().trim_end_matches('/');
    Ok(format!("{}{TRACES}", base.strip_suffix(TRACES).unwrap_or(base)))
}

/// Parses a Sentry DSN. It holds a key, so no complaint repeats it.
pub(super) fn dsn(text: &str) -> Result<SecretString, String> {
    match is_dsn(text) {
        true => Ok(SecretString::from(text)),
        false => Err("must be a DSN such as https://key@sentry.example.org/1".to_owned()),
    }
}
