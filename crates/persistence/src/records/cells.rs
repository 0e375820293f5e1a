//! What the columns of a row are set to.

use std::borrow::Cow;

use almoner_kernel::{
    StoreError, UserId,
    text::{self, name_words},
};
use almoner_records::{Cells, Field, Holds, Kept, Key, Plain, Record, Shape, Show};
use chrono::NaiveDate;
use sea_orm::Value;
use uuid::Uuid;

use super::plan::Plan;
use crate::{collation::Collation, paging::millis, vault::Vault};

/// The columns of a row in the order of [`Plan::columns`]; none for one that stays as it is.
pub struct Written(pub Vec<Option<Value>>);

impl Written {
    /// Every column, of a new record.
    pub fn all(self) -> Result<Vec<Value>, StoreError> {
        let all: Option<Vec<Value>> = self.0.into_iter().collect();
        // A sealed value that is only shown has nothing to be stored anew.
        all.ok_or_else(|| StoreError::Damaged("a new record lacks a column".to_owned()))
    }
}

/// Sets the columns of a record.
///
/// # Errors
/// When a secret cannot be encrypted.
pub fn written<R: Record>(
    plan: &Plan,
    vault: &Vault,
    collation: &Collation,
    record: &Kept<R>,
) -> Result<Written, StoreError> {
    let mut cells = vec![Some(record.id.uuid().into())];
    cells.extend(own(plan, vault, collation, record.id.uuid(), &record.own)?);
    let common: [Value; 5] = [
        record.version.number().into(),
        record.created_by.map(UserId::uuid).into(),
        millis(record.created_at).into(),
        millis(record.updated_at).into(),
        record.deleted_at.map(millis).into(),
    ];
    cells.extend(common.into_iter().map(Some));
    Ok(Written(cells))
}

/// Not generic over the record: compiled once.
fn own(
    plan: &Plan,
    vault: &Vault,
    collation: &Collation,
    id: Uuid,
    shape: &dyn Shape,
) -> Result<Vec<Option<Value>>, StoreError> {
    let mut filling = Filling { vault, collation, id, cells: Vec::new(), failed: None };
    let (mut search, mut by_others) = (String::new(), Vec::new());
    shape.each(&mut |field, value| {
        filling.field(field, value);
        if field.has_unique_form {
            filling.unique(value);
        }
        if field.is_searched && field.target.is_some() {
            // What is named may have no name: then there is nothing to be found by.
            let words = value.and_then(Show::label).map(name_words).unwrap_or_default();
            by_others.push(Some(words.into()));
        } else if field.is_searched
            && let Some(words) = value.and_then(Show::searched)
        {
            text::add(&mut search, &words);
        }
    });
    let Filling { mut cells, failed, .. } = filling;
    if let Some(error) = failed {
        return Err(error);
    }
    if plan.has_search {
        cells.push(Some(search.into()));
    }
    cells.extend(by_others);
    Ok(cells)
}

struct Filling<'a> {
    vault: &'a Vault,
    collation: &'a Collation,
    id: Uuid,
    cells: Vec<Option<Value>>,
    failed: Option<StoreError>,
}

impl Filling<'_> {
    fn field(&mut self, field: &Field, value: Option<&dyn Show>) {
        match value {
            Some(value) => value.cells(self),
            None => self.cells.extend(field.columns.iter().map(|column| Some(null(column.holds)))),
        }
    }

    /// The form that no two records may share.
    fn unique(&mut self, value: Option<&dyn Show>) {
        let form = match value.and_then(Show::unique) {
            Some(Key::Text(form)) => Some(form),
            _ => None,
        };
        self.set(form);
    }

    fn set(&mut self, value: impl Into<Value>) {
        self.cells.push(Some(value.into()));
    }
}

impl Cells for Filling<'_> {
    fn text(&mut self, value: Cow<'_, str>) {
        self.set(value.into_owned());
    }

    fn int(&mut self, value: i64) {
        self.set(value);
    }

    fn flag(&mut self, value: bool) {
        self.set(value);
    }

    fn day(&mut self, value: NaiveDate) {
        self.set(value);
    }

    fn uuid(&mut self, value: Uuid) {
        self.set(value);
    }

    fn json(&mut self, value: Plain) {
        self.set(json(value).to_string());
    }

    fn collated(&mut self, name: &str) {
        self.set(self.collation.key(name));
    }

    fn secret(&mut self, register: &'static str, secret: &str) {
        match self.vault.seal_text(self.id, secret) {
            Ok(sealed) => self.set(sealed),
            Err(error) => {
                self.failed = Some(error);
                self.set(Vec::<u8>::new());
            }
        }
        self.set(self.vault.hash_of(register, secret));
    }

    fn keep(&mut self, columns: usize) {
        self.cells.extend(std::iter::repeat_n(None, columns));
    }
}

/// JSON is text in both databases: nothing in it is looked for there.
fn json(plain: Plain) -> serde_json::Value {
    match plain {
        Plain::Null => serde_json::Value::Null,
        Plain::Flag(flag) => flag.into(),
        Plain::Whole(number) => number.into(),
        Plain::Number(text) | Plain::Text(text) => text.into(),
        Plain::List(items) => items.into_iter().map(json).collect(),
        Plain::Object(fields) => serde_json::Value::Object(
            fields.into_iter().map(|(name, value)| (name, json(value))).collect(),
        ),
    }
}

fn null(holds: Holds) -> Value {
    match holds {
        Holds::Text | Holds::Json => Value::String(None),
        Holds::Int => Value::BigInt(None),
        Holds::Flag => Value::Bool(None),
        Holds::Day => Value::ChronoDate(None),
        Holds::Uuid => Value::Uuid(None),
        Holds::Bytes => Value::Bytes(None),
    }
}
