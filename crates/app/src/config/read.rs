//! Reads every key from the layers, and checks each and what they mean together.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use almoner_accounts::{login::LoginPolicy, password::PasswordPolicy, session::SessionPolicy};
use almoner_adapters::{
    backup::schedule::BackupPlan,
    telemetry::{ErrorSettings, LogFormat, TraceSettings, check_filter},
};
use almoner_http::{BodySettings, live::LiveSettings};
use almoner_kernel::{Currency, EmailAddress, Locale, Region};
use almoner_persistence::collation::Collation;
use chrono::TimeDelta;
use chrono_tz::Tz;
use secrecy::SecretString;

use super::{
    Config, CountryCode, Database, FirstAdmin, JobSettings, LogSettings, RateLimit, WebOrigin,
    mail, reader::Reader, schema, site, values,
};

/// Reads every key; none when one is wrong, which the reader keeps.
pub(super) fn read(reader: &mut Reader) -> Option<Config> {
    use schema as key;
    use values::{network, size, span, switch, whole};

    const DAY: Duration = Duration::from_secs(86_400);

    let data_dir = reader.read(key::DATA_DIR, path);
    let key_file = optional(reader, key::KEY_FILE, path);
    let listen = reader.read(key::LISTEN, |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| "must be an IP address and a port such as 127.0.0.1:8080".to_owned())
    });
    let public_url = optional(reader, key::PUBLIC_URL, WebOrigin::parse);
    let trusted_proxies = reader.list(key::TRUSTED_PROXIES, network);
    let body_limit = reader.read(key::BODY_LIMIT, |text| {
        // Below 1 KiB no login fits; above 64 MiB a few requests exhaust the memory.
        bounded(size(text)?, (1 << 10)..=(64 << 20), "must be from 1KiB to 64MiB")
    });
    let body_deadline = reader.read(key::BODY_DEADLINE, |text| {
        let seconds = Duration::from_secs;
        bounded(span(text)?, seconds(5)..=seconds(3_600), "must be from 5s to 1h")
    });
    let body_least_rate = reader.read(key::BODY_LEAST_RATE, |text| {
        bounded(size(text)?, 1..=(1 << 20), "must be from 1 to 1MiB")
    });
    let bodies_per_client = reader.read(key::BODIES_PER_CLIENT, whole(1..=10_000));
    let shutdown_drain = reader.read(key::SHUTDOWN_DRAIN, |text| {
        bounded(span(text)?, Duration::ZERO..=Duration::from_secs(600), "must be at most 10m")
    });
    let shutdown_grace = reader.read(key::SHUTDOWN_GRACE, |text| {
        bounded(span(text)?, Duration::ZERO..=Duration::from_secs(600), "must be at most 10m")
    });
    let organisation = reader.read(key::ORGANISATION, |text| {
        almoner_kernel::text::line(text, 200).map_err(|unfit| unfit.to_string())
    });
    let country = reader.read(key::COUNTRY, |text| {
        let code = text.to_uppercase();
        let region = Region::parse(&code).map_err(|unfit| unfit.to_string())?;
        Ok(CountryCode { code, region })
    });
    let language = reader.read(key::LANGUAGE, |text| {
        let language = Locale::parse(text).map_err(|unfit| unfit.to_string())?;
        // Names are sorted by it.
        Collation::of(&language).map_err(|unfit| unfit.to_string())?;
        Ok(language)
    });
    let time_zone = reader.read(key::TIME_ZONE, |text| {
        text.parse::<Tz>()
            .map_err(|_| "must be a name of the IANA database such as Europe/Istanbul".to_owned())
    });
    let currencies = reader
        .list(key::CURRENCIES, |text| Currency::parse(text).map_err(|unfit| unfit.to_string()));
    if currencies.as_ref().is_some_and(Vec::is_empty) {
        reader.wrong(key::CURRENCIES, "must name at least one currency");
    }

    let database = optional(reader, key::DATABASE_URL, Database::parse);
    // One is left when a batch has one.
    let database_pool_size = reader.read(key::DATABASE_POOL_SIZE, whole(2..=1_000));

    let backup = backup_plan(reader, database.as_ref());

    let concurrency = reader.read(key::JOBS_CONCURRENCY, whole(1..=64));
    let mut retention = |key| {
        // Ten years: what is kept longer is better taken elsewhere.
        reader.read(key, |text| bounded(span(text)?, DAY..=DAY * 3_653, "must be from 1d to 3653d"))
    };
    let trash_keep = retention(key::RETENTION_TRASH);
    let security_events_keep = retention(key::RETENTION_SECURITY_EVENTS);
    let jobs_keep = retention(key::RETENTION_JOBS);
    let webhook_deliveries_keep = retention(key::RETENTION_WEBHOOK_DELIVERIES);
    let changes_keep = reader.read(key::RETENTION_CHANGES, |text| {
        let years = DAY * 365..=DAY * 36_525;
        bounded(span(text)?, years, "must be from 365d to 36525d")
    });
    let webhooks_allow_private = reader.read(key::WEBHOOKS_ALLOW_PRIVATE, switch);

    let log_filter = reader.read(key::LOG, |text| {
        check_filter(text).map(|()| text.to_owned()).map_err(|error| {
            format!("must be a log filter such as info,almoner_http=debug: {error}")
        })
    });
    let log_format = reader.read(key::LOG_FORMAT, |text| match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    });
    let (traces, errors) = telemetry(reader);
    let cors_origins = reader.list(key::CORS_ORIGINS, WebOrigin::parse);

    let quota = || whole(1..=1_000_000);
    let rate_limit_enabled = reader.read(key::RATE_LIMIT, switch);
    let user_per_minute = reader.read(key::RATE_LIMIT_USER, quota());
    let stranger_per_minute = reader.read(key::RATE_LIMIT_STRANGER, quota());
    let live_max_of_user = reader.read(key::LIVE_MAX_PER_USER, whole(1..=100_000));
    let live_max = reader.read(key::LIVE_MAX, whole(1..=100_000));
    let roles = reader.table(key::RATE_LIMIT_ROLES, |text| quota()(text));

    let minute_to = |longest: Duration, detail: &'static str| {
        move |text: &str| {
            let span = bounded(span(text)?, Duration::from_secs(60)..=longest, detail)?;
            TimeDelta::from_std(span).map_err(|_| detail.to_owned())
        }
    };
    let mut timeout = |key| reader.read(key, minute_to(365 * DAY, "must be from 1m to 365d"));
    let idle = timeout(key::SESSION_IDLE);
    let absolute = timeout(key::SESSION_ABSOLUTE);
    let remembered_idle = timeout(key::SESSION_REMEMBERED_IDLE);
    let remembered_absolute = timeout(key::SESSION_REMEMBERED_ABSOLUTE);
    for (key, idle, absolute, longest) in [
        (key::SESSION_IDLE, idle, absolute, key::SESSION_ABSOLUTE),
        (
            key::SESSION_REMEMBERED_IDLE,
            remembered_idle,
            remembered_absolute,
            key::SESSION_REMEMBERED_ABSOLUTE,
        ),
    ] {
        if absolute.is_some() && idle > absolute {
            reader.wrong(key, format!("must not be longer than {}", longest.path));
        }
    }
    let max_per_user = reader.read(key::SESSION_MAX, whole(1..=1_000));

    // ASVS 6.2.1 asks for at least 8 characters, 6.2.9 for at least 64 being allowed.
    let min_length = reader.read(key::PASSWORD_MIN, whole(8..=64));
    let max_length = reader.read(key::PASSWORD_MAX, whole(64..=1_024));
    let words = reader.list(key::PASSWORD_WORDS, |text| Ok(text.to_owned()));
    let password = password_policy(min_length, max_length, words, organisation.as_deref());
    let breached_file = optional(reader, key::PASSWORD_BREACHED, |text| {
        let file = path(text)?;
        if file.is_file() { Ok(file) } else { Err("is not a file".to_owned()) }
    });
    let hash_threads = reader.read(key::PASSWORD_HASH_THREADS, whole(1..=64));

    let attempts_per_address = reader.read(key::LOGIN_ATTEMPTS, whole(1..=10_000));
    let address_window = reader.read(key::LOGIN_WINDOW, minute_to(DAY, "must be from 1m to 1d"));
    let logins_per_address = reader.read(key::LOGIN_ALL, whole(10..=1_000_000));
    let attempts_per_account = reader.read(key::LOGIN_STRANGERS, whole(10..=10_000));
    let account_window =
        reader.read(key::LOGIN_STRANGERS_WINDOW, minute_to(DAY, "must be from 1m to 1d"));
    let lockout_failures = reader.read(key::LOGIN_FAILURES, whole(1..=100));
    let lockout_time = reader.read(key::LOGIN_LOCKOUT, minute_to(DAY, "must be from 1m to 1d"));

    let mail = mail::mail(reader);

    let metrics_token = optional(reader, key::METRICS_TOKEN, |text| {
        // 128 bits in hexadecimal have 32 characters; 16 is what a person might still type.
        if text.len() >= 16 {
            Ok(SecretString::from(text))
        } else {
            Err("must have at least 16 characters".to_owned())
        }
    });
    let first_admin = first_admin(reader, password.as_ref());
    let is_public_url_given = matches!(public_url, Some(Some(_)));
    let public_url = public_url.and_then(|given| given.or_else(|| default_public_url(listen?)));
    let same_site = site::same_site(reader, public_url.as_ref());
    let links = mail::links(reader, public_url.as_ref());

    let data_dir = data_dir?;
    Some(Config {
        key_file: key_file?.unwrap_or_else(|| data_dir.join("almoner.key")),
        public_url: public_url?,
        is_public_url_given,
        same_site: same_site?,
        database: database?
            .unwrap_or_else(|| Database::Sqlite { path: data_dir.join("almoner.db") }),
        data_dir,
        listen: listen?,
        trusted_proxies: trusted_proxies?,
        body_limit: body_limit?,
        bodies: BodySettings {
            deadline: body_deadline?,
            least_rate: u32::try_from(body_least_rate?).ok()?,
            per_client: bodies_per_client?,
            ..BodySettings::default()
        },
        shutdown_drain: shutdown_drain?,
        shutdown_grace: shutdown_grace?,
        organisation: organisation?,
        country: country?,
        language: language?,
        time_zone: time_zone?,
        currencies: currencies?,
        database_pool_size: database_pool_size?,
        backup: backup?,
        jobs: JobSettings { concurrency: concurrency?, keep: jobs_keep? },
        webhooks_allow_private: webhooks_allow_private?,
        webhook_deliveries_keep: webhook_deliveries_keep?,
        trash_keep: trash_keep?,
        security_events_keep: security_events_keep?,
        changes_keep: changes_keep?,
        first_admin: first_admin?,
        log: LogSettings { filter: log_filter?, format: log_format? },
        traces: traces?,
        errors: errors?,
        cors_origins: cors_origins?,
        live: LiveSettings { max_of_user: live_max_of_user? as usize, max: live_max? as usize },
        rate_limit: RateLimit {
            enabled: rate_limit_enabled?,
            user_per_minute: user_per_minute?,
            stranger_per_minute: stranger_per_minute?,
            roles: roles?,
        },
        session: SessionPolicy {
            idle: idle?,
            absolute: absolute?,
            remembered_idle: remembered_idle?,
            remembered_absolute: remembered_absolute?,
            max_per_user: max_per_user? as usize,
        },
        password: password?,
        breached_file: breached_file?,
        hash_threads: hash_threads?,
        login: LoginPolicy {
            max_failures: lockout_failures?,
            lock: lockout_time?,
            max_per_address: attempts_per_address?,
            max_logins: logins_per_address?,
            window: address_window?,
            max_per_account: attempts_per_account?,
            account_window: account_window?,
        },
        mail: mail?,
        links: links?,
        metrics_token: metrics_token?,
    })
}

