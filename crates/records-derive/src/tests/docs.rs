//! Doc comments, which stand in the contract.

use super::{PART, RECORD, WORDS, complains, written};

const MISSING: &str = "say in a doc comment what this is: it stands in the contract";
const FOR_US: &str = "a doc comment here stands in the contract: no headings and no links to code; remarks \
                      for us are `//`";

fn record(docs: &str, field_docs: &str) -> String {
    format!("{docs}\n #[record(many = \"parcels\")] struct Parcel {{ {field_docs}\n name: Line }}")
}

fn part(docs: &str, field_docs: &str) -> String {
    format!("{docs}\n struct Contact {{ {field_docs}\n name: Line }}")
}

fn words(docs: &str, word_docs: &str) -> String {
    format!("{docs}\n enum State {{ {word_docs}\n Packed }}")
}

#[test]
fn everything_is_explained() {
    for missing in ["", "///", "///   ", "// A remark.", "#[doc(hidden)]"] {
        complains(RECORD, &record(missing, "/// It."), "Parcel", MISSING);
        complains(RECORD, &record("/// It.", missing), "name", MISSING);
        complains(PART, &part(missing, "/// It."), "Contact", MISSING);
        complains(PART, &part("/// It.", missing), "name", MISSING);
        complains(WORDS, &words(missing, "/// It."), "State", MISSING);
        complains(WORDS, &words("/// It.", missing), "Packed", MISSING);
    }
}

#[test]
fn readers_of_the_contract_have_no_links_to_code() {
    for text in [
        "# Errors",
        "## More",
        "See [the other](crate::Other).",
        "See [`Other`].",
        "See [Other].",
        "[it]: https://example.org",
    ] {
        let (wrong, place) = (format!("/// {text}"), format!("#[doc = \" {text}\"]"));
        complains(RECORD, &record(&wrong, "/// It."), &place, FOR_US);
        complains(RECORD, &record("/// It.", &wrong), &place, FOR_US);
        complains(PART, &part(&wrong, "/// It."), &place, FOR_US);
        complains(PART, &part("/// It.", &wrong), &place, FOR_US);
        complains(WORDS, &words(&wrong, "/// It."), &place, FOR_US);
        complains(WORDS, &words("/// It.", &wrong), &place, FOR_US);
    }
}

#[test]
fn the_line_that_is_wrong_is_pointed_at() {
    let source = record("/// A parcel.\n /// # Errors\n /// None.", "/// It.");
    complains(RECORD, &source, "#[doc = \" # Errors\"]", FOR_US);
}

#[test]
fn lines_become_one() {
    let source =
        record("/// A parcel on its way\n /// to somebody.\n ///\n /// Or lost.", "/// It.");
    let written = written(RECORD, &source);
    assert!(written.contains("about : \"A parcel on its way to somebody. Or lost.\""), "{written}");
}
