//! Amounts and currencies.

use proptest::prelude::*;

use crate::{Currency, Money, money::decimal};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn minor(amount: &str, code: &str) -> Result<i64, &'static str> {
    Money::parse(amount, currency(code)).map(Money::minor).map_err(|unfit| unfit.code)
}

#[test]
fn a_currency_knows_its_minor_digits() {
    for (code, digits) in [
        ("TRY", 2),
        ("USD", 2),
        ("EUR", 2),
        ("HUF", 2),
        ("MGA", 2),
        ("MRU", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("ISK", 0),
        ("CLP", 0),
        ("KWD", 3),
        ("BHD", 3),
        ("IQD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("XAU", 0),
    ] {
        assert_eq!(currency(code).minor_digits(), digits, "{code}");
        assert_eq!(currency(code).to_string(), code);
        assert_eq!(code.parse::<Currency>().unwrap(), currency(code));
    }
}

#[test]
fn a_currency_is_three_upper_case_letters_that_iso_4217_lists() {
    for code in ["", "T", "TR", "TRYY", "try", "Try", " TRY", "TL", "₺", "ABC", "949", "ＴＲＹ"]
    {
        assert_eq!(Currency::parse(code).unwrap_err().code, "currency", "{code:?}");
    }
}

#[test]
fn an_amount_has_exactly_its_currencys_minor_digits_or_none() {
    for (amount, code, expected) in [
        ("0", "TRY", 0),
        ("0.00", "TRY", 0),
        ("0.01", "TRY", 1),
        ("1", "TRY", 100),
        ("1250", "TRY", 125_000),
        ("1250.00", "TRY", 125_000),
        ("1250.09", "TRY", 125_009),
        ("0", "JPY", 0),
        ("1250", "JPY", 1_250),
        ("1250", "KWD", 1_250_000),
        ("1250.005", "KWD", 1_250_005),
        ("1.0001", "CLF", 10_001),
    ] {
        assert_eq!(minor(amount, code), Ok(expected), "{amount} {code}");
    }
}

#[test]
fn what_is_not_a_plain_decimal_is_refused() {
    for (amount, code) in [
        ("", "TRY"),
        (".", "TRY"),
        (".50", "TRY"),
        ("1.", "TRY"),
        ("1.5", "TRY"),
        ("1.500", "TRY"),
        ("1.00.00", "TRY"),
        ("1,50", "TRY"),
        ("1.250,00", "TRY"),
        ("1,250.00", "TRY"),
        ("01", "TRY"),
        ("00", "TRY"),
        ("00.50", "TRY"),
        ("+1", "TRY"),
        ("-1", "TRY"),
        ("-0", "TRY"),
        ("1.-5", "TRY"),
        ("1.+5", "TRY"),
        ("1e3", "TRY"),
        ("0x10", "TRY"),
        (" 1", "TRY"),
        ("1 ", "TRY"),
        ("1_000", "TRY"),
        ("NaN", "TRY"),
        ("inf", "TRY"),
        ("١٢", "TRY"),
        ("１２", "TRY"),
        ("1.٥٠", "TRY"),
        ("1.0", "JPY"),
        ("1.", "JPY"),
        ("1.50", "KWD"),
        ("1.5000", "KWD"),
    ] {
        assert_eq!(minor(amount, code), Err("amount"), "{amount:?} {code}");
    }
}

#[test]
fn the_largest_amount_is_the_same_in_every_currency() {
    for (largest, next, code) in [
        ("10000000000000.00", "10000000000000.01", "TRY"),
        ("1000000000000000", "1000000000000001", "JPY"),
        ("1000000000000.000", "1000000000000.001", "KWD"),
    ] {
        assert_eq!(minor(largest, code), Ok(Money::MAX_MINOR), "{code}");
        assert_eq!(minor(next, code), Err("too_large"), "{code}");
    }
    for huge in ["92233720368547758.07", "9223372036854775807", &"9".repeat(400)] {
        assert_eq!(minor(huge, "TRY"), Err("too_large"), "{huge}");
    }
}

#[test]
fn a_refusal_shows_an_example_of_the_right_form() {
    for (code, example) in [("TRY", "\"1250.00\""), ("KWD", "\"1250.000\""), ("JPY", "\"1250\"")] {
        let refusal = Money::parse("x", currency(code)).unwrap_err();
        assert!(refusal.to_string().contains(example), "{refusal}");
    }
}

#[test]
fn sums_may_be_larger_than_one_record_and_negative() {
    assert_eq!(decimal(-5, currency("TRY")), "-0.05");
    assert_eq!(decimal(-125_000, currency("TRY")), "-1250.00");
    assert_eq!(decimal(-7, currency("JPY")), "-7");
    assert_eq!(decimal(i128::MIN, currency("KWD")), "-170141183460469231731687303715884105.728");
    assert_eq!(Money::from_minor(i64::MIN, currency("TRY")).decimal(), "-92233720368547758.08");
}

#[test]
fn money_is_written_with_its_currency() {
    assert_eq!(Money::from_minor(125_000, currency("TRY")).to_string(), "1250.00 TRY");
}

fn some_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["TRY", "USD", "EUR", "JPY", "KWD", "CLF"]).prop_map(currency)
}

proptest! {
    #[test]
    fn every_amount_is_read_back_from_its_decimal(
        units in 0..=Money::MAX_MINOR,
        currency in some_currency(),
    ) {
        let money = Money::from_minor(units, currency);
        let text = money.decimal();
        prop_assert_eq!(Money::parse(&text, currency), Ok(money));
    }

    #[test]
    fn any_text_is_an_amount_or_refused(
        text in any::<String>(),
        currency in some_currency(),
    ) {
        prop_assert!(Money::parse(&text, currency).is_err() || text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    }

    #[test]
    fn an_accepted_amount_is_written_as_it_was_typed_or_with_zeros_behind(
        text in r"[0-9]{0,18}(\.[0-9]{0,5})?",
        currency in some_currency(),
    ) {
        if let Ok(money) = Money::parse(&text, currency) {
            let zeros = match (text.contains('.'), currency.minor_digits()) {
                (true, _) | (_, 0) => String::new(),
                (false, digits) => format!(".{}", "0".repeat(digits as usize)),
            };
            prop_assert_eq!(money.decimal(), format!("{text}{zeros}"));
            prop_assert!((0..=Money::MAX_MINOR).contains(&money.minor()));
        }
    }

    #[test]
    fn any_text_is_a_currency_or_refused(text in any::<String>()) {
        if let Ok(currency) = Currency::parse(&text) {
            prop_assert_eq!(currency.code(), text);
        }
    }
}
