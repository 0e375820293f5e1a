//! Values and rows between sea-orm and rusqlite.
//!
//! SQLite keeps a type with each value, not with each column, and sea-orm wants to know the type of
//! a NULL too. So a value is read back by the declared type of its column, which the migrations
//! write for this purpose.

use std::collections::BTreeMap;

use rusqlite::{
    Connection, Row, ToSql,
    types::{ToSqlOutput, Type, ValueRef},
};
use sea_orm::{
    DbErr, ExecResult, ProxyExecResult, ProxyRow, QueryResult, RuntimeErr, Statement, Value,
};
use uuid::Uuid;

use crate::rows::{FromRow, Row as ReadRow};

/// Runs a statement that answers no rows.
///
/// # Errors
/// Whatever SQLite says, as the source of a [`DbErr::Exec`].
pub fn execute(connection: &Connection, statement: &Statement) -> Result<ExecResult, DbErr> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(exec_error)?;
    let changed =
        prepared.execute(rusqlite::params_from_iter(bound(statement))).map_err(exec_error)?;
    let last_id = u64::try_from(connection.last_insert_rowid()).unwrap_or_default();
    Ok(ProxyExecResult::new(last_id, changed as u64).into())
}

/// Runs a statement that answers rows.
///
/// # Errors
/// Whatever SQLite says, as the source of a [`DbErr::Query`].
pub fn query(connection: &Connection, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(query_error)?;
    let columns: Vec<Column> = prepared
        .columns()
        .iter()
        .map(|column| Column { name: column.name().to_owned(), kind: Kind::of(column.decl_type()) })
        .collect();
    let mut rows =
        prepared.query(rusqlite::params_from_iter(bound(statement))).map_err(query_error)?;
    let mut results = Vec::new();
    while let Some(row) = rows.next().map_err(query_error)? {
        results.push(read(row, &columns)?);
    }
    Ok(results)
}

/// Runs a statement that answers rows, and reads each of them where it lies.
///
/// # Errors
/// Whatever SQLite says, as the source of a [`DbErr::Query`].
pub fn rows<T: FromRow>(connection: &Connection, statement: &Statement) -> Result<Vec<T>, DbErr> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(query_error)?;
    let mut rows =
        prepared.query(rusqlite::params_from_iter(bound(statement))).map_err(query_error)?;
    let mut results = Vec::new();
    while let Some(row) = rows.next().map_err(query_error)? {
        results.push(T::from_row(&mut ReadRow::sqlite(row))?);
    }
    Ok(results)
}

/// A rusqlite error as sea-orm carries it; [`crate::error`] looks for it there.
pub fn query_error(error: rusqlite::Error) -> DbErr {
    DbErr::Query(carried(error))
}

/// The same, for a statement without rows.
pub fn exec_error(error: rusqlite::Error) -> DbErr {
    DbErr::Exec(carried(error))
}

fn carried(error: rusqlite::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(sea_orm::sqlx::Error::AnyDriverError(Box::new(error)).into())
}

fn bound(statement: &Statement) -> impl Iterator<Item = Bound<'_>> {
    statement.values.iter().flat_map(|values| values.0.iter().map(Bound))
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let borrowed = |value| Ok(ToSqlOutput::Borrowed(value));
        let integer =
            |value: Option<i64>| borrowed(value.map_or(ValueRef::Null, ValueRef::Integer));
        match self.0 {
            Value::Bool(value) => integer(value.map(i64::from)),
            Value::TinyInt(value) => integer(value.map(i64::from)),
            Value::SmallInt(value) => integer(value.map(i64::from)),
            Value::Int(value) => integer(value.map(i64::from)),
            Value::BigInt(value) => integer(*value),
            Value::TinyUnsigned(value) => integer(value.map(i64::from)),
            Value::SmallUnsigned(value) => integer(value.map(i64::from)),
            Value::Unsigned(value) => integer(value.map(i64::from)),
            Value::BigUnsigned(value) => match value.map(i64::try_from) {
                Some(Err(error)) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
                Some(Ok(value)) => integer(Some(value)),
                None => integer(None),
            },
            Value::Double(value) => borrowed(value.map_or(ValueRef::Null, ValueRef::Real)),
            Value::String(value) => borrowed(
                value.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            ),
            Value::Bytes(value) => {
                borrowed(value.as_ref().map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes)))
            }
            Value::Uuid(value) => borrowed(
                value.as_ref().map_or(ValueRef::Null, |uuid| ValueRef::Blob(uuid.as_bytes())),
            ),
            Value::ChronoDate(value) => Ok(ToSqlOutput::Owned(match value {
                Some(date) => rusqlite::types::Value::Text(date.to_string()),
                None => rusqlite::types::Value::Null,
            })),
            other => Err(rusqlite::Error::ToSqlConversionFailure(
                format!("no column of this program holds a {other:?}").into(),
            )),
        }
    }
}

