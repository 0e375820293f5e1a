//! Parts: lists inside of a record, such as addresses or a checklist. They are kept with the record, in a
//! JSON column, and replaced as a whole; each part has an id, which the server gives, so that the trail
//! compares the parts of before and after by their ids. Nothing inside of a part can be filtered, sorted,
//! sealed or withheld: what needs that, or grows, is a child kind.
//!
//! ```
//! use almoner_records::{Line, PartOf};
//!
//! /// Somebody to call.
//! #[derive(Clone, Debug, PartialEq, Eq, PartOf)]
//! pub struct Contact {
//!     /// Their name.
//!     #[field(example = "Fatma Kaya")]
//!     pub name: Line<200>,
//! }
//! ```

use std::collections::VecDeque;

use almoner_kernel::{FieldError, FieldValue, Fields, Snapshot, StoreError};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    form::{Form, Part},
    kind::Field,
    plain::{Body, Plain, Shown},
    slot::nothing_left,
    value::{Cells, Column, Columns, Holds, Show, Terms, Value, damaged, object_of, text_of},
    words::{not_a_part, too_large, too_many_parts, twice},
};

/// Parts that a record has in one field at the most.
pub const MAX_PARTS: usize = 100;
/// Bytes that all texts of these parts have together at the most.
pub const MAX_BYTES: usize = 64 * 1024;

/// The id of a part, as it is shown.
pub const ID: Part = Part {
    name: "id",
    about: "Which one: given by the server, and kept as long as the part is.",
    example: "019a9f3c-3333-7c41-9d55-3f0f6a0f8a11",
    form: &Form::text("uuid"),
    is_optional: false,
};

/// The id of a part, as it is sent.
pub const SENT_ID: Part = Part {
    about: "That of a part that stays; a part without one is new, and one that is not sent goes.",
    is_optional: true,
    ..ID
};

/// A part holds nothing that names records, is sealed, or is a list itself.
#[doc(hidden)]
pub const fn only_values<V: Value>() {
    assert!(V::TARGET.is_none(), "a part names no record: that is what a child kind is for");
    let mut at = 0;
    while at < V::COLUMNS.len() {
        assert!(
            !matches!(V::COLUMNS[at].holds, Holds::Bytes | Holds::Json),
            "a part holds no secret and no list: that is what a child kind is for"
        );
        at += 1;
    }
}

/// The fields of a part. Made by `#[derive(PartOf)]`.
pub trait PartOf: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Its fields, in the order they are shown.
    const FIELDS: &'static [Field];
    /// The form of a part as it is shown, with its id.
    const FORM: &'static Form;
    /// The form of a part as it is sent.
    const INPUT: &'static Form;

    /// Reads the columns of its fields.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn read(row: &mut dyn Columns) -> Result<Self, StoreError>;

    /// Takes a part out of an object at that place; what is left of it is unknown.
    fn take(at: &str, body: &mut Body, terms: &Terms, fields: &mut Fields) -> Option<Self>;

    /// Shows every field.
    fn each(&self, see: &mut dyn FnMut(&'static Field, Option<&dyn Show>));
}

/// A part in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<P> {
    /// Which one; none before the server has given an id.
    pub id: Option<Uuid>,
    /// Its fields.
    pub own: P,
}

/// The parts in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts<P>(pub Vec<Listed<P>>);

/// A list of parts whatever they are.
pub trait Numbered {
    /// The ids, in the order of the list.
    fn ids(&self) -> Vec<Option<Uuid>>;
    /// Gives a part its id.
    fn give(&mut self, at: usize, id: Uuid);
}

impl<P> Numbered for Parts<P> {
    fn ids(&self) -> Vec<Option<Uuid>> {
        self.0.iter().map(|part| part.id).collect()
    }

    fn give(&mut self, at: usize, id: Uuid) {
        if let Some(part) = self.0.get_mut(at) {
            part.id = Some(id);
        }
    }
}

