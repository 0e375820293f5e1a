//! Names, lines and texts.

use std::{borrow::Cow, fmt, ops::Deref};

use almoner_kernel::{Fields, PersonName, StoreError, text};

use crate::{
    form::Form,
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Filtering, Holds, Key, Show, Terms, Value, text_of},
};

macro_rules! texts {
    ($(
        $(#[$doc:meta])*
        $type:ident, $format:literal, $parse:path, $words:path, $filtering:expr, $has_unique_form:literal;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $type<const MAX: usize>(String);

        impl<const MAX: usize> $type<MAX> {
            /// A text that was parsed before.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> Deref for $type<MAX> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        // What people write about people does not belong in a log.
        impl<const MAX: usize> fmt::Debug for $type<MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("***")
            }
        }

        impl<const MAX: usize> Show for $type<MAX> {
            fn show(&self) -> Shown<'_> {
                Shown::text(&self.0)
            }

            fn cells(&self, row: &mut dyn Cells) {
                row.text(Cow::Borrowed(&self.0));
            }

            fn searched(&self) -> Option<String> {
                Some($words(&self.0))
            }

            fn key(&self) -> Option<Key> {
                Some(Key::Text(self.0.clone()))
            }

            fn unique(&self) -> Option<Key> {
                match $has_unique_form {
                    true => Some(Key::Text(text::unique_key(&self.0))),
                    false => self.key(),
                }
            }
        }

        impl<const MAX: usize> Value for $type<MAX> {
            const FORM: Form = Form::sized($format, 1, MAX);
            const COLUMNS: &'static [Column] = &[Column::new("", Holds::Text)];
            const FILTERING: Filtering = $filtering;
            const HAS_UNIQUE_FORM: bool = $has_unique_form;

            fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
                let text = text_of(plain, at, fields)?;
                fields.required(at, Some(text), |text| $parse(&text, MAX)).map(Self)
            }

            fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
                Ok(row.text()?.map(Self))
            }
        }
    )+};
}

texts! {
    /// One line of 1 to `MAX` characters.
    Line, "line", text::line, text::name_words, Filtering::Is, true;
    /// A text of 1 to `MAX` characters, with line breaks.
    Text, "text", text::free_text, text::words, Filtering::None, false;
}

impl Show for PersonName {
    fn show(&self) -> Shown<'_> {
        Shown::text(self.as_str())
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.text(Cow::Borrowed(self.as_str()));
        row.text(Cow::Owned(text::fold(self.as_str())));
        row.collated(self.as_str());
    }

    fn searched(&self) -> Option<String> {
        Some(text::name_words(self.as_str()))
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(text::fold(self.as_str())))
    }

    fn unique(&self) -> Option<Key> {
        Some(Key::Text(text::unique_key(self.as_str())))
    }
}

impl Value for PersonName {
    const FORM: Form = Form::sized("line", 1, Self::MAX_CHARS);
    const COLUMNS: &'static [Column] = &[
        Column::new("", Holds::Text),
        Column::derived("_folded", Holds::Text),
        Column::derived("_sort", Holds::Text),
    ];
    const KEY: &'static str = "_folded";
    const HAS_UNIQUE_FORM: bool = true;
    const SORT: Option<&'static str> = Some("_sort");

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let text = text_of(plain, at, fields)?;
        fields.required(at, Some(text), |text| Self::parse(&text))
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        Ok(row.text()?.map(Self::from_stored))
    }
}
