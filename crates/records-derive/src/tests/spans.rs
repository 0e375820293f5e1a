//! What is said of spans.

use super::{RECORD, complains, saying};

const HAS: &str = "a span has `name`, `from`, `to`, `about` and `example`";

/// The parts of a span that is as it should be.
const PARTS: [&str; 5] = [
    "name = \"kept_on\"",
    "from = \"packed_on\"",
    "to = \"sent_on\"",
    "about = \"Only parcels that lie here on this day.\"",
    "example = \"2026-03-01\"",
];

fn span(parts: &[&str]) -> String {
    saying(&format!("many = \"parcels\", span({})", parts.join(", ")))
}

/// The same with another part.
fn with(part: &str) -> String {
    let name = part.split(' ').next().unwrap();
    span(&PARTS.map(|known| if known.starts_with(name) { part } else { known }))
}

#[test]
fn a_span_is_said_in_full() {
    for missing in 0..PARTS.len() {
        let parts: Vec<&str> = PARTS
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at != missing)
            .map(|(_, part)| part)
            .collect();
        complains(RECORD, &span(&parts), "span", HAS);
    }
    for nothing in ["span", "span()", "span = \"kept_on\""] {
        complains(RECORD, &saying(&format!("many = \"parcels\", {nothing}")), "span", HAS);
    }
}

#[test]
fn a_span_says_nothing_else() {
    let [name, from, to, about, example] = PARTS;
    complains(
        RECORD,
        &span(&[name, from, to, about, example, "until = \"sent_on\""]),
        "until",
        HAS,
    );
    for (part, name) in PARTS.into_iter().zip(["name", "from", "to", "about", "example"]) {
        let say = format!("`{name}` is said twice");
        complains(RECORD, &span(&[part, part]), name, &say);
    }
}

#[test]
fn a_span_is_between_fields_of_the_record() {
    for wrong in ["from = \"arrived_on\"", "to = \"arrived_on\""] {
        complains(RECORD, &with(wrong), "\"arrived_on\"", "there is no such field");
    }
}

#[test]
fn the_texts_of_a_span_say_something() {
    for name in ["name", "from", "to", "about", "example"] {
        let source = with(&format!("{name} = \"\""));
        complains(RECORD, &source, "\"\"", "an empty text says nothing");
    }
}

#[test]
fn a_span_is_a_parameter() {
    let say = "this names tables and addresses: it is in lower snake_case";
    complains(RECORD, &with("name = \"kept on\""), "\"kept on\"", say);
}

#[test]
fn no_two_spans_have_the_same_name() {
    let parts = PARTS.join(", ");
    let source = saying(&format!("many = \"parcels\", span({parts}), span({parts})"));
    complains(RECORD, &source, "\"kept_on\"", "there is a span of this name already");
}
