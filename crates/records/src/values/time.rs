//! Days and instants.

use almoner_kernel::{FieldValue, Fields, SortKey, StoreError, Timestamp, fault::Unfit, words};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

use crate::{
    form::Form,
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Filtering, Holds, Key, Show, Terms, Value, text_of},
};

/// Parses a day, `YYYY-MM-DD` and nothing like it.
///
/// # Errors
/// `date`.
pub fn day(text: &str) -> Result<NaiveDate, Unfit> {
    // The parser puts up with spaces, signs and single digits, which written back look otherwise, and
    // with years before the first and of five digits, which databases order and write in ways of their own.
    let is_usual = |day: &NaiveDate| (1..=9999).contains(&day.year()) && day.to_string() == text;
    let day = text.parse::<NaiveDate>().ok().filter(is_usual);
    day.ok_or_else(|| Unfit::new("date", words::must_be_a_day()))
}

/// Parses an instant: RFC 3339 with a time zone, in the years that days have. Whole milliseconds are what
/// is kept.
///
/// # Errors
/// `instant`.
pub fn sent_instant(text: &str) -> Result<Timestamp, Unfit> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis()))
        .filter(|at| (1..=9999).contains(&at.year()))
        .ok_or_else(|| Unfit::new("instant", words::must_be_an_instant()))
}

/// An instant as every answer shows it: RFC 3339 in UTC with milliseconds.
pub fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An instant that storage kept.
///
/// # Errors
/// [`StoreError::Damaged`] when there is no such time.
pub fn stored_instant(millis: i64) -> Result<Timestamp, StoreError> {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .ok_or_else(|| StoreError::Damaged("an instant is out of range".to_owned()))
}

impl Show for NaiveDate {
    fn show(&self) -> Shown<'_> {
        Shown::Text(self.to_string().into())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.day(*self);
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Day(*self))
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(SortKey::Date(*self))
    }
}

impl Value for NaiveDate {
    const FORM: Form = Form::text("date");
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Day)];
    const SORT: Option<&'static str> = Some("");
    const FILTERING: Filtering = Filtering::Days;

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| day(&text))
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        row.day()
    }
}

impl Show for Timestamp {
    fn show(&self) -> Shown<'_> {
        Shown::Text(instant(*self).into())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.int(self.timestamp_millis());
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(SortKey::Int(self.timestamp_millis()))
    }

    fn recorded(&self) -> FieldValue {
        (*self).into()
    }
}

impl Value for Timestamp {
    const FORM: Form = Form::text("date-time");
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Int)];
    const SORT: Option<&'static str> = Some("");

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| sent_instant(&text))
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        row.int()?.map(stored_instant).transpose()
    }
}
