//! JSON as a domain sees it: without a serialiser, and without the address it came from.

use std::{borrow::Cow, collections::BTreeMap};

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number of 64 bits.
    Whole(i64),
    /// Any other number, as it was written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Plain>),
    /// An object.
    Object(Body),
}

/// The fields of an object; each is taken out by whoever knows it, and what is left is unknown.
pub type Body = BTreeMap<String, Plain>;

/// A value as clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A string.
    Text(Cow<'a, str>),
    /// An object, its fields in this order.
    Object(Vec<(&'static str, Shown<'a>)>),
    /// An array.
    List(Vec<Shown<'a>>),
}

impl<'a> Shown<'a> {
    /// A text that is not copied.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
