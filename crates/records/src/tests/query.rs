//! Lists: which parameters a kind offers, how they are read, and what is said of those that are wrong.

use std::collections::BTreeMap;

use almoner_kernel::{Direction, Fields};

use super::{
    fixtures::{day, terms},
    kinds::{Parcel, Shelf},
};
use crate::{
    Key, Record, Test,
    query::{MAX_VALUES, order, parameters, searched, sorts, tests},
};

/// The tests that parameters make, or `parameter code` of each that is wrong.
fn read(given: &[(&str, &str)]) -> Result<Vec<Test>, Vec<String>> {
    let given: BTreeMap<&str, &str> = given.iter().copied().collect();
    let mut fields = Fields::default();
    let get = |name: &str| given.get(name).map(|text| (*text).to_owned());
    let tests = tests(Parcel::KIND, get, &terms(), &mut fields);
    fields.finish(Some(tests)).map_err(|invalid| {
        let wrong = invalid.0.iter();
        wrong.map(|wrong| format!("{} {}", wrong.pointer, wrong.code)).collect()
    })
}

#[track_caller]
fn one(given: &[(&str, &str)]) -> Test {
    match <[Test; 1]>::try_from(read(given).unwrap()) {
        Ok([test]) => test,
        Err(tests) => panic!("{tests:?}"),
    }
}

#[test]
fn a_kind_offers_what_its_fields_say() {
    let names: Vec<String> =
        parameters(Parcel::KIND).into_iter().map(|parameter| parameter.name).collect();
    let own = ["shelf_id", "content", "worth", "currency", "worth_min", "worth_max"];
    let rest = ["packed_from", "packed_to", "is_fragile", "state", "created_by"];
    assert_eq!(names, [&["kept_on"][..], &own, &rest].concat());
    assert!(
        parameters(Shelf::KIND).is_empty(),
        "a kind of the organisation has no creator to ask for"
    );
}

#[test]
fn a_parameter_says_what_it_is_for() {
    let parameters = parameters(Parcel::KIND);
    let about = |name: &str| {
        parameters.iter().find(|parameter| parameter.name == name).unwrap().about.clone()
    };
    assert_eq!(
        about("content"),
        "Only parcels with this in them; `none` for those without one, `any` for those with one."
    );
    assert_eq!(about("state"), "Only this state.");
    assert_eq!(
        about("shelf_id"),
        "Only this shelf; `none` for those without one, `any` for those with one."
    );
    assert_eq!(about("worth_min"), "Only from this amount on, a decimal. Needs one `currency`.");
    assert_eq!(about("created_by"), "Only parcels entered by this user.");
}

#[test]
fn parameters_become_tests() {
    let id = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    assert!(
        matches!(one(&[("shelf_id", id)]), Test::Is(field, Key::Uuid(_)) if field.name == "shelf_id")
    );
    assert!(
        matches!(one(&[("shelf_id", "none")]), Test::Absent(field) if field.name == "shelf_id")
    );
    assert!(matches!(one(&[("content", "Rice")]), Test::Is(_, Key::Text(text)) if text == "Rice"));
    assert!(matches!(one(&[("is_fragile", "true")]), Test::Is(_, Key::Flag(true))));
    assert!(matches!(one(&[("state", "lost")]), Test::Is(_, Key::Text(text)) if text == "lost"));
    assert!(
        matches!(one(&[("packed_from", "2026-03-14")]), Test::From(_, Key::Day(on)) if on == day(14))
    );
    assert!(
        matches!(one(&[("packed_to", "2026-03-14")]), Test::UpTo(_, Key::Day(on)) if on == day(14))
    );
    assert!(
        matches!(one(&[("currency", "TRY")]), Test::In(_, only) if only.len() == 1 && only[0].code() == "TRY")
    );
    assert!(
        matches!(one(&[("kept_on", "2026-03-14")]), Test::On(span, on) if (span.from, on) == ("packed_on", day(14)))
    );
    assert!(matches!(one(&[("created_by", id)]), Test::CreatedBy(_)));
    let both = read(&[("currency", "JPY"), ("worth_min", "10"), ("worth_max", "20")]).unwrap();
    let [Test::In(..), Test::From(_, low), Test::UpTo(_, high)] = &both[..] else {
        panic!("{both:?}")
    };
    assert_eq!((low, high), (&Key::Int(10), &Key::Int(20)), "in the digits of the currency");
    assert!(read(&[]).unwrap().is_empty());
}