/// A key that may be absent: `None` when it is wrong, `Some(None)` when no source gives it.
pub(super) fn optional<T>(
    reader: &mut Reader,
    key: &'static schema::Key,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    if reader.has(key) { reader.read(key, parse).map(Some) } else { Some(None) }
}

/// The scheduled backups: `None` when something is wrong, `Some(None)` when no folder is named.
fn backup_plan(
    reader: &mut Reader,
    database: Option<&Option<Database>>,
) -> Option<Option<BackupPlan>> {
    const MINUTE: Duration = Duration::from_secs(60);
    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    let folder = reader.read(schema::BACKUP_FOLDER, |text| Ok(PathBuf::from(text)));
    let every = reader.read(schema::BACKUP_EVERY, |text| {
        bounded(values::span(text)?, MINUTE..=YEAR, "must be from 1m to 365d")
    });
    let keep = reader.read(schema::BACKUP_KEEP, values::whole(1..=10_000));
    let folder = folder?;
    if folder.as_os_str().is_empty() {
        return every.and(keep).map(|_| None);
    }
    if matches!(database, Some(Some(Database::Postgres { .. }))) {
        reader.wrong(
            schema::BACKUP_FOLDER,
            "is for SQLite files: a PostgreSQL database is backed up with its own tools",
        );
        return None;
    }
    Some(Some(BackupPlan { folder, every: every?, keep: keep? }))
}

