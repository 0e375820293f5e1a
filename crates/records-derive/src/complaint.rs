//! Complaints: in plain words, at the piece of the source they are about.

use std::fmt::Display;

use quote::ToTokens;

/// A complaint about a piece of the source.
pub fn complaint(about: impl ToTokens, say: impl Display) -> syn::Error {
    // Outside of a compiler no span knows its source: tests keep what was pointed at.
    #[cfg(test)]
    crate::tests::pointed_at(&about);
    syn::Error::new_spanned(about, say)
}
