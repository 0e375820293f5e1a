//! Types of values: what is understood, what is wrong with the rest and where, and that every value
//! comes back from its columns as it was.

use std::{borrow::Cow, collections::VecDeque, fmt::Debug};

use almoner_kernel::{
    EmailAddress, FieldValue, Fields, IdentityNumber, Locale, Money, PersonName, PhoneNumber,
    StoreError, Timestamp,
};
use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    fixtures::{liras, national_id, terms},
    kinds::{Shelf, State},
};
use crate::{Body, Cells, Columns, Holds, Key, Line, Plain, Ref, Sealed, Show, Shown, Text, Value};

/// A cell of a row that stands in memory.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Text(String),
    Int(i64),
    Flag(bool),
    Day(NaiveDate),
    Uuid(Uuid),
    Json(Plain),
    Bytes,
    Kept,
}

impl Cell {
    fn holds(&self) -> Option<Holds> {
        Some(match self {
            Self::Text(_) => Holds::Text,
            Self::Int(_) => Holds::Int,
            Self::Flag(_) => Holds::Flag,
            Self::Day(_) => Holds::Day,
            Self::Uuid(_) => Holds::Uuid,
            Self::Bytes => Holds::Bytes,
            Self::Json(_) => Holds::Json,
            Self::Kept => return None,
        })
    }
}

#[derive(Default)]
struct Row(VecDeque<Option<Cell>>);

impl Cells for Row {
    fn text(&mut self, value: Cow<'_, str>) {
        self.0.push_back(Some(Cell::Text(value.into_owned())));
    }
    fn int(&mut self, value: i64) {
        self.0.push_back(Some(Cell::Int(value)));
    }
    fn flag(&mut self, value: bool) {
        self.0.push_back(Some(Cell::Flag(value)));
    }
    fn day(&mut self, value: NaiveDate) {
        self.0.push_back(Some(Cell::Day(value)));
    }
    fn uuid(&mut self, value: Uuid) {
        self.0.push_back(Some(Cell::Uuid(value)));
    }
    fn json(&mut self, value: Plain) {
        self.0.push_back(Some(Cell::Json(value)));
    }
    fn collated(&mut self, name: &str) {
        self.0.push_back(Some(Cell::Text(name.to_owned())));
    }
    fn secret(&mut self, _: &'static str, _: &str) {
        self.0.extend([Some(Cell::Bytes), Some(Cell::Bytes)]);
    }
    fn keep(&mut self, columns: usize) {
        self.0.extend(std::iter::repeat_n(Some(Cell::Kept), columns));
    }
}

/// Reads the next cell, which holds this or is absent.
macro_rules! next {
    ($row:expr, $cell:ident) => {
        match $row.0.pop_front() {
            Some(Some(Cell::$cell(value))) => Ok(Some(value)),
            Some(None) => Ok(None),
            other => Err(StoreError::Damaged(format!("{other:?}"))),
        }
    };
}

impl Columns for Row {
    fn text(&mut self) -> Result<Option<String>, StoreError> {
        next!(self, Text)
    }
    fn int(&mut self) -> Result<Option<i64>, StoreError> {
        next!(self, Int)
    }
    fn flag(&mut self) -> Result<Option<bool>, StoreError> {
        next!(self, Flag)
    }
    fn day(&mut self) -> Result<Option<NaiveDate>, StoreError> {
        next!(self, Day)
    }
    fn uuid(&mut self) -> Result<Option<Uuid>, StoreError> {
        next!(self, Uuid)
    }
    fn json(&mut self) -> Result<Option<Plain>, StoreError> {
        next!(self, Json)
    }
}

fn text(text: &str) -> Plain {
    Plain::Text(text.to_owned())
}

fn object(fields: &[(&str, &str)]) -> Plain {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
    Plain::Object(fields.collect::<Body>())
}

fn parse<V: Value>(plain: Plain) -> Result<V, Vec<String>> {
    let mut fields = Fields::default();
    let value = V::parse(plain, "/it", &terms(), &mut fields);
    fields.finish(value).map_err(|invalid| {
        let wrong = invalid.0.iter();
        wrong.map(|wrong| format!("{} {}", wrong.pointer, wrong.code)).collect()
    })
}

