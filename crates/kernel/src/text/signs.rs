//! Signs that are typed in more ways than one, or that nobody sees.

use std::borrow::Cow;

use unicode_normalization::char::canonical_combining_class;

/// The digit of any script as an ASCII one: `٣`, `۳`, `३` and `３` are `3`.
pub fn digit(char: char) -> Option<char> {
    if char.is_ascii() {
        return char.is_ascii_digit().then_some(char);
    }
    let after = ZEROS.partition_point(|zero| *zero <= char);
    let zero = ZEROS.get(after.checked_sub(1)?)?;
    let value = u32::from(char) - u32::from(*zero);
    char::from_digit(value, 10)
}

/// A text whose digits are all ASCII ones.
pub fn ascii_digits(text: &str) -> String {
    text.chars().map(|char| digit(char).unwrap_or(char)).collect()
}

/// A text of one line without what nobody sees. The two joiners stay between letters of scripts that are
/// spelt with them, such as Persian and the scripts of India.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        let is_spelling = matches!(char, '\u{200c}' | '\u{200d}')
            && kept.chars().next_back().is_some_and(is_joined)
            && rest.peek().copied().is_some_and(is_joined);
        if is_spelling || !is_invisible(char) {
            kept.push(char);
        }
    }
    Cow::Owned(kept)
}

/// Soft hyphens, joiners, marks of direction, spaces without width, the mark at the start of a file, and the
/// letters of Korean that stand for none.
pub(super) const fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{00ad}'
            | '\u{034f}'
            | '\u{061c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
    )
}

/// Letters of Arabic, of the scripts of India, and of Mongolian.
const fn is_joined(char: char) -> bool {
    matches!(char, '\u{0600}'..='\u{08ff}' | '\u{0900}'..='\u{0dff}' | '\u{1820}'..='\u{18aa}')
}

/// A mark on the letter before it.
pub(super) fn is_mark(char: char) -> bool {
    canonical_combining_class(char) != 0
}

/// What holds two parts of one word together, or leaves a letter out between them: `Jean-Luc`,
/// `O’Brien`. Some write such a word as one.
pub(super) const fn is_link(char: char) -> bool {
    matches!(
        char,
        '\'' | '`'
            | '-'
            | '\u{00b4}'
            | '\u{02b9}'..='\u{02bf}'
            | '\u{02c8}'
            | '\u{2010}'..='\u{2013}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{2212}'
            | '\u{fe63}'
            | '\u{ff07}'
            | '\u{ff0d}'
    )
}

/// The zeros of all scripts beside the ASCII one (Unicode, `Nd`): the other nine digits follow each.
const ZEROS: [char; 65] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];
