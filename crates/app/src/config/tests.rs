//! Which layer wins, what is refused, and that no secret is ever shown.

use std::{ffi::OsString, path::Path};

use secrecy::ExposeSecret;

use super::{
    schema::{KEYS, Key},
    *,
};

const EXAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/almoner.example.toml"));

#[derive(Default)]
struct Given {
    sources: Sources,
    _dir: Option<tempfile::TempDir>,
}

impl Given {
    fn file(toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("almoner.toml");
        std::fs::write(&file, toml).unwrap();
        let sources = Sources { file: Some(file), ..Sources::default() };
        Self { sources, _dir: Some(dir) }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &'static Key, value: &str) -> Self {
        self.sources.flags.push((key, value.to_owned()));
        self
    }

    fn config(&self) -> Config {
        Config::load(&self.sources).unwrap_or_else(|error| panic!("{error}"))
    }

    fn problems(&self) -> Vec<String> {
        let error = Config::load(&self.sources).expect_err("the configuration was accepted");
        error.0.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn nothing_needs_to_be_configured() {
    let config = Given::default().config();
    assert_eq!(config.data_dir, Path::new("data"));
    assert_eq!(config.key_file, Path::new("data/almoner.key"));
    assert_eq!(config.database.masked(), "sqlite://data/almoner.db");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.as_text(), "http://127.0.0.1:8080");
    assert_eq!(config.session, SessionPolicy::default());
    assert_eq!(config.login, LoginPolicy::default());
    assert_eq!(config.password.min_chars, 12);
    assert_eq!(config.password.max_chars, 128);
    assert_eq!(
        (config.rate_limit.user_per_minute, config.rate_limit.stranger_per_minute),
        (600, 60)
    );
    assert_eq!(config.body_limit, 1 << 20);
    let currencies: Vec<_> = config.currencies.iter().map(|currency| currency.code()).collect();
    assert_eq!(currencies, ["TRY", "USD", "EUR"]);
    assert!(config.first_admin.is_none() && config.metrics_token.is_none());
    assert_eq!(config.warnings(), [] as [&str; 0]);
}

#[test]
fn the_command_line_wins_over_variables_and_those_over_the_file() {
    let file =
        || Given::file("listen = \"127.0.0.1:1\"\n[log]\nfilter = \"warn\"\nformat = \"json\"");
    assert_eq!(file().config().listen.port(), 1);
    let with_variable = || file().variable("ALMONER_LISTEN", "127.0.0.1:2");
    assert_eq!(with_variable().config().listen.port(), 2);
    let config = with_variable().flag(schema::LISTEN, "127.0.0.1:3").config();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.log, LogSettings { filter: "warn".to_owned(), format: LogFormat::Json });
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config = Given::default()
        .variable("ALMONER_LISTEN", "")
        .variable("ALMONER_ADMIN_EMAIL", "")
        .variable("ALMONER_ADMIN_PASSWORD", "")
        .config();
    assert_eq!(config.listen.port(), 8080);
    assert!(config.first_admin.is_none());
}

