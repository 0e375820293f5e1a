//! Databases with the schema up to date, from which tests are given copies: running every step of the
//! schema takes far longer than copying what they make.
//!
//! On SQLite it is a file for each run. On PostgreSQL it is a database that stays on the server, named
//! by a digest of the steps, so that the next run finds it; one that no run has used for a day goes.

use std::path::PathBuf;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{
    databases::{connect, server_url, url_of},
    world::schema_into,
};

/// What every template on the server is called; tests' own databases have other names.
const PREFIX: &str = "almoner_template_";
/// Held while a template is made, so that runs beside each other make one. Any number does that
/// nothing else on the server uses.
const LOCK: i64 = 0x616c_6d6f_6e65_7254;

/// The file to copy, with every step of the schema.
pub async fn on_sqlite() -> PathBuf {
    static MADE: OnceCell<TempDir> = OnceCell::const_new();
    let folder = MADE.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        schema_into(almoner_persistence::Database::Sqlite(folder.path().join("almoner.db"))).await;
        folder
    });
    folder.await.path().join("almoner.db")
}

/// The name of the database to copy, with every step of the schema.
pub async fn on_postgres() -> &'static str {
    static MADE: OnceCell<String> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        let name = format!("{PREFIX}{}", env!("SCHEMA_DIGEST"));
        let server = connect(&server_url()).await;
        // Ends with the connection.
        run(&server, &format!("SELECT pg_advisory_lock({LOCK})")).await;
        if !exists(&server, &name).await {
            make(&server, &name).await;
        }
        // When it was used last. A comment is no expression, hence the detour.
        let used = "DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', ";
        run(&server, &format!("{used}'{name}', now()); END $$")).await;
        drop_unused(&server).await;
        server.close().await.unwrap();
        name
    })
    .await
}

/// A database with this name is whole: it is named when it is done.
async fn make(server: &DatabaseConnection, name: &str) {
    let draft = format!("{PREFIX}draft");
    run(server, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
    run(server, &format!("CREATE DATABASE {draft} TEMPLATE template0")).await;
    let url = almoner_persistence::PostgresUrl(url_of(&draft));
    schema_into(almoner_persistence::Database::Postgres(url)).await;
    run(server, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
}

async fn exists(server: &DatabaseConnection, name: &str) -> bool {
    let found = format!("SELECT 1 AS one FROM pg_database WHERE datname = '{name}'");
    !rows(server, found).await.is_empty()
}

/// Templates of other schemas that no run has used for a day. Runs take minutes.
async fn drop_unused(server: &DatabaseConnection) {
    let unused = format!(
        "SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%' \
         AND shobj_description(oid, 'pg_database')::timestamptz < now() - interval '1 day'"
    );
    for row in rows(server, unused).await {
        let unused: String = row.try_get("", "datname").unwrap();
        run(server, &format!("DROP DATABASE IF EXISTS {unused} WITH (FORCE)")).await;
    }
}

async fn run(server: &DatabaseConnection, statement: &str) {
    server.execute_unprepared(statement).await.unwrap();
}

async fn rows(server: &DatabaseConnection, query: String) -> Vec<sea_orm::QueryResult> {
    let query = Statement::from_string(server.get_database_backend(), query);
    server.query_all_raw(query).await.unwrap()
}
