//! What `almoner config` prints can be used as the file.

use super::*;

fn printed(given: &Given) -> String {
    given.config().to_toml(&given.sources)
}

#[test]
fn what_is_printed_is_the_same_configuration_when_it_is_read() {
    let given = Given::file(
        "organisation = 'Umut \"Derneği\" \\ 1'\nkey_file = \"keys/almoner.key\"\n\
         [password]\norganisation_words = [\"umut\", \"kuğulu, park\"]\n\
         [telemetry]\nsample_ratio = 0.25\notlp_endpoint = \"http://127.0.0.1:4318\"",
    )
    .variable("ALMONER_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    .variable("ALMONER_RATE_LIMIT_ROLES", "viewer=300, accountant=1200")
    .variable("ALMONER_RATE_LIMIT", "off")
    .variable("ALMONER_INSTANCE_ID", "007")
    .variable("ALMONER_MAIL_TRANSPORT", "file:mails")
    .variable("ALMONER_MAIL_FROM", "Umut Derneği <posta@example.org>")
    .flag(schema::LISTEN, "127.0.0.1:9090");
    let toml = printed(&given);
    let again = Given::file(&toml);
    assert_eq!(format!("{:?}", again.config()), format!("{:?}", given.config()), "{toml}");
    assert_eq!(printed(&again), toml);
}

#[test]
fn every_key_with_a_default_is_printed_as_the_example_has_it() {
    let toml = printed(&Given::default());
    assert_eq!(printed(&Given::file(EXAMPLE)), toml);
    let assigned = |text: &str| -> Vec<String> {
        let is_assigned = |line: &&str| !line.starts_with('#') && line.contains(" = ");
        text.lines().filter(is_assigned).map(str::to_owned).collect()
    };
    assert_eq!(assigned(&toml), assigned(EXAMPLE));
    assert!(toml.contains("\n# key_file = \"data/almoner.key\"\n"), "{toml}");
}

#[test]
fn no_secret_is_printed_and_the_rest_is_whole_beside_them() {
    let secrets = |given: Given| {
        given
            .variable("ALMONER_DATABASE_URL", "postgres://u:hunter2@db/almoner")
            .variable("ALMONER_ADMIN_EMAIL", "secretary@example.org")
            .variable("ALMONER_ADMIN_PASSWORD", "hunter2 rides an orange tram")
            .variable("ALMONER_SENTRY_DSN", "https://hunter2@sentry.example.org/1")
            .variable("ALMONER_MAIL_PASSWORD", "hunter2")
            .variable("ALMONER_METRICS_TOKEN", "hunter2hunter2hunter2")
    };
    let given = secrets(Given::default())
        .variable("ALMONER_MAIL_FROM", "posta@example.org")
        .variable("ALMONER_MAIL_TRANSPORT", "smtps://posta@mail.example.org")
        .variable("ALMONER_LISTEN", "127.0.0.1:9090");
    let toml = printed(&given);
    assert!(!toml.contains("hunter2") && !toml.contains("secretary"), "{toml}");
    for variable in [
        "ALMONER_DATABASE_URL",
        "ALMONER_ADMIN_EMAIL",
        "ALMONER_ADMIN_PASSWORD",
        "ALMONER_SENTRY_DSN",
        "ALMONER_MAIL_PASSWORD",
        "ALMONER_METRICS_TOKEN",
    ] {
        assert!(toml.contains(variable), "{variable} is not named:\n{toml}");
    }
    let again = secrets(Given::file(&toml)).config();
    assert_eq!(format!("{again:?}"), format!("{:?}", given.config()), "{toml}");
}