#[test]
fn several_values_stand_in_one_parameter_each_once() {
    let lost = Key::Text("lost".to_owned());
    let any_of = |text: &str| match one(&[("state", text)]) {
        Test::AnyOf(_, keys) => keys,
        Test::Is(_, key) => vec![key],
        other => panic!("{other:?}"),
    };
    assert_eq!(any_of("lost,packed,lost"), [lost.clone(), Key::Text("packed".to_owned())]);
    assert_eq!(any_of("lost,lost"), [lost]);
    let id = |n: usize| format!("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a{n:02x}");
    let ids = |many: usize| (0..many).map(id).collect::<Vec<_>>().join(",");
    for (name, many) in [("shelf_id", MAX_VALUES), ("created_by", MAX_VALUES)] {
        let count = match one(&[(name, &ids(many))]) {
            Test::AnyOf(_, keys) => keys.len(),
            Test::CreatedBy(users) => users.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(count, many, "{name}");
        let told = read(&[(name, &ids(many + 1))]).unwrap_err();
        assert_eq!(told, [format!("{name} length")]);
        let told = read(&[(name, &format!("{},none", ids(2)))]).unwrap_err();
        assert_eq!(told, [format!("{name} uuid")], "a word for itself");
    }
    assert!(matches!(one(&[("currency", "TRY,EUR")]), Test::In(_, both) if both.len() == 2));
    for wrong in ["lost,", ",lost", "lost,stolen", "lost packed", "lost, packed"] {
        assert_eq!(read(&[("state", wrong)]).unwrap_err(), ["state choice"], "{wrong}");
    }
    // An amount means nothing in two currencies; a comma is a part of a text.
    let told = read(&[("currency", "TRY,EUR"), ("worth_min", "1")]).unwrap_err();
    assert_eq!(told, ["worth_min needs_currency"]);
    assert!(
        matches!(one(&[("content", "Rice,Salt")]), Test::Is(_, Key::Text(text)) if text == "Rice,Salt")
    );
}

#[test]
fn what_may_be_absent_is_asked_for_by_two_words() {
    for name in ["shelf_id", "content"] {
        assert!(matches!(one(&[(name, "none")]), Test::Absent(field) if field.name == name));
        assert!(matches!(one(&[(name, "any")]), Test::Present(field) if field.name == name));
    }
    assert!(matches!(one(&[("worth", "none")]), Test::Absent(field) if field.name == "worth"));
    assert!(matches!(one(&[("worth", "any")]), Test::Present(field) if field.name == "worth"));
    assert_eq!(read(&[("worth", "10.00")]).unwrap_err(), ["worth choice"]);
    assert_eq!(read(&[("state", "none")]).unwrap_err(), ["state choice"]);
}

#[test]
fn wrong_parameters_are_told_all_at_once() {
    let wrong = read(&[
        ("shelf_id", "None"),
        ("content", " "),
        ("is_fragile", "yes"),
        ("state", "stolen"),
        ("packed_from", "yesterday"),
        ("packed_to", "2026-02-30"),
        ("kept_on", "1"),
        ("created_by", "me"),
        ("worth_min", "10"),
        ("worth_max", "10"),
    ]);
    let told = [
        "kept_on date",
        "shelf_id uuid",
        "content required",
        "worth_min needs_currency",
        "worth_max needs_currency",
        "packed_from date",
        "packed_to date",
        "is_fragile format",
        "state choice",
        "created_by uuid",
    ];
    assert_eq!(wrong.unwrap_err(), told);
}

#[test]
fn an_amount_is_read_in_its_currency() {
    let wrong = read(&[("currency", "XXXX"), ("worth_min", "1.234")]).unwrap_err();
    assert_eq!(wrong.len(), 1, "a currency that is wrong has its complaint: {wrong:?}");
    assert!(wrong[0].starts_with("currency "), "{wrong:?}");
    let wrong = read(&[("currency", "TRY"), ("worth_max", "1.234")]).unwrap_err();
    assert!(wrong.len() == 1 && wrong[0].starts_with("worth_max "), "{wrong:?}");
}

#[test]
fn orders() {
    assert_eq!(sorts(Parcel::KIND), ["created_at", "name", "worth", "packed_on"]);
    for name in sorts(Parcel::KIND) {
        let up = order(Parcel::KIND, name).unwrap();
        let down = order(Parcel::KIND, &format!("-{name}")).unwrap();
        assert_eq!((up.direction, down.direction), (Direction::Up, Direction::Down));
        let field = up.field.map_or("created_at", |field| field.name);
        assert_eq!((field, down.field.map_or("created_at", |field| field.name)), (name, name));
    }
    for wrong in ["state", "--name", "", "-", "Name", "id"] {
        assert_eq!(order(Parcel::KIND, wrong).unwrap_err().code, "sort", "{wrong}");
    }
    let newest_first = crate::Order::default();
    assert!(newest_first.field.is_none() && newest_first.direction == Direction::Down);
}

#[test]
fn words_to_find_are_a_line() {
    assert_eq!(searched("  rice  ").unwrap(), "rice");
    assert!(searched(" ").is_err());
    assert_eq!(searched(&"x".repeat(201)).unwrap_err().code, "too_long");
}
