//! What a test does behind the store's back, as somebody with access to the database could.

use rusqlite::Connection;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

use super::{
    World,
    databases::{Home, connect},
};

impl World {
    /// Runs statements.
    pub async fn sql(&self, sql: &str) {
        self.try_sql(sql).await.unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
    }

    /// Runs statements, or says in the database's words why not.
    pub async fn try_sql(&self, sql: &str) -> Result<(), String> {
        match &self.home {
            Home::Sqlite(_) => {
                self.raw_sqlite().execute_batch(sql).map_err(|error| error.to_string())
            }
            Home::Postgres(database) => {
                let connection = connect(&database.url()).await;
                let outcome = connection.execute_unprepared(sql).await;
                connection.close().await.unwrap();
                outcome.map(|_| ()).map_err(|error| error.to_string())
            }
        }
    }

    /// A connection to PostgreSQL that no other statement of the test shares.
    pub async fn postgres(&self) -> DatabaseConnection {
        match &self.home {
            Home::Sqlite(_) => panic!("this is PostgreSQL's"),
            Home::Postgres(database) => connect(&database.url()).await,
        }
    }

    /// The first column of every row, as text; an absent value is `NULL`.
    pub async fn texts(&self, column: &str, rest: &str) -> Vec<String> {
        let sql = format!("SELECT coalesce(CAST({column} AS text), 'NULL') {rest}");
        match &self.home {
            Home::Sqlite(_) => {
                let connection = self.raw_sqlite();
                let mut statement = connection.prepare(&sql).unwrap();
                let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Home::Postgres(database) => {
                let connection = connect(&database.url()).await;
                let rows = connection
                    .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
                    .await
                    .unwrap();
                connection.close().await.unwrap();
                rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
            }
        }
    }

    /// The one number that `SELECT <what> <rest>` answers.
    pub async fn number(&self, what: &str, rest: &str) -> i64 {
        self.texts(what, rest).await.remove(0).parse().unwrap()
    }

    /// Rows of a table.
    pub async fn rows(&self, table: &str) -> i64 {
        self.number("count(*)", &format!("FROM {table}")).await
    }

    /// An id as SQL.
    pub fn literal(&self, id: Uuid) -> String {
        match &self.home {
            Home::Sqlite(_) => format!("X'{}'", id.simple()),
            Home::Postgres(_) => format!("'{id}'"),
        }
    }

    /// A connection of one's own to the file.
    pub fn raw_sqlite(&self) -> Connection {
        let connection = Connection::open(self.file()).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        connection
    }
}