/// Where traces and errors go: `None` when something is wrong, `Some(None)` when nowhere.
fn telemetry(
    reader: &mut Reader,
) -> (Option<Option<TraceSettings>>, Option<Option<ErrorSettings>>) {
    use values::{collector, dsn, share};

    const NAME: usize = 200;

    fn given(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }
    let name =
        |text: &str| almoner_kernel::text::line(text, NAME).map_err(|unfit| unfit.to_string());
    let endpoint = reader
        .read(schema::OTLP_ENDPOINT, |text| given(text).map(|text| collector(&text)).transpose());
    let sample_ratio = reader.read(schema::OTLP_SAMPLE_RATIO, share);
    let service = reader.read(schema::SERVICE_NAME, name);
    let instance =
        reader.read(schema::INSTANCE_ID, |text| given(text).map(|text| name(&text)).transpose());
    let dsn =
        reader.read(schema::SENTRY_DSN, |text| given(text).map(|text| dsn(&text)).transpose());
    let environment = reader.read(schema::SENTRY_ENVIRONMENT, name);
    let sample_rate = reader.read(schema::SENTRY_SAMPLE_RATE, share);

    let traces = || {
        let (endpoint, sample_ratio, service) = (endpoint?, sample_ratio?, service?);
        let instance = instance.clone()?;
        Some(endpoint.map(|endpoint| TraceSettings { endpoint, sample_ratio, service, instance }))
    };
    let errors = || {
        let (dsn, environment, sample_rate) = (dsn?, environment?, sample_rate?);
        let instance = instance.clone()?;
        Some(dsn.map(|dsn| ErrorSettings { dsn, environment, sample_rate, instance }))
    };
    (traces(), errors())
}

