//! What makes two texts the same where one must be unique.

use unicode_normalization::UnicodeNormalization;

use super::signs::is_invisible;

/// The form by which a text is unique: case alone is ignored, and how the text was composed, white space
/// at its ends, more than one space in it, and what nobody sees. `Aşı` is not `Asi`, `Fon %10` is not
/// `Fon 10`.
///
/// Case is folded simply, a letter to a letter, whatever the language of the text, which nobody knows.
/// So the four letters `I`, `ı`, `İ` and `i` are one: in Turkish `I` is the capital of `ı`, elsewhere of
/// `i`, and whoever types in capitals on another keyboard means the same. That `kır` and `kir` are one
/// too is the price of it; a name that is refused can be given a second word, and one that is there twice
/// is hard to take apart.
pub fn unique_key(text: &str) -> String {
    let seen: String = text.chars().filter(|char| !is_invisible(*char)).nfc().collect();
    let mut key = String::with_capacity(seen.len());
    for word in seen.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        let mut before = ' ';
        for char in word.chars() {
            let folded = without_case(char);
            // The dot that lower-casing leaves on a Turkish capital: `i̇` is `i`.
            if folded == '\u{307}' && before == 'i' {
                continue;
            }
            key.push(folded);
            before = folded;
        }
    }
    key.nfc().collect()
}

/// The letter that all letters differing in case alone become. By way of the capital, for letters with
/// more than one small form: `ς` and `σ`.
fn without_case(char: char) -> char {
    match char {
        'I' | 'İ' | 'ı' => 'i',
        _ => one(one(char, char::to_uppercase), char::to_lowercase),
    }
}

/// A letter in another case, where that is one letter too.
fn one<I: Iterator<Item = char>>(char: char, case: fn(char) -> I) -> char {
    let mut letters = case(char);
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => char,
    }
}
