//! Numbers that are drawn from a counter.

use std::{borrow::Cow, fmt};

use almoner_kernel::{Fields, SortKey, StoreError, text};

use crate::{
    form::Form,
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Drawn, Filtering, Holds, Key, Show, Terms, Value, text_of},
};

/// A number of a series, as it stands on paper: `2026-000042` where a series begins anew with each year,
/// else `000042`. As text it sorts as it was drawn, up to a million in one year.
#[derive(Clone, PartialEq, Eq)]
pub struct Serial(String);

impl Serial {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&Drawn> for Serial {
    fn from(drawn: &Drawn) -> Self {
        let Drawn { year, number } = drawn;
        Self(match year {
            Some(year) => format!("{year:04}-{number:06}"),
            None => format!("{number:06}"),
        })
    }
}

impl Show for Serial {
    fn show(&self) -> Shown<'_> {
        Shown::text(&self.0)
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.text(Cow::Borrowed(&self.0));
    }

    fn searched(&self) -> Option<String> {
        Some(text::fold(&self.0))
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(self.0.clone()))
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(SortKey::Text(self.0.clone()))
    }
}

impl Value for Serial {
    const FORM: Form = Form::sized("line", 1, 40);
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Text)];
    const SORT: Option<&'static str> = Some("");
    const FILTERING: Filtering = Filtering::Is;

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| text::line(&text, 40)).map(Self)
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.text()?.map(Self))
    }

    fn drawn(drawn: &Drawn) -> Option<Self> {
        Some(drawn.into())
    }
}