fn password_policy(
    min_length: Option<u32>,
    max_length: Option<u32>,
    words: Option<Vec<String>>,
    organisation: Option<&str>,
) -> Option<PasswordPolicy> {
    let PasswordPolicy { mut organisation_words, .. } = PasswordPolicy::default();
    organisation_words.push(organisation?.to_owned());
    organisation_words.extend(words?);
    Some(PasswordPolicy {
        min_chars: min_length? as usize,
        max_chars: max_length? as usize,
        organisation_words,
    })
}

/// The first superadmin, whose password has to fit the policy; the list of breached passwords is
/// asked when the account is made.
fn first_admin(reader: &mut Reader, policy: Option<&PasswordPolicy>) -> Option<Option<FirstAdmin>> {
    let email = optional(reader, schema::ADMIN_EMAIL, |text| {
        EmailAddress::parse(text).map_err(|unfit| unfit.to_string())
    });
    let password = if reader.has(schema::ADMIN_PASSWORD) {
        reader.verbatim(schema::ADMIN_PASSWORD, |text| Ok(SecretString::from(text))).map(Some)
    } else {
        Some(None)
    };
    match (email?, password?) {
        (Some(email), Some(password)) => match policy?.check(password.clone(), &[email.as_str()]) {
            Ok(_) => Some(Some(FirstAdmin { email, password })),
            Err(complaints) => {
                for complaint in complaints {
                    reader.wrong(schema::ADMIN_PASSWORD, complaint.to_string());
                }
                None
            }
        },
        (None, None) => Some(None),
        (Some(_), None) => {
            reader.wrong(schema::ADMIN_PASSWORD, "is required beside admin.email");
            None
        }
        (None, Some(_)) => {
            reader.wrong(schema::ADMIN_EMAIL, "is required beside admin.password");
            None
        }
    }
}

fn default_public_url(listen: SocketAddr) -> Option<WebOrigin> {
    // Nobody can type "all addresses" into a browser.
    let text = if listen.ip().is_unspecified() {
        format!("http://localhost:{}", listen.port())
    } else {
        format!("http://{listen}")
    };
    WebOrigin::parse(&text).ok()
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(PathBuf::from(text)) }
}

pub(super) fn bounded<T: PartialOrd>(
    value: T,
    bounds: std::ops::RangeInclusive<T>,
    detail: &str,
) -> Result<T, String> {
    if bounds.contains(&value) { Ok(value) } else { Err(detail.to_owned()) }
}
