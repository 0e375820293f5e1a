//! Rows, read from left to right straight out of the driver: no map of names, no copy of a value that
//! is not kept. What is read often is read this way; the rest goes through sea-orm's own rows.

use chrono::NaiveDate;
use rusqlite::types::ValueRef;
use sea_orm::{
    DbErr, QueryResult, RuntimeErr, TryGetable,
    sqlx::{self, Column as _, Row as _, ValueRef as _},
};
use uuid::Uuid;

use crate::sqlite::values::{damaged, query_error};

/// One row. Each [`Row::take`] reads the next column.
pub struct Row<'a> {
    source: Source<'a>,
    at: usize,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a QueryResult),
}

impl<'a> Row<'a> {
    /// A row of SQLite.
    pub const fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { source: Source::Sqlite(row), at: 0 }
    }

    /// A row of PostgreSQL.
    pub const fn postgres(row: &'a QueryResult) -> Self {
        Self { source: Source::Postgres(row), at: 0 }
    }

    /// The next column.
    ///
    /// # Errors
    /// When it holds something else than a `T`.
    pub fn take<T: Cell>(&mut self) -> Result<T, DbErr> {
        let at = self.at;
        self.at += 1;
        match self.source {
            Source::Sqlite(row) => {
                let value = row.get_ref(at).map_err(query_error)?;
                T::of_sqlite(value).ok_or_else(|| {
                    let name = row.as_ref().column_name(at).unwrap_or("without a name");
                    damaged(name, value.data_type())
                })
            }
            Source::Postgres(row) => row.try_get_by_index(at),
        }
    }

    /// Every column that is left as bytes: of each that is not absent its name, its type and its value as
    /// the database keeps it, so that two different rows never have the same. None when all are absent.
    ///
    /// # Errors
    /// When the driver cannot say.
    pub fn rest(&mut self) -> Result<Option<Vec<u8>>, DbErr> {
        let mut bytes = Vec::with_capacity(512);
        let mut put = |name: &str, kind: u8, value: &[u8]| {
            bytes.extend(name.as_bytes());
            bytes.extend([0, kind]);
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        };
        match self.source {
            Source::Sqlite(row) => {
                for at in self.at..row.as_ref().column_count() {
                    let name = row.as_ref().column_name(at).map_err(query_error)?;
                    match row.get_ref(at).map_err(query_error)? {
                        ValueRef::Null => {}
                        ValueRef::Integer(value) => put(name, b'i', &value.to_be_bytes()),
                        ValueRef::Real(value) => put(name, b'r', &value.to_be_bytes()),
                        ValueRef::Text(value) => put(name, b't', value),
                        ValueRef::Blob(value) => put(name, b'b', value),
                    }
                }
            }
            Source::Postgres(row) => {
                let row = row.try_as_pg_row();
                let row = row.ok_or_else(|| DbErr::Custom("no row of PostgreSQL".to_owned()))?;
                for at in self.at..row.len() {
                    let value = row.try_get_raw(at).map_err(sqlx_error)?;
                    if !value.is_null() {
                        let value = value.as_bytes().map_err(|error| {
                            DbErr::Custom(format!("a value cannot be read: {error}"))
                        })?;
                        put(row.column(at).name(), b'p', value);
                    }
                }
            }
        }
        self.at = usize::MAX;
        Ok((!bytes.is_empty()).then_some(bytes))
    }
}

fn sqlx_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// What can be read from a row.
pub trait FromRow: Sized {
    /// Reads the columns in the order they were selected.
    ///
    /// # Errors
    /// When a column holds something else than expected.
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr>;
}

impl<T: Cell> FromRow for T {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        row.take()
    }
}

impl<A: FromRow, B: FromRow> FromRow for (A, B) {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        Ok((A::from_row(row)?, B::from_row(row)?))
    }
}

/// What one column can hold.
pub trait Cell: TryGetable {
    /// The value as SQLite keeps it, if it is one.
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self>;
}

impl<T: Cell> Cell for Option<T> {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::of_sqlite(value).map(Some),
        }
    }
}

impl Cell for bool {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok().map(|value| value != 0)
    }
}

impl Cell for i64 {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok()
    }
}

impl Cell for String {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok().map(str::to_owned)
    }
}

impl Cell for Vec<u8> {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        value.as_blob().ok().map(<[u8]>::to_vec)
    }
}

impl Cell for Uuid {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        Self::from_slice(value.as_blob().ok()?).ok()
    }
}

impl Cell for NaiveDate {
    fn of_sqlite(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok()?.parse().ok()
    }
}
