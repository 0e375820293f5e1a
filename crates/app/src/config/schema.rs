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
    /// Time that load balancers have to notice that the server is about to go.
    SHUTDOWN_DRAIN = "shutdown_drain", "ALMONER_SHUTDOWN_DRAIN", Some("0s");
    /// Time that requests in flight have at shutdown.
    SHUTDOWN_GRACE = "shutdown_grace", "ALMONER_SHUTDOWN_GRACE", Some("30s");
    /// Name of the charity.
    ORGANISATION = "organisation", "ALMONER_ORGANISATION", Some("Almoner");
    /// Country of national phone numbers.
    COUNTRY = "country", "ALMONER_COUNTRY", Some("TR");
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

    /// E-mail address of the first superadmin.
    ADMIN_EMAIL = "admin.email", "ALMONER_ADMIN_EMAIL", None;
    /// Password of the first superadmin.
    ADMIN_PASSWORD = "admin.password", "ALMONER_ADMIN_PASSWORD", None;

    /// What is logged.
    LOG = "log.filter", "ALMONER_LOG", Some("info");
    /// How it is written.
    LOG_FORMAT = "log.format", "ALMONER_LOG_FORMAT", Some("text");

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

    /// Logins one address may try within the window.
    LOGIN_ATTEMPTS = "login.attempts_per_address", "ALMONER_LOGIN_ATTEMPTS_PER_ADDRESS", Some("10");
    /// The window of those attempts.
    LOGIN_WINDOW = "login.address_window", "ALMONER_LOGIN_ADDRESS_WINDOW", Some("10m");
    /// Wrong passwords in a row that lock an account.
    LOGIN_FAILURES = "login.lockout_failures", "ALMONER_LOGIN_LOCKOUT_FAILURES", Some("5");
    /// How long it stays locked.
    LOGIN_LOCKOUT = "login.lockout_time", "ALMONER_LOGIN_LOCKOUT_TIME", Some("15m");

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
