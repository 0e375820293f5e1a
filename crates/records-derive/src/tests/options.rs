//! Names, and what stands behind them.

use super::{PART, RECORD, WORDS, complains, complaint, saying, with_field};

#[test]
fn what_says_a_text_has_one() {
    let named =
        |options: &str| format!("/// It.\n #[words({options})] enum State {{ /// It.\n It }}");
    for behind in ["", " = parcels", " = 1", " = true", "(\"parcels\")"] {
        for name in ["many", "rows", "parent", "subject"] {
            let say = format!("`{name}` says a text: `{name} = \"…\"`");
            complains(RECORD, &saying(&format!("{name}{behind}")), name, &say);
        }
        for name in ["part", "right"] {
            let say = format!("`{name}` says a text: `{name} = \"…\"`");
            complains(RECORD, &with_field(&format!("{name}{behind}")), name, &say);
        }
        let say = "`name` says a text: `name = \"…\"`";
        complains(WORDS, &named(&format!("name{behind}")), "name", say);
        complains(RECORD, &saying(&format!("many = \"parcels\", span(name{behind})")), "name", say);
        let say = "`step` says a text: `step = \"…\"`";
        complains(RECORD, &with_field(&format!("counter(step{behind})")), "step", say);
    }
    for behind in [" = true", "(\"Only these.\")"] {
        let say = "`filter` says a text: `filter = \"…\"`";
        complains(RECORD, &with_field(&format!("filter{behind}")), "filter", say);
    }
}

#[test]
fn what_is_a_flag_has_no_value() {
    let flags = ["label", "unique", "search", "sort", "lookup", "alike", "personal", "output"];
    for flag in flags.into_iter().chain(["public", "beside"]) {
        for value in [" = true", "(true)", " = \"yes\""] {
            let say = format!("`{flag}` is said without a value");
            complains(RECORD, &with_field(&format!("{flag}{value}")), flag, &say);
        }
    }
    let say = "`yearly` is said without a value";
    complains(RECORD, &with_field("counter(yearly = true)"), "yearly", say);
}

/// The parser says it, at the token it cannot read.
#[test]
fn what_cannot_be_read_says_what_was_expected() {
    for (options, say) in [("\"parcels\"", "expected ident"), ("steps", "expected `=`")] {
        let said = complaint(RECORD, &saying(options)).1;
        assert!(said.contains(say), "{options}: {said}");
    }
    for (options, say) in [
        ("default", "expected `=`"),
        ("default = Pending", "expected literal"),
        ("example", "expected `=`"),
        ("columns(amount)", "expected string literal"),
        ("label sort", "expected `,`"),
    ] {
        let said = complaint(RECORD, &with_field(options)).1;
        assert!(said.contains(say), "{options}: {said}");
    }
}

#[test]
fn an_attribute_says_something_in_parentheses() {
    for source in [
        "/// It.\n #[record] struct Parcel { /// It.\n it: Line }",
        "/// It.\n #[record = \"parcels\"] struct Parcel { /// It.\n it: Line }",
    ] {
        let (_, say) = complaint(RECORD, source);
        assert!(say.contains("#[record(...)]"), "{say}");
    }
    let (_, say) = complaint(PART, "/// It.\n struct Line { /// It.\n #[field]\n it: Line }");
    assert!(say.contains("#[field(...)]"), "{say}");
    let (_, say) = complaint(WORDS, "/// It.\n #[words] enum State { /// It.\n It }");
    assert!(say.contains("#[words(...)]"), "{say}");
}
