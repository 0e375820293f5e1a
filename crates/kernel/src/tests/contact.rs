//! Names, e-mail addresses and phone numbers.

use proptest::prelude::*;

use crate::{EmailAddress, PersonName, PhoneNumber, Region, words};

fn turkey() -> Region {
    Region::parse("TR").unwrap()
}

#[test]
fn an_address_keeps_its_spelling_and_is_compared_without_case() {
    let address = EmailAddress::parse(" Ayse.Yilmaz@Example.ORG ").unwrap();
    assert_eq!(address.as_str(), "Ayse.Yilmaz@Example.ORG");
    assert_eq!(address.key(), "ayse.yilmaz@example.org");
    assert_eq!(address.local_part(), "Ayse.Yilmaz");
}

#[test]
fn addresses_of_every_accepted_form_are_accepted() {
    for text in [
        "a@example.org",
        "first+tag@sub.example.co.uk",
        "o'neil@example.org",
        "ayse@örnek.org",
        "ayse@مثال.example.org",
        "a!#$%&'*+-/=?^_`{|}~b@example.org",
        &format!("{}@example.org", "a".repeat(64)),
    ] {
        assert!(EmailAddress::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_domain_is_compared_and_mailed_as_the_network_knows_it() {
    let address = EmailAddress::parse("Ayse@Örnek.ORG").unwrap();
    assert_eq!(address.as_str(), "Ayse@Örnek.ORG");
    assert_eq!(address.mailed(), "Ayse@xn--rnek-4qa.org");
    for text in
        ["ayse@örnek.org", "AYSE@ÖRNEK.ORG", "ayse@XN--rnek-4qa.org", "ayse@o\u{308}rnek.org"]
    {
        assert_eq!(EmailAddress::parse(text).unwrap().key(), address.key(), "{text}");
    }
    assert_eq!(
        EmailAddress::parse("\u{feff}a@exa\u{ad}mple.org").unwrap().as_str(),
        "a@example.org"
    );
    // What was stored by hand is compared all the same.
    for damaged in ["", "A", "A@", "@", "A@xn--.ş", "Ş@ş..org"] {
        let address = EmailAddress::from_stored(damaged.to_owned());
        assert_eq!((address.key(), &*address.mailed()), (damaged.to_lowercase(), damaged));
    }
}

#[test]
fn what_cannot_be_mailed_is_refused_in_words_of_its_own() {
    let long = format!("{}@example.org", "a".repeat(65));
    let told = |text: &str| EmailAddress::parse(text).unwrap_err().detail;
    for text in [
        ".a@example.org",
        "a.@example.org",
        "a..b@example.org",
        "a b@example.org",
        "\"a b\"@example.org",
        &long,
    ] {
        assert_eq!(told(text), words::email_not_mailable(), "{text}");
    }
    assert_eq!(EmailAddress::on_file("a").unwrap_err().detail, words::not_an_email_address());
    for text in ["ayşe@example.org", "ışık@örnek.org", "иван@example.org"] {
        assert_eq!(told(text), words::email_of_other_letters(), "{text}");
        assert!(EmailAddress::is_like(text), "and is masked in logs: {text}");
        assert_eq!(EmailAddress::on_file(text).unwrap().as_str(), text, "who has it keeps it");
    }
    for text in
        ["a", "@example.org", "Ayşe <a@example.org>", "a@localhost", "a@-a.org", "a@xn--a.org"]
    {
        assert_eq!(told(text), words::not_an_email_address(), "{text}");
    }
}

#[test]
fn what_is_not_an_address_with_a_dotted_domain_is_refused() {
    let long_local = format!("{}@example.org", "a".repeat(65));
    let long_domain = format!("a@{}.org", "b".repeat(64));
    for text in [
        "",
        " ",
        "@",
        "a@",
        "@example.org",
        "example.org",
        "a@localhost",
        "a@[127.0.0.1]",
        "Ayşe <a@example.org>",
        "a b@example.org",
        "a@exa mple.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example..org",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "\"a\tb\"@example.org",
        "\"a\r\n b\"@example.org",
        "\"a\0b\"@example.org",
        &long_local,
        &long_domain,
    ] {
        let refused = EmailAddress::parse(text).err().map(|unfit| unfit.code);
        assert_eq!(refused, Some("email"), "{text:?}");
    }
}

#[test]
fn a_log_line_shows_the_first_letter_and_the_domain_of_an_address() {
    let address = EmailAddress::parse("ayse.yilmaz@example.org").unwrap();
    assert_eq!(address.masked(), "a***@example.org");
    assert_eq!(format!("{address:?}"), "a***@example.org");
}

#[test]
fn a_phone_number_is_kept_in_e164_however_it_was_typed() {
    for text in [
        "+905321234567",
        "0532 123 45 67",
        "532 123 45 67",
        "(0532) 123-45-67",
        "+90 (532) 123 45 67",
        "0090 532 123 45 67",
        "٠٥٣٢ ١٢٣ ٤٥ ٦٧",
        "+۹۰ ۵۳۲ ۱۲۳ ۴۵ ۶۷",
        "०५३२ १२३ ४५ ६७",
        "＋９０ ５３２ １２３ ４５ ６７",
        "\u{202a}+90 532 123 45 67\u{202c}",
    ] {
        let number = PhoneNumber::parse(text, turkey()).unwrap();
        assert_eq!(number.as_str(), "+905321234567", "{text}");
    }
    let german = PhoneNumber::parse("030 901820", Region::parse("DE").unwrap()).unwrap();
    assert_eq!(german.as_str(), "+4930901820");
}

#[test]
fn a_number_of_another_country_keeps_the_digits_that_are_a_trunk_prefix_here() {
    for (text, region, expected) in [
        ("+39 02 3661 8300", "TR", "+390236618300"),
        ("0039 02 3661 8300", "TR", "+390236618300"),
        ("02 3661 8300", "IT", "+390236618300"),
        ("+33 1 42 68 53 00", "US", "+33142685300"),
        ("+44 (0)20 7946 0958", "TR", "+442079460958"),
        ("(+90) 532 123 45 67", "US", "+905321234567"),
        ("+90 (0532) 123 45 67", "DE", "+905321234567"),
        ("+1 202 555 0143", "TR", "+12025550143"),
        ("tel:+90-532-123-45-67", "TR", "+905321234567"),
    ] {
        let number = PhoneNumber::parse(text, Region::parse(region).unwrap());
        assert_eq!(number.unwrap().as_str(), expected, "{text} in {region}");
    }
}

#[test]
fn a_number_that_cannot_exist_is_refused() {
    for text in ["", "abc", "+", "+90", "123", "+90532123456", "+9053212345678", "+999123456789"] {
        let refused = PhoneNumber::parse(text, turkey()).err().map(|unfit| unfit.code);
        assert_eq!(refused, Some("phone"), "{text:?}");
    }
}

#[test]
fn a_number_with_an_extension_is_refused_in_words_of_its_own() {
    for extension in [
        " ext 12",
        " ext. 12",
        ";ext=12",
        " x12",
        " x 12",
        " #12",
        "#12",
        " dahili 12",
        " DAHİLİ: 12",
        " (dahili 12)",
        " dah. 12",
        " extension 12",
        " доб. 12",
        " داخلی ۱۲",
        " int 12",
    ] {
        for number in ["0212 123 45 67", "+902121234567"] {
            let text = format!("{number}{extension}");
            let refused = PhoneNumber::parse(&text, turkey()).map_err(|unfit| unfit.detail);
            assert_eq!(refused, Err(words::phone_with_extension()), "{text}");
        }
    }
}

#[test]
fn a_number_is_found_by_each_way_to_dial_it() {
    for (number, words) in [
        ("+905321112233", "905321112233 5321112233 05321112233 1112233 2233"),
        ("+12025550143", "12025550143 2025550143 5550143 0143"),
        ("+390236618300", "390236618300 0236618300 6618300 8300"),
        ("+442079460958", "442079460958 2079460958 02079460958 9460958 0958"),
        ("+", ""),
        ("damaged", "damaged"),
    ] {
        assert_eq!(PhoneNumber::from_stored(number.to_owned()).words(), words, "{number}");
    }
}

#[test]
fn a_log_line_shows_the_last_two_digits_of_a_phone_number() {
    let number = PhoneNumber::parse("+905321234567", turkey()).unwrap();
    assert_eq!(format!("{number:?}"), "***67");
    for damaged in ["", "1", "123", "ab\u{1f680}", "şğ"] {
        assert_eq!(format!("{:?}", PhoneNumber::from_stored(damaged.to_owned())), "***");
    }
}

#[test]
fn a_region_is_an_upper_case_country_code() {
    assert!(Region::parse("TR").is_ok());
    for code in ["", "T", "XX", "TUR", "Türkiye"] {
        assert_eq!(Region::parse(code).unwrap_err().code, "country", "{code:?}");
    }
}

#[test]
fn a_name_is_one_line_with_single_spaces() {
    let name = PersonName::parse("  Ayşe   Nur\u{a0}Yılmaz ").unwrap();
    assert_eq!(name.as_str(), "Ayşe Nur Yılmaz");
    assert_eq!(PersonName::parse("1907").unwrap().as_str(), "1907");
}

#[test]
fn a_name_says_which_rule_it_breaks() {
    let long = "a".repeat(PersonName::MAX_CHARS + 1);
    for (text, code) in [
        ("", "required"),
        (" \t ", "required"),
        ("...", "name"),
        ("Ay\0se", "control_character"),
        ("Ayşe\nYılmaz", "control_character"),
        ("Ayşe\u{2028}Yılmaz", "control_character"),
        (long.as_str(), "too_long"),
    ] {
        assert_eq!(PersonName::parse(text).unwrap_err().code, code, "{text:?}");
    }
    assert!(PersonName::parse(&"ş".repeat(PersonName::MAX_CHARS)).is_ok(), "characters, not bytes");
}

#[test]
fn a_log_line_shows_nothing_of_a_name() {
    assert_eq!(format!("{:?}", PersonName::parse("Ayşe").unwrap()), "***");
}

proptest! {
    #[test]
    fn any_text_is_an_address_or_refused(text in any::<String>()) {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
        }
    }

    #[test]
    fn no_accepted_address_can_break_a_header(text in r#"("[\x00-\x7f]{0,6}"|\PC{1,5})@[a-z]{1,5}\.org"#) {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert!(!address.as_str().chars().any(char::is_control));
        }
    }

    #[test]
    fn an_ordinary_address_is_accepted_and_its_name_stays_out_of_logs(
        local in "[a-z]{2,10}(\\.[a-z0-9]{1,10})?",
        domain in "[0-9]{1,9}\\.(org|com\\.tr)",
    ) {
        let text = format!("{local}@{domain}");
        let address = EmailAddress::parse(&text).unwrap();
        prop_assert_eq!(address.as_str(), &text);
        prop_assert_eq!(EmailAddress::from_stored(text), address.clone());
        prop_assert_eq!(address.key(), EmailAddress::parse(&address.as_str().to_uppercase()).unwrap().key());
        let logged = format!("{address:?}");
        prop_assert!(!logged.contains(&(local + "@")));
    }

    #[test]
    fn any_text_is_a_phone_number_or_refused(text in any::<String>()) {
        if let Ok(number) = PhoneNumber::parse(&text, turkey()) {
            prop_assert_eq!(PhoneNumber::parse(number.as_str(), turkey()), Ok(number));
        }
    }

    #[test]
    fn digits_that_make_a_number_make_the_same_one_again(text in r"\+?[0-9 ()/.-]{3,20}(;ext=[0-9]{1,3})?") {
        if let Ok(number) = PhoneNumber::parse(&text, turkey()) {
            prop_assert!(number.as_str().starts_with('+'));
            prop_assert!(number.as_str()[1..].bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert_eq!(PhoneNumber::parse(number.as_str(), turkey()), Ok(number.clone()));
            let logged = format!("{number:?}");
            prop_assert!(!logged.contains(&number.as_str()[1..]));
        }
    }

    #[test]
    fn any_text_is_a_name_or_refused(text in any::<String>()) {
        if let Ok(name) = PersonName::parse(&text) {
            prop_assert!(name.as_str().chars().count() <= PersonName::MAX_CHARS);
            prop_assert_eq!(format!("{name:?}"), "***");
            prop_assert_eq!(PersonName::from_stored(name.as_str().to_owned()), name.clone());
            prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn any_text_is_a_region_or_refused(text in "\\PC{0,4}") {
        let region = Region::parse(&text);
        prop_assert!(region.is_ok() || region.is_err_and(|unfit| unfit.code == "country"));
    }
}