struct Column {
    name: String,
    kind: Kind,
}

/// What a column holds, by its declared type.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Bytes,
    Date,
    Integer,
    Real,
    Text,
    Uuid,
    /// An expression: whatever the value is.
    Any,
}

impl Kind {
    fn of(declared: Option<&str>) -> Self {
        let Some(declared) = declared else { return Self::Any };
        let declared = declared.to_ascii_lowercase();
        match declared.as_str() {
            "uuid_blob" => Self::Uuid,
            "date_text" => Self::Date,
            "boolean" => Self::Bool,
            "blob" => Self::Bytes,
            name if name.contains("int") => Self::Integer,
            name if name.contains("char") || name.contains("text") => Self::Text,
            name if name.contains("real") || name.contains("double") => Self::Real,
            _ => Self::Any,
        }
    }
}

fn read(row: &Row<'_>, columns: &[Column]) -> Result<QueryResult, DbErr> {
    let mut values = BTreeMap::new();
    for (at, column) in columns.iter().enumerate() {
        let stored = row.get_ref(at).map_err(query_error)?;
        let value = read_value(stored, column.kind)
            .ok_or_else(|| damaged(&column.name, stored.data_type()))?;
        values.insert(column.name.clone(), value);
    }
    Ok(ProxyRow::new(values).into())
}

fn read_value(stored: ValueRef<'_>, kind: Kind) -> Option<Value> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some(match (kind, stored) {
        (Kind::Bool, ValueRef::Null) => Value::Bool(None),
        (Kind::Bool, ValueRef::Integer(value)) => Value::Bool(Some(value != 0)),
        (Kind::Bytes, ValueRef::Null) => Value::Bytes(None),
        (Kind::Bytes | Kind::Any, ValueRef::Blob(bytes)) => Value::Bytes(Some(bytes.to_vec())),
        (Kind::Date, ValueRef::Null) => Value::ChronoDate(None),
        (Kind::Date, ValueRef::Text(bytes)) => {
            Value::ChronoDate(Some(std::str::from_utf8(bytes).ok()?.parse().ok()?))
        }
        (Kind::Integer | Kind::Any, ValueRef::Null) => Value::BigInt(None),
        (Kind::Integer | Kind::Any, ValueRef::Integer(value)) => Value::BigInt(Some(value)),
        (Kind::Real, ValueRef::Null) => Value::Double(None),
        (Kind::Real | Kind::Any, ValueRef::Real(value)) => Value::Double(Some(value)),
        (Kind::Text, ValueRef::Null) => Value::String(None),
        (Kind::Text | Kind::Any, ValueRef::Text(bytes)) => Value::String(Some(text(bytes)?)),
        (Kind::Uuid, ValueRef::Null) => Value::Uuid(None),
        (Kind::Uuid, ValueRef::Blob(bytes)) => Value::Uuid(Some(Uuid::from_slice(bytes).ok()?)),
        _ => return None,
    })
}

/// A value that its column should not hold.
pub fn damaged(column: &str, found: Type) -> DbErr {
    DbErr::Type(format!("column {column} holds a {found} that is not of its declared type"))
}
