//! `#[derive(Record)]` on a struct and `#[derive(Words)]` on an enum. What they write is described in
//! `almoner-records`; complaints point at the field and say in plain words what is missing. What only the
//! types of fields tell is written as assertions (`checks`), which the compiler complains of at the same places.

mod attributes;
mod checks;
mod complaint;
mod field;
mod part;
mod record;
mod together;
mod words;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Describes a kind of record.
///
/// ```text
/// /// A purpose that donations are collected for.
/// #[derive(Clone, Debug, PartialEq, Eq, Record)]
/// #[record(many = "campaigns")]
/// pub struct Campaign {
///     /// The name.
///     #[field(label, unique, search, sort, example = "Ramadan food parcels 2026")]
///     pub name: PersonName,
/// }
/// ```
///
/// Of the kind: `many`, the plural noun; `rows = "creator"` when users meet their own records only unless
/// their scope is wider; `people("…", …)`, the fields that name users who belong to a record, `<children>.<field>`
/// those of a child; `parent = "…"`, the field of a child that names its parent; `subject = "…"`, the field
/// that names whom it is about, or `"self"`; `steps = …`, the table of its state machine; `span(name = …,
/// from = …, to = …, about = …, example = …)`, a filter over two days.
///
/// Of a field: `label`, `unique`, `search`, `sort`, `lookup`, `alike`, `filter` or `filter = "Only …"`;
/// `personal` when it says something of the subject; `right = "…"`, the verb of a permission that it asks for
/// beside those of the kind; `output` for what clients do not send; `counter(series = …, yearly, step = …)`
/// for a number that is drawn; `default = …`; `public` for a label that whoever sees the record may see;
/// `columns("…", …)` for columns with names of their own; `part = "/number"` for complaints that point into
/// the value; `beside` for values that the trail keeps in two fields; and `example = …`.
#[proc_macro_derive(Record, attributes(record, field))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a part of a plain struct, for lists inside of records. Each field has a doc comment, and may have
/// `#[field(example = …)]` and `default`.
#[proc_macro_derive(PartOf, attributes(field))]
pub fn part_of(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    part::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a value of an enum without data: its words are the names of the variants in lower snake_case.
///
/// ```text
/// /// How a donation came.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, Words)]
/// #[words(name = "DonationMethod")]
/// pub enum Method { /// Notes and coins.
///     Cash }
/// ```
#[proc_macro_derive(Words, attributes(words))]
pub fn words(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    words::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
