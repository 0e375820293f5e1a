//! What can stand in a header.

use proptest::prelude::*;

use crate::Subject;

#[test]
fn a_subject_is_one_line_whatever_it_was_made_of() {
    assert_eq!(
        Subject::of("  Parolanız \r\n değişti\u{2028}!\u{0}").as_str(),
        "Parolanız değişti !"
    );
    assert_eq!(Subject::of("\r\nBcc: x@example.org").as_str(), "Bcc: x@example.org");
    assert_eq!(Subject::of("").as_str(), "");
    assert_eq!(Subject::of(&"ş".repeat(500)).as_str().chars().count(), Subject::MAX_CHARS);
}

proptest! {
    #[test]
    fn no_text_makes_a_subject_of_two_lines(text in "(\\PC|[\\x00-\\x1f\\x7f\u{85}\u{2028}\u{2029}]){0,300}") {
        let subject = Subject::of(&text);
        let line = subject.as_str();
        prop_assert!(!line.chars().any(char::is_control));
        let parts = line.contains(['\u{2028}', '\u{2029}']);
        prop_assert!(!parts);
        prop_assert_eq!(line.trim(), line);
        prop_assert!(line.chars().count() <= Subject::MAX_CHARS);
    }
}
