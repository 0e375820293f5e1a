//! Where the data is: seeded once and kept, and copied for each run, so that every run measures the
//! same rows.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, bail, ensure};
use rusqlite::{Connection, OpenFlags};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::server::Almoner;

/// Which database is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// The URL of a database on the server, beside which others may be created.
    Postgres(String),
}

impl Engine {
    /// Its short name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            url if url.starts_with("postgres://") => Ok(Self::Postgres(url.to_owned())),
            _ => Err("must be sqlite or postgres://…".to_owned()),
        }
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub donors: u32,
    pub donations: u32,
}

/// A copy of the seeded data that one run may change.
#[derive(Debug)]
pub struct Copy {
    /// The data folder: the key, and the file of SQLite.
    pub folder: PathBuf,
    /// The database, where it is no file.
    pub url: Option<String>,
    engine: Engine,
}

/// The seeded database, made when it is not there.
pub async fn seeded(
    engine: &Engine,
    binary: &Path,
    root: &Path,
    amount: Amount,
) -> anyhow::Result<()> {
    match engine {
        Engine::Sqlite => seeded_file(binary, root, amount),
        Engine::Postgres(url) => seeded_database(url, binary, root, amount).await,
    }
}

fn seeded_file(binary: &Path, root: &Path, amount: Amount) -> anyhow::Result<()> {
    let folder = root.join("sqlite");
    if !folder.exists() {
        // Only a folder that is whole gets the name.
        let part = root.join("sqlite.part");
        forget(&part)?;
        fs::create_dir_all(&part)?;
        Almoner::new(binary, &part, None).seed(amount.donors, amount.donations)?;
        fs::rename(&part, &folder)?;
    }
    let file = folder.join(FILE);
    let connection = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .with_context(|| file.display().to_string())?;
    // What is still in the log goes into the file, which is then copied alone.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let found: u32 =
        connection.query_row("SELECT count(*) FROM donations", [], |row| row.get(0))?;
    ensure!(
        found == amount.donations,
        "{} holds {found} donations, not {}: name another --folder, or give --donations {found}",
        folder.display(),
        amount.donations
    );
    Ok(())
}

async fn seeded_database(
    url: &str,
    binary: &Path,
    root: &Path,
    amount: Amount,
) -> anyhow::Result<()> {
    let server = connect(url).await?;
    let name = seeded_name(amount);
    let folder = root.join("postgres");
    if exists(&server, &name).await? {
        ensure!(
            folder.join(KEY).exists(),
            "database {name} is there, its key is not: drop it, or name the --folder of its run"
        );
        return Ok(());
    }
    let part = format!("{name}_part");
    execute(&server, &format!("DROP DATABASE IF EXISTS {part} WITH (FORCE)")).await?;
    execute(&server, &format!("CREATE DATABASE {part} TEMPLATE template0")).await?;
    forget(&folder)?;
    fs::create_dir_all(&folder)?;
    let database = beside(url, &part)?;
    Almoner::new(binary, &folder, Some(&database)).seed(amount.donors, amount.donations)?;
    execute(&server, &format!("ALTER DATABASE {part} RENAME TO {name}")).await?;
    server.close().await?;
    Ok(())
}

