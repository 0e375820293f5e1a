//! What a SQLite database has in its schema, against what the program makes of an empty one.

use std::sync::Arc;

use rusqlite::Connection;
use sea_orm::DbErr;
use sea_orm_migration::MigratorTrait;
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::{Migrations, Migrator};
use crate::sqlite::values::query_error;

/// One thing in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) table: String,
    // None for the indexes that SQLite makes for a UNIQUE or a key.
    pub(super) sql: Option<String>,
}

/// What `ANALYZE` leaves in a database that has rows, as SQLite writes it: only plans depend on it.
const STATISTICS: [&str; 2] = [
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
];

/// Everything in a schema, sorted. Where its pages are is no matter.
pub fn of(connection: &Connection) -> Result<Vec<Object>, DbErr> {
    let read = || {
        let mut select =
            connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
        let rows = select.query_map([], |row| {
            Ok(Object {
                kind: row.get(0)?,
                name: row.get(1)?,
                table: row.get(2)?,
                sql: row.get(3)?,
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut objects = read().map_err(query_error)?;
    objects.retain(|one| !one.sql.as_deref().is_some_and(|sql| STATISTICS.contains(&sql)));
    objects.sort();
    Ok(objects)
}

/// What the first steps make of an empty database.
pub async fn made_up_to(steps: usize) -> Result<Vec<Object>, DbErr> {
    let empty = Connection::open_in_memory().map_err(query_error)?;
    let migrations = Arc::new(Migrations::over(empty));
    let connection = Arc::clone(&migrations).shared().await?;
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    let up = async {
        match steps {
            0 => Migrator::install(&connection).await,
            steps => Migrator::up(&connection, Some(steps)).await,
        }
    };
    // An operator who reads of steps that are applied would take them for the real database's.
    up.with_subscriber(NoSubscriber::default()).await?;
    of(&migrations.connection())
}

/// The first difference, in words.
pub fn difference(found: &[Object], ours: &[Object]) -> Option<String> {
    // A name can be anything, also what a terminal obeys.
    let named = |object: &Object| format!("{} {:?}", object.kind, object.name);
    let same = |one: &Object, other: &Object| one.kind == other.kind && one.name == other.name;
    let strange = found.iter().find(|object| !ours.contains(object));
    if let Some(strange) = strange {
        let named = named(strange);
        return Some(match ours.iter().any(|object| same(object, strange)) {
            true => format!("the {named} is not as this program makes it"),
            false => format!("it has the {named}, which this program does not make"),
        });
    }
    let gone = ours.iter().find(|object| !found.contains(object));
    if let Some(gone) = gone {
        return Some(format!("the {} is missing", named(gone)));
    }
    // The same name twice.
    (found.len() != ours.len()).then(|| "something in its schema is there twice".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that has gone up and down by steps, the last number first up from nothing.
    async fn after(moves: &[i64]) -> Vec<Object> {
        let empty = Connection::open_in_memory().unwrap();
        let migrations = Arc::new(Migrations::over(empty));
        let connection = Arc::clone(&migrations).shared().await.unwrap();
        for by in moves {
            let steps = Some(u32::try_from(by.abs()).unwrap());
            match by.is_positive() {
                true => Migrator::up(&connection, steps).await.unwrap(),
                false => Migrator::down(&connection, steps).await.unwrap(),
            }
        }
        of(&migrations.connection()).unwrap()
    }

    #[tokio::test]
    async fn a_database_that_was_taken_down_and_up_has_the_schema_of_a_new_one() {
        let all = i64::try_from(Migrator::migrations().len()).unwrap();
        // On its way down a table may have its columns in another order: what a step took away comes
        // back as the last one.
        for left in 1..all {
            let again = after(&[all, left - all, all - left]).await;
            let fresh = made_up_to(usize::try_from(all).unwrap()).await.unwrap();
            assert_eq!(difference(&again, &fresh), None, "down to {left} and up");
        }
    }

    #[tokio::test]
    async fn whatever_is_added_taken_or_changed_is_named() {
        let all = Migrator::migrations().len();
        let ours = made_up_to(all).await.unwrap();
        for (statement, told) in [
            (
                "CREATE TRIGGER t AFTER UPDATE ON users BEGIN SELECT 1; END",
                "it has the trigger \"t\", which this program does not make",
            ),
            (
                "CREATE VIEW v AS SELECT 1",
                "it has the view \"v\", which this program does not make",
            ),
            ("DROP INDEX jobs_due", "the index \"jobs_due\" is missing"),
            ("DROP TRIGGER changes_no_update", "the trigger \"changes_no_update\" is missing"),
            (
                "DROP TRIGGER changes_no_update; CREATE TRIGGER changes_no_update BEFORE UPDATE ON \
                 changes BEGIN SELECT 1; END",
                "the trigger \"changes_no_update\" is not as this program makes it",
            ),
            (
                "ALTER TABLE users ADD COLUMN note text",
                "the table \"users\" is not as this program makes it",
            ),
        ] {
            let migrations = Arc::new(Migrations::over(Connection::open_in_memory().unwrap()));
            let connection = Arc::clone(&migrations).shared().await.unwrap();
            Migrator::up(&connection, None).await.unwrap();
            assert_eq!(difference(&of(&migrations.connection()).unwrap(), &ours), None);
            migrations.connection().execute_batch(statement).unwrap();
            let found = of(&migrations.connection()).unwrap();
            assert_eq!(difference(&found, &ours).as_deref(), Some(told));
        }
    }

    #[tokio::test]
    async fn statistics_are_no_difference() {
        let migrations = Arc::new(Migrations::over(Connection::open_in_memory().unwrap()));
        let connection = Arc::clone(&migrations).shared().await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        migrations.connection().execute_batch("ANALYZE").unwrap();
        let ours = made_up_to(Migrator::migrations().len()).await.unwrap();
        assert_eq!(difference(&of(&migrations.connection()).unwrap(), &ours), None);
    }

    #[tokio::test]
    async fn the_table_of_steps_is_made_as_it_always_was() {
        // It is another crate's: a change of it would have every older database refused.
        let objects = made_up_to(1).await.unwrap();
        let steps = objects.iter().find(|object| object.name == "seaql_migrations").unwrap();
        assert_eq!(
            steps.sql.as_deref(),
            Some(
                "CREATE TABLE \"seaql_migrations\" ( \"version\" varchar NOT NULL PRIMARY KEY, \
                 \"applied_at\" integer NOT NULL )"
            )
        );
    }
}
