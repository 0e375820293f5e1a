//! Text: trimming, limits, and the folding that lets a search find a word however it was typed.
//!
//! Turkish (and other Latin) text is folded here, into columns of its own on both databases, because no
//! database lower-cases `I`, `İ`, `ı` alike.

mod key;
mod search;
mod signs;

use unicode_normalization::UnicodeNormalization;

use self::signs::{is_invisible, is_mark};
pub use self::{
    key::unique_key,
    search::{Sought, add, name_words, sought, words},
    signs::{ascii_digits, visible},
};
use crate::{fault::Unfit, words as said};

/// Folds text for matching: Turkish and other Latin letters become plain lower-case ASCII where they
/// have one, so that `ISPARTA`, `ısparta` and `Isparta` meet, and `İSTANBUL` meets `istanbul`.
/// Letters of other scripts lose their case and accents, however the text was composed, and Persian letters
/// become the Arabic ones they are typed for. Digits of every script become ASCII ones; what nobody sees is
/// left out. Everything that is neither letter nor digit becomes a single space, the apostrophe before a
/// suffix too: a search finds both parts of `Ankara'ya`.
///
/// No database lower-cases Turkish alike, so both store what this function makes, and a search is
/// folded with it too.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for char in text.nfkd() {
        match char {
            char if char.is_ascii_alphanumeric() => folded.push(char.to_ascii_lowercase()),
            // The mark that decomposing has taken off its letter, and the stroke that only lengthens
            // an Arabic word.
            char if is_mark(char) || is_invisible(char) || char == '\u{0640}' => {}
            // The apostrophes that Unicode counts among the letters.
            '\u{02b0}'..='\u{02ff}' => separate(&mut folded),
            char if let Some(digit) = signs::digit(char) => folded.push(digit),
            char if char.is_alphanumeric() => {
                for lower in char.to_lowercase() {
                    match plain(lower) {
                        Some(plain) => folded.push_str(plain),
                        None => folded.push(lower),
                    }
                }
            }
            _ => separate(&mut folded),
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    // Only to keep scripts short that decomposing takes further apart, such as Hangul.
    if folded.is_ascii() { folded } else { folded.nfc().collect() }
}

fn separate(folded: &mut String) {
    if !folded.is_empty() && !folded.ends_with(' ') {
        folded.push(' ');
    }
}

/// The [`words`] of several optional texts as one text that a search looks through.
pub fn fold_all<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut all = String::new();
    for text in texts.into_iter().flatten() {
        add(&mut all, &words(text));
    }
    all
}

/// Letters that are not a plain letter with a mark, so that decomposing leaves them alone.
const fn plain(char: char) -> Option<&'static str> {
    Some(match char {
        'ə' => "a",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ĸ' => "k",
        'ł' => "l",
        'ŋ' => "n",
        'ø' => "o",
        'ŧ' => "t",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ς' => "σ",
        // Alef wasla; alef maksura and Persian yeh; kaf; teh marbuta and the other forms of heh.
        '\u{0671}' => "\u{0627}",
        '\u{0649}' | '\u{06cc}' => "\u{064a}",
        '\u{06a9}' | '\u{06aa}' => "\u{0643}",
        '\u{0629}' | '\u{06be}' | '\u{06c1}' | '\u{06c3}' | '\u{06d5}' => "\u{0647}",
        _ => return None,
    })
}

/// A free text of at most `max` characters, without control characters but line breaks and tabs. It is
/// trimmed, but white space around it counts and is looked at like the rest: a length or a character
/// is one of what was sent, as in the contract.
///
/// # Errors
/// `required` when nothing is left, `too_long`, `control_character`.
pub fn free_text(text: &str, max: usize) -> Result<String, Unfit> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Unfit::new("required", said::must_not_be_empty()));
    }
    if text.chars().count() > max {
        return Err(Unfit::new("too_long", said::too_long(max)));
    }
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        return Err(Unfit::new("control_character", said::control_characters()));
    }
    Ok(trimmed.to_owned())
}

/// A text of one line and at most `max` characters. What nobody sees is left out of it, but counts as well.
///
/// # Errors
/// As [`free_text`], and `control_character` for line breaks.
pub fn line(text: &str, max: usize) -> Result<String, Unfit> {
    let typed = free_text(text, max)?;
    // Unicode's own line and paragraph separators are not control characters.
    if text.chars().any(|char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')) {
        return Err(Unfit::new("control_character", said::more_than_one_line()));
    }
    match visible(&typed).trim() {
        "" => Err(Unfit::new("required", said::must_not_be_empty())),
        seen => Ok(seen.to_owned()),
    }
}
