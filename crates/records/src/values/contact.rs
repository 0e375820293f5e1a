//! How people are reached.

use std::borrow::Cow;

use almoner_kernel::{EmailAddress, Fields, Locale, PhoneNumber, StoreError, text};

use crate::{
    form::Form,
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Holds, Key, Show, Terms, Value, text_of},
};

impl Show for EmailAddress {
    fn show(&self) -> Shown<'_> {
        Shown::text(self.as_str())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.text(Cow::Borrowed(self.as_str()));
        row.text(Cow::Owned(Self::key(self)));
    }

    fn searched(&self) -> Option<String> {
        Some(text::words(self.as_str()))
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(Self::key(self)))
    }
}

impl Value for EmailAddress {
    const FORM: Form = Form::text("email");
    const COLUMNS: &'static [Column] =
        &[Column::new("", Holds::Text), Column::derived("_key", Holds::Text)];
    const KEY: &'static str = "_key";

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| Self::parse(&text))
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.text()?.map(Self::from_stored))
    }
}

/// Characters a phone number has at the most as it is typed: 15 digits, freely grouped.
const MAX_PHONE: usize = 64;

impl Show for PhoneNumber {
    fn show(&self) -> Shown<'_> {
        Shown::text(self.as_str())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.text(Cow::Borrowed(self.as_str()));
    }

    fn searched(&self) -> Option<String> {
        Some(self.words())
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(self.as_str().to_owned()))
    }
}

impl Value for PhoneNumber {
    const FORM: Form = Form::text("e164");
    const INPUT: Form = Form::sized("line", 1, MAX_PHONE);
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Text)];

    fn parse(plain: Plain, at: &str, terms: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| {
            Self::parse(&text::line(&text, MAX_PHONE)?, terms.region)
        })
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.text()?.map(Self::from_stored))
    }
}

impl Show for Locale {
    fn show(&self) -> Shown<'_> {
        Shown::text(self.as_str())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.text(Cow::Borrowed(self.as_str()));
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(self.as_str().to_owned()))
    }
}

impl Value for Locale {
    const FORM: Form = Form::text("language");
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Text)];

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| Self::parse(&text))
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.text()?.map(Self::from_stored))
    }
}
