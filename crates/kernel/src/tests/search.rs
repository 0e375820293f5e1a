//! The words that something is found by and those that are looked for, and what makes two texts the same.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::text::{fold, name_words, sought, unique_key, words};

/// True when a search for `q` finds what has these words, as both databases look.
fn finds(q: &str, words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let sought = sought(q, 10);
    !sought.is_empty()
        && sought.iter().all(|forms| {
            forms.iter().any(|form| {
                words.iter().any(|word| match form.is_beginning {
                    true => word.starts_with(&form.word),
                    false => *word == form.word,
                })
            })
        })
}

#[test]
fn a_name_in_one_word_and_in_two_is_the_same() {
    for spellings in [
        ["O'Brien", "O’Brien", "Obrien", "o brien", "OʼBRIEN", "O`Brien"],
        ["Jean-Luc", "Jean‐Luc", "jeanluc", "jean luc", "Jean–Luc", "JEAN LUC"],
        ["Abd-Allah", "Abdallah", "abd allah", "Abd'Allah", "ABDALLAH", "Abd Allah"],
    ] {
        for stored in spellings {
            for q in spellings {
                assert!(finds(q, &name_words(stored)), "{q} in {stored}");
            }
        }
    }
    let picard = name_words("Jean-Luc Picard");
    for q in ["jean", "luc", "jeanl", "jean luc picard", "jeanluc picard", "luc pic", "lucpic"] {
        assert!(finds(q, &picard), "{q}");
    }
    for q in ["jeanpicard", "uc", "jean lu picard", "jeanl picard", "lucjean"] {
        assert!(!finds(q, &picard), "{q}");
    }
}

#[test]
fn parts_of_a_word_are_found_in_a_text_too() {
    let text = words("Iğdır'lı Şükrü, e-posta: x-y-z");
    for q in ["igdir", "lı", "igdirli", "eposta", "e-posta", "posta", "xyz"] {
        assert!(finds(q, &text), "{q}");
    }
    // Only in names are two words that follow each other one.
    assert!(!finds("sukrueposta", &text));
    assert_eq!(words("Şükrü Kaya"), fold("Şükrü Kaya"));
    assert_eq!(name_words("Şükrü"), "sukru");
    assert_eq!(name_words("Ali Ali Ali"), "ali ali ali aliali");
    assert_eq!((words(""), name_words("")), (String::new(), String::new()));
}

#[test]
fn groups_of_digits_are_one_number() {
    let number = "905321112233 5321112233 05321112233";
    for q in [
        "0532 111 22 33",
        "+90 (532) 111-22-33",
        "5321112233",
        "0532 111",
        "532 1112",
        "+90 532",
        "0090 532 111 22 33",
        "00905321112233",
        "٠٥٣٢ ١١١ ٢٢ ٣٣",
    ] {
        assert!(finds(q, number), "{q}");
        assert!(finds(&format!("{q} ayse"), &format!("{number} ayse")), "{q}");
    }
    assert!(finds("0532", number) && finds("ayse 0532", &format!("{number} ayse")));
    for q in ["0533 111 22 33", "111 22 33", "0532 111 22 34", "00"] {
        assert!(!finds(q, number), "{q}");
    }
    // Years and amounts are still words of their own.
    assert!(finds("2026 100", "ramazan 2026 100"));
}

#[test]
fn only_so_many_words_are_looked_for() {
    assert_eq!(sought("a b c", 2).len(), 2);
    assert!(sought(" -- ", 10).is_empty());
}

#[test]
fn case_alone_does_not_make_another_text() {
    for spellings in [
        ["Işık Fonu", "IŞIK FONU", "ışık fonu", "  Işık   Fonu ", "I\u{15f}ık\u{a0}Fonu"],
        ["İstanbul", "istanbul", "ISTANBUL", "ıstanbul", "I\u{307}stanbul"],
        ["Σοφός", "ΣΟΦΌΣ", "σοφόσ", "Σοφο\u{301}ς", "σ\u{200b}οφός"],
        ["Straße", "STRAẞE", "straße", "strAße", "\u{feff}Straße"],
        ["Ömer", "ÖMER", "O\u{308}mer", "ömer", "öMER"],
    ] {
        for spelling in spellings {
            assert_eq!(unique_key(spelling), unique_key(spellings[0]), "{spelling:?}");
        }
    }
}

#[test]
fn everything_else_does() {
    for (one, other) in [
        ("Aşı", "Asi"),
        ("Fon %10", "Fon 10"),
        ("Fon A", "FonA"),
        ("O'Brien", "O’Brien"),
        ("Köln", "Koln"),
        ("m²", "m2"),
        ("Straße", "Strasse"),
        ("فؤاد", "فواد"),
        ("C++", "C"),
    ] {
        assert_ne!(unique_key(one), unique_key(other), "{one} {other}");
    }
}

proptest! {
    #[test]
    fn what_is_typed_in_full_is_found(text in "[a-zA-ZçğıİöşüÇĞÖŞÜ0-9 '’-]{1,30}") {
        prop_assume!(!fold(&text).is_empty());
        for found_by in [words(&text), name_words(&text)] {
            prop_assert!(finds(&text, &found_by));
            prop_assert!(finds(&text.replace(['\'', '’', '-'], ""), &found_by));
        }
        prop_assert!(finds(&text, &words(&text.replace(['\'', '’', '-'], " "))));
    }

    #[test]
    fn what_is_looked_for_has_no_signs(q in any::<String>()) {
        for form in sought(&q, 10).into_iter().flatten() {
            prop_assert!(!form.word.is_empty());
            prop_assert!(form.word.chars().all(char::is_alphanumeric), "{:?}", form);
        }
    }

    #[test]
    fn a_key_is_its_own_key(text in any::<String>()) {
        let key = unique_key(&text);
        prop_assert_eq!(unique_key(&key), key);
    }

    #[test]
    fn what_is_the_same_but_for_case_folds_alike(text in "[a-zA-ZçğıİöşüÇĞÖŞÜâÂßẞæÆа-яА-Яα-ωΑ-Ω ]{0,20}") {
        // The letters whose other case is more than one.
        let text = text.replace(['ß', 'ẞ'], "");
        for cased in [text.to_uppercase(), text.to_lowercase(), text.nfd().collect()] {
            prop_assert_eq!(unique_key(&cased), unique_key(&text));
            prop_assert_eq!(fold(&cased), fold(&text));
        }
    }
}