#[test]
fn lists_and_tables_fit_in_a_variable_as_in_the_file() {
    let in_variables = Given::default()
        .variable("ALMONER_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
        .variable("ALMONER_CORS_ORIGINS", "https://a.example.org,http://localhost:5173")
        .variable("ALMONER_RATE_LIMIT_ROLES", "viewer=300, accountant=1200")
        .variable("ALMONER_CURRENCIES", "EUR")
        .config();
    let in_file = Given::file(
        "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\ncurrencies = [\"EUR\"]\n\
         cors = { origins = [\"https://a.example.org\", \"http://localhost:5173\"] }\n\
         rate_limit = { roles = { viewer = 300, accountant = 1200 } }",
    )
    .config();
    assert_eq!(format!("{in_variables:?}"), format!("{in_file:?}"));
    assert_eq!(in_file.rate_limit.roles["accountant"], 1200);
    assert_eq!(in_file.trusted_proxies.len(), 2);
}

#[test]
fn unknown_keys_and_variables_are_refused_by_name_with_a_suggestion() {
    let problems = Given::file("lisen = \"x\"\n[session]\nidle_timout = \"1h\"\n[colour]\nred = 1")
        .variable("ALMONER_PUBLIC_ULR", "x")
        .variable("ALMONER_NONSENSE", "x")
        .problems();
    let all = problems.join("\n");
    assert_eq!(problems.len(), 5, "{all}");
    assert!(all.contains("lisen from ") && all.contains("did you mean listen?"), "{all}");
    assert!(all.contains("did you mean session.idle_timeout?"), "{all}");
    assert!(all.contains("colour from "), "{all}");
    assert!(
        all.contains(
            "ALMONER_PUBLIC_ULR: no such environment variable; did you mean ALMONER_PUBLIC_URL?"
        ),
        "{all}"
    );
    assert!(all.contains("ALMONER_NONSENSE: no such environment variable"), "{all}");
}

#[test]
fn variables_of_tests_of_the_command_line_and_of_others_are_left_alone() {
    let mut given = Given::default()
        .variable("ALMONER_TEST_POSTGRES_URL", "x")
        .variable("ALMONER_CONFIG", "x")
        .variable("ALMONER_SEED_DONORS", "5")
        .variable("PATH", "/bin");
    given.sources.other_variables = crate::cli::variables();
    given.config();
}

#[test]
fn every_problem_is_told_at_once_with_both_names_of_its_key() {
    let problems =
        Given::file("listen = \"nowhere\"\n[session]\nmax_per_user = 0\nidle_timeout = \"2d\"")
            .variable("ALMONER_DATABASE_URL", "mysql://root:hunter2@db/x")
            .variable("ALMONER_CURRENCIES", "TRY,XYZ,LIRA")
            .variable("ALMONER_BODY_LIMIT", "1GB")
            .variable("ALMONER_RATE_LIMIT", "maybe")
            .variable("ALMONER_COUNTRY", "Türkiye")
            .variable("ALMONER_LOG", "a=b=c")
            .variable("ALMONER_DATABASE_POOL_SIZE", "1")
            .variable("ALMONER_PASSWORD_BREACHED_FILE", "/nowhere")
            .variable("ALMONER_ADMIN_EMAIL", "admin@example.org")
            .flag(schema::PUBLIC_URL, "https://example.org/almoner")
            .problems();
    let all = problems.join("\n");
    for (path, variable, source) in [
        ("listen", "ALMONER_LISTEN", "almoner.toml"),
        ("session.max_per_user", "ALMONER_SESSION_MAX_PER_USER", "almoner.toml"),
        ("session.idle_timeout", "ALMONER_SESSION_IDLE_TIMEOUT", "almoner.toml"),
        ("database.url", "ALMONER_DATABASE_URL", "the environment"),
        ("database.pool_size", "ALMONER_DATABASE_POOL_SIZE", "the environment"),
        ("currencies", "ALMONER_CURRENCIES", "the environment"),
        ("body_limit", "ALMONER_BODY_LIMIT", "the environment"),
        ("rate_limit.enabled", "ALMONER_RATE_LIMIT", "the environment"),
        ("country", "ALMONER_COUNTRY", "the environment"),
        ("log.filter", "ALMONER_LOG", "the environment"),
        ("password.breached_file", "ALMONER_PASSWORD_BREACHED_FILE", "the environment"),
        ("public_url", "ALMONER_PUBLIC_URL", "the command line"),
        ("admin.password", "ALMONER_ADMIN_PASSWORD", ""),
    ] {
        let line = problems.iter().find(|line| line.starts_with(&format!("{path} ({variable})")));
        assert!(line.is_some_and(|line| line.contains(source)), "{path} is missing:\n{all}");
    }
    assert_eq!(problems.len(), 13, "{all}");
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn a_file_that_was_asked_for_must_exist_and_be_toml() {
    let mut given = Given::default();
    given.sources.file = Some("/nowhere/almoner.toml".into());
    assert!(given.problems()[0].starts_with("/nowhere/almoner.toml: cannot be read"));
    given.sources.file = None;
    given.sources.fallback_file = Some("/nowhere/almoner.toml".into());
    given.config();
    let problems = Given::file("listen = ").problems();
    assert!(problems[0].contains("almoner.toml"), "{problems:?}");
}

#[test]
fn databases_are_files_or_postgresql_servers() {
    let database = |url: &str| Given::default().variable("ALMONER_DATABASE_URL", url);
    for (url, file) in [
        ("sqlite:x.db", "x.db"),
        ("sqlite://x/y.db", "x/y.db"),
        ("sqlite:///var/lib/almoner.db", "/var/lib/almoner.db"),
        ("sqlite:/var/lib/almoner.db", "/var/lib/almoner.db"),
    ] {
        let Database::Sqlite { path } = database(url).config().database else { panic!("{url}") };
        assert_eq!(path, Path::new(file));
    }
    for url in ["postgres://u:p@db/almoner", "postgresql://db:5433/almoner?sslmode=require"] {
        let Database::Postgres { url: kept } = database(url).config().database else { panic!() };
        assert_eq!(kept.expose_secret(), url);
    }
    for wrong in ["x.db", "sqlite:", "sqlite::memory:", "sqlite://x.db?mode=rwc", "postgres://db"] {
        assert_eq!(database(wrong).problems().len(), 1, "{wrong}");
    }
}

#[test]
fn an_address_is_shown_without_its_password() {
    for (url, masked) in [
        ("postgres://u:hunter2@db/almoner", "postgres://u:***@db/almoner"),
        ("postgres://u@db/almoner", "postgres://u@db/almoner"),
        ("postgres://db/a?user=u&password=hunter2", "postgres://db/a?***"),
        ("postgres://u:hunt@er2@db:port/a", "postgres://***@db:port/a"),
        ("hunter2", "***"),
    ] {
        assert_eq!(masked_url(url), masked);
    }
}

#[test]
fn an_address_for_other_tools_has_no_password_and_loses_nothing_else() {
    for (url, without) in [
        ("postgres://u:hunter2@db:5433/almoner", "postgres://u@db:5433/almoner"),
        (
            "postgres://db/a?user=u&password=hunter2&sslmode=require",
            "postgres://db/a?user=u&sslmode=require",
        ),
        ("postgres://db/a?Password=hunter2", "postgres://db/a"),
        ("postgres://u@db/almoner", "postgres://u@db/almoner"),
    ] {
        assert_eq!(url_without_password(url), without);
    }
}

#[test]
fn backups_are_made_where_a_folder_is_named_and_only_of_files() {
    assert_eq!(Given::default().config().backup, None);
    let named = || Given::default().variable("ALMONER_BACKUP_FOLDER", "copies");
    let plan = named().variable("ALMONER_BACKUP_KEEP", "3").config().backup.unwrap();
    let (folder, every) = (PathBuf::from("copies"), Duration::from_secs(86_400));
    assert_eq!(plan, BackupPlan { folder, every, keep: 3 });
    let wrong = |variable, value| named().variable(variable, value).problems().join("\n");
    assert!(wrong("ALMONER_BACKUP_KEEP", "0").starts_with("backup.keep"));
    assert!(wrong("ALMONER_BACKUP_EVERY", "10s").starts_with("backup.every"));
    assert!(wrong("ALMONER_DATABASE_URL", "postgres://db/a").starts_with("backup.folder"));
}

#[test]
fn debug_shows_no_secret() {
    let config = Given::default()
        .variable("ALMONER_DATABASE_URL", "postgres://u:hunter2@db/almoner")
        .variable("ALMONER_ADMIN_EMAIL", "secretary@example.org")
        .variable("ALMONER_ADMIN_PASSWORD", " hunter2 rides an orange tram ")
        .variable("ALMONER_METRICS_TOKEN", "hunter2hunter2hunter2")
        .config();
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("hunter2") && !shown.contains("secretary"), "{shown}");
    let password = config.first_admin.unwrap().password;
    assert_eq!(password.expose_secret(), " hunter2 rides an orange tram ", "spaces count");
}

#[test]
fn the_first_admin_needs_both_keys_and_a_password_that_fits() {
    let with = |email: &str, password: &str| {
        Given::default()
            .variable("ALMONER_ADMIN_EMAIL", email)
            .variable("ALMONER_ADMIN_PASSWORD", password)
            .problems()
            .join("\n")
    };
    assert!(with("", "hunter2 rides an orange tram").starts_with("admin.email"));
    assert!(with("a@example.org", "").starts_with("admin.password"));
    let short = with("a@example.org", "hunter2");
    assert!(short.starts_with("admin.password") && !short.contains("hunter2"), "{short}");
}

#[test]
fn what_is_allowed_but_dangerous_is_said_at_start() {
    let config = Given::default()
        .variable("ALMONER_RATE_LIMIT", "off")
        .variable("ALMONER_LISTEN", "0.0.0.0:80")
        .config();
    assert_eq!(config.public_url.as_text(), "http://localhost");
    assert_eq!(config.warnings().len(), 2, "{:?}", config.warnings());
    let config =
        Given::default().variable("ALMONER_PUBLIC_URL", "http://almoner.example.org").config();
    assert!(config.warnings()[0].contains("in the clear"));
}

#[test]
fn a_way_for_mail_is_understood_or_refused() {
    let with = |transport: &str| {
        Given::default()
            .variable("ALMONER_MAIL_FROM", "Umut Derneği <posta@example.org>")
            .variable("ALMONER_MAIL_TRANSPORT", transport)
    };
    let smtp = |transport: &str| match with(transport).config().mail.unwrap().route {
        MailRoute::Smtp(route) => (route.host, route.port, route.tls),
        other => panic!("{other:?}"),
    };
    let host = || "mail.example.org".to_owned();
    assert_eq!(smtp("smtps://mail.example.org"), (host(), 465, SmtpTls::Implicit));
    assert_eq!(smtp("smtp://mail.example.org:2525/"), (host(), 2525, SmtpTls::StartTls));
    assert_eq!(smtp("smtp://[::1]"), ("::1".to_owned(), 587, SmtpTls::StartTls));
    assert!(with("off").config().mail.is_none());
    let mail = with("file://mails").config().mail.unwrap();
    assert!(matches!(&mail.route, MailRoute::Folder(folder) if folder.ends_with("mails")));
    assert_eq!(mail.from.name.unwrap().as_str(), "Umut Derneği");
    assert_eq!(mail.from.address.as_str(), "posta@example.org");
    for wrong in [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org?tls=off",
        "smtp://user:secret@mail.example.org",
        "smtp://user@mail.example.org",
        "file:",
    ] {
        let problems = with(wrong).problems();
        assert_eq!(problems.len(), 1, "{wrong}: {problems:?}");
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    let lone = Given::default().variable("ALMONER_MAIL_TRANSPORT", "log").problems();
    assert!(lone[0].starts_with("mail.from"), "{lone:?}");
}

#[test]
fn the_user_of_a_mail_server_may_be_an_address_and_its_password_stays_hidden() {
    let given = Given::default()
        .variable("ALMONER_MAIL_FROM", "posta@example.org")
        .variable("ALMONER_MAIL_TRANSPORT", "smtps://posta%40example.org@mail.example.org")
        .variable("ALMONER_MAIL_PASSWORD", "three grey herons wait");
    let config = given.config();
    let shown = format!("{config:?}");
    let Some(MailRoute::Smtp(route)) = config.mail.map(|mail| mail.route) else {
        panic!("{shown}")
    };
    assert_eq!(route.user.as_deref(), Some("posta@example.org"));
    assert!(!shown.contains("herons"), "{shown}");
}

#[test]
fn links_lead_to_the_public_address_unless_another_page_is_named() {
    let config = Given::default().variable("ALMONER_PUBLIC_URL", "https://a.example.org").config();
    assert_eq!(config.links.password_reset.as_str(), "https://a.example.org/password-reset");
    assert_eq!(config.links.invitation.as_str(), "https://a.example.org/invitation");
    let page = "https://b.example.org/hos-geldiniz?dil=tr";
    let config = Given::default().variable("ALMONER_LINKS_INVITATION", page).config();
    assert_eq!(config.links.invitation.as_str(), page);
    for wrong in ["ftp://b.example.org", "/invitation", "https://b.example.org/#page"] {
        let problems = Given::default().variable("ALMONER_LINKS_INVITATION", wrong).problems();
        assert_eq!(problems.len(), 1, "{wrong}");
    }
}

#[test]
fn the_example_file_has_every_key_with_its_default() {
    let defaults = format!("{:?}", Given::default().config());
    assert_eq!(format!("{:?}", Given::file(EXAMPLE).config()), defaults);

    let mut table = String::new();
    let mut found = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let Some((name, _)) = line.trim_start_matches("# ").split_once(" = ")
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            found.push((format!("{table}{name}"), !line.starts_with('#')));
        }
    }
    let expected: Vec<_> =
        KEYS.iter().map(|key| (key.path.to_owned(), key.default.is_some())).collect();
    assert_eq!(found, expected, "the keys in order, and whether they have a default");
    for key in KEYS {
        assert!(EXAMPLE.contains(key.variable), "{} is missing", key.variable);
    }
}

