//! What is said of words.

use super::{WORDS, complains, written};

#[test]
fn words_are_the_variants_of_an_enum() {
    let say = "words are the variants of an enum";
    for source in ["struct State { it: Line }", "struct State(Line);", "struct State;"] {
        complains(WORDS, &format!("/// It.\n {source}"), "State", say);
    }
}

#[test]
fn there_are_some() {
    complains(WORDS, "/// It.\n enum State {}", "State", "there is one word at the least");
}

#[test]
fn a_word_has_no_data() {
    for data in ["(Line)", "{ day: Line }", "()", "{}"] {
        let source = format!("/// It.\n enum State {{ /// It.\n Packed, /// It.\n Sent {data} }}");
        complains(WORDS, &source, "Sent", "a word has no data");
    }
}

#[test]
fn words_say_what_their_list_is_called_and_nothing_else() {
    let named =
        |options: &str| format!("/// It.\n #[words({options})] enum State {{ /// It.\n It }}");
    let say = "words say `name = \"…\"`: what the contract calls their list";
    complains(WORDS, &named("title = \"ParcelState\""), "title", say);
    complains(WORDS, &named("name = \"A\", name = \"B\""), "name", "`name` is said twice");
    complains(WORDS, &named("name = \"A\")] #[words(name = \"B\""), "name", "`name` is said twice");
    complains(WORDS, &named("name = \"\""), "\"\"", "an empty text says nothing");
}

#[test]
fn what_is_said_of_the_list_stands_at_the_enum() {
    let source = "/// It.\n enum State { /// It.\n #[words(name = \"Here\")]\n Packed }";
    let say = "`#[words(…)]` says nothing here: it stands at the enum";
    complains(WORDS, source, "#[words(name = \"Here\")]", say);
}

#[test]
fn words_are_the_names_of_variants_in_snake_case() {
    let source = "/// Where a parcel is.
        #[words(name = \"ParcelState\")]
        enum State {
            /// Here.
            Packed,
            /// Under way.
            OnTheWay,
        }";
    let written = written(WORDS, source);
    assert!(written.contains("& [\"packed\" , \"on_the_way\" ,]"), "{written}");
    assert!(written.contains("\"ParcelState\" , \"Where a parcel is.\""), "{written}");
    let unnamed = super::written(WORDS, "/// It.\n enum State { /// It.\n Packed }");
    assert!(unnamed.contains("\"State\" , \"It.\""), "{unnamed}");
}
