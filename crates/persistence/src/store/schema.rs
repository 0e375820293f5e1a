//! The schema: brought up to date, taken down, and where it stands.

mod catalog;
mod objects;

use std::{path::Path, sync::Arc};

use almoner_kernel::StoreError;
use almoner_migrations::Migrator;
use async_trait::async_trait;
use rusqlite::Connection;
use sea_orm::{
    ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait,
    ProxyExecResult, ProxyRow, Statement, TransactionTrait,
};
use sea_orm_migration::{
    IntoSchemaManagerConnection, MigrationStatus, MigrationTrait, MigratorTrait, SchemaManager,
};

use super::{Backend, OpenError, Store, only_read};
use crate::{
    copies,
    error::store_error,
    sqlite::{open_writer, values},
};

/// One step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStep {
    /// Its name.
    pub name: String,
    /// True when the database has it.
    pub is_applied: bool,
}

impl Store {
    /// Brings the schema up to date, or up by some steps. Several instances may do so at once: one
    /// does, the others wait. Then, when it is up to date, names are put in the order of the language.
    ///
    /// # Errors
    /// When a step fails, of which nothing is kept; or the order of names, where it goes on the next time.
    pub async fn migrate_up(&self, steps: Option<u32>) -> Result<(), OpenError> {
        self.migrate(Direction::Up(steps)).await?;
        if steps.is_none() {
            self.sort_anew().await.map_err(OpenError::Database)?;
        }
        Ok(())
    }