#[track_caller]
fn refused<V: Value>(wrong: &[(Plain, &str)]) {
    for (plain, expected) in wrong {
        let told = parse::<V>(plain.clone()).expect_err(&format!("{plain:?}")).join(", ");
        assert_eq!(told, *expected, "{plain:?}");
    }
    let not_text = [Plain::Whole(1), Plain::List(Vec::new()), Plain::Number("1.5".to_owned())];
    for plain in not_text {
        assert_eq!(parse::<V>(plain).expect_err("a number or a list"), ["/it type"]);
    }
}

/// The columns have the types that the description says, those that are read come back as the value,
/// and a row without it has none.
#[track_caller]
fn comes_back<V: Value>(value: &V) -> V {
    let mut row = Row::default();
    value.cells(&mut row);
    assert_eq!(row.0.len(), V::COLUMNS.len(), "{value:?}");
    for (cell, column) in row.0.iter().zip(V::COLUMNS) {
        assert_eq!(cell.as_ref().unwrap().holds(), Some(column.holds), "{column:?}");
    }
    let read = row.0.into_iter().zip(V::COLUMNS).filter(|(_, column)| column.is_read);
    let mut row = Row(read.map(|(cell, _)| cell).collect());
    let back = V::read(&mut row).unwrap().unwrap();
    assert!(row.0.is_empty(), "columns that are read are left over");
    assert!(V::read(&mut nothing::<V>()).unwrap().is_none());
    assert_eq!(value.show(), back.show());
    assert_eq!(value.recorded(), back.recorded());
    back
}

fn nothing<V: Value>() -> Row {
    Row(V::COLUMNS.iter().filter(|column| column.is_read).map(|_| None).collect())
}

#[track_caller]
fn damaged<V: Value>(cells: Vec<Cell>) {
    let read = V::read(&mut Row(cells.into_iter().map(Some).collect()));
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}

/// What is compared and sorted by stands in the columns that the type says.
#[track_caller]
fn is_keyed_by_a_column<V: Value>() {
    for suffix in [V::KEY, V::SORT.unwrap_or_default()] {
        let stands = V::COLUMNS.iter().any(|column| column.suffix == suffix);
        assert!(stands || suffix.is_empty(), "{suffix}");
    }
}

#[test]
fn keys_stand_in_columns() {
    is_keyed_by_a_column::<PersonName>();
    is_keyed_by_a_column::<EmailAddress>();
    is_keyed_by_a_column::<PhoneNumber>();
    is_keyed_by_a_column::<Locale>();
    is_keyed_by_a_column::<Money>();
    is_keyed_by_a_column::<Sealed<IdentityNumber>>();
    is_keyed_by_a_column::<Line<20>>();
    is_keyed_by_a_column::<State>();
}

#[test]
fn lines_and_texts() {
    let line: Line<10> = parse(text("  Rice ")).unwrap();
    assert_eq!((line.as_str(), comes_back(&line)), ("Rice", line.clone()));
    assert_eq!(line.key(), Some(Key::Text("Rice".to_owned())));
    refused::<Line<5>>(&[
        (text(" "), "/it required"),
        (text("Rice and more"), "/it too_long"),
        (text("a\nb"), "/it control_character"),
    ]);
    let note: Text<5> = parse(text("a\nb")).unwrap();
    assert_eq!((note.as_str(), comes_back(&note)), ("a\nb", note.clone()));
    refused::<Text<5>>(&[(text("\t"), "/it required"), (text("123456"), "/it too_long")]);
    // What people write about people does not belong in a log.
    assert_eq!(format!("{line:?} {note:?}"), "*** ***");
    damaged::<Line<5>>(vec![Cell::Int(1)]);
}

#[test]
fn names_are_found_folded_and_sorted_as_the_language_has_it() {
    let it: PersonName = parse(text("Ayşe IŞIK")).unwrap();
    assert_eq!(comes_back(&it), it);
    assert_eq!(it.key(), Some(Key::Text("ayse isik".to_owned())));
    assert_eq!(it.sort_key(), None);
    assert_eq!(it.searched().as_deref(), Some("ayse isik ayseisik"));
    let long = "x".repeat(PersonName::MAX_CHARS + 1);
    refused::<PersonName>(&[(text(""), "/it required"), (text(&long), "/it too_long")]);
}