#[test]
fn every_documented_value_of_a_key_without_default_is_accepted() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if ["key_file =", "public_url =", "url =", "email =", "password ="]
                    .iter()
                    .any(|key| rest.starts_with(key)) =>
            {
                rest
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = Given::file(&uncommented).config();
    assert!(config.public_url.is_https());
    assert!(config.first_admin.is_some());
}

#[test]
fn a_variable_that_is_not_text_is_a_problem_of_its_key() {
    use std::os::unix::ffi::OsStringExt;
    let mut given = Given::default();
    let value = OsString::from_vec(vec![0xff]);
    given.sources.environment.push(("ALMONER_LISTEN".into(), value));
    assert_eq!(given.problems(), ["listen (ALMONER_LISTEN): is not UTF-8 text"]);
}

#[test]
fn names_of_keys_are_unique() {
    for (at, key) in KEYS.iter().enumerate() {
        for other in &KEYS[..at] {
            assert!(key.path != other.path && key.variable != other.variable, "{key:?}");
        }
    }
}

#[test]
fn nothing_leaves_for_elsewhere_unless_it_is_told_where_to() {
    let config = Given::default().config();
    assert!(config.traces.is_none() && config.errors.is_none());

    let config = Given::default()
        .variable("ALMONER_OTLP_ENDPOINT", "https://collector.example.org:4318/")
        .variable("ALMONER_OTLP_SAMPLE_RATIO", "0.25")
        .variable("ALMONER_INSTANCE_ID", "left")
        .variable("ALMONER_SENTRY_DSN", "https://abcdef@sentry.example.org/42")
        .config();
    let traces = config.traces.clone().unwrap();
    assert_eq!(traces.endpoint, "https://collector.example.org:4318/v1/traces");
    assert_eq!((traces.sample_ratio, traces.service.as_str()), (0.25, "almoner"));
    assert_eq!(traces.instance.as_deref(), Some("left"));
    let errors = config.errors.clone().unwrap();
    assert_eq!((errors.environment.as_str(), errors.sample_rate), ("production", 1.0));
    assert_eq!(errors.dsn.expose_secret(), "https://abcdef@sentry.example.org/42");
    assert!(!format!("{config:?}").contains("abcdef"));

    let whole = "[telemetry]\notlp_endpoint = \"http://[::1]:4318/v1/traces\"\nsample_ratio = 0.5";
    let traces = Given::file(whole).config().traces.unwrap();
    assert_eq!(traces.endpoint, "http://[::1]:4318/v1/traces");
    assert_eq!(traces.sample_ratio, 0.5);
}

#[test]
fn where_traces_and_errors_go_is_checked_and_no_key_is_repeated() {
    let problems = Given::default()
        .variable("ALMONER_OTLP_ENDPOINT", "http://me:s3cr3t@collector:4318")
        .variable("ALMONER_OTLP_SAMPLE_RATIO", "NaN")
        .variable("ALMONER_SENTRY_DSN", "https://s3cr3t@/1")
        .variable("ALMONER_SENTRY_SAMPLE_RATE", "1.5")
        .problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
    for (problem, key) in problems.iter().zip([
        "telemetry.otlp_endpoint",
        "telemetry.sample_ratio",
        "telemetry.sentry_dsn",
        "telemetry.sentry_sample_rate",
    ]) {
        assert!(problem.starts_with(key), "{problem}");
        assert!(!problem.contains("s3cr3t"), "{problem}");
    }
}
