//! What mails say, in every language.

use std::collections::BTreeSet;

use almoner_kernel::{EmailAddress, MailTemplate, PersonName};
use minijinja::Environment;
use secrecy::SecretString;

use super::world::at;
use crate::{Language, Letter, Templates, ports::Recipient, template::SOURCES};

fn templates() -> Templates {
    Templates::new("Umut Derneği").unwrap()
}

fn recipient(name: &str, locale: &str, time_zone: &str) -> Recipient {
    Recipient {
        name: PersonName::from_stored(name.to_owned()),
        email: EmailAddress::parse("elif@example.org").unwrap(),
        locale: locale.to_owned(),
        time_zone: time_zone.to_owned(),
    }
}

#[test]
fn every_mail_in_every_language_is_as_it_was() {
    for language in Language::ALL {
        for template in MailTemplate::ALL {
            let mail = templates().example(*template, language.as_str(), at(0)).unwrap();
            let name = format!("{}_{}", language.as_str(), template.as_str());
            let shown = format!(
                "Subject: {}\n\n{}\n=====\n{}",
                mail.subject.as_str(),
                mail.text,
                mail.html
            );
            insta::assert_snapshot!(name, shown);
        }
    }
}

/// What a template is given, beside what every one is given.
fn own_values(template: MailTemplate) -> &'static [&'static str] {
    match template {
        MailTemplate::PasswordReset | MailTemplate::Invitation => &["link", "until"],
        MailTemplate::PasswordChanged | MailTemplate::EmailChanged => &["when"],
        MailTemplate::NewDevice => &["when", "network", "browser"],
    }
}

#[test]
fn every_template_says_everything_it_is_given_and_nothing_else() {
    let mut environment = Environment::empty();
    for (name, source) in SOURCES {
        environment.add_template(name, source).unwrap();
    }
    let used = |name: &str| -> BTreeSet<String> {
        environment.get_template(name).unwrap().undeclared_variables(false).into_iter().collect()
    };
    for language in Language::ALL {
        for suffix in ["txt", "html"] {
            let layout = used(&format!("{}/layout.{suffix}", language.as_str()));
            let everybody = ["name", "organisation"].map(str::to_owned);
            assert_eq!(layout, BTreeSet::from(everybody.clone()));
            for template in MailTemplate::ALL {
                let name = format!("{}/{}.{suffix}", language.as_str(), template.as_str());
                let mut expected: BTreeSet<String> =
                    own_values(*template).iter().map(|value| (*value).to_owned()).collect();
                expected.insert("organisation".to_owned());
                assert_eq!(used(&name), expected, "{name}");
            }
        }
    }
}

#[test]
fn a_mail_is_in_the_language_of_its_reader_or_in_english() {
    for (locale, language) in [
        ("tr", "tr"),
        ("tr-TR", "tr"),
        ("TR", "tr"),
        ("en-GB", "en"),
        ("de", "en"),
        ("", "en"),
        ("trv", "en"),
    ] {
        let mail = templates().example(MailTemplate::PasswordChanged, locale, at(0)).unwrap();
        assert_eq!(mail.language.as_str(), language, "{locale}");
        assert!(mail.html.contains(&format!("<html lang=\"{language}\">")));
    }
}

#[test]
fn nothing_in_html_is_more_than_text() {
    let evil = "<img src=x onerror=alert(1)> & \"Elif\"";
    let address = SecretString::from("https://example.org/?a=\"><script>#token=x");
    let letter = Letter::PasswordReset { address, expires_at: at(30) };
    let templates = Templates::new("<b>Umut</b>").unwrap();
    let mail = templates.render(&recipient(evil, "en", "UTC"), &letter).unwrap();
    for raw in ["<img", "<script", "<b>Umut"] {
        assert!(!mail.html.contains(raw), "{}", mail.html);
    }
    assert!(mail.text.contains(evil), "text is text");
    assert!(mail.text.contains("<b>Umut</b>"));
}

#[test]
fn times_are_those_of_the_reader() {
    let letter = Letter::PasswordChanged { at: at(0) };
    let text =
        |zone: &str| templates().render(&recipient("Elif", "en", zone), &letter).unwrap().text;
    assert!(text("UTC").contains("2027-01-15 08:00 (UTC)"), "{}", text("UTC"));
    assert!(text("Europe/Istanbul").contains("2027-01-15 11:00 (Europe/Istanbul)"));
    assert!(text("no/such/zone").contains("2027-01-15 08:00 (UTC)"));
}

#[test]
fn a_login_whose_session_has_ended_is_told_without_its_device() {
    let letter = Letter::NewDevice { at: at(0), device: None };
    let mail = templates().render(&recipient("Elif", "en", "UTC"), &letter).unwrap();
    assert!(!mail.text.contains("Browser") && !mail.html.contains("Network"));
}
