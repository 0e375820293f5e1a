//! The configuration: read from four layers, checked as a whole before anything opens, and never
//! printed with a secret in it.
//!
//! Defaults, then the TOML file, then `ALMONER_…` variables, then the command line: the later wins.
//! `deploy/almoner.example.toml` explains every key.

pub mod mail;
mod print;
mod problem;
mod read;
mod reader;
pub mod schema;
mod site;
mod sources;
#[cfg(test)]
mod tests;
mod values;

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use almoner_accounts::{login::LoginPolicy, password::PasswordPolicy, session::SessionPolicy};
use almoner_adapters::{
    backup::schedule::BackupPlan,
    mail::{LinkSettings, MailRoute, SmtpTls},
    telemetry::{ErrorSettings, LogFormat, TraceSettings},
};
use almoner_http::{BodySettings, live::LiveSettings, settings::SameSite};
use almoner_kernel::{Currency, EmailAddress, Locale, Region};
use chrono_tz::Tz;
use ipnet::IpNet;
use secrecy::SecretString;

pub use mail::MailSettings;
pub use problem::{ConfigError, Problem};
pub use sources::Sources;
pub use values::{Database, WebOrigin, url_without_password};

use reader::Reader;

/// Everything an operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the database and the key file.
    pub data_dir: PathBuf,
    /// File of the master key.
    pub key_file: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Origin under which browsers reach the server.
    pub public_url: WebOrigin,
    /// True when some source says it, and it is not only made of `listen`.
    pub is_public_url_given: bool,
    /// With which requests browsers send the cookies.
    pub same_site: SameSite,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// How request bodies have to come.
    pub bodies: BodySettings,
    /// Time that load balancers have to notice that the server is about to go.
    pub shutdown_drain: Duration,
    /// Time that requests in flight have at shutdown.
    pub shutdown_grace: Duration,
    /// Name of the charity.
    pub organisation: String,
    /// Country of phone numbers written without a country code.
    pub country: CountryCode,
    /// Language in whose order names stand.
    pub language: Locale,
    /// Time zone that schedules are read in.
    pub time_zone: Tz,
    /// Currencies a donation may have, the usual one first.
    pub currencies: Vec<Currency>,
    /// Where the database is.
    pub database: Database,
    /// Connections of the pool.
    pub database_pool_size: u32,
    /// The backups that the server makes by itself; none unless a folder is named.
    pub backup: Option<BackupPlan>,
    /// Work that is done apart from requests.
    pub jobs: JobSettings,
    /// Whether webhooks may call addresses of private networks, and in plain `http`.
    pub webhooks_allow_private: bool,
    /// How long deliveries to webhooks are kept that came to their end.
    pub webhook_deliveries_keep: Duration,
    /// How long a record stays in the trash.
    pub trash_keep: Duration,
    /// How long security events are kept.
    pub security_events_keep: Duration,
    /// How long changes are kept in the trail.
    pub changes_keep: Duration,
    /// The first superadmin, made on an empty database and ignored afterwards.
    pub first_admin: Option<FirstAdmin>,
    /// What is logged, and how.
    pub log: LogSettings,
    /// Where traces go; nowhere unless a collector is named.
    pub traces: Option<TraceSettings>,
    /// Where errors go beside the log; nowhere unless a DSN is given.
    pub errors: Option<ErrorSettings>,
    /// Origins of other web pages that may call the API.
    pub cors_origins: Vec<WebOrigin>,
    /// How many requests are allowed.
    pub rate_limit: RateLimit,
    /// How many may follow live lists.
    pub live: LiveSettings,
    /// How long sessions live.
    pub session: SessionPolicy,
    /// What a password must be; the name of the charity is among its organisation words.
    pub password: PasswordPolicy,
    /// Passwords known from breaches, in the "ordered by hash" format of Have I Been Pwned.
    pub breached_file: Option<PathBuf>,
    /// Password hashes computed at the same time, 19 MiB each.
    pub hash_threads: u32,
    /// How many logins may fail.
    pub login: LoginPolicy,
    /// How mail leaves the server; none where it does not.
    pub mail: Option<MailSettings>,
    /// Where the links in mails lead.
    pub links: LinkSettings,
    /// What `/metrics` asks for as a bearer token.
    pub metrics_token: Option<SecretString>,
}