#[test]
fn names_and_lines_are_unique_but_for_their_case() {
    let key = |it: &dyn Show| it.unique().unwrap();
    let name = |it: &str| parse::<PersonName>(text(it)).unwrap();
    assert_eq!(key(&name("Aşı Fonu")), key(&name("AŞI  FONU")));
    assert_ne!(key(&name("Aşı")), key(&name("Asi")));
    let line = |it: &str| parse::<Line<20>>(text(it)).unwrap();
    assert_eq!(key(&line("Fon %10")), key(&line("FON %10")));
    assert_ne!(key(&line("Fon %10")), key(&line("Fon 10")));
    // Whatever else is unique is so by what it is compared by.
    let address: EmailAddress = parse(text("Ayse@Example.org")).unwrap();
    assert_eq!(address.unique(), Show::key(&address));
}

#[test]
fn addresses_numbers_and_languages() {
    let it: EmailAddress = parse(text("Ayse@Example.org")).unwrap();
    assert_eq!(comes_back(&it), it);
    let same = parse::<EmailAddress>(text("ayse@example.ORG")).unwrap();
    assert_eq!(Show::key(&it), Show::key(&same), "capitals do not make another address");
    refused::<EmailAddress>(&[(text("ayse"), "/it email")]);
    let it: PhoneNumber = parse(text("0532 123 45 67")).unwrap();
    assert_eq!((it.show(), comes_back(&it)), (Shown::text("+905321234567"), it.clone()));
    assert_eq!(it.searched().as_deref(), Some("905321234567 5321234567 05321234567 1234567 4567"));
    let long = "0".repeat(65);
    refused::<PhoneNumber>(&[(text("12"), "/it phone"), (text(&long), "/it too_long")]);
    let it: Locale = parse(text("tr")).unwrap();
    assert_eq!(comes_back(&it), it);
    refused::<Locale>(&[(text("not a language"), "/it locale")]);
}

#[test]
fn flags() {
    for flag in [true, false] {
        assert_eq!(comes_back(&parse::<bool>(Plain::Flag(flag)).unwrap()), flag);
        assert_eq!(flag.recorded(), FieldValue::Bool(flag));
    }
    refused::<bool>(&[(text("true"), "/it type"), (Plain::Null, "/it type")]);
}

#[test]
fn days_are_written_in_one_way() {
    let it: NaiveDate = parse(text("2024-02-29")).unwrap();
    assert_eq!(comes_back(&it), it);
    for wrong in ["2026-02-29", "2026-2-1", " 2026-02-01", "+2026-02-01", "20260201", ""] {
        refused::<NaiveDate>(&[(text(wrong), "/it date")]);
    }
    // Written back they are the same, and ten characters they are not.
    for wrong in ["+12345-06-07", "-0001-01-01", "0000-01-01"] {
        refused::<NaiveDate>(&[(text(wrong), "/it date")]);
    }
}

#[test]
fn instants_are_kept_to_the_millisecond_in_utc() {
    let it: Timestamp = parse(text("2026-03-14T15:00:00.1239+03:00")).unwrap();
    let shown = Shown::Text("2026-03-14T12:00:00.123Z".into());
    assert_eq!((it.show(), comes_back(&it)), (shown, it));
    refused::<Timestamp>(&[
        (text("2026-03-14"), "/it instant"),
        (text("2026-03-14T15:00:00"), "/it instant"),
        (text("0001-01-01T00:00:00+01:00"), "/it instant"),
        (text("9999-12-31T23:59:59-01:00"), "/it instant"),
    ]);
    damaged::<Timestamp>(vec![Cell::Int(i64::MAX)]);
}

