//! Types of values: everything about one is said once, in its `impl Value`, and holds wherever a field
//! has that type: in bodies, answers, columns, filters, sorts, searches, the trail and the contract.

use std::{borrow::Cow, fmt};

use almoner_kernel::{
    Currency, FieldError, FieldValue, Fields, Permission, Region, SortKey, StoreError, words,
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use uuid::Uuid;

use crate::{
    form::Form,
    parts::Numbered,
    plain::{Plain, Shown},
    reference::{Link, TargetName},
};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// A whole number of 64 bits: also an instant, in ms since 1970.
    Int,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
    /// An id.
    Uuid,
    /// Bytes.
    Bytes,
    /// JSON.
    Json,
}

/// A column of a value, named by the field and a suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands behind the name of the field: `_minor`, or nothing.
    pub suffix: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// False when it is only written, to be found or sorted by.
    pub is_read: bool,
}

impl Column {
    /// A column that is written and read.
    pub const fn new(suffix: &'static str, holds: Holds) -> Self {
        Self { suffix, holds, is_read: true }
    }

    /// A column that follows from the others, and is only written.
    pub const fn derived(suffix: &'static str, holds: Holds) -> Self {
        Self { suffix, holds, is_read: false }
    }
}

/// The columns of a row that are read, from left to right.
pub trait Columns {
    /// The next column: text.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it holds something else; so with the others.
    fn text(&mut self) -> Result<Option<String>, StoreError>;
    /// The next column: a number.
    fn int(&mut self) -> Result<Option<i64>, StoreError>;
    /// The next column: yes or no.
    fn flag(&mut self) -> Result<Option<bool>, StoreError>;
    /// The next column: a day.
    fn day(&mut self) -> Result<Option<NaiveDate>, StoreError>;
    /// The next column: an id.
    fn uuid(&mut self) -> Result<Option<Uuid>, StoreError>;
    /// The next column: JSON.
    fn json(&mut self) -> Result<Option<Plain>, StoreError>;
}

/// What the columns of a row are set to, from left to right.
pub trait Cells {
    /// The next column: text.
    fn text(&mut self, value: Cow<'_, str>);
    /// The next column: a number.
    fn int(&mut self, value: i64);
    /// The next column: yes or no.
    fn flag(&mut self, value: bool);
    /// The next column: a day.
    fn day(&mut self, value: NaiveDate);
    /// The next column: an id.
    fn uuid(&mut self, value: Uuid);
    /// The next column: JSON.
    fn json(&mut self, value: Plain);
    /// The next column: where a name stands in the order of the organisation's language, which storage knows.
    fn collated(&mut self, name: &str);
    /// The next two columns: a secret, encrypted for this record alone, and what it is found by. The same
    /// secret of another register is another one.
    fn secret(&mut self, register: &'static str, secret: &str);
    /// The next columns stay as they are.
    fn keep(&mut self, columns: usize);
}

/// What a value is compared with in a filter, and unique by.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// Text, in the form that is compared.
    Text(String),
    /// A number.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Day(NaiveDate),
    /// An id.
    Uuid(Uuid),
    /// A secret and the register it comes from: storage finds it by its keyed hash.
    Secret(String, String),
}

/// A secret is in no message.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Int(number) => f.debug_tuple("Int").field(number).finish(),
            Self::Flag(flag) => f.debug_tuple("Flag").field(flag).finish(),
            Self::Day(day) => f.debug_tuple("Day").field(day).finish(),
            Self::Uuid(id) => f.debug_tuple("Uuid").field(id).finish(),
            Self::Secret(register, _) => f.debug_tuple("Secret").field(register).finish(),
        }
    }
}

/// How lists are narrowed by a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// Not at all.
    None,
    /// By equality with a value that few records have: `campaign_id=…`.
    Is,
    /// By equality with a value that many records have: `state=completed`.
    Common,
    /// From and to a day, both inclusive: `donated_from=…`, `donated_to=…`.
    Days,
    /// By a currency, and within it from and up to an amount: `currency`, `amount_min`, `amount_max`.
    Money,
}

/// A number that was drawn from a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The year of the organisation it was drawn in, of a counter that begins anew with each.
    pub year: Option<i32>,
    /// From 1 on.
    pub number: i64,
}

/// What differs between installations and is needed to understand a value.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The country whose national phone numbers are understood.
    pub region: Region,
    /// The currencies that are accepted.
    pub currencies: Vec<Currency>,
    /// Where the organisation's days and years begin.
    pub zone: Tz,
}

