//! The values of this crate: what parses, what does not, and what stays hidden.

use std::time::Duration;

use almoner_kernel::{Audited, Fault, Kind};
use proptest::prelude::*;

use super::world::*;
use crate::{
    AccountsError,
    ports::HashError,
    role::{EditWindow, RoleName},
    session::{SessionKey, masked_address},
    user::{Locale, TimeZone},
};

#[test]
fn a_locale_is_a_language_tag_in_canonical_spelling() {
    for (text, tag) in [
        ("tr", "tr"),
        ("TR-tr", "tr-TR"),
        ("en_gb", "en-GB"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("sl-rozaj", "sl-rozaj"),
    ] {
        assert_eq!(Locale::parse(text).unwrap().as_str(), tag);
    }
    for wrong in
        ["", "t", "türkçe", "tr-", "en GB", "und", "x", "1234", "tr-TR-TR-TR", "tr-rozaj-aaaa"]
    {
        assert_eq!(Locale::parse(wrong).unwrap_err().code, "locale", "{wrong}");
    }
}

#[test]
fn a_time_zone_is_one_of_the_iana_database() {
    assert_eq!(TimeZone::parse("Europe/Istanbul").unwrap().as_str(), "Europe/Istanbul");
    for wrong in ["", "Istanbul", "europe/istanbul", "UTC+3", "Mars/Olympus"] {
        assert_eq!(TimeZone::parse(wrong).unwrap_err().code, "time_zone", "{wrong}");
    }
}

#[test]
fn a_role_name_is_lower_snake_case() {
    for right in ["abc", "team_lead", "a1_b2", "kasa_2"] {
        assert!(RoleName::parse(right).is_ok(), "{right}");
    }
    let long = "a".repeat(41);
    for wrong in ["", "ab", "Team", "1abc", "_abc", "abc_", "a__b", "a-b", "şef_1", &long] {
        assert_eq!(RoleName::parse(wrong).unwrap_err().code, "role_name", "{wrong}");
    }
}

#[test]
fn an_edit_window_has_a_minute_at_the_least_and_a_year_at_the_most() {
    assert!(EditWindow::parse(0).is_err());
    assert!(EditWindow::parse(1).is_ok());
    assert!(EditWindow::parse(EditWindow::MAX_MINUTES).is_ok());
    assert!(EditWindow::parse(EditWindow::MAX_MINUTES + 1).is_err());
}

#[test]
fn a_session_key_travels_as_base64url_and_is_never_printed() {
    let key = SessionKey::from_random([255; 32]);
    let text = key.expose();
    assert_eq!(text.len(), 43);
    assert_eq!(SessionKey::parse(&text).unwrap().hash(), key.hash());
    assert_eq!(format!("{key:?} {:?}", key.hash()), "*** ***");
    for wrong in ["", "a", &text[1..], &format!("{text}="), &format!("{text}AAAA"), "ü"] {
        assert!(SessionKey::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn secrets_and_people_do_not_show_in_debug_output() {
    let shown = format!("{:?}", account(user(5, "viewer"), PASSWORD));
    for hidden in [PASSWORD, "Zehra Karaca", "Zehra5"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn the_trail_of_a_user_has_neither_password_nor_version_nor_times() {
    let fields: Vec<&str> =
        user(5, "viewer").snapshot().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        fields,
        ["name", "email", "phone", "locale", "time_zone", "role", "active", "invited_at"]
    );
}

#[test]
fn addresses_are_shown_without_their_device() {
    let masked = |text: &str| masked_address(text.parse().unwrap());
    assert_eq!(masked("203.0.113.77"), "203.0.113.0");
    assert_eq!(masked("::ffff:203.0.113.77"), "203.0.113.0");
    assert_eq!(masked("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
}

#[test]
fn a_busy_hasher_asks_to_come_back_and_a_broken_one_is_our_fault() {
    let soon = Duration::from_secs(2);
    let busy = AccountsError::from(HashError::Busy { retry_after: soon });
    assert_eq!((busy.kind(), busy.retry_after()), (Kind::Busy, Some(soon)));
    let broken = AccountsError::from(HashError::Failed("no memory".into()));
    assert_eq!((broken.kind(), broken.code()), (Kind::Internal, "internal"));
    assert!(!broken.to_string().contains("memory"), "the source is not repeated");
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic_and_what_parses_parses_again(text in "\\PC{0,40}") {
        if let Ok(locale) = Locale::parse(&text) {
            prop_assert_eq!(Locale::parse(locale.as_str()).unwrap(), locale);
        }
        if let Ok(zone) = TimeZone::parse(&text) {
            prop_assert_eq!(TimeZone::parse(zone.as_str()).unwrap(), zone);
        }
        if let Ok(name) = RoleName::parse(&text) {
            prop_assert_eq!(name.as_str(), text.as_str());
        }
        prop_assert!(SessionKey::parse(&text).is_none());
    }

    #[test]
    fn whatever_looks_like_a_language_tag_parses_without_panic(text in "[a-zA-Z]{1,9}([-_][a-zA-Z0-9]{1,9}){0,4}") {
        if let Ok(locale) = Locale::parse(&text) {
            prop_assert!(locale.as_str().len() <= Locale::MAX_CHARS);
            prop_assert_eq!(Locale::parse(locale.as_str()).unwrap(), locale);
        }
    }

    #[test]
    fn every_session_key_comes_back(bytes in any::<[u8; 32]>()) {
        let key = SessionKey::from_random(bytes);
        prop_assert_eq!(SessionKey::parse(&key.expose()).unwrap().hash(), key.hash());
    }
}
