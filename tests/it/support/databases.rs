//! A database for each test: a file in a directory of its own, or a database of its own on the
//! server that `ALMONER_TEST_POSTGRES_URL` names.

use std::sync::{Condvar, Mutex};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::templates;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Where a test's data is; dropping it removes it.
pub enum Home {
    Sqlite(TempDir),
    Postgres(PostgresDatabase),
}

/// A database on the server.
pub struct PostgresDatabase {
    name: String,
    _seat: Seat,
}

impl PostgresDatabase {
    /// Makes an empty database.
    pub async fn create() -> Self {
        // An empty template, whatever an operator has put into the default one.
        Self::copy_of("template0").await
    }

    /// Makes a database with the schema up to date.
    pub async fn with_schema() -> Self {
        Self::copy_of(templates::on_postgres().await).await
    }

    async fn copy_of(template: &str) -> Self {
        let seat = Seat::take();
        let name = format!("almoner_test_{}", fresh().simple());
        let server = connect(&server_url()).await;
        server
            .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .unwrap();
        server.close().await.unwrap();
        Self { name, _seat: seat }
    }

    /// The URL of this database.
    pub fn url(&self) -> String {
        url_of(&self.name)
    }

    /// Removes the database with everything in it.
    pub async fn remove(&self) {
        let server = connect(&server_url()).await;
        server
            .execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .await
            .unwrap();
        server.close().await.unwrap();
    }
}

/// One connection, for what a test does behind the store's back.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the server of ALMONER_TEST_POSTGRES_URL answers")
}

/// The URL of a database on the server.
pub(super) fn url_of(database: &str) -> String {
    let url = server_url();
    let (server, query) = url.split_once('?').unwrap_or((&url, ""));
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{database}?{query}")
}

pub(super) fn server_url() -> String {
    std::env::var_os("ALMONER_TEST_POSTGRES_URL")
        .expect("ALMONER_TEST_POSTGRES_URL is set, as it was when the tests were compiled")
        .into_string()
        .expect("ALMONER_TEST_POSTGRES_URL is UTF-8")
}

#[expect(clippy::disallowed_methods, reason = "runs of the tests must not share a database")]
fn fresh() -> Uuid {
    Uuid::now_v7()
}

/// Keeps the tests of a machine with many cores within the 100 connections of a default server.
struct Seat;

static SEATS: (Mutex<u32>, Condvar) = (Mutex::new(6), Condvar::new());

impl Seat {
    fn take() -> Self {
        let (free, freed) = &SEATS;
        let mut free = freed.wait_while(free.lock().unwrap(), |free| *free == 0).unwrap();
        *free -= 1;
        Self
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (free, freed) = &SEATS;
        *free.lock().unwrap() += 1;
        freed.notify_one();
    }
}