#[test]
fn money_is_counted_in_its_own_minor_digits() {
    for (amount, code, shown) in [
        ("12.50", "TRY", "12.50"),
        ("7", "TRY", "7.00"),
        ("12", "JPY", "12"),
        ("0.001", "KWD", "0.001"),
    ] {
        let it: Money = parse(object(&[("amount", amount), ("currency", code)])).unwrap();
        assert_eq!(comes_back(&it), it);
        let expected = vec![("amount", Shown::text(shown)), ("currency", Shown::text(code))];
        assert_eq!(it.show(), Shown::Object(expected));
    }
    assert_eq!(liras("12.50").recorded(), FieldValue::Text("12.50 TRY".to_owned()));
    let sent = |amount: &str, code: &str| object(&[("amount", amount), ("currency", code)]);
    let cases = [
        (text("12.50 TRY"), vec!["/it type"]),
        (object(&[]), vec!["/it/currency required", "/it/amount required"]),
        (sent("1", "TRYX"), vec!["/it/currency currency"]),
        (sent("1", "try"), vec!["/it/currency currency"]),
        (object(&[("amount", "1"), ("currency", "TRY"), ("x", "")]), vec!["/it/x unknown_field"]),
    ];
    for (plain, expected) in cases {
        assert_eq!(parse::<Money>(plain.clone()).unwrap_err(), expected, "{plain:?}");
    }
    for wrong in ["1.234", "1.5", "1,50", "-1", "+1", "", "1e3", "99999999999999999999", ".5", "01"]
    {
        let told = parse::<Money>(sent(wrong, "TRY")).expect_err(wrong);
        assert!(told.len() == 1 && told[0].starts_with("/it/amount "), "{wrong}: {told:?}");
    }
    damaged::<Money>(vec![Cell::Int(1), Cell::Text("???".to_owned())]);
}

#[test]
fn sealed_numbers_are_written_once_and_shown_masked() {
    type Sealing = Sealed<IdentityNumber>;
    let sent = |kind: &str, number: &str| object(&[("kind", kind), ("number", number)]);
    let it: Sealing = parse(sent("tr_national_id", "10000000146")).unwrap();
    assert!(it.is_fresh());
    let back = comes_back(&it);
    assert!(!back.is_fresh() && back.key().is_none(), "what is on file is not known in full");
    let mut row = Row::default();
    back.cells(&mut row);
    assert!(row.0.iter().all(|cell| *cell == Some(Cell::Kept)), "and is not written again");
    let number = Key::Secret("tr_national_id".to_owned(), "10000000146".to_owned());
    assert_eq!(it.key(), Some(number));
    assert_eq!(it.recorded_beside(), Some("tr_national_id".into()));
    assert!(!format!("{it:?} {:?}", it.show()).contains("10000000146"));
    let cases = [
        (text("10000000146"), vec!["/it type"]),
        (object(&[]), vec!["/it/kind required", "/it/number required"]),
        (sent("passport", "U123"), vec!["/it/kind choice"]),
        (sent("tr_national_id", "10000000147"), vec!["/it/number identity"]),
    ];
    for (plain, expected) in cases {
        let told = parse::<Sealing>(plain.clone()).unwrap_err();
        let pointers = |all: &[String]| -> Vec<String> {
            all.iter().map(|one| one.split(' ').next().unwrap().to_owned()).collect()
        };
        let expected: Vec<String> = expected.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(pointers(&told), pointers(&expected), "{plain:?}: {told:?}");
    }
    damaged::<Sealing>(vec![Cell::Text("passport".to_owned()), Cell::Text("***".to_owned())]);
    assert_eq!(Sealed::fresh(national_id()).number(), Some(&national_id()));
}

#[test]
fn words_of_closed_lists() {
    for state in State::ALL {
        let it: State = parse(text(state.as_str())).unwrap();
        assert_eq!((it, comes_back(&it)), (*state, *state));
    }
    assert_eq!(State::OnTheWay.to_string(), "on_the_way");
    refused::<State>(&[(text("Lost"), "/it choice"), (text(""), "/it choice")]);
    damaged::<State>(vec![Cell::Text("stolen".to_owned())]);
}

#[test]
fn references_have_one_spelling() {
    let id = Uuid::from_u128(0xC1);
    let it: Ref<Shelf> = parse(text(&id.to_string())).unwrap();
    assert_eq!(comes_back(&it), it);
    assert_eq!((it.key(), it.label()), (Some(Key::Uuid(id)), None));
    let called = it.clone().called("A7");
    assert!(called == it, "what it is called is no part of what is named");
    assert_eq!(called.label(), Some("A7"));
    assert!(!format!("{called:?}").contains("A7"));
    let (bare, braced) = (id.simple().to_string(), format!("{{{id}}}"));
    refused::<Ref<Shelf>>(&[
        (text(&bare), "/it uuid"),
        (text(&braced), "/it uuid"),
        (text("none"), "/it uuid"),
    ]);
}
