//! In which language a caller is told what went wrong: the files in the `texts` of every crate, and the
//! language among them that `Accept-Language` asks for.
//!
//! Domains say `Words`: a key, English, and what varies (`kernel`'s `words.rs`). A key is not a code:
//! one code (`range`) has several texts, and codes are the contract. A problem is put into words when
//! it becomes an answer, in English too; the English of the crates is for logs, the command line and
//! the trail of security events, which has one language whoever asked. Tests hold the lists and the
//! files against each other in both directions: a text that lacks, is left over, or leaves a variable
//! out fails in every language, and English must be the same in both places. Titles and explanations of
//! problems stand only in the files. A language is added by adding its file, named by its tag.
//!
//! Fluent, because languages decide by numbers and words (states of a donation have Turkish names)
//! without code; its marks of writing direction are off, they are noise to a program. `Accept-Language`
//! is read only when there is a problem: `actix-web` reads the qualities, `fluent-langneg` looks the
//! languages up (RFC 4647, lookup), and what cannot be read, or only `*`, is English. It travels with
//! the request id, because a problem that escapes a middleware becomes an answer outside of the
//! request. A user's own `locale` has no say: most problems arise before anybody is known, and a
//! frontend knows the language it is shown in.

use std::{cmp::Reverse, sync::LazyLock};

use actix_web::http::header::{HeaderValue, Quality, QualityItem, from_comma_delimited};
use almoner_kernel::{Words, words::Arg};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// A language that callers are answered in.
#[derive(Clone, Copy)]
pub(crate) struct Language(&'static Texts);

struct Texts {
    /// The name of the files: what `Content-Language` says.
    tag: &'static str,
    id: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| {
    let files = FILES.iter().find(|(tag, _)| *tag == DEFAULT);
    Texts::read(files.copied().unwrap_or((DEFAULT, &[])))
});

static OTHERS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    FILES.iter().copied().filter(|(tag, _)| *tag != DEFAULT).map(Texts::read).collect()
});

/// Tag and content of the files of every language, one for each crate.
pub(crate) const FILES: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// What is said where another language lacks a text.
const DEFAULT: &str = "en";

/// So many ranges are looked at; nobody reads more languages.
const MAX_RANGES: usize = 20;

impl Language {
    /// The default, and what is said where another language lacks a text.
    pub(crate) fn english() -> Self {
        Self(&ENGLISH)
    }

    /// Every language there is, English first.
    pub(crate) fn all() -> Vec<Self> {
        let others = OTHERS.iter().map(Self);
        std::iter::once(Self::english()).chain(others).collect()
    }

    /// The best language for the values of `Accept-Language` (RFC 9110): each range by its quality,
    /// looked up as in RFC 4647, section 3.4. What cannot be read and `*` ask for nothing in
    /// particular; English when nothing is left.
    pub(crate) fn asked_for(accepted: &[HeaderValue]) -> Self {
        let ranges: Result<Vec<QualityItem<LanguageIdentifier>>, _> =
            from_comma_delimited(accepted.iter());
        let mut ranges = ranges.unwrap_or_default();
        ranges.retain(|range| range.quality > Quality::ZERO);
        ranges.sort_by_key(|range| Reverse(range.quality));
        let asked: Vec<_> = ranges.into_iter().map(|range| range.item).take(MAX_RANGES).collect();
        let offered = Self::all();
        let found = negotiate_languages(&asked, &offered, None, NegotiationStrategy::Lookup);
        found.first().map_or_else(Self::english, |found| **found)
    }

    /// The tag of the language, such as `tr`.
    pub(crate) fn tag(self) -> &'static str {
        self.0.tag
    }

    /// A text in this language.
    pub(crate) fn say(self, words: &Words) -> String {
        let args: FluentArgs<'_> = words
            .args()
            .iter()
            .map(|(name, arg)| match arg {
                Arg::Int(number) => (*name, FluentValue::from(*number)),
                Arg::Text(text) => (*name, FluentValue::from(&**text)),
            })
            .collect();
        self.find(words.key(), None, Some(&args)).unwrap_or_else(|| words.to_string())
    }

    /// The title of a kind of problem.
    pub(crate) fn title(self, code: &str) -> Option<String> {
        self.find(&format!("problem-{code}"), None, None)
    }

    /// What a kind of problem means and what to do about it.
    pub(crate) fn explanation(self, code: &str) -> Option<String> {
        self.find(&format!("problem-{code}"), Some("explanation"), None)
    }

    fn find(self, id: &str, part: Option<&str>, args: Option<&FluentArgs<'_>>) -> Option<String> {
        [self, Self::english()].into_iter().find_map(|language| language.0.text(id, part, args))
    }
}

impl AsRef<LanguageIdentifier> for Language {
    fn as_ref(&self) -> &LanguageIdentifier {
        &self.0.id
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Texts {
    fn read((tag, files): (&'static str, &'static [&'static str])) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_else(|error| {
            tracing::error!(tag, ?error, "a file of texts is not named by a language");
            LanguageIdentifier::default()
        });
        let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
        // The marks that keep directions of writing apart are noise to a program.
        bundle.set_use_isolating(false);
        for file in files {
            // Tests read every file; what is broken all the same is left out, and English takes its place.
            let resource =
                FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(read, errors)| {
                    tracing::error!(tag, ?errors, "a file of texts is broken");
                    read
                });
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(tag, ?errors, "the files of texts have a text twice");
            }
        }
        Self { tag, id, bundle }
    }

    fn text(&self, id: &str, part: Option<&str>, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let pattern = match part {
            Some(part) => message.get_attribute(part)?.value(),
            None => message.value()?,
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        if !errors.is_empty() {
            tracing::error!(tag = self.tag, id, ?errors, "a text cannot be said");
            return None;
        }
        // Lines are broken in the file for whoever reads it there.
        Some(text.replace('\n', " "))
    }
}