/// Gives ids to the parts that have none. One that was sent must be that of a part of before, once.
pub(crate) fn identify(
    list: &mut dyn Numbered,
    before: &[Option<Uuid>],
    at: &str,
    next: &mut dyn FnMut() -> Uuid,
    fields: &mut Fields,
) {
    let ids = list.ids();
    for (n, id) in ids.iter().enumerate() {
        let Some(id) = id else {
            list.give(n, next());
            continue;
        };
        if !before.contains(&Some(*id)) {
            fields.wrong(FieldError::new(format!("{at}/{n}/id"), "unknown", not_a_part()));
        } else if ids.iter().take(n).any(|other| *other == Some(*id)) {
            fields.wrong(FieldError::new(format!("{at}/{n}/id"), "duplicate", twice()));
        }
    }
}

impl<P: PartOf> Show for Parts<P> {
    fn show(&self) -> Shown<'_> {
        let part = |part: &'_ Listed<P>| {
            let mut shown = Vec::new();
            if let Some(id) = part.id {
                shown.push(("id", Shown::Text(id.to_string().into())));
            }
            part.own.each(&mut |field, value| {
                if let Some(value) = value {
                    shown.push((field.name, owned(value.show())));
                }
            });
            Shown::Object(shown)
        };
        Shown::List(self.0.iter().map(part).collect())
    }

    fn cells(&self, row: &mut dyn Cells) {
        let part = |part: &Listed<P>| {
            let mut cells = PlainCells::default();
            if let Some(id) = part.id {
                cells.body.insert("id".to_owned(), Plain::Text(id.to_string()));
            }
            part.own.each(&mut |field, value| {
                cells.columns = columns(field).collect();
                if let Some(value) = value {
                    value.cells(&mut cells);
                }
            });
            Plain::Object(cells.body)
        };
        row.json(Plain::List(self.0.iter().map(part).collect()));
    }

    fn recorded(&self) -> FieldValue {
        let part = |part: &Listed<P>| {
            let mut snapshot = Snapshot::new();
            part.own.each(&mut |field, value| {
                if let Some(value) = value {
                    snapshot.push((field.name, value.recorded()));
                }
            });
            (part.id.unwrap_or_default(), snapshot)
        };
        FieldValue::Parts(self.0.iter().map(part).collect())
    }
}

impl<P: PartOf> Value for Parts<P> {
    const FORM: Form = Form { max: Some(MAX_PARTS), ..Form::list(P::FORM) };
    const INPUT: Form = Form { max: Some(MAX_PARTS), ..Form::list(P::INPUT) };
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Json)];

    fn parse(plain: Plain, at: &str, terms: &Terms, fields: &mut Fields) -> Option<Self> {
        let Plain::List(items) = plain else {
            fields.wrong(FieldError::new(at, "type", crate::words::must_be_a_list()));
            return None;
        };
        if items.len() > MAX_PARTS {
            fields.wrong(FieldError::new(at, "too_many", too_many_parts(MAX_PARTS)));
            return None;
        }
        if items.iter().map(size).sum::<usize>() > MAX_BYTES {
            fields.wrong(FieldError::new(at, "too_large", too_large(MAX_BYTES)));
            return None;
        }
        let part = |(n, item)| part(&format!("{at}/{n}"), item, terms, fields);
        // Every part is looked at, whatever is wrong with the one before.
        let parts: Vec<Option<Listed<P>>> = items.into_iter().enumerate().map(part).collect();
        parts.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        let items = match row.json()? {
            None => return Ok(None),
            Some(Plain::List(items)) => items,
            Some(_) => return Err(damaged("a list of parts")),
        };
        let part = |item| {
            let Plain::Object(mut body) = item else { return Err(damaged("a part")) };
            let id = match body.remove("id") {
                Some(Plain::Text(id)) => id.parse().map_err(|_| damaged("the id of a part"))?,
                _ => return Err(damaged("the id of a part")),
            };
            let columns = P::FIELDS.iter().flat_map(columns).flatten().collect();
            let own = P::read(&mut PlainColumns { body, columns })?;
            Ok(Listed { id: Some(id), own })
        };
        items.into_iter().map(part).collect::<Result<_, _>>().map(|parts| Some(Self(parts)))
    }

    fn list(&mut self) -> Option<&mut dyn Numbered> {
        Some(self)
    }
}

