//! Every configuration key once: its place in the TOML file, its environment variable, its default.

/// One configuration key.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its place in the TOML file, such as `session.idle_timeout`.
    pub path: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// What holds when no source says anything, as it would be written in the variable. None: the
    /// key is absent, or its default is made of other keys.
    pub default: Option<&'static str>,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $path:literal, $variable:literal, $default:expr;)+) => {
        $($(#[$doc])* pub const $name: &Key =
            &Key { path: $path, variable: $variable, default: $default };)+

        /// Every key, in the order of the example file.
        pub const KEYS: &[&Key] = &[$($name,)+];
    };
}

keys! {
    /// Folder of the database and the key file.
    DATA_DIR = "data_dir", "ALMONER_DATA_DIR", Some("data");
    /// File of the master key.
    KEY_FILE = "key_file", "ALMONER_KEY_FILE", None;
    /// Address and port to listen on.
    LISTEN = "listen", "ALMONER_LISTEN", Some("127.0.0.1:8080");
    /// Origin under which browsers reach the server.
    PUBLIC_URL = "public_url", "ALMONER_PUBLIC_URL", None;
    /// Proxies whose `X-Forwarded-For` counts.
    TRUSTED_PROXIES = "trusted_proxies", "ALMONER_TRUSTED_PROXIES", Some("");
    /// Largest request body.
    BODY_LIMIT = "body_limit", "ALMONER_BODY_LIMIT", Some("1MiB");
    /// Time that a request body may take.
    BODY_DEADLINE = "body_deadline", "ALMONER_BODY_DEADLINE", Some("1m");
    /// Bytes of a request body that have to come in a second.
    BODY_LEAST_RATE = "body_least_rate", "ALMONER_BODY_LEAST_RATE", Some("1KiB");
    /// Request bodies of one address that may be on their way.
    BODIES_PER_CLIENT = "bodies_per_client", "ALMONER_BODIES_PER_CLIENT", Some("16");
    /// Time that load balancers have to notice that the server is about to go.
    SHUTDOWN_DRAIN = "shutdown_drain", "ALMONER_SHUTDOWN_DRAIN", Some("0s");
    /// Time that requests in flight have at shutdown.
    SHUTDOWN_GRACE = "shutdown_grace", "ALMONER_SHUTDOWN_GRACE", Some("30s");
    /// Name of the charity.
    ORGANISATION = "organisation", "ALMONER_ORGANISATION", Some("Almoner");
    /// Country of national phone numbers.
    COUNTRY = "country", "ALMONER_COUNTRY", Some("TR");
    /// Language in whose order names stand.
    LANGUAGE = "language", "ALMONER_LANGUAGE", Some("tr");
    /// Time zone that schedules are read in.
    TIME_ZONE = "time_zone", "ALMONER_TIME_ZONE", Some("Europe/Istanbul");
    /// Currencies a donation may have.
    CURRENCIES = "currencies", "ALMONER_CURRENCIES", Some("TRY,USD,EUR");

    /// Where the database is.
    DATABASE_URL = "database.url", "ALMONER_DATABASE_URL", None;
    /// Connections of the pool.
    DATABASE_POOL_SIZE = "database.pool_size", "ALMONER_DATABASE_POOL_SIZE", Some("10");

    /// Folder of the backups that the server makes by itself.
    BACKUP_FOLDER = "backup.folder", "ALMONER_BACKUP_FOLDER", Some("");
    /// Time between two of them.
    BACKUP_EVERY = "backup.every", "ALMONER_BACKUP_EVERY", Some("24h");
    /// How many of them are kept.
    BACKUP_KEEP = "backup.keep", "ALMONER_BACKUP_KEEP", Some("7");

    /// Jobs that are done at the same time.
    JOBS_CONCURRENCY = "jobs.concurrency", "ALMONER_JOBS_CONCURRENCY", Some("4");

    /// Whether webhooks may call addresses of private networks.
    WEBHOOKS_ALLOW_PRIVATE = "webhooks.allow_private", "ALMONER_WEBHOOKS_ALLOW_PRIVATE", Some("off");

    /// How long a record stays in the trash.
    RETENTION_TRASH = "retention.trash", "ALMONER_RETENTION_TRASH", Some("30d");
    /// How long security events are kept.
    RETENTION_SECURITY_EVENTS =
        "retention.security_events", "ALMONER_RETENTION_SECURITY_EVENTS", Some("90d");
    /// How long changes are kept in the trail.
    RETENTION_CHANGES = "retention.changes", "ALMONER_RETENTION_CHANGES", Some("3653d");
    /// How long jobs are kept that were done or cancelled.
    RETENTION_JOBS = "retention.jobs", "ALMONER_RETENTION_JOBS", Some("30d");
    /// How long deliveries to webhooks are kept that came to their end.
    RETENTION_WEBHOOK_DELIVERIES =
        "retention.webhook_deliveries", "ALMONER_RETENTION_WEBHOOK_DELIVERIES", Some("30d");

    /// E-mail address of the first superadmin.
    ADMIN_EMAIL = "admin.email", "ALMONER_ADMIN_EMAIL", None;
    /// Password of the first superadmin.
    ADMIN_PASSWORD = "admin.password", "ALMONER_ADMIN_PASSWORD", None;

    /// What is logged.
    LOG = "log.filter", "ALMONER_LOG", Some("info");
    /// How it is written.
    LOG_FORMAT = "log.format", "ALMONER_LOG_FORMAT", Some("text");

    /// The collector that traces are sent to.
    OTLP_ENDPOINT = "telemetry.otlp_endpoint", "ALMONER_OTLP_ENDPOINT", Some("");
    /// The share of traces that are sent.
    OTLP_SAMPLE_RATIO = "telemetry.sample_ratio", "ALMONER_OTLP_SAMPLE_RATIO", Some("1");
    /// What traces call this program.
    SERVICE_NAME = "telemetry.service_name", "ALMONER_SERVICE_NAME", Some("almoner");
    /// What tells this instance from the others.
    INSTANCE_ID = "telemetry.instance_id", "ALMONER_INSTANCE_ID", Some("");
    /// Where errors are sent.
    SENTRY_DSN = "telemetry.sentry_dsn", "ALMONER_SENTRY_DSN", Some("");
    /// The environment they are filed under.
    SENTRY_ENVIRONMENT =
        "telemetry.sentry_environment", "ALMONER_SENTRY_ENVIRONMENT", Some("production");
    /// The share of errors that are sent.
    SENTRY_SAMPLE_RATE = "telemetry.sentry_sample_rate", "ALMONER_SENTRY_SAMPLE_RATE", Some("1");

    /// Origins of other web pages that may call the API.
    CORS_ORIGINS = "cors.origins", "ALMONER_CORS_ORIGINS", Some("");

    /// Whether quotas hold at all.
    RATE_LIMIT = "rate_limit.enabled", "ALMONER_RATE_LIMIT", Some("on");
    /// Requests per minute of one user.
    RATE_LIMIT_USER = "rate_limit.user_per_minute", "ALMONER_RATE_LIMIT_USER_PER_MINUTE", Some("600");
    /// Requests per minute of one address that is not logged in.
    RATE_LIMIT_STRANGER =
        "rate_limit.stranger_per_minute", "ALMONER_RATE_LIMIT_STRANGER_PER_MINUTE", Some("60");
    /// Requests per minute of one user with a certain role.
    RATE_LIMIT_ROLES = "rate_limit.roles", "ALMONER_RATE_LIMIT_ROLES", Some("");

    /// Lists that one user may follow at the same time.
    LIVE_MAX_PER_USER = "live.max_per_user", "ALMONER_LIVE_MAX_PER_USER", Some("50");
    /// Lists that all users together may follow at the same time, in one process.
    LIVE_MAX = "live.max", "ALMONER_LIVE_MAX", Some("20000");

    /// A session ends after this much time without a request.
    SESSION_IDLE = "session.idle_timeout", "ALMONER_SESSION_IDLE_TIMEOUT", Some("30m");
    /// A session ends this long after login.
    SESSION_ABSOLUTE = "session.absolute_timeout", "ALMONER_SESSION_ABSOLUTE_TIMEOUT", Some("12h");
    /// The idle time-out of a login with "remember me".
    SESSION_REMEMBERED_IDLE =
        "session.remembered_idle_timeout", "ALMONER_SESSION_REMEMBERED_IDLE_TIMEOUT", Some("14d");
    /// The absolute time-out of a login with "remember me".
    SESSION_REMEMBERED_ABSOLUTE =
        "session.remembered_absolute_timeout", "ALMONER_SESSION_REMEMBERED_ABSOLUTE_TIMEOUT",
        Some("30d");
    /// Sessions one user may have.
    SESSION_MAX = "session.max_per_user", "ALMONER_SESSION_MAX_PER_USER", Some("10");
    /// With which requests browsers send the cookies.
    SESSION_SAME_SITE = "session.same_site", "ALMONER_SESSION_SAME_SITE", Some("strict");

    /// Shortest password, in characters.
    PASSWORD_MIN = "password.min_length", "ALMONER_PASSWORD_MIN_LENGTH", Some("12");
    /// Longest password, in characters.
    PASSWORD_MAX = "password.max_length", "ALMONER_PASSWORD_MAX_LENGTH", Some("128");
    /// Words that make a password guessable here.
    PASSWORD_WORDS = "password.organisation_words", "ALMONER_PASSWORD_ORGANISATION_WORDS", Some("");
    /// Passwords known from breaches.
    PASSWORD_BREACHED = "password.breached_file", "ALMONER_PASSWORD_BREACHED_FILE", None;
    /// Password hashes computed at the same time.
    PASSWORD_HASH_THREADS = "password.hash_threads", "ALMONER_PASSWORD_HASH_THREADS", Some("2");

    /// Logins that may fail from one address within the window.
    LOGIN_ATTEMPTS = "login.attempts_per_address", "ALMONER_LOGIN_ATTEMPTS_PER_ADDRESS", Some("10");
    /// Logins one address or known device may make within the window at all.
    LOGIN_ALL = "login.logins_per_address", "ALMONER_LOGIN_LOGINS_PER_ADDRESS", Some("300");
    /// The window of both.
    LOGIN_WINDOW = "login.address_window", "ALMONER_LOGIN_ADDRESS_WINDOW", Some("10m");
    /// Logins of unknown browsers that may fail for one account within a window of its own.
    LOGIN_STRANGERS = "login.attempts_per_account", "ALMONER_LOGIN_ATTEMPTS_PER_ACCOUNT", Some("100");
    /// The length of that window.
    LOGIN_STRANGERS_WINDOW = "login.account_window", "ALMONER_LOGIN_ACCOUNT_WINDOW", Some("1d");
    /// Wrong passwords in a row that lock an account for one known device.
    LOGIN_FAILURES = "login.lockout_failures", "ALMONER_LOGIN_LOCKOUT_FAILURES", Some("5");
    /// How long it stays locked.
    LOGIN_LOCKOUT = "login.lockout_time", "ALMONER_LOGIN_LOCKOUT_TIME", Some("15m");

    /// How mail leaves the server.
    MAIL_TRANSPORT = "mail.transport", "ALMONER_MAIL_TRANSPORT", Some("off");
    /// Whom it is from.
    MAIL_FROM = "mail.from", "ALMONER_MAIL_FROM", None;
    /// Whom answers go to.
    MAIL_REPLY_TO = "mail.reply_to", "ALMONER_MAIL_REPLY_TO", None;
    /// Whether SMTP has to be encrypted.
    MAIL_TLS = "mail.tls", "ALMONER_MAIL_TLS", Some("required");
    /// Password of the SMTP server.
    MAIL_PASSWORD = "mail.password", "ALMONER_MAIL_PASSWORD", None;
    /// File with that password.
    MAIL_PASSWORD_FILE = "mail.password_file", "ALMONER_MAIL_PASSWORD_FILE", None;
    /// Certificates that the SMTP server may have beside those of the public authorities.
    MAIL_CA_FILE = "mail.ca_file", "ALMONER_MAIL_CA_FILE", None;
    /// How long the SMTP server may take for each of its answers.
    MAIL_TIMEOUT = "mail.timeout", "ALMONER_MAIL_TIMEOUT", Some("30s");
    /// Mails about one thing that one user gets in an hour.
    MAIL_PER_RECIPIENT = "mail.per_recipient", "ALMONER_MAIL_PER_RECIPIENT", Some("5");

    /// Page on which a forgotten password is replaced.
    LINKS_RESET = "links.password_reset", "ALMONER_LINKS_PASSWORD_RESET", None;
    /// Page on which an invitation is accepted.
    LINKS_INVITATION = "links.invitation", "ALMONER_LINKS_INVITATION", None;
    /// How long an invitation is good for.
    LINKS_INVITATION_LIFETIME =
        "links.invitation_lifetime", "ALMONER_LINKS_INVITATION_LIFETIME", Some("7d");

    /// What `/metrics` asks for as a bearer token.
    METRICS_TOKEN = "metrics.token", "ALMONER_METRICS_TOKEN", None;
}

/// The variable that names the configuration file; it is no key of the file itself.
pub const CONFIG_VARIABLE: &str = "ALMONER_CONFIG";

/// The key at that place of the file.
pub fn at(path: &str) -> Option<&'static Key> {
    KEYS.iter().copied().find(|key| key.path == path)
}

/// The key with that variable.
pub fn of_variable(variable: &str) -> Option<&'static Key> {
    KEYS.iter().copied().find(|key| key.variable == variable)
}

/// The known name that a misspelt one most resembles, when one does.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // 0.8 lets two wrong letters in a short name through, and keeps unrelated names apart.
    const ALIKE: f64 = 0.8;
    known
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
