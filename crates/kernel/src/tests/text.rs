//! Folding for search, and the limits of free text.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::text::{ascii_digits, fold, fold_all, free_text, line, visible};

#[test]
fn turkish_words_meet_however_they_were_typed() {
    for (folded, spellings) in [
        ("isparta", ["ISPARTA", "ısparta", "Isparta", "isparta", "İSPARTA"]),
        ("istanbul", ["İSTANBUL", "istanbul", "ISTANBUL", "ıstanbul", "I\u{307}stanbul"]),
        ("isik", ["IŞIK", "ışık", "Işık", "isik", "Is\u{327}ık"]),
        ("igdir", ["Iğdır", "IĞDIR", "ığdır", "Igdir", "Ig\u{306}dır"]),
        ("kazim", ["Kâzım", "KÂZIM", "kazım", "Ka\u{302}zım", "Kazim"]),
        (
            "cagri oz",
            ["Çağrı ÖZ", "ÇAĞRI öz", "C\u{327}ag\u{306}rı O\u{308}z", "cagri oz", "Çağrı\tÖz"],
        ),
    ] {
        for spelling in spellings {
            assert_eq!(fold(spelling), folded, "{spelling}");
        }
    }
}

#[test]
fn letters_of_the_neighbours_become_plain_ones() {
    for (text, folded) in [
        ("Müller", "muller"),
        ("Straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("Œuvre", "oeuvre"),
        ("Þór Ðuro", "thor duro"),
        ("Ħamrun", "hamrun"),
        ("Əliyev", "aliyev"),
        ("Nguyễn Thế", "nguyen the"),
        ("Ǎ", "a"),
        ("ﬁnans", "finans"),
        ("Ａ１", "a1"),
        ("m²", "m2"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn other_scripts_keep_their_letters_without_case_and_accents() {
    for (text, folded) in [
        ("Чайковский", "чаиковскии"),
        ("ΟΔΟΣ", "οδοσ"),
        ("οδός", "οδοσ"),
        ("محمد", "محمد"),
        ("مـحـمـد", "محمد"),
        ("مُحَمَّد", "محمد"),
        ("김철수", "김철수"),
        ("山田", "山田"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn arabic_and_persian_letters_meet_however_they_were_typed() {
    for spellings in [
        ["علي", "علی", "على"],
        ["كريم", "کریم", "ڪريم"],
        ["أحمد", "احمد", "ٱحمد"],
        ["إبراهيم", "ابراهيم", "ابراهیم"],
        ["آمنة", "امنه", "آمِنَة"],
        ["فؤاد", "فواد", "فُؤاد"],
    ] {
        for spelling in spellings {
            assert_eq!(fold(spelling), fold(spellings[0]), "{spelling}");
        }
    }
    assert_ne!(fold("علي"), fold("عليا"));
}

#[test]
fn digits_of_every_script_are_the_same() {
    for text in ["2026", "٢٠٢٦", "۲۰۲۶", "२०२६", "২০২৬", "２０２６", "𝟐𝟎𝟐𝟔"]
    {
        assert_eq!(fold(text), "2026", "{text}");
        assert_eq!(ascii_digits(text), "2026", "{text}");
    }
    assert_eq!(ascii_digits("ab ٣."), "ab 3.");
}

#[test]
fn what_nobody_sees_is_left_out() {
    for text in
        ["A\u{200b}yşe", "\u{feff}Ayşe", "Ay\u{ad}şe", "\u{202b}Ayşe\u{202c}", "Ay\u{200d}şe"]
    {
        assert_eq!(fold(text), "ayse", "{text:?}");
        assert_eq!(visible(text), "Ayşe", "{text:?}");
        assert_eq!(line(text, 10).unwrap(), "Ayşe", "{text:?}");
        assert_eq!(line(&format!(" \u{200e} {text} \u{200e} "), 20).unwrap(), "Ayşe", "{text:?}");
    }
    for nothing in ["\u{feff} \u{200b}", "\u{3164}", "\u{115f}\u{1160} \u{ffa0}"] {
        assert_eq!(line(nothing, 5).unwrap_err().code, "required", "{nothing:?}");
    }
    assert_eq!(line("\u{feff}abcde", 5).unwrap_err().code, "too_long");
    // How Persian is spelt, and Hindi.
    for text in ["می\u{200c}خواهم", "क्\u{200d}ष"] {
        assert_eq!(visible(text), text);
    }
    assert_eq!(visible("\u{200c}می\u{200c}\u{200c}خواهم\u{200c} "), "می\u{200c}خواهم ");
}

#[test]
fn what_is_neither_letter_nor_digit_is_one_space_and_none_at_the_ends() {
    for (text, folded) in [
        ("", ""),
        ("  ", ""),
        ("--", ""),
        ("Ankara'ya", "ankara ya"),
        ("Ankara’ya", "ankara ya"),
        ("Oʻzbek", "o zbek"),
        ("  a -- b\n\tc!", "a b c"),
        ("a@b.org", "a b org"),
        ("100%_x", "100 x"),
        ("a\0b", "a b"),
        ("\u{301}", ""),
    ] {
        assert_eq!(fold(text), folded, "{text:?}");
    }
}

#[test]
fn several_texts_fold_into_one_without_gaps() {
    assert_eq!(fold_all([Some("Işık"), None, Some("--"), Some(" Kâzım ")]), "isik kazim");
    assert_eq!(fold_all([]), "");
    assert_eq!(fold_all([None, Some("")]), "");
}

#[test]
fn a_free_text_is_trimmed_and_keeps_its_lines() {
    assert_eq!(free_text("  a\r\n\tb  ", 10).unwrap(), "a\r\n\tb");
}

#[test]
fn a_free_text_says_which_rule_it_breaks() {
    for (text, code) in [
        ("", "required"),
        (" \n ", "required"),
        ("şşşşşş", "too_long"),
        ("a\0b", "control_character"),
        ("a\u{1b}b", "control_character"),
        ("a\u{85}b", "control_character"),
    ] {
        assert_eq!(free_text(text, 5).unwrap_err().code, code, "{text:?}");
    }
    assert!(free_text("şşşşş", 5).is_ok(), "characters, not bytes");
}

#[test]
fn a_line_has_no_line_breaks_of_any_kind() {
    for text in ["a\nb", "a\rb", "a\tb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a b\n", "\ta"] {
        assert_eq!(line(text, 5).unwrap_err().code, "control_character", "{text:?}");
    }
    assert_eq!(line(" a\u{a0}", 5).unwrap(), "a");
}

#[test]
fn white_space_around_a_text_is_taken_off_but_counts() {
    assert_eq!(free_text("\n abc", 5).unwrap(), "abc");
    assert_eq!(free_text("\n abcd", 5).unwrap_err().code, "too_long");
    assert_eq!(free_text("\u{b}abc", 5).unwrap_err().code, "control_character");
}

/// Texts with many letters that have case, marks or a special rule.
fn letters() -> impl Strategy<Value = String> {
    "[IİıiŞşĞğÇçÖöÜüÂâßẞæŁłøΣςά가-깋А-яがẩ '’.\u{0300}-\u{0330}a-zA-Z0-9]{0,20}"
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in prop_oneof![any::<String>(), letters()]) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn decomposed_text_folds_like_composed_text(text in prop_oneof![any::<String>(), letters()]) {
        let decomposed: String = text.nfd().collect();
        let composed: String = text.nfc().collect();
        prop_assert_eq!(fold(&decomposed), fold(&composed));
        prop_assert_eq!(fold(&decomposed), fold(&text));
    }

    #[test]
    fn folded_text_has_plain_letters_digits_and_single_spaces(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "));
        for char in folded.chars() {
            let is_plain = matches!(char, 'a'..='z' | '0'..='9' | ' ');
            prop_assert!(is_plain || (!char.is_ascii() && char.is_alphanumeric()), "{char:?}");
        }
    }

    #[test]
    fn every_latin_letter_becomes_a_plain_one(text in "[a-zA-Z0-9 À-ÖØ-öø-ſ]{0,20}") {
        prop_assert!(fold(&text).is_ascii());
    }

    #[test]
    fn case_does_not_matter(text in "[a-zA-ZĞğŞşÇçÖöÜüİıÂâ ]{0,20}") {
        prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
    }

    #[test]
    fn accepted_text_is_accepted_again_unchanged(text in any::<String>(), max in 1..40_usize) {
        if let Ok(kept) = free_text(&text, max) {
            prop_assert!(kept.chars().count() <= max);
            prop_assert_eq!(free_text(&kept, max), Ok(kept));
        }
        if let Ok(kept) = line(&text, max) {
            prop_assert_eq!(line(&kept, max), Ok(kept));
        }
    }
}