    /// Takes the schema down by some steps. The data in what is removed is lost.
    ///
    /// # Errors
    /// When a step fails; nothing of it is kept.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), OpenError> {
        self.migrate(Direction::Down(steps)).await
    }

    /// Runs a step beside those of the program: for kinds of record that only a test has.
    ///
    /// # Errors
    /// When it fails.
    #[doc(hidden)]
    pub async fn run_step(&self, step: &dyn MigrationTrait) -> Result<(), OpenError> {
        let failed = |error: DbErr| OpenError::Migration(error.to_string());
        match &self.0.backend {
            Backend::Sqlite { path, .. } => {
                let proxy = Migrations::open(path).map_err(failed)?;
                let connection = proxy.connect().await.map_err(failed)?;
                step.up(&SchemaManager::new(&connection)).await.map_err(failed)
            }
            Backend::Copy { .. } => Err(OpenError::Migration(only_read().to_string())),
            Backend::Postgres(pool) => step.up(&SchemaManager::new(pool)).await.map_err(failed),
        }
    }

    /// Every step of the schema, oldest first.
    ///
    /// # Errors
    /// When the database belongs to a newer program.
    pub async fn migrations(&self) -> Result<Vec<MigrationStep>, OpenError> {
        let failed = |error: DbErr| OpenError::Migration(error.to_string());
        let steps = match &self.0.backend {
            Backend::Sqlite { path, .. } => {
                let proxy = Migrations::open(path).map_err(failed)?;
                let connection = proxy.connect().await.map_err(failed)?;
                status(&connection).await.map_err(failed)?
            }
            Backend::Copy { path, .. } => copies::steps(path).map_err(failed)?,
            Backend::Postgres(pool) => status(pool).await.map_err(failed)?,
        };
        Ok(steps)
    }

    /// The first thing in which the schema is not what the program itself makes of an empty database, up
    /// to the same step, in words; none when they are the same. A trigger that was added makes of a
    /// viewer whatever it likes, and an index that is gone is no longer looked at. On PostgreSQL, where
    /// only a superuser or the owner of the tables can add one, it is always none: see [`Self::catalog_difference`], which takes longer.
    ///
    /// # Errors
    /// When the schema cannot be read, or belongs to a newer program.
    pub async fn schema_difference(&self) -> Result<Option<String>, OpenError> {
        let (Backend::Sqlite { readers, .. } | Backend::Copy { readers, .. }) = &self.0.backend
        else {
            return Ok(None);
        };
        let failed = |error: DbErr| OpenError::Migration(error.to_string());
        let applied = self.migrations().await?.iter().filter(|step| step.is_applied).count();
        let ours = objects::made_up_to(applied).await.map_err(failed)?;
        let found = readers.scan(objects::of).await.map_err(failed)?;
        Ok(objects::difference(&found, &ours))
    }

    /// The same on PostgreSQL: triggers, functions, columns, indexes, constraints, views, rules and
    /// policies against those that the program makes in a schema of its own, in a transaction that is
    /// taken back. The schema must be up to date. On SQLite it is always none.
    ///
    /// # Errors
    /// When the catalogue cannot be read, or the role may not make a schema.
    pub async fn catalog_difference(&self) -> Result<Option<String>, OpenError> {
        match &self.0.backend {
            Backend::Sqlite { .. } | Backend::Copy { .. } => Ok(None),
            Backend::Postgres(pool) => catalog::catalog_difference(pool)
                .await
                .map_err(|error| OpenError::Migration(error.to_string())),
        }
    }

    /// False for a copy from a time before a step of the schema.
    pub(crate) fn has_step(&self, name: &str) -> Result<bool, StoreError> {
        let Backend::Copy { path, .. } = &self.0.backend else { return Ok(true) };
        let steps = copies::steps(path).map_err(store_error)?;
        Ok(steps.iter().any(|step| step.is_applied && step.name == name))
    }

    async fn migrate(&self, direction: Direction) -> Result<(), OpenError> {
        let failed = |error: DbErr| OpenError::Migration(error.to_string());
        match &self.0.backend {
            Backend::Sqlite { path, .. } => {
                let proxy = Migrations::open(path).map_err(failed)?;
                let connection = proxy.connect().await.map_err(failed)?;
                connection.execute_unprepared("BEGIN IMMEDIATE").await.map_err(failed)?;
                let end = match run(&connection, direction).await {
                    Ok(()) => "COMMIT",
                    Err(error) => {
                        connection.execute_unprepared("ROLLBACK").await.map_err(failed)?;
                        return Err(failed(error));
                    }
                };
                connection.execute_unprepared(end).await.map_err(failed)?;
            }
            Backend::Copy { .. } => {
                return Err(OpenError::Migration(only_read().to_string()));
            }
            Backend::Postgres(pool) => {
                let transaction = pool.begin().await.map_err(failed)?;
                // A step may wait for whatever is under way, and so may the other instances for it.
                transaction
                    .execute_unprepared("SET LOCAL lock_timeout = 0")
                    .await
                    .map_err(failed)?;
                // Any number will do, as long as every instance uses the same.
                transaction
                    .execute_unprepared("SELECT pg_advisory_xact_lock(7364511390461874)")
                    .await
                    .map_err(failed)?;
                run(&transaction, direction).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Up(Option<u32>),
    Down(u32),
}

async fn run<'c, C>(connection: C, direction: Direction) -> Result<(), DbErr>
where
    C: IntoSchemaManagerConnection<'c>,
{
    match direction {
        Direction::Up(steps) => Migrator::up(connection, steps).await,
        Direction::Down(steps) => Migrator::down(connection, Some(steps)).await,
    }
}

async fn status(connection: &DatabaseConnection) -> Result<Vec<MigrationStep>, DbErr> {
    // Creates the table of applied steps when it is not there, which `status` needs on SQLite.
    Migrator::install(connection).await?;
    let applied: Vec<String> = Migrator::get_migration_models(connection)
        .await?
        .into_iter()
        .map(|model| model.version)
        .collect();
    compared(&applied)
}

/// The steps that this program knows, against those that a database has.
pub(crate) fn compared(applied: &[String]) -> Result<Vec<MigrationStep>, DbErr> {
    let known = Migrator::get_migration_files();
    if let Some(newer) = applied.iter().find(|name| !known.iter().any(|file| file.name() == *name))
    {
        return Err(DbErr::Migration(format!(
            "the database has the step {newer}, which this program does not know: \
             it belongs to a newer version"
        )));
    }
    Ok(known
        .iter()
        .map(|file| MigrationStep {
            name: file.name().to_owned(),
            is_applied: file.status() == MigrationStatus::Applied
                || applied.iter().any(|name| name == file.name()),
        })
        .collect())
}

/// sea-orm's migrations want its own connection type; this is one over rusqlite, for them alone.
#[derive(Debug)]
struct Migrations(std::sync::Mutex<Connection>);

impl Migrations {
    fn open(path: &Path) -> Result<Self, DbErr> {
        Ok(Self::over(open_writer(path).map_err(values::exec_error)?))
    }

    const fn over(connection: Connection) -> Self {
        Self(std::sync::Mutex::new(connection))
    }

    async fn connect(self) -> Result<DatabaseConnection, DbErr> {
        Arc::new(self).shared().await
    }

    /// The same, while somebody else still has it.
    async fn shared(self: Arc<Self>) -> Result<DatabaseConnection, DbErr> {
        SeaOrm::connect_proxy(DbBackend::Sqlite, Arc::new(Box::new(Proxy(self)))).await
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Proxy(Arc<Migrations>);

#[async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let rows = values::query(&self.0.connection(), &statement)?;
        Ok(rows.iter().map(sea_orm::from_query_result_to_proxy_row).collect())
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        values::execute(&self.0.connection(), &statement).map(Into::into)
    }
}
