//! Text: trimming, limits, and the folding that lets a search find a word however it was typed.

use crate::fault::Unfit;

/// Folds text for matching: Turkish and other Latin letters become plain lower-case ASCII where they
/// have one, so that `ISPARTA`, `ısparta` and `Isparta` meet, and `İSTANBUL` meets `istanbul`.
/// Everything that is neither letter nor digit becomes a single space.
///
/// No database lower-cases Turkish alike, so both store what this function makes, and a search is
/// folded with it too.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            'I' | 'İ' | 'ı' => folded.push('i'),
            char if char.is_ascii_alphanumeric() => folded.push(char.to_ascii_lowercase()),
            // The combining marks that follow a letter in decomposed text.
            '\u{0300}'..='\u{036f}' => {}
            // An apostrophe joins a name to its suffix (`Ankara'ya`): searching finds both parts.
            char if char.is_alphanumeric() => {
                for lower in char.to_lowercase() {
                    match plain(lower) {
                        Some(plain) => folded.push_str(plain),
                        None => folded.push(lower),
                    }
                }
            }
            _ => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// Folds several optional texts into one that a search looks through.
pub fn fold_all<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut all = String::new();
    for text in texts.into_iter().flatten() {
        let folded = fold(text);
        if folded.is_empty() {
            continue;
        }
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&folded);
    }
    all
}

const fn plain(char: char) -> Option<&'static str> {
    Some(match char {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ə' => "a",
        'ç' | 'ć' | 'ĉ' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' | 'ĝ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ţ' | 'ť' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ű' | 'ů' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// A free text of at most `max` characters: trimmed, no control characters but line breaks and tabs.
///
/// # Errors
/// `required` when nothing is left, `too_long`, `control_character`.
pub fn free_text(text: &str, max: usize) -> Result<String, Unfit> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Unfit::new("required", "must not be empty"));
    }
    if text.chars().count() > max {
        return Err(Unfit::new("too_long", format!("must have at most {max} characters")));
    }
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        return Err(Unfit::new("control_character", "must not contain control characters"));
    }
    Ok(text.to_owned())
}

/// A text of one line and at most `max` characters.
///
/// # Errors
/// As [`free_text`], and `control_character` for line breaks.
pub fn line(text: &str, max: usize) -> Result<String, Unfit> {
    let text = free_text(text, max)?;
    if text.chars().any(char::is_control) {
        return Err(Unfit::new("control_character", "must be a single line"));
    }
    Ok(text)
}
