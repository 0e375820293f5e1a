//! From bodies to use cases: permission first, then every complaint about the body at once.

use almoner_kernel::{Fault, FieldError, Fields, Permission, words};

use super::{
    fixtures::*,
    kinds::{Parcel, STEPS},
    mocks::{MockRepository, MockUnit},
};
use crate::{Body, Kept, Plain, Record, RecordError, Records, Served, served::AnyRecord};

fn text(text: &str) -> Plain {
    Plain::Text(text.to_owned())
}

fn body<const N: usize>(fields: [(&str, Plain); N]) -> Body {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Use cases that touch no port.
fn untouched() -> Records<Parcel> {
    over(MockRepository::new())
}

/// A body with something wrong in every place, and complaints that were made before it was read.
fn all_wrong() -> (Body, Fields) {
    let fields = body([
        ("name", text(" ")),
        ("packed_on", text("2026-3-1")),
        ("worth", Plain::Object(body([("amount", text("1.234")), ("currency", text("TRY"))]))),
        ("is_fragile", text("yes")),
        ("state", text("lost")),
        ("a/b~c", Plain::Null),
    ]);
    let before = FieldError::new("/content", "nul", words::is_required());
    (fields, Fields::with(vec![before]))
}

const WRONG: [&str; 7] = [
    "/content nul",
    "/name required",
    "/worth/amount decimals",
    "/packed_on date",
    "/is_fragile type",
    "/a~1b~0c unknown_field",
    "/state unknown_field",
];

fn wrong(outcome: Result<AnyRecord, RecordError>) -> Vec<String> {
    match outcome {
        Ok(_) => panic!("done"),
        Err(error) => wrong_fields(&error),
    }
}

/// The codes differ from value to value: what counts is where they point.
fn pointers(wrong: &[String]) -> Vec<&str> {
    wrong.iter().map(|wrong| wrong.split(' ').next().unwrap()).collect()
}

#[tokio::test]
async fn everything_wrong_with_a_body_is_told_at_once() {
    let ((created, before), (changed, again)) = (all_wrong(), all_wrong());
    let parcels = untouched();
    let told = wrong(Served::create(&parcels, &admin(), created, before).await);
    assert_eq!(pointers(&told), pointers(&WRONG.map(str::to_owned)), "{told:?}");
    let id = PARCEL.uuid();
    let told = wrong(Served::update(&parcels, &admin(), id, CURRENT, changed, again).await);
    assert_eq!(pointers(&told), pointers(&WRONG.map(str::to_owned)), "{told:?}");
}

#[tokio::test]
async fn without_the_permission_nothing_is_said_about_the_body() {
    let (parcels, cx, id) = (untouched(), may_only(Permission::USERS_READ), PARCEL.uuid());
    let wrong = || all_wrong();
    let [(a, af), (b, bf), (c, cf), (d, df)] = [wrong(), wrong(), wrong(), wrong()];
    let outcomes = [
        Served::create(&parcels, &cx, a, af).await.map(drop),
        Served::update(&parcels, &cx, id, CURRENT, b, bf).await.map(drop),
        Served::lookup(&parcels, &cx, c, cf).await.map(drop),
        Served::step(&parcels, &cx, id, &STEPS[1], None, d, df).await.map(drop),
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!((error.code(), error.fields().len()), ("forbidden", 0));
    }
}

#[tokio::test]
async fn a_required_field_is_missed_and_cannot_be_emptied() {
    let parcels = untouched();
    let none = Body::new();
    let told = wrong(Served::create(&parcels, &admin(), none, Fields::default()).await);
    assert_eq!(told, ["/name required", "/packed_on required"]);
    let empty = body([("name", Plain::Null), ("is_fragile", Plain::Null)]);
    let fields = Fields::default();
    let outcome = Served::update(&parcels, &admin(), PARCEL.uuid(), CURRENT, empty, fields).await;
    assert_eq!(wrong(outcome), ["/name required", "/is_fragile required"]);
}

#[tokio::test]
async fn what_is_not_said_is_absent_or_its_default() {
    let mut unit = MockUnit::<Parcel>::new();
    unit.expect_insert()
        .once()
        .withf(|made: &Kept<Parcel>| {
            made.shelf_id.is_none() && !made.is_fragile && made.state.as_str() == "packed"
        })
        .returning(|_| Ok(()));
    unit.commits();
    let least = body([("name", text("Winter")), ("packed_on", text("2026-03-14"))]);
    let made = Served::create(&with(unit), &admin(), least, Fields::default()).await;
    assert_eq!(made.unwrap_or_else(|error| panic!("{error}")).kind().one, "parcel");
}

#[tokio::test]
async fn a_step_takes_its_reason_and_its_fields_and_nothing_else() {
    let parcels = untouched();
    let [send, lose, put] = [0, 1, 2].map(|at: usize| &STEPS[at]);
    let long = "x".repeat(501);
    let sent = [
        (send, body([("reason", text("why"))]), vec!["/reason unknown_field"]),
        (lose, Body::new(), vec!["/reason required"]),
        (lose, body([("reason", Plain::Null)]), vec!["/reason required"]),
        (lose, body([("reason", Plain::Whole(1))]), vec!["/reason type"]),
        (lose, body([("reason", text(&long))]), vec!["/reason too_long"]),
        (lose, body([("reason", text("x")), ("worth", Plain::Null)]), vec!["/worth unknown_field"]),
        (
            put,
            body([("shelf_id", text("x")), ("name", text("x"))]),
            vec!["/shelf_id uuid", "/name unknown_field"],
        ),
    ];
    for (step, body, expected) in sent {
        let (id, fields) = (PARCEL.uuid(), Fields::default());
        let outcome = Served::step(&parcels, &admin(), id, step, None, body, fields).await;
        assert_eq!(wrong(outcome), expected, "{}", step.name);
    }
}

#[tokio::test]
async fn a_lookup_is_by_exactly_one_field() {
    let parcels = untouched();
    let number = || {
        let fields = [("kind", text("tr_national_id")), ("number", text(NUMBER))];
        Plain::Object(body(fields))
    };
    let sent = [
        (Body::new(), vec![" one_of"]),
        (body([("content", text("Rice")), ("identity", number())]), vec![" one_of"]),
        (body([("name", text("Winter"))]), vec!["/name unknown_field"]),
        (body([("content", Plain::Whole(1))]), vec!["/content type"]),
        (
            body([("identity", Plain::Object(Body::new()))]),
            vec!["/identity/kind required", "/identity/number required"],
        ),
    ];
    for (body, expected) in sent {
        let outcome = Served::lookup(&parcels, &admin(), body, Fields::default()).await;
        let error = outcome.map(drop).unwrap_err();
        assert_eq!(wrong_fields(&error), expected);
    }
    let mut repository = MockRepository::<Parcel>::new();
    repository
        .expect_lookup()
        .once()
        .withf(|field, key, _, _| {
            let crate::Key::Secret(register, number) = key else { return false };
            (field.name, register.as_str(), number.as_str())
                == ("identity", "tr_national_id", NUMBER)
        })
        .returning(|_, _, _, _| Ok(vec![a_parcel()]));
    let by = body([("identity", number())]);
    let found = Served::lookup(&over(repository), &admin(), by, Fields::default()).await;
    assert_eq!(found.map(|found| found.len()).unwrap_or_default(), 1);
}

#[tokio::test]
async fn unknown_fields_are_told_in_bounds() {
    let many = (0..60).map(|n| (format!("{n:02}{}", "x".repeat(200)), Plain::Null)).collect();
    let fields = Fields::default();
    let id = PARCEL.uuid();
    let outcome = Served::update(&untouched(), &admin(), id, CURRENT, many, fields).await;
    let told = wrong(outcome);
    assert_eq!(told.len(), 50);
    assert!(told.iter().all(|wrong| wrong.len() == 1 + 100 + " unknown_field".len()));
}

#[test]
fn a_change_knows_what_it_gives() {
    let terms = terms();
    let mut sent = body([("name", text("Summer")), ("content", Plain::Null)]);
    let patch = Parcel::change(&mut sent, &terms, &mut Fields::default());
    assert!(Parcel::gives(&patch, "name"));
    for not_given in ["content", "worth", "state", "nothing"] {
        assert!(!Parcel::gives(&patch, not_given), "{not_given}");
    }
}