/// A country, with the code it was configured by.
#[derive(Clone, PartialEq, Eq)]
pub struct CountryCode {
    /// ISO 3166 alpha-2, upper case.
    pub code: String,
    /// What phone numbers are parsed with.
    pub region: Region,
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

/// Who becomes the first superadmin.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// Where to write to, and what to log in with.
    pub email: EmailAddress,
    /// The password to begin with.
    pub password: SecretString,
}

/// Work that is done apart from requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSettings {
    /// How many jobs are done at the same time.
    pub concurrency: u32,
    /// How long jobs are kept that were done or cancelled.
    pub keep: Duration,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Directives of `tracing_subscriber::EnvFilter`, such as `info,almoner_http=debug`.
    pub filter: String,
    /// Text or JSON.
    pub format: LogFormat,
}

/// How many requests are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// False when no quota holds: for load tests, or behind a limiter of one's own.
    pub enabled: bool,
    /// Requests per minute of one user.
    pub user_per_minute: u32,
    /// Requests per minute of one address that is not logged in.
    pub stranger_per_minute: u32,
    /// Requests per minute of one user with that role, instead of `user_per_minute`.
    pub roles: BTreeMap<String, u32>,
}

impl Config {
    /// Reads all layers and checks everything. Opens nothing but the TOML file.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem there is.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let figment = sources.layered(&mut problems);
        let mut reader = Reader::new(figment, problems);
        let config = read::read(&mut reader);
        match config {
            Some(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(ConfigError(reader.problems)),
        }
    }

    /// As a TOML file that can be used, without secrets. `sources` are those it was read from.
    pub fn to_toml(&self, sources: &Sources) -> String {
        print::toml(sources.layered(&mut Vec::new()), self)
    }

    /// What is allowed but should be known at start, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.rate_limit.enabled {
            warnings.push(
                "rate_limit.enabled (ALMONER_RATE_LIMIT) is off: nothing limits requests and \
                 guessing but a limiter of your own"
                    .to_owned(),
            );
        }
        if self.webhooks_allow_private {
            warnings.push(
                "webhooks.allow_private (ALMONER_WEBHOOKS_ALLOW_PRIVATE) is on: whoever may manage \
                 webhooks can have this server call whatever its network reaches"
                    .to_owned(),
            );
        }
        if !self.public_url.is_https() && !self.public_url.is_loopback() {
            warnings.push(format!(
                "public_url (ALMONER_PUBLIC_URL) is {}: passwords and session cookies travel in \
                 the clear",
                self.public_url
            ));
        }
        if self.public_url.is_loopback() && !self.listen.ip().is_loopback() {
            warnings.push(format!(
                "the server listens on {}, but public_url (ALMONER_PUBLIC_URL) is {}: browsers on \
                 other machines will be refused as foreign",
                self.listen, self.public_url
            ));
        }
        warnings.extend(site::warnings(self));
        if let Some(mail) = &self.mail {
            match &mail.route {
                MailRoute::Smtp(smtp) if smtp.tls == SmtpTls::Opportunistic => warnings.push(
                    "mail.tls (ALMONER_MAIL_TLS) is opportunistic: whoever sits between this server \
                     and the mail server can read mails, and use the links in them"
                        .to_owned(),
                ),
                MailRoute::Smtp(_) => {}
                MailRoute::Folder(_) | MailRoute::Log => warnings.push(
                    "mail.transport (ALMONER_MAIL_TRANSPORT) sends no mail to anybody: it is for \
                     development"
                        .to_owned(),
                ),
            }
            for page in [&self.links.password_reset, &self.links.invitation] {
                if page.scheme() != "https" && !self.public_url.is_loopback() {
                    warnings.push(format!(
                        "links in mails lead to {page}: passwords are typed in the clear there"
                    ));
                }
            }
        }
        warnings
    }
}
