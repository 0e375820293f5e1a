//! Reading the filters of a request.

use almoner_kernel::{Currency, FieldError, Fields, Money, words};

use super::{ANY, Asks, NONE, Parameter, Test, parameters};
use crate::{
    form::Json,
    kind::{Field, Kind},
    plain::Plain,
    reference,
    value::{Key, Terms},
    values, words as own,
};

/// Reads the filters of a list. `given` are the parameters of the request by name; complaints name the
/// parameter.
pub fn tests(
    kind: &'static Kind,
    given: impl Fn(&str) -> Option<String>,
    terms: &Terms,
    fields: &mut Fields,
) -> Vec<Test> {
    let mut tests = Vec::new();
    for parameter in parameters(kind) {
        let Some(text) = given(&parameter.name) else { continue };
        tests.extend(test(&parameter, text, &given, terms, fields));
    }
    tests
}

fn test(
    parameter: &Parameter,
    text: String,
    given: &impl Fn(&str) -> Option<String>,
    terms: &Terms,
    fields: &mut Fields,
) -> Option<Test> {
    let at = parameter.name.as_str();
    let key = |field: &'static Field, text: String, fields: &mut Fields| {
        let plain = plain(field, at, text, fields)?;
        (field.read_key)(plain, at, terms, fields)
    };
    match parameter.asks {
        Asks::IsOrAbsent(field) if text == NONE => Some(Test::Absent(field)),
        Asks::IsOrAbsent(field) if text == ANY => Some(Test::Present(field)),
        Asks::Is(field) | Asks::IsOrAbsent(field) => {
            let mut keys = each(parameter, &text, fields, |one, fields| key(field, one, fields))?;
            match keys.len() {
                1 => keys.pop().map(|only| Test::Is(field, only)),
                _ => Some(Test::AnyOf(field, keys)),
            }
        }
        Asks::From(field) => Some(Test::From(field, key(field, text, fields)?)),
        Asks::UpTo(field) => Some(Test::UpTo(field, key(field, text, fields)?)),
        Asks::Presence(field) => match text.as_str() {
            NONE => Some(Test::Absent(field)),
            ANY => Some(Test::Present(field)),
            _ => {
                fields.wrong(FieldError::new(at, "choice", words::choice(&[NONE, ANY])));
                None
            }
        },
        Asks::Currency(field) => each(parameter, &text, fields, |code, fields| {
            fields.optional(at, Some(code), |code| Currency::parse(&code))
        })
        .map(|currencies| Test::In(field, currencies)),
        Asks::Min(field) => {
            amount(field, at, &text, given, fields).map(|minor| Test::From(field, Key::Int(minor)))
        }
        Asks::Max(field) => {
            amount(field, at, &text, given, fields).map(|minor| Test::UpTo(field, Key::Int(minor)))
        }
        Asks::CreatedBy => each(parameter, &text, fields, |id, fields| {
            fields.optional(at, Some(id), |text| reference::id(&text))
        })
        .map(Test::CreatedBy),
        Asks::On(span) => fields
            .optional(at, Some(text), |text| values::day(&text))
            .map(|day| Test::On(span, day)),
    }
}

/// Reads each value of a parameter, every one once; none when one of them is wrong.
fn each<T: PartialEq>(
    parameter: &Parameter,
    text: &str,
    fields: &mut Fields,
    read: impl Fn(String, &mut Fields) -> Option<T>,
) -> Option<Vec<T>> {
    if parameter.values == 1 {
        return read(text.to_owned(), fields).map(|only| vec![only]);
    }
    let mut values = Vec::new();
    for one in text.split(',') {
        let value = read(one.to_owned(), fields)?;
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > parameter.values {
            let detail = own::too_many_values(parameter.values);
            fields.wrong(FieldError::new(parameter.name.as_str(), "length", detail));
            return None;
        }
    }
    Some(values)
}

/// A parameter is text, whatever the type of the field.
fn plain(field: &Field, at: &str, text: String, fields: &mut Fields) -> Option<Plain> {
    match (field.input.json, text.as_str()) {
        (Json::Flag, "true") => Some(Plain::Flag(true)),
        (Json::Flag, "false") => Some(Plain::Flag(false)),
        (Json::Flag, _) => {
            fields.wrong(FieldError::new(at, "format", words::must_be_true_or_false()));
            None
        }
        (Json::Whole, _) => match text.parse() {
            Ok(number) => Some(Plain::Whole(number)),
            Err(_) => {
                fields.wrong(FieldError::new(at, "format", words::must_be_a_whole_number()));
                None
            }
        },
        (Json::Text | Json::Object | Json::List(_), _) => Some(Plain::Text(text)),
    }
}

/// Reads an amount, which means nothing without a currency.
fn amount(
    field: &Field,
    at: &str,
    text: &str,
    given: &impl Fn(&str) -> Option<String>,
    fields: &mut Fields,
) -> Option<i64> {
    let Some(code) = given(&field.column_with("_currency")) else {
        fields.wrong(FieldError::new(at, "needs_currency", words::needs_a_currency()));
        return None;
    };
    if code.contains(',') {
        fields.wrong(FieldError::new(at, "needs_currency", words::needs_a_currency()));
        return None;
    }
    // A currency that is wrong has its complaint already.
    let currency = Currency::parse(&code).ok()?;
    fields.optional(at, Some(text), |text| Money::parse(text, currency).map(Money::minor))
}
