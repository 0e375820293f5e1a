//! What a struct says as a whole, and what it is.

use super::{PART, RECORD, WORDS, complains, saying};

#[test]
fn a_record_is_a_struct_with_named_fields() {
    let say = "a record is a struct with named fields";
    for source in [
        "enum Parcel { Here }",
        "union Parcel { one: u8 }",
        "struct Parcel(Line);",
        "struct Parcel;",
        "struct Parcel {}",
    ] {
        complains(
            RECORD,
            &format!("/// It. \n #[record(many = \"parcels\")] {source}"),
            "Parcel",
            say,
        );
    }
}

#[test]
fn what_is_described_is_one_type() {
    let say = "what is described is one type: it has no generics";
    let field = "{ /// It.\n it: T }";
    for generics in ["<T>", "<'a>", "<const N: usize>"] {
        let record =
            format!("/// It.\n #[record(many = \"parcels\")] struct Parcel {generics} {field}");
        complains(RECORD, &record, generics, say);
        complains(PART, &format!("/// It.\n struct Line {generics} {field}"), generics, say);
        complains(
            WORDS,
            &format!("/// It.\n enum State {generics} {{ /// It.\n It }}"),
            generics,
            say,
        );
    }
}

#[test]
fn a_record_says_what_many_of_it_are_called() {
    let say =
        "say `#[record(many = \"…\")]`: the plural noun of its address, table and permissions";
    complains(RECORD, &saying(""), "Parcel", say);
    complains(RECORD, "/// It.\n struct Parcel { /// It.\n it: Line }", "Parcel", say);
}

#[test]
fn that_is_a_name_for_tables_and_addresses() {
    let say = "this names tables and addresses: it is in lower snake_case";
    for many in
        ["\"Parcels\"", "\"high-shelves\"", "\"high shelves\"", "\"_parcels\"", "\"päckchen\""]
    {
        complains(RECORD, &saying(&format!("many = {many}")), many, say);
    }
}

#[test]
fn what_nobody_knows_is_pointed_at() {
    let say =
        "a record says `many`, `rows`, `parent`, `people(…)`, `subject`, `steps` or `span(…)`";
    for unknown in ["plural", "label", "many::few"] {
        let source = saying(&format!("many = \"parcels\", {unknown} = \"parcels\""));
        complains(RECORD, &source, unknown, say);
    }
}

#[test]
fn everything_is_said_once() {
    for twice in ["many", "rows", "parent", "people", "subject", "steps"] {
        let said = match twice {
            "rows" => "rows = \"all\"".to_owned(),
            "people" => "people(\"owner_id\")".to_owned(),
            _ => format!("{twice} = \"name\""),
        };
        let say = format!("`{twice}` is said twice");
        complains(RECORD, &saying(&format!("{said}, {said}")), twice, &say);
        complains(RECORD, &saying(&format!("{said})] #[record({said}")), twice, &say);
    }
}

#[test]
fn no_text_is_empty() {
    for name in ["many", "parent", "subject", "rows"] {
        for empty in ["\"\"", "\" \""] {
            let source = saying(&format!("{name} = {empty}"));
            complains(RECORD, &source, empty, "an empty text says nothing");
        }
    }
}

#[test]
fn rows_are_of_everybody_or_of_their_creator() {
    for rows in ["\"own\"", "\"Creator\""] {
        let source = saying(&format!("many = \"parcels\", rows = {rows}"));
        complains(RECORD, &source, rows, "rows are \"all\" or \"creator\"");
    }
}

#[test]
fn children_are_met_with_their_parent() {
    let say = "whoever meets the parent meets its children: a child says no `rows`";
    for rows in ["all", "creator"] {
        let rows = format!("rows = \"{rows}\"");
        for options in
            [format!("parent = \"owner_id\", {rows}"), format!("{rows}, parent = \"owner_id\"")]
        {
            complains(RECORD, &saying(&format!("many = \"parcels\", {options}")), "rows", say);
        }
    }
}

#[test]
fn parent_and_subject_are_fields_of_the_record() {
    for name in ["parent", "subject"] {
        let source = saying(&format!("many = \"parcels\", {name} = \"shelf_id\""));
        complains(RECORD, &source, "\"shelf_id\"", "there is no such field");
    }
}

