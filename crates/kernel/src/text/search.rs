//! What a search goes by: the words that a value is found by, and those that are looked for.

use super::{
    fold,
    signs::{is_invisible, is_link, is_mark},
};

/// The words that a text is found by: its folded words, and as one word too what an apostrophe or a
/// hyphen holds together. `O’Brien` is found as `o`, `brien` and `obrien`.
pub fn words(text: &str) -> String {
    let mut words = fold(text);
    for whole in linked(text) {
        add(&mut words, &whole);
    }
    words
}

/// The words that a name is found by: as [`words`], and two that follow each other as one, so that
/// `Jean Luc` is found as `jeanluc`.
pub fn name_words(name: &str) -> String {
    let mut all = words(name);
    let folded = fold(name);
    let words: Vec<&str> = folded.split(' ').collect();
    for pair in words.windows(2) {
        let whole = pair.concat();
        if !all.split(' ').any(|known| known == whole) {
            add(&mut all, &whole);
        }
    }
    all
}

/// Puts words behind others.
pub fn add(all: &mut String, words: &str) {
    if !all.is_empty() && !words.is_empty() {
        all.push(' ');
    }
    all.push_str(words);
}

/// Words that were written in parts.
fn linked(text: &str) -> impl Iterator<Item = String> {
    let is_part =
        |char: char| char.is_alphanumeric() || is_link(char) || is_mark(char) || is_invisible(char);
    text.split(move |char| !is_part(char))
        .filter(|piece| piece.contains(is_link))
        .map(fold)
        .filter(|folded| folded.contains(' '))
        .map(|folded| folded.replace(' ', ""))
}

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Folded.
    pub word: String,
    /// True when the words that begin with it are meant too.
    pub is_beginning: bool,
}

impl Sought {
    fn new(word: impl Into<String>, is_beginning: bool) -> Self {
        Self { word: word.into(), is_beginning }
    }
}

/// What a search looks for, of its first `max` words: each of them, in one of the forms it may be
/// written in. The last one may be a beginning. A word is also looked for as one with its neighbour, and
/// groups of digits as one number: `jean luc` finds `Jeanluc`, `0532 111` finds `05321112233`.
pub fn sought(q: &str, max: usize) -> Vec<Vec<Sought>> {
    let folded = fold(q);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).take(max).collect();
    let last = words.len().saturating_sub(1);
    let forms = |at: usize| {
        let word = words.get(at).copied().unwrap_or_default();
        let mut forms = vec![Sought::new(word, at == last)];
        let mut add = |form: Sought| {
            if !forms.contains(&form) {
                forms.push(form);
            }
        };
        if is_number(word) {
            let number = number_around(&words, at);
            // Two zeros in front stand for the plus sign, which nothing is found by.
            if let Some(rest) = number.strip_prefix("00").filter(|rest| !rest.is_empty()) {
                add(Sought::new(rest, true));
            }
            if number != word {
                add(Sought::new(number, true));
            }
        }
        for first in [at.checked_sub(1), Some(at)].into_iter().flatten() {
            if let Some([one, other]) = words.get(first..first + 2)
                && !(is_number(one) && is_number(other))
            {
                add(Sought::new(format!("{one}{other}"), first + 1 == last));
            }
        }
        forms
    };
    (0..words.len()).map(forms).collect()
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that a group of digits belongs to.
fn number_around(words: &[&str], at: usize) -> String {
    let (before, from) = words.split_at(at);
    let groups_before = before.iter().rev().take_while(|word| is_number(word)).count();
    let groups_from = from.iter().take_while(|word| is_number(word)).count();
    let groups = before.iter().skip(at - groups_before).chain(from.iter().take(groups_from));
    groups.copied().collect()
}
