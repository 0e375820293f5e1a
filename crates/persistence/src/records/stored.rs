//! Rows of a kind, read from left to right.

use almoner_kernel::{Id, StoreError, UserId, Version};
use almoner_records::{Columns, Kept, Plain, Record};
use chrono::NaiveDate;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    paging::instant,
    rows::{Cell, FromRow, Row},
};

/// A record as it was stored.
pub struct Stored<R>(pub Kept<R>);

impl<R: Record> FromRow for Stored<R> {
    /// The columns of [`super::plan::Plan::select`], in their order.
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        let id: Uuid = row.take()?;
        let mut own = R::read(&mut Reading(row)).map_err(damaged)?;
        let record = (row.take()?, row.take::<Option<Uuid>>()?, row.take()?, row.take()?);
        let (version, created_by, created_at, updated_at) = record;
        let deleted_at: Option<i64> = row.take()?;
        let labels = R::KIND.references().map(|field| Ok((field.name, row.take()?)));
        let labels = labels.collect::<Result<Vec<(&str, Option<String>)>, DbErr>>()?;
        own.links(&mut |field, link| {
            let label = labels.iter().find(|(name, _)| *name == field.name);
            link.call(label.and_then(|(_, label)| label.clone()));
        });
        Ok(Self(Kept {
            id: Id::new(id),
            version: Version::new(version),
            created_by: created_by.map(UserId::new),
            created_at: instant(created_at).map_err(damaged)?,
            updated_at: instant(updated_at).map_err(damaged)?,
            deleted_at: deleted_at.map(instant).transpose().map_err(damaged)?,
            own,
            hidden: Vec::new(),
        }))
    }
}

/// The only error of a row's reading is that it cannot be understood.
fn damaged(error: StoreError) -> DbErr {
    match error {
        StoreError::Damaged(detail) => DbErr::Type(detail),
        other => DbErr::Type(other.to_string()),
    }
}

/// A row, for values that know nothing of databases.
struct Reading<'r, 'a>(&'r mut Row<'a>);

impl Reading<'_, '_> {
    fn take<T: Cell>(&mut self) -> Result<Option<T>, StoreError> {
        self.0.take().map_err(crate::error::store_error)
    }
}

impl Columns for Reading<'_, '_> {
    fn text(&mut self) -> Result<Option<String>, StoreError> {
        self.take()
    }

    fn int(&mut self) -> Result<Option<i64>, StoreError> {
        self.take()
    }

    fn flag(&mut self) -> Result<Option<bool>, StoreError> {
        self.take()
    }

    fn day(&mut self) -> Result<Option<NaiveDate>, StoreError> {
        self.take()
    }

    fn uuid(&mut self) -> Result<Option<Uuid>, StoreError> {
        self.take()
    }

    fn json(&mut self) -> Result<Option<Plain>, StoreError> {
        let text: Option<String> = self.take()?;
        let read = |text: String| match serde_json::from_str(&text) {
            Ok(value) => Ok(plain(value)),
            Err(_) => Err(StoreError::Damaged("a list is no JSON".to_owned())),
        };
        text.map(read).transpose()
    }
}

fn plain(value: serde_json::Value) -> Plain {
    use serde_json::Value;
    match value {
        Value::Null => Plain::Null,
        Value::Bool(flag) => Plain::Flag(flag),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Plain::Number(number.to_string()), Plain::Whole)
        }
        Value::String(text) => Plain::Text(text),
        Value::Array(items) => Plain::List(items.into_iter().map(plain).collect()),
        Value::Object(fields) => {
            Plain::Object(fields.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
    }
}