impl Copy {
    /// Copies the seeded data.
    pub async fn make(
        engine: &Engine,
        root: &Path,
        amount: Amount,
        name: &str,
    ) -> anyhow::Result<Self> {
        let folder = root.join(format!("run-{name}"));
        forget(&folder)?;
        fs::create_dir_all(&folder)?;
        let (source, url) = match engine {
            Engine::Sqlite => {
                let source = root.join("sqlite");
                fs::copy(source.join(FILE), folder.join(FILE))?;
                (source, None)
            }
            Engine::Postgres(url) => {
                let server = connect(url).await?;
                let database = run_name(name);
                execute(&server, &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
                    .await?;
                let seeded = seeded_name(amount);
                execute(&server, &format!("CREATE DATABASE {database} TEMPLATE {seeded}")).await?;
                server.close().await?;
                (root.join("postgres"), Some(beside(url, &database)?))
            }
        };
        fs::copy(source.join(KEY), folder.join(KEY))?;
        Ok(Self { folder, url, engine: engine.clone() })
    }

    /// The file of SQLite.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// The version of the database server, and its settings that decide what a commit costs.
    pub async fn version(&self) -> anyhow::Result<String> {
        let Some(url) = &self.url else {
            return Ok(format!("SQLite {}, WAL, synchronous=FULL", rusqlite::version()));
        };
        let database = connect(url).await?;
        let mut settings = Vec::new();
        for name in ["server_version", "fsync", "synchronous_commit", "shared_buffers"] {
            let show = format!("SELECT current_setting('{name}') AS value");
            let statement = Statement::from_string(DbBackend::Postgres, show);
            let row = database.query_one_raw(statement).await?.context("no setting")?;
            settings.push(format!("{name}={}", row.try_get::<String>("", "value")?));
        }
        database.close().await?;
        Ok(format!("PostgreSQL, {}", settings.join(", ")))
    }

    /// Removes what dropping it does not: the database on a server.
    pub async fn remove(self) -> anyhow::Result<()> {
        if let (Engine::Postgres(server), Some(url)) = (&self.engine, &self.url) {
            let name = url.rsplit('/').next().unwrap_or_default();
            let name = name.split('?').next().unwrap_or_default();
            let server = connect(server).await?;
            execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
            server.close().await?;
        }
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        let _ = forget(&self.folder);
    }
}

/// Removes what was seeded on a database server.
pub async fn forget_seeded(engine: &Engine, root: &Path, amount: Amount) -> anyhow::Result<()> {
    let Engine::Postgres(url) = engine else { return Ok(()) };
    let server = connect(url).await?;
    let name = seeded_name(amount);
    execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    server.close().await?;
    forget(&root.join("postgres"))
}

fn seeded_name(amount: Amount) -> String {
    format!("almoner_load_{}_{}", amount.donations, amount.donors)
}

fn run_name(name: &str) -> String {
    format!("almoner_load_run_{name}")
}

async fn connect(url: &str) -> anyhow::Result<DatabaseConnection> {
    Database::connect(url).await.context("cannot connect to PostgreSQL")
}

async fn execute(server: &DatabaseConnection, sql: &str) -> anyhow::Result<()> {
    server.execute_unprepared(sql).await.with_context(|| sql.to_owned())?;
    Ok(())
}

async fn exists(server: &DatabaseConnection, name: &str) -> anyhow::Result<bool> {
    let sql = "SELECT 1 FROM pg_database WHERE datname = $1";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()]);
    Ok(server.query_one_raw(statement).await?.is_some())
}

/// The URL of another database on the same server.
fn beside(url: &str, name: &str) -> anyhow::Result<String> {
    let (server, query) =
        url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
    let Some((server, _)) = server.rsplit_once('/') else { bail!("a URL without a database") };
    Ok(match query {
        Some(query) => format!("{server}/{name}?{query}"),
        None => format!("{server}/{name}"),
    })
}

fn forget(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

const FILE: &str = "almoner.db";
const KEY: &str = "almoner.key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_is_named_on_the_same_server() {
        let url = "postgres://u:p@host:5432/postgres?sslmode=disable";
        assert_eq!(beside(url, "x").unwrap(), "postgres://u:p@host:5432/x?sslmode=disable");
        assert_eq!(beside("postgres://host/postgres", "x").unwrap(), "postgres://host/x");
    }

    #[test]
    fn an_engine_is_sqlite_or_a_url() {
        assert_eq!("sqlite".parse(), Ok(Engine::Sqlite));
        let url = "postgres://host/postgres";
        assert_eq!(url.parse(), Ok(Engine::Postgres(url.to_owned())));
        assert!("mysql://host".parse::<Engine>().is_err());
    }
}
