//! How a value looks from outside: enough to write the contract from, and no word of the language the
//! contract is written in.

/// The form of a value in a body or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its JSON type.
    pub json: Json,
    /// The name of a form of text whose pattern and limits the contract knows, such as `line`, `email`
    /// or `uuid`; empty when there is none.
    pub format: &'static str,
    /// Characters or items at the least.
    pub min: Option<usize>,
    /// Characters or items at the most.
    pub max: Option<usize>,
    /// A pattern of its own (ECMA 262), when no format gives one.
    pub pattern: &'static str,
    /// The words of a closed list.
    pub words: &'static [&'static str],
    /// The component of the contract it stands in; empty when it is written out where it is used.
    pub component: &'static str,
    /// What the component is.
    pub about: &'static str,
    /// The fields of an object.
    pub parts: &'static [Part],
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A whole number of 64 bits.
    Whole,
    /// An object.
    Object,
    /// An array of objects, with the form of each.
    List(&'static Form),
}

/// A field of an object inside of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What it may look like.
    pub example: &'static str,
    /// Its form.
    pub form: &'static Form,
    /// True when it may be absent.
    pub is_optional: bool,
}

impl Form {
    /// Nothing but a type.
    pub const fn of(json: Json) -> Self {
        Self {
            json,
            format: "",
            min: None,
            max: None,
            pattern: "",
            words: &[],
            component: "",
            about: "",
            parts: &[],
        }
    }

    /// An array of objects of one form.
    pub const fn list(item: &'static Self) -> Self {
        Self::of(Json::List(item))
    }

    /// A text of a known form.
    pub const fn text(format: &'static str) -> Self {
        Self { format, ..Self::of(Json::Text) }
    }

    /// A text of a known form and of so many characters.
    pub const fn sized(format: &'static str, min: usize, max: usize) -> Self {
        Self { min: Some(min), max: Some(max), ..Self::text(format) }
    }

    /// One of the words of a closed list, which stands in the contract under a name.
    pub const fn word(
        component: &'static str,
        about: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self { component, about, words, ..Self::of(Json::Text) }
    }

    /// An object, which stands in the contract under a name.
    pub const fn object(
        component: &'static str,
        about: &'static str,
        parts: &'static [Part],
    ) -> Self {
        Self { component, about, parts, ..Self::of(Json::Object) }
    }
}