fn part<P: PartOf>(at: &str, item: Plain, terms: &Terms, fields: &mut Fields) -> Option<Listed<P>> {
    let mut body = object_of(item, at, fields)?;
    let id = match body.remove("id") {
        None | Some(Plain::Null) => Ok(None),
        Some(plain) => {
            let at = format!("{at}/id");
            let text = text_of(plain, &at, fields);
            text.and_then(|text| {
                fields.required(&at, Some(text), |text| crate::reference::id::<P>(&text))
            })
            .map(|id| Some(id.uuid()))
            .ok_or(())
        }
    };
    let own = P::take(at, &mut body, terms, fields);
    nothing_left(body, at, fields);
    Some(Listed { id: id.ok()?, own: own? })
}

/// Bytes of the texts of a value.
fn size(plain: &Plain) -> usize {
    match plain {
        Plain::Null | Plain::Flag(_) | Plain::Whole(_) => 8,
        Plain::Number(text) | Plain::Text(text) => text.len(),
        Plain::List(items) => items.iter().map(size).sum(),
        Plain::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
    }
}

/// What is shown of a value, without the value.
fn owned(shown: Shown<'_>) -> Shown<'static> {
    match shown {
        Shown::Flag(value) => Shown::Flag(value),
        Shown::Whole(value) => Shown::Whole(value),
        Shown::Text(text) => Shown::Text(text.into_owned().into()),
        Shown::Object(parts) => {
            Shown::Object(parts.into_iter().map(|(name, part)| (name, owned(part))).collect())
        }
        Shown::List(items) => Shown::List(items.into_iter().map(owned).collect()),
    }
}

/// The names of a field's columns; none for one that follows from others, which nobody looks for here.
fn columns(field: &'static Field) -> impl Iterator<Item = Option<String>> {
    let columns = field.columns.iter().enumerate();
    columns.map(|(at, column)| column.is_read.then(|| field.column(at)))
}

/// An object in place of a row.
#[derive(Default)]
struct PlainCells {
    body: Body,
    columns: VecDeque<Option<String>>,
}

impl PlainCells {
    fn put(&mut self, value: Plain) {
        if let Some(Some(name)) = self.columns.pop_front() {
            self.body.insert(name, value);
        }
    }
}

impl Cells for PlainCells {
    fn text(&mut self, value: std::borrow::Cow<'_, str>) {
        self.put(Plain::Text(value.into_owned()));
    }

    fn int(&mut self, value: i64) {
        self.put(Plain::Whole(value));
    }

    fn flag(&mut self, value: bool) {
        self.put(Plain::Flag(value));
    }

    fn day(&mut self, value: NaiveDate) {
        self.put(Plain::Text(value.to_string()));
    }

    fn uuid(&mut self, value: Uuid) {
        self.put(Plain::Text(value.to_string()));
    }

    fn json(&mut self, value: Plain) {
        self.put(value);
    }

    // Nothing in a part is sorted.
    fn collated(&mut self, _: &str) {}

    // The derive lets no sealed value into a part.
    fn secret(&mut self, _: &'static str, _: &str) {}

    fn keep(&mut self, _: usize) {}
}

/// An object in place of a row, read in the order of the fields.
struct PlainColumns {
    body: Body,
    columns: VecDeque<String>,
}

impl PlainColumns {
    fn take(&mut self) -> Option<Plain> {
        let name = self.columns.pop_front()?;
        self.body.remove(&name).filter(|value| *value != Plain::Null)
    }

    fn parsed<T: std::str::FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.text()?;
        text.map(|text| text.parse().map_err(|_| damaged("a part"))).transpose()
    }
}

impl Columns for PlainColumns {
    fn text(&mut self) -> Result<Option<String>, StoreError> {
        match self.take() {
            None => Ok(None),
            Some(Plain::Text(text)) => Ok(Some(text)),
            Some(_) => Err(damaged("a part")),
        }
    }

    fn int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.take() {
            None => Ok(None),
            Some(Plain::Whole(number)) => Ok(Some(number)),
            Some(_) => Err(damaged("a part")),
        }
    }

    fn flag(&mut self) -> Result<Option<bool>, StoreError> {
        match self.take() {
            None => Ok(None),
            Some(Plain::Flag(flag)) => Ok(Some(flag)),
            Some(_) => Err(damaged("a part")),
        }
    }

    fn day(&mut self) -> Result<Option<NaiveDate>, StoreError> {
        self.parsed()
    }

    fn uuid(&mut self) -> Result<Option<Uuid>, StoreError> {
        self.parsed()
    }

    fn json(&mut self) -> Result<Option<Plain>, StoreError> {
        Ok(self.take())
    }
}
