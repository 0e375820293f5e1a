//! Words of closed lists: `#[derive(Words)]` on an enum without data.

use almoner_kernel::{FieldError, Fields, StoreError, words};

use crate::{
    plain::Plain,
    value::{Columns, Terms, damaged, text_of},
};

/// A word of a closed list, made by `#[derive(Words)]`. Lists that are shown may grow.
pub trait Word: Copy + Eq + 'static {
    /// Every word, in the order of the enum.
    const ALL: &'static [Self];
    /// Their names in the API and in storage, in the same order.
    const NAMES: &'static [&'static str];

    /// The name in the API and in storage.
    fn as_str(self) -> &'static str;

    /// The word with that name.
    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.as_str() == name)
    }
}

/// Reads a word that was sent; for `#[derive(Words)]`.
pub fn parse<W: Word>(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<W> {
    let text = text_of(plain, at, fields)?;
    let word = W::of(&text);
    if word.is_none() {
        fields.wrong(FieldError::new(at, "choice", words::choice(W::NAMES)));
    }
    word
}

/// Reads a word that was stored; for `#[derive(Words)]`.
///
/// # Errors
/// [`StoreError::Damaged`] when nobody knows it.
pub fn read<W: Word>(row: &mut dyn Columns) -> Result<Option<W>, StoreError> {
    let unknown = || damaged("a column of words");
    row.text()?.map(|text| W::of(&text).ok_or_else(unknown)).transpose()
}
