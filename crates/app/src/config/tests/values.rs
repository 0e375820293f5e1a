//! Where databases are, and what is shown of their addresses.

use super::*;

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
