//! Texts: a key, English, and what varies.

use crate::words::Arg;

/// Texts that no crate says.
pub(super) mod made_up {
    crate::words! {
        pub must_be_even = "must be even";
        pub between(least, most) = "from {least} to {most}, {most} included";
        pub braces = "a { that nobody closes, and {nobody}";
    }
}

#[test]
fn a_text_says_in_english_what_varies() {
    let text = made_up::between(-3_i64, "ten");
    assert_eq!(text.to_string(), "from -3 to ten, ten included");
    assert_eq!(text.key(), "between");
    let args = [("least", Arg::Int(-3)), ("most", Arg::Text("ten".into()))];
    assert_eq!(text.args(), args);
}

#[test]
fn a_text_is_the_same_text_only_with_the_same_values() {
    assert_eq!(made_up::between(1_u32, 2_u64), made_up::between(1_i64, 2_usize));
    assert_ne!(made_up::between(1_u32, 2_u32), made_up::between(1_u32, 3_u32));
    assert_ne!(made_up::between("a", "b"), made_up::between("a".to_owned(), "c".to_owned()));
}

#[test]
fn braces_without_a_name_that_is_known_stay_as_they_are() {
    assert_eq!(made_up::braces().to_string(), "a { that nobody closes, and {nobody}");
}

#[test]
fn every_text_of_a_crate_stands_in_its_list() {
    let listed: Vec<_> = made_up::ALL.iter().map(|text| (text.key, text.args)).collect();
    let expected: [(_, &[&str]); 3] =
        [("must_be_even", &[]), ("between", &["least", "most"]), ("braces", &[])];
    assert_eq!(listed, expected);
    assert_eq!(made_up::ALL[0].english, made_up::must_be_even().to_string());
}

#[test]
fn a_number_that_is_too_large_is_not_taken_for_a_small_one() {
    assert_eq!(Arg::from(u64::MAX), Arg::Int(i64::MAX));
}
