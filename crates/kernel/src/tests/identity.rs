//! Identity and tax numbers. The examples are the published ones of python-stdnum, the numbers that
//! large companies print on their invoices, and test numbers of the Turkish authorities.

use proptest::prelude::*;

use crate::{IdentityKind, IdentityNumber};

fn accepts(kind: IdentityKind, number: &str) -> bool {
    IdentityNumber::parse(kind, number).is_ok()
}

#[test]
fn national_ids_are_told_by_both_check_digits() {
    let kind = IdentityKind::TrNationalId;
    for number in
        ["10000000146", "17291716060", "11111111110", "12345678950", "98765432150", "99999999990"]
    {
        assert!(accepts(kind, number), "{number}");
    }
    for number in [
        "",
        "1000000014",
        "100000001460",
        "10000000145",
        "10000000156",
        "10000000000",
        "17291716050",
        "12345678901",
        "07291716092",
        "00000000000",
        "1000000014a",
        "-10000000146",
        "١٠٠٠٠٠٠٠١٤٦",
        "１００００００0146",
    ] {
        assert!(!accepts(kind, number), "{number}");
    }
}

#[test]
fn tax_numbers_are_told_by_their_check_digit() {
    let kind = IdentityKind::TrTaxNumber;
    for number in [
        "4540536920",
        "8760047464",
        "0730018000",
        "8770013406",
        "6220529513",
        "1750051846",
        "1234567890",
    ] {
        assert!(accepts(kind, number), "{number}");
    }
    for number in
        ["", "454053692", "45405369200", "4540536921", "9250002955", "3330033456", "0000000000"]
    {
        assert!(!accepts(kind, number), "{number}");
    }
}

#[test]
fn spaces_inside_a_turkish_number_do_not_matter() {
    let number =
        IdentityNumber::parse(IdentityKind::TrNationalId, " 100 000 001 46\u{a0}").unwrap();
    assert_eq!(number.expose(), "10000000146");
    assert_eq!(number.kind(), IdentityKind::TrNationalId);
}

#[test]
fn foreign_ids_are_letters_digits_and_three_signs() {
    let kind = IdentityKind::ForeignId;
    let (longest, too_long) = ("9".repeat(40), "9".repeat(41));
    for number in ["A12", "ab-12/3.4", "ÇŞ123", longest.as_str()] {
        assert!(accepts(kind, number), "{number}");
    }
    for number in ["", "A1", "---", "A 12", "A_12", "A12\n34", "A12;DROP", too_long.as_str()] {
        assert!(!accepts(kind, number), "{number}");
    }
    assert_eq!(IdentityNumber::parse(kind, " ab12 ").unwrap().expose(), "AB12");
}

#[test]
fn a_refusal_names_the_rule_and_never_the_number() {
    for kind in IdentityKind::ALL {
        let refusal = IdentityNumber::parse(kind, "98765_43210").unwrap_err();
        assert_eq!(refusal.code, "identity_number");
        assert!(!refusal.to_string().contains("98765"));
    }
}

#[test]
fn a_record_shows_two_characters_of_a_number_and_none_of_a_short_one() {
    let national = IdentityNumber::parse(IdentityKind::TrNationalId, "10000000146").unwrap();
    assert_eq!(national.on_file().masked, "*********46");
    let short = IdentityNumber::parse(IdentityKind::ForeignId, "AB1234").unwrap();
    assert_eq!(short.on_file().masked, "******");
    assert!(!format!("{short:?}").contains("34"));
}

#[test]
fn the_name_of_every_kind_leads_back_to_it() {
    for kind in IdentityKind::ALL {
        assert_eq!(IdentityKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(IdentityKind::parse("passport"), None);
}

/// The check digits as the registry office describes them, written another way than the code does.
fn national_id(nine: &[u32]) -> String {
    let weighted: u32 = nine.iter().zip([3, 1].into_iter().cycle()).map(|(d, w)| d * w).sum();
    let tenth = (10 - weighted % 10) % 10;
    let eleventh = (nine.iter().sum::<u32>() + tenth) % 10;
    nine.iter().chain([&tenth, &eleventh]).map(u32::to_string).collect()
}

/// The check digit as the revenue administration describes it, written another way.
fn tax_number(nine: &[u32]) -> String {
    let sum: u32 = (1..=9)
        .zip(nine.iter().rev())
        .map(|(place, digit)| match (digit + place) % 10 {
            9 => 9,
            shifted => shifted * 2_u32.pow(place) % 9,
        })
        .sum();
    nine.iter().chain([&((10 - sum % 10) % 10)]).map(u32::to_string).collect()
}

proptest! {
    #[test]
    fn a_number_with_the_right_check_digits_is_accepted_and_every_other_ending_refused(
        first in 1..10_u32,
        rest in prop::collection::vec(0..10_u32, 8),
        other in 0..100_u32,
    ) {
        let nine: Vec<u32> = [first].into_iter().chain(rest).collect();

        let right = national_id(&nine);
        prop_assert!(accepts(IdentityKind::TrNationalId, &right));
        let wrong = format!("{}{other:02}", &right[..9]);
        prop_assert_eq!(accepts(IdentityKind::TrNationalId, &wrong), wrong == right);

        let right = tax_number(&nine);
        prop_assert!(accepts(IdentityKind::TrTaxNumber, &right));
        let wrong = format!("{}{}", &right[..9], other % 10);
        prop_assert_eq!(accepts(IdentityKind::TrTaxNumber, &wrong), wrong == right);
    }

    #[test]
    fn one_mistyped_digit_is_always_found_in_a_national_id(
        first in 1..10_u32,
        rest in prop::collection::vec(0..10_u32, 8),
        at in 0..11_usize,
        by in 1..10_u8,
    ) {
        let nine: Vec<u32> = [first].into_iter().chain(rest).collect();
        let mut digits = national_id(&nine).into_bytes();
        digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
        prop_assert!(!accepts(IdentityKind::TrNationalId, &String::from_utf8(digits).unwrap()));
    }

    #[test]
    fn any_text_is_a_number_or_refused(text in any::<String>()) {
        for kind in IdentityKind::ALL {
            if let Ok(number) = IdentityNumber::parse(kind, &text) {
                prop_assert_eq!(IdentityNumber::parse(kind, number.expose()), Ok(number));
            }
        }
    }

    #[test]
    fn no_accepted_number_stands_in_a_log_line(text in "[A-Z0-9./-]{3,40}") {
        if let Ok(number) = IdentityNumber::parse(IdentityKind::ForeignId, &text) {
            let logged = format!("{number:?}");
            prop_assert!(!logged.contains(number.expose()));
            prop_assert_eq!(number.on_file().masked.chars().count(), number.expose().chars().count());
        }
    }
}
