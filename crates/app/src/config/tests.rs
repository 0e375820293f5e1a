//! Which layer wins, what is refused, and that no secret is ever shown.

mod example;
mod mail;
mod print;
mod site;
mod sources;
mod telemetry;
mod values;

use std::path::Path;

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
fn names_of_keys_are_unique() {
    for (at, key) in KEYS.iter().enumerate() {
        for other in &KEYS[..at] {
            assert!(key.path != other.path && key.variable != other.variable, "{key:?}");
        }
    }
}
