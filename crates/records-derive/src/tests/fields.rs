//! What is said of a field.

use super::{RECORD, complains, with_field};

#[test]
fn what_nobody_knows_is_pointed_at() {
    let say = "a field says `label`, `unique`, `search`, `sort`, `lookup`, `alike`, `personal`, `right`, \
               `filter`, `group`, `sum`, `output`, `public`, `beside`, `part`, `default`, `columns(…)`, \
               `counter(…)` or `example = …`";
    for unknown in ["labels", "many", "field::label"] {
        complains(RECORD, &with_field(unknown), unknown, say);
    }
}

#[test]
fn everything_is_said_once() {
    let flags = ["label", "unique", "search", "sort", "lookup", "alike", "personal", "filter"];
    for flag in flags.into_iter().chain(["output", "public", "beside", "group", "sum"]) {
        let say = format!("`{flag}` is said twice");
        complains(RECORD, &with_field(&format!("{flag}, {flag}")), flag, &say);
        complains(RECORD, &with_field(&format!("{flag})] #[field({flag}")), flag, &say);
    }
    for (name, said) in [
        ("filter", "filter = \"Only these.\""),
        ("right", "right = \"see\""),
        ("part", "part = \"/number\""),
        ("default", "default = true"),
        ("example", "example = 1"),
        ("columns", "columns(\"amount\")"),
        ("counter", "counter(series = \"parcels\")"),
    ] {
        let say = format!("`{name}` is said twice");
        complains(RECORD, &with_field(&format!("{said}, {said}")), name, &say);
    }
}

#[test]
fn no_text_is_empty() {
    for said in ["filter", "right", "part"] {
        let source = with_field(&format!("{said} = \"\""));
        complains(RECORD, &source, "\"\"", "an empty text says nothing");
    }
}

#[test]
fn an_example_is_something_that_is_sent() {
    let say = "an example is a text, a whole number, `true` or `false`";
    for wrong in ["1.5", "'a'", "b\"a\"", "b'a'", "c\"a\""] {
        complains(RECORD, &with_field(&format!("example = {wrong}")), wrong, say);
    }
}

#[test]
fn a_default_is_a_text_or_a_flag() {
    let say = "a default is a text, `true` or `false`";
    for wrong in ["1", "-1", "1.5", "'a'"] {
        complains(RECORD, &with_field(&format!("default = {wrong}")), wrong, say);
    }
}

#[test]
fn a_part_is_a_place_in_the_value() {
    let say = "a `part` points into the value: it begins with `/`";
    complains(RECORD, &with_field("part = \"number\""), "\"number\"", say);
}

#[test]
fn columns_have_names() {
    let say = "`columns(…)` names every column of the value";
    for without in ["columns", "columns()", "columns = \"amount\""] {
        complains(RECORD, &with_field(without), "columns", say);
    }
    let say = "this names tables and addresses: it is in lower snake_case";
    complains(RECORD, &with_field("columns(\"amount\", \"Currency\")"), "\"Currency\"", say);
    complains(RECORD, &with_field("columns(\"\")"), "\"\"", say);
}

#[test]
fn a_counter_has_a_series() {
    let say = "a counter has a `series`";
    for without in [
        "counter",
        "counter()",
        "counter = \"parcels\"",
        "counter(yearly)",
        "counter(step = \"send\")",
    ] {
        complains(RECORD, &with_field(without), "counter", say);
    }
}

#[test]
fn a_counter_says_nothing_else() {
    let say = "a counter has a `series`, and may have `yearly` and `step`";
    complains(RECORD, &with_field("counter(monthly)"), "monthly", say);
    for (name, said) in
        [("series", "series = \"parcels\""), ("step", "step = \"send\""), ("yearly", "yearly")]
    {
        let source = with_field(&format!("counter({said}, {said})"));
        complains(RECORD, &source, name, &format!("`{name}` is said twice"));
    }
    for name in ["series", "step"] {
        let source = with_field(&format!("counter({name} = \"\")"));
        complains(RECORD, &source, "\"\"", "an empty text says nothing");
    }
}

#[test]
fn a_step_that_draws_a_number_is_one_of_the_record() {
    let source = "/// A parcel.
        #[record(many = \"parcels\")]
        struct Parcel {
            /// Its number.
            #[field(counter(series = \"parcels\", step = \"send\"))]
            number: Option<Serial>,
        }";
    complains(RECORD, source, "\"send\"", "the record has no `steps`");
}

#[test]
fn nothing_is_said_that_something_else_makes_meaningless() {
    let twin = "of what is `unique` there is no second one: nothing is `alike` by it";
    complains(RECORD, &with_field("alike, unique"), "alike", twin);
    complains(RECORD, &with_field("unique, lookup, alike"), "alike", twin);
    let looked_up = "records are `alike` by what they are looked up by: `lookup` says it already";
    complains(RECORD, &with_field("lookup, alike"), "alike", looked_up);
    let drawn = "a number with a `default` would never be drawn";
    let counter = "counter(series = \"parcels\")";
    complains(RECORD, &with_field(&format!("{counter}, default = \"1\"")), "default", drawn);
    let sent = "nobody sends a number that is drawn: `counter` says it already";
    complains(RECORD, &with_field(&format!("output, {counter}")), "output", sent);
}

#[test]
fn what_is_said_of_the_record_stands_at_the_struct() {
    let source = "/// A parcel.
        #[record(many = \"parcels\")]
        struct Parcel {
            /// Whose it is.
            #[record(subject = \"self\")]
            owner_id: Ref,
        }";
    let say = "`#[record(…)]` says nothing here: it stands at the struct";
    complains(RECORD, source, "#[record(subject = \"self\")]", say);
}

#[test]
fn a_field_has_a_name() {
    let field = syn::parse::Parser::parse_str(syn::Field::parse_unnamed, "Line").unwrap();
    let error = crate::field::described(&field, "parcels").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "a field has a name");
}
