//! What the derives complain of: in plain words, at the piece of the source that is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod accepted;
mod docs;
mod fields;
mod options;
mod parts;
mod records;
mod spans;
mod types;
mod words;

use std::cell::RefCell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::DeriveInput;

thread_local! {
    static PLACE: RefCell<String> = RefCell::default();
}

/// Keeps what a complaint points at.
pub fn pointed_at(about: &impl ToTokens) {
    PLACE.set(about.to_token_stream().to_string());
}

/// A derive, from a source.
type Derive = fn(&DeriveInput) -> syn::Result<TokenStream>;

const RECORD: Derive = crate::record::expand;
const PART: Derive = crate::part::expand;
const WORDS: Derive = crate::words::expand;

/// What a derive writes.
fn written(derive: Derive, source: &str) -> String {
    derive(&syn::parse_str(source).unwrap()).expect(source).to_string()
}

/// What a derive complains of: the piece of the source it points at, and what it says.
fn complaint(derive: Derive, source: &str) -> (String, String) {
    PLACE.take();
    let error = derive(&syn::parse_str(source).unwrap()).expect_err(source);
    assert_eq!(error.clone().into_iter().count(), 1, "one complaint for {source}");
    (PLACE.take(), error.to_string())
}

/// Fails unless the derive points at that piece of the source and says that.
#[track_caller]
fn complains(derive: Derive, source: &str, place: &str, say: &str) {
    let (at, said) = complaint(derive, source);
    assert_eq!((spaceless(&at), &*said), (spaceless(place), say), "for {source}");
}

/// A text without the spaces that tokens are printed with.
fn spaceless(text: &str) -> String {
    text.split_whitespace().collect()
}

/// A record of which that is said.
fn saying(options: &str) -> String {
    format!(
        "/// A parcel.
         #[record({options})]
         struct Parcel {{
             /// What stands on it.
             name: Line,
             /// Whose it is.
             owner_id: Option<Ref>,
             /// When it was packed.
             packed_on: Day,
             /// When it was sent.
             #[field(output)]
             sent_on: Option<Day>,
         }}"
    )
}

/// A record with a field of which that is said.
fn with_field(options: &str) -> String {
    format!(
        "/// A parcel.
         #[record(many = \"parcels\", subject = \"self\", steps = STEPS)]
         struct Parcel {{
             /// Something of it.
             #[field({options})]
             something: Line,
         }}"
    )
}
