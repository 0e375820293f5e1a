//! What a caller is told, apart from the language it is told in: a key, the words in English, and
//! what varies in them. A domain says English; who shows it to somebody looks the key up in their
//! language.

use std::{borrow::Cow, fmt};

/// A text for the caller; `Display` says it in English. Made by [`words!`](crate::words!), so that
/// every text stands in the list of its crate. It never holds personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    wording: &'static Wording,
    args: Vec<(&'static str, Arg)>,
}

/// A text, with `{name}` where it varies.
#[derive(Debug, PartialEq, Eq)]
pub struct Wording {
    /// Stable, lower snake_case: one key, one meaning, in every crate.
    pub key: &'static str,
    /// The words in English.
    pub english: &'static str,
    /// The names of what varies.
    pub args: &'static [&'static str],
}

/// What varies in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number: a language may choose its words by it.
    Int(i64),
    /// A text that is the same in every language, such as the name of a field or a permission.
    Text(Cow<'static, str>),
}

impl Words {
    /// The text without what varies in it: [`words!`](crate::words!) adds that.
    #[doc(hidden)]
    pub const fn of(wording: &'static Wording) -> Self {
        Self { wording, args: Vec::new() }
    }

    /// Says what varies.
    #[doc(hidden)]
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.args.push((name, arg.into()));
        self
    }

    /// What the text is looked up by.
    pub const fn key(&self) -> &'static str {
        self.wording.key
    }

    /// What varies, by name.
    pub fn args(&self) -> &[(&'static str, Arg)] {
        &self.args
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.wording.english;
        while let Some((text, (name, after))) =
            rest.split_once('{').and_then(|(text, rest)| Some((text, rest.split_once('}')?)))
        {
            f.write_str(text)?;
            match self.args.iter().find(|(known, _)| *known == name) {
                Some((_, arg)) => arg.fmt(f)?,
                None => write!(f, "{{{name}}}")?,
            }
            rest = after;
        }
        f.write_str(rest)
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<&'static str> for Arg {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        // No count, length or version comes near.
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

/// The texts a crate can say: each becomes a function that takes what varies and makes
/// [`Words`]; its name is the key. `ALL` lists them, so that a test finds every one that a
/// language lacks.
///
/// ```
/// mod words {
///     almoner_kernel::words! {
///         pub is_required = "is required";
///         pub too_long(max) = "must have at most {max} characters";
///     }
/// }
/// assert_eq!(words::too_long(200_u32).to_string(), "must have at most 200 characters");
/// assert_eq!(words::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! words {
    ($($vis:vis $key:ident $(($($arg:ident),+))? = $english:literal;)*) => {
        $(
            #[doc = concat!("“", $english, "”")]
            #[must_use]
            $vis fn $key($($($arg: impl Into<$crate::words::Arg>),+)?) -> $crate::Words {
                const WORDING: &$crate::words::Wording = &$crate::words::Wording {
                    key: stringify!($key),
                    english: $english,
                    args: &[$($(stringify!($arg)),+)?],
                };
                $crate::Words::of(WORDING)$($(.with(stringify!($arg), $arg))+)?
            }
        )*

        /// Every text of this crate.
        pub const ALL: &[$crate::words::Wording] = &[$(
            $crate::words::Wording {
                key: stringify!($key),
                english: $english,
                args: &[$($(stringify!($arg)),+)?],
            },
        )*];
    };
}

words! {
    // faults
    pub one_field_is_wrong = "1 field is not valid";
    pub fields_are_wrong(count) = "{count} fields are not valid";
    pub log_in_first = "log in first";
    pub permission_missing(permission) = "this needs the permission {permission}";
    pub edit_window_closed = "the time to correct this record is over";
    pub read_before_a_restore(version) = "the database was restored since the record was read: it is at version {version} now";
    pub changed_meanwhile(version) = "the record has changed since it was read: it is at version {version} now";
    pub changed_just_now = "the record was changed meanwhile";
    pub no_such_record = "there is no such record";
    pub too_many_collisions =
        "too many values belonged to records that you may not see: wait, or ask somebody who may";

    // fields of every kind
    pub is_required = "is required";
    pub must_not_be_empty = "must not be empty";
    pub cannot_be_emptied = "cannot be emptied";
    pub is_not_complete = "is not complete";
    pub too_short(min) = "must have at least {min} characters";
    pub too_long(max) = "must have at most {max} characters";
    pub control_characters = "must not contain control characters";
    pub more_than_one_line = "must be a single line";

    // types and forms of fields
    pub must_be_a_string = "must be a string";
    pub must_be_a_boolean = "must be a boolean";
    pub must_be_a_number = "must be a number";
    pub must_be_a_whole_number = "must be a whole number";
    pub must_be_an_object = "must be an object";
    pub must_be(choice) = "must be \"{choice}\"";
    pub must_be_either(first, second) = "must be \"{first}\" or \"{second}\"";
    pub must_be_one_of(choices) = "must be one of {choices}";
    pub not_a_known_field = "is not a known field";
    pub must_be_a_day = "must be a day such as 2026-01-31";
    pub must_be_an_instant = "must be an instant such as 2026-03-14T09:26:53Z";
    pub must_be_a_uuid = "must be a UUID";
    pub needs_a_currency = "needs currency beside it";
    pub must_be_a_sort(names) = "must be one of {names}, with - in front for descending";
    pub must_be_true_or_false = "must be true or false";

    // people and money
    pub not_a_language = "is not a language tag such as tr or en-GB";
    pub not_an_email_address = "is not an e-mail address";
    pub email_of_other_letters =
        "has letters before the @ that not every mail server takes: only a to z, digits and signs";
    pub email_not_mailable =
        "cannot be mailed to: before the @ stand 1 to 64 letters, digits and signs, no spaces or quotes, and single dots inside";
    pub not_a_country = "is not an ISO 3166 alpha-2 country code";
    pub not_a_phone_number = "is not a valid phone number";
    pub phone_with_extension = "has an extension: leave it out here and note it elsewhere";
    pub name_without_letters = "must have at least one letter or digit";
    pub not_a_tr_national_id = "is not a T.C. identity number: 11 digits with two check digits";
    pub not_a_tr_tax_number = "is not a tax number: 10 digits with a check digit";
    pub not_a_foreign_id = "must have 3 to 40 letters, digits, '-', '/' or '.'";
    pub not_a_currency = "is not an ISO 4217 currency code";
    pub not_a_whole_amount = "must be a whole number such as \"1250\"";
    pub not_a_decimal_amount(digits, example) = "must be a decimal with at most {digits} minor digits, such as \"{example}\"";
    pub amount_too_large = "is larger than one record can hold";
}

/// The words of a closed list, of which something is none.
#[must_use]
pub fn choice(choices: &[&str]) -> Words {
    match *choices {
        [only] => must_be(only.to_owned()),
        [first, second] => must_be_either(first.to_owned(), second.to_owned()),
        _ => {
            let choices: Vec<String> = choices.iter().map(|name| format!("\"{name}\"")).collect();
            must_be_one_of(choices.join(", "))
        }
    }
}
