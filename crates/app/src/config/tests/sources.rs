//! Which layer wins, and what of a layer is refused.

use std::ffi::OsString;

use super::*;

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
            .variable("ALMONER_LINKS_INVITATION", "ftp://example.org")
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
        ("links.invitation", "ALMONER_LINKS_INVITATION", "the environment"),
    ] {
        let line = problems.iter().find(|line| line.starts_with(&format!("{path} ({variable})")));
        assert!(line.is_some_and(|line| line.contains(source)), "{path} is missing:\n{all}");
    }
    assert_eq!(problems.len(), 14, "{all}");
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
fn a_variable_that_is_not_text_is_a_problem_of_its_key() {
    use std::os::unix::ffi::OsStringExt;
    let mut given = Given::default();
    let value = OsString::from_vec(vec![0xff]);
    given.sources.environment.push(("ALMONER_LISTEN".into(), value));
    assert_eq!(given.problems(), ["listen (ALMONER_LISTEN): is not UTF-8 text"]);
}