/// What is known of a value whatever its type: the outgoing half.
pub trait Show: fmt::Debug + Send + Sync {
    /// As clients see it.
    fn show(&self) -> Shown<'_>;

    /// Sets its columns.
    fn cells(&self, row: &mut dyn Cells);

    /// The folded words a search looks through.
    fn searched(&self) -> Option<String> {
        None
    }

    /// What it is compared by.
    fn key(&self) -> Option<Key> {
        None
    }

    /// What no two records may share, where it must be unique.
    fn unique(&self) -> Option<Key> {
        self.key()
    }

    /// What it is sorted by; none for a name, whose key storage makes.
    fn sort_key(&self) -> Option<SortKey> {
        None
    }

    /// What the trail keeps of it.
    fn recorded(&self) -> FieldValue {
        match self.show() {
            Shown::Flag(value) => FieldValue::Bool(value),
            Shown::Whole(value) => FieldValue::Int(value),
            Shown::Text(value) => FieldValue::Text(value.into_owned()),
            // These types say themselves what is kept of them.
            Shown::Object(_) | Shown::List(_) => FieldValue::Null,
        }
    }

    /// What the trail keeps beside it under a name of its own: which register a number comes from.
    fn recorded_beside(&self) -> Option<FieldValue> {
        None
    }

    /// What is shown of the record that it names.
    fn label(&self) -> Option<&str> {
        None
    }

    /// The currency it is in, of an amount.
    fn money_in(&self) -> Option<Currency> {
        None
    }

    /// True when it is to be stored though it looks like the one before.
    fn is_fresh(&self) -> bool {
        false
    }
}

/// A type of value.
pub trait Value: Show + Clone + PartialEq + 'static {
    /// How it is shown.
    const FORM: Form;
    /// How it is sent.
    const INPUT: Form = Self::FORM;
    /// Its columns.
    const COLUMNS: &'static [Column];
    /// How lists can be narrowed by it.
    const FILTERING: Filtering = Filtering::None;
    /// The suffix of the column it is compared by.
    const KEY: &'static str = "";
    /// True when it is unique by a form of its own: fields that must be unique have a column `_key` more.
    const HAS_UNIQUE_FORM: bool = false;
    /// The suffix of the column it is sorted by, of values that have an order.
    const SORT: Option<&'static str> = None;
    /// What it names, when it is a reference.
    const TARGET: Option<TargetName> = None;

    /// The kind it names, as the trail calls it.
    const TARGET_ONE: &'static str = "";
    /// What it takes to read the records it names.
    const TARGET_READ: Option<Permission> = None;

    /// Reads what was sent; what is wrong is complained of at the place `at` or below.
    fn parse(plain: Plain, at: &str, terms: &Terms, fields: &mut Fields) -> Option<Self>;

    /// Reads the columns that are read; none when the value is absent.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when they hold something else.
    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError>;

    /// Itself, when it is a reference.
    fn link(&mut self) -> Option<&mut dyn Link> {
        None
    }

    /// Itself, when it is a list of parts.
    fn list(&mut self) -> Option<&mut dyn Numbered> {
        None
    }

    /// What is made of a number that was drawn, when it is one.
    fn drawn(_: &Drawn) -> Option<Self> {
        None
    }
}

/// A text that was sent.
pub fn text_of(plain: Plain, at: &str, fields: &mut Fields) -> Option<String> {
    match plain {
        Plain::Text(text) => Some(text),
        _ => {
            fields.wrong(FieldError::new(at, "type", words::must_be_a_string()));
            None
        }
    }
}

/// An object that was sent.
pub fn object_of(plain: Plain, at: &str, fields: &mut Fields) -> Option<crate::plain::Body> {
    match plain {
        Plain::Object(body) => Some(body),
        _ => {
            fields.wrong(FieldError::new(at, "type", words::must_be_an_object()));
            None
        }
    }
}

/// A stored value that must be there and is not, or that nobody knows.
pub fn damaged(what: &'static str) -> StoreError {
    StoreError::Damaged(format!("{what} has a value nobody knows"))
}

/// What a filter compares with, from its text: how a field knows without its type.
pub type ReadKey = fn(Plain, &str, &Terms, &mut Fields) -> Option<Key>;

/// The [`ReadKey`] of a type.
pub fn read_key<V: Value>(
    plain: Plain,
    at: &str,
    terms: &Terms,
    fields: &mut Fields,
) -> Option<Key> {
    V::parse(plain, at, terms, fields)?.key()
}
