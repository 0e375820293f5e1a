//! Which passwords are good enough.

use almoner_kernel::Fault;
use proptest::prelude::*;
use sha1::{Digest, Sha1};

use super::world::*;
use crate::{
    password::PasswordPolicy,
    role::BuiltIn,
    user::{Locale, NewUser, TimeZone},
};

const ABOUT: &[&str] = &["Ayşe Yılmaz", "ayse.yilmaz@dernek.example.org", "+905321234567"];

fn codes(password: &str) -> Vec<&'static str> {
    let policy = PasswordPolicy {
        organisation_words: vec!["Umut Derneği".to_owned(), "almoner".to_owned()],
        ..PasswordPolicy::default()
    };
    match policy.check(secret(password), ABOUT) {
        Ok(_) => vec![],
        Err(complaints) => complaints.into_iter().map(|unfit| unfit.code).collect(),
    }
}

#[test]
fn good_passwords_of_every_kind_are_accepted() {
    for good in [
        "yedi kalem mavi tren",
        "şişli'de çiğ köfte yağmuru",
        "ığüşöç İĞÜŞÖÇ 7 dağ",
        "correct horse battery staple",
        "hR7kQz2xVn9w",
        "onlylowercaselettersherebutmany",
        "鸡犬相闻老死不相往来也无妨",
        "  spaces stay where they are  ",
    ] {
        assert_eq!(codes(good), Vec::<&str>::new(), "{good}");
    }
}

#[test]
fn twelve_characters_are_enough_and_eleven_are_not() {
    assert_eq!(codes("hR7kQz2xVn9"), ["too_short"]);
    assert_eq!(codes("ğışçöüĞİŞÇÖ"), ["too_short"], "characters count, not bytes");
    assert_eq!(codes("ğışçöüĞİŞÇÖÜ"), Vec::<&str>::new());
}

#[test]
fn up_to_128_characters_are_taken_and_judged_quickly() {
    let long = "kırk yılın hatırı var ".repeat(6);
    let exactly: String = long.chars().take(128).collect();
    assert_eq!(codes(&exactly), Vec::<&str>::new());
    assert_eq!(codes(&format!("{exactly}x")), ["too_long"]);
    // Would take a second if it were judged to its end.
    assert_eq!(codes(&"4@8({[<36911!|71|70$5+7%2".repeat(6)[..128]), Vec::<&str>::new());
}

#[test]
fn common_and_weak_passwords_are_refused() {
    assert_eq!(codes("1234567890123"), ["weak"]);
    assert_eq!(codes("aaaaaaaaaaaaaaaa"), ["weak"]);
    assert_eq!(codes("passwordpassword"), ["weak"]);
    assert_eq!(codes("qwertyuiopasdf"), ["weak"]);
    for common in ["unbelievable", "architecture"] {
        assert_eq!(codes(common), ["common"], "{common}");
    }
}

#[test]
fn all_complaints_come_at_once() {
    assert_eq!(codes("password"), ["too_short", "common"]);
    assert_eq!(codes("ayse"), ["too_short", "personal"]);
}

#[test]
fn a_password_made_of_what_everybody_knows_is_refused() {
    for personal in [
        "ayse.yilmaz2026!",
        "AyşeYılmaz1907",
        "YILMAZ yılmaz 34",
        "umutdernegi2026",
        "Umut-Derneği-34",
        "almoner-almoner",
        "+905321234567",
        "ayse.yilmaz@dernek.example.org",
    ] {
        assert!(codes(personal).contains(&"personal"), "{personal}: {:?}", codes(personal));
    }
    // The word may occur, it must not be the main part.
    assert_eq!(codes("umut bir mavi trendir yedi kalem"), Vec::<&str>::new());
}

#[tokio::test]
async fn a_breached_password_is_refused_however_good_it_looks() {
    let breached = "hR7kQz2xVn9wLp4t";
    let world = World { breached: vec![Sha1::digest(breached).into()], ..World::default() };
    let stage = world.stage();
    let new = NewUser {
        name: user(5, "viewer").name,
        email: user(5, "viewer").email,
        phone: None,
        locale: Locale::default(),
        time_zone: TimeZone::default(),
        roles: role_names("viewer"),
    };
    let cx = caller(1, BuiltIn::Admin);
    let error = stage.administration.create(&cx, new, Some(secret(breached))).await.unwrap_err();
    assert_eq!(error.fields()[0].code, "breached");
    assert_eq!(error.fields()[0].pointer, "/password");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_password_makes_the_check_panic(password in "\\PC{0,140}") {
        codes(&password);
    }
}