#[test]
fn people_belong_by_fields_of_records_that_not_everybody_meets() {
    let people =
        |names: &str| saying(&format!("many = \"parcels\", rows = \"creator\", people({names})"));
    complains(RECORD, &people("\"keeper_id\""), "\"keeper_id\"", "there is no such field");
    for wrong in
        ["\"keepers.\"", "\".user_id\"", "\"keepers.user_id.name\"", "\"keepers. user_id\""]
    {
        complains(RECORD, &people(wrong), wrong, "a field of a child is `<children>.<field>`");
    }
    for twice in ["\"owner_id\"", "\"keepers.user_id\""] {
        complains(RECORD, &people(&format!("{twice}, {twice}")), twice, "this is said twice");
    }
    for nothing in ["people", "people()", "people = \"owner_id\""] {
        let say = "`people(…)` names the fields by which people belong";
        complains(RECORD, &saying(&format!("many = \"parcels\", {nothing}")), "people", say);
    }
    let say = "everybody meets these records: say `rows = \"creator\"`";
    for rows in ["", "rows = \"all\","] {
        let source = saying(&format!("many = \"parcels\", {rows} people(\"owner_id\")"));
        complains(RECORD, &source, "\"owner_id\"", say);
    }
    let say = "whoever belongs to the parent belongs to its children: a child says no `people(…)`";
    let source = saying("many = \"parcels\", parent = \"owner_id\", people(\"owner_id\")");
    complains(RECORD, &source, "\"owner_id\"", say);
}

#[test]
fn whoever_enters_a_child_names_its_parent() {
    let say = "whoever enters a child names its parent: that field is no `output`";
    complains(RECORD, &saying("many = \"parcels\", parent = \"sent_on\""), "\"sent_on\"", say);
}

#[test]
fn personal_fields_are_about_somebody() {
    let say = "this is `personal`: say of the record whom it is about, `subject = \"self\"` or the field \
               that names them";
    let source = "/// A parcel.
        #[record(many = \"parcels\")]
        struct Parcel {
            /// What stands on it.
            name: Line,
            /// What staff should know.
            #[field(search, personal)]
            notes: Line,
        }";
    complains(RECORD, source, "personal", say);
}

#[test]
fn what_the_record_depends_on_is_for_everybody() {
    let say = "the parent, the subject and the days of a span have no right of their own";
    let span = "span(name = \"a\", from = \"it\", to = \"it\", about = \"a\", example = \"a\")";
    for options in ["parent = \"it\"", "subject = \"it\"", span] {
        let source = format!(
            "/// It.
             #[record(many = \"parcels\", {options})]
             struct Parcel {{ /// It.
                 #[field(right = \"see\")]
                 it: Option<Ref> }}"
        );
        complains(RECORD, &source, "\"see\"", say);
    }
}

#[test]
fn a_record_is_called_by_one_field() {
    let source = "/// A parcel.
        #[record(many = \"parcels\")]
        struct Parcel {
            /// What stands on it.
            #[field(label)]
            name: Line,
            /// What is in it.
            #[field(label)]
            content: Line,
        }";
    complains(RECORD, source, "label", "another field is the `label` already");
}

#[test]
fn no_field_has_a_name_of_the_house() {
    let say = "every record has this already, beside its fields";
    for name in ["id", "version", "created_by", "created_at", "updated_at", "deleted_at"]
        .into_iter()
        .chain(["deleted", "possible_duplicates", "search", "seq"])
    {
        let source = format!(
            "/// It.\n #[record(many = \"parcels\")] struct Parcel {{ /// It.\n {name}: Line }}"
        );
        complains(RECORD, &source, name, say);
    }
}

#[test]
fn what_is_said_of_a_field_stands_at_a_field() {
    let say = "`#[field(…)]` says nothing here: it stands at a field";
    let place = "#[field(label)]";
    let body = "struct Parcel { /// It.\n it: Line }";
    let record = format!("/// It.\n #[record(many = \"parcels\")] #[field(label)] {body}");
    complains(RECORD, &record, place, say);
    complains(PART, &format!("/// It.\n #[field(label)] {body}"), place, say);
}

#[test]
fn a_right_is_told_by_nothing_else() {
    let taken = "that a value is taken tells of it: what is `unique` has no right of its own";
    let whole = "this permission is one to records as a whole: a right has a verb of its own";
    let met = "whoever meets the record by this field learns it: it has no right of its own";
    let people = "rows = \"creator\", people(\"it\")";
    for (options, says, right, say) in [
        ("rows = \"all\"", "unique, ", "see", taken),
        ("rows = \"all\"", "", "read", whole),
        ("rows = \"all\"", "", "purge", whole),
        (people, "", "see", met),
    ] {
        let source = format!(
            "/// It.
             #[record(many = \"parcels\", {options})]
             struct Parcel {{ /// It.
                 #[field({says}right = \"{right}\")]
                 it: Option<Ref> }}"
        );
        complains(RECORD, &source, &format!("\"{right}\""), say);
    }
}
