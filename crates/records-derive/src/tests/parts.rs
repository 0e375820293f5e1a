//! What is said of parts.

use super::{PART, complains};

fn part(options: &str) -> String {
    format!(
        "/// Somebody to call.
         struct Contact {{
             /// Their name.
             #[field(example = \"Fatma Kaya\")]
             name: Line,
             /// Where they are called.
             #[field({options})]
             phone: PhoneNumber,
         }}"
    )
}

#[test]
fn a_part_is_a_struct_with_named_fields() {
    let say = "a part is a struct with named fields";
    for source in
        ["enum Contact { A }", "struct Contact(Line);", "struct Contact;", "struct Contact {}"]
    {
        complains(PART, &format!("/// It.\n {source}"), "Contact", say);
    }
}

#[test]
fn a_field_of_a_part_is_nothing_but_a_value() {
    let say = "a field of a part says `default` and `example` alone: what is to be found, sorted, sealed or \
               withheld belongs into a child kind";
    for more in [
        "label",
        "unique",
        "search",
        "sort",
        "lookup",
        "alike",
        "personal",
        "filter",
        "filter = \"Only these.\"",
        "output",
        "public",
        "beside",
        "part = \"/number\"",
        "right = \"see\"",
        "columns(\"phone\")",
        "counter(series = \"contacts\")",
    ] {
        let name = more.split([' ', '(']).next().unwrap();
        complains(PART, &part(more), name, say);
        complains(PART, &part(&format!("default = \"a\", example = \"b\", {more}")), name, say);
    }
}

#[test]
fn what_holds_for_fields_of_records_holds_for_those_of_parts() {
    let default = "a default is a text, `true` or `false`";
    complains(PART, &part("default = 1"), "1", default);
    let example = "an example is a text, a whole number, `true` or `false`";
    complains(PART, &part("example = 1.5"), "1.5", example);
    complains(
        PART,
        &part("example = \"a\", example = \"b\""),
        "example",
        "`example` is said twice",
    );
}

#[test]
fn the_id_of_a_part_is_given_by_the_server() {
    let source = "/// Somebody to call.\n struct Contact { /// Which one.\n id: Line }";
    complains(PART, source, "id", "every part has an `id`, which the server gives");
}
