//! The language somebody reads.

use std::str::FromStr;

use unic_langid::LanguageIdentifier;

use crate::{fault::Unfit, words};

/// A BCP 47 language tag such as `tr`, `en-GB` or `zh-Hant-TW`, in its canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locale(String);

impl Locale {
    /// Characters a tag has at the most (RFC 5646, 4.4.1).
    pub const MAX_CHARS: usize = 35;

    /// Parses a tag: language, then optional script, region and variants; its syntax only.
    ///
    /// # Errors
    /// `locale` when it is not a tag.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let unfit = || Unfit::new("locale", words::not_a_language());
        if text.is_empty() || text.len() > Self::MAX_CHARS {
            return Err(unfit());
        }
        let tag = LanguageIdentifier::from_str(text).map_err(|_| unfit())?;
        let spelled = tag.to_string();
        // The parser takes four letters for a variant too; spelled again they would be a script.
        let is_stable = LanguageIdentifier::from_str(&spelled).is_ok_and(|again| again == tag);
        if tag.language.is_empty() || !is_stable {
            return Err(unfit());
        }
        Ok(Self(spelled))
    }

    /// A tag that was parsed before it was stored.
    pub fn from_stored(tag: String) -> Self {
        Self(tag)
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Locale {
    /// English.
    fn default() -> Self {
        Self("en".to_owned())
    }
}
