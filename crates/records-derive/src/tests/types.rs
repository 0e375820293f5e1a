//! Complaints that the compiler makes, because only the type of a field tells: they are written as
//! assertions, where something is said that may not fit.

use super::{PART, RECORD, saying, spaceless, with_field, written};

/// Fails unless the first source asserts that and the second one does not.
#[track_caller]
fn asserts(source: &str, other: &str, holds: &str, say: &str) {
    let assertion = spaceless(&format!("{holds}, {say:?});"));
    let (written, other) =
        (spaceless(&written(RECORD, source)), spaceless(&written(RECORD, other)));
    assert!(written.contains(&assertion), "{assertion} in {written}");
    assert!(!other.contains(&spaceless(&format!("{say:?}"))), "{say} in {other}");
}

const VALUE: &str = "<<Line as ::almoner_records::Slot>::Value as ::almoner_records::Value>";
const IS_OPTIONAL: &str = "<Line as ::almoner_records::Slot>::IS_OPTIONAL";

#[test]
fn a_list_is_narrowed_by_values_that_can_be_compared() {
    let holds =
        format!("!::core::matches!({VALUE}::FILTERING, ::almoner_records::Filtering::None)");
    let say = "lists cannot be narrowed by values of this type";
    asserts(&with_field("filter"), &with_field("sort"), &holds, say);
    let holds = format!(
        "::core::matches!({VALUE}::FILTERING,
         ::almoner_records::Filtering::Is | ::almoner_records::Filtering::Common)"
    );
    let say = "a filter by days or amounts says by itself what it is for";
    asserts(&with_field("filter = \"Only these.\""), &with_field("filter"), &holds, say);
}

#[test]
fn the_label_of_a_record_is_public_where_one_is_named() {
    let say = "this names no record, whose label could be `public`";
    let holds = format!("{VALUE}::TARGET.is_some()");
    asserts(&with_field("public"), &with_field("filter"), &holds, say);
}

#[test]
fn all_columns_of_a_value_have_names() {
    let say = "`columns(…)` names every column of the value";
    let holds = format!("{VALUE}::COLUMNS.len() == 2usize");
    asserts(&with_field("columns(\"amount\", \"currency\")"), &with_field("sort"), &holds, say);
}

#[test]
fn what_is_not_sent_is_there_all_the_same_or_may_be_absent() {
    let say = "clients do not send this: it is an `Option`, or has a `default`";
    asserts(&with_field("output"), &with_field("output, default = \"a\""), IS_OPTIONAL, say);
    let say = "before its number is drawn there is none: the field is an `Option`";
    let counter = with_field("counter(series = \"parcels\")");
    asserts(&counter, &with_field("output"), IS_OPTIONAL, say);
}

#[test]
fn a_default_is_a_value_of_its_field() {
    let (text, flag) = (with_field("default = \"packed\""), with_field("default = false"));
    let none = with_field("sort");
    let say = "what may be absent is absent when nothing is said of it: it has no `default`";
    asserts(&text, &none, &format!("!{IS_OPTIONAL}"), say);
    let say = "the default is of another type than the field";
    asserts(&flag, &none, &form("INPUT", "::almoner_records::Json::Flag"), say);
    asserts(&text, &none, &form("INPUT", TEXTS), say);
    let holds = format!("is_word({VALUE}::INPUT.words, \"packed\") }}");
    asserts(&text, &flag, &holds, "the list has no such word");
}

const TEXTS: &str = "::almoner_records::Json::Text | ::almoner_records::Json::Object";

fn form(form: &str, forms: &str) -> String {
    format!("::core::matches!({VALUE}::{form}.json, {forms})")
}

#[test]
fn an_example_is_a_value_of_its_field() {
    let say = "the example is of another type than the field";
    for (example, forms) in [
        ("\"a\"", TEXTS),
        ("1", "::almoner_records::Json::Whole"),
        ("-1", "::almoner_records::Json::Whole"),
        ("true", "::almoner_records::Json::Flag"),
    ] {
        let source = with_field(&format!("example = {example}"));
        asserts(&source, &with_field("sort"), &form("FORM", forms), say);
    }
}

#[test]
fn the_same_holds_inside_of_parts() {
    let source = "/// Somebody to call.
        struct Contact {
            /// Their name.
            #[field(default = \"Nobody\", example = \"Fatma Kaya\")]
            name: Line,
        }";
    let written = written(PART, source);
    for say in [
        "it has no `default`",
        "the default is of another type than the field",
        "the example is of another type than the field",
        "the list has no such word",
    ] {
        assert!(written.contains(say), "{say} in {written}");
    }
}

#[test]
fn a_subject_is_named_by_a_reference() {
    let say = "this field names nobody: a subject is a reference";
    let value = "<<Option<Ref> as ::almoner_records::Slot>::Value as ::almoner_records::Value>";
    asserts(
        &saying("many = \"parcels\", subject = \"owner_id\""),
        &saying("many = \"parcels\", subject = \"self\""),
        &format!("{value}::TARGET.is_some()"),
        say,
    );
}

#[test]
fn people_are_named_by_references() {
    let people =
        |name: &str| saying(&format!("many = \"parcels\", rows = \"creator\", people(\"{name}\")"));
    asserts(
        &people("owner_id"),
        &people("keepers.user_id"),
        "None => false, } }",
        "people belong by a field that names a user",
    );
}

#[test]
fn a_span_is_between_days() {
    let span =
        "span(name = \"kept_on\", from = \"packed_on\", to = \"sent_on\", about = \"Only those.\",
                example = \"2026-03-01\")";
    let (source, none) =
        (saying(&format!("many = \"parcels\", {span}")), saying("many = \"parcels\""));
    for ty in ["Day", "Option<Day>"] {
        let holds = format!(
            "::core::matches!(
             <<{ty} as ::almoner_records::Slot>::Value as ::almoner_records::Value>::COLUMNS[0].holds,
             ::almoner_records::Holds::Day)"
        );
        asserts(&source, &none, &holds, "a span is from a day to a day");
    }
}

#[test]
fn a_number_is_drawn_by_a_step_that_there_is() {
    asserts(
        &with_field("counter(series = \"parcels\", step = \"send\")"),
        &with_field("counter(series = \"parcels\")"),
        "is_step(Parcel::DESCRIPTION.steps, \"send\") }",
        "there is no such step",
    );
}
