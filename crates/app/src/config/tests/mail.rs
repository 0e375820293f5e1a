//! How mail leaves the server, and where links in it lead.

use super::*;

#[test]
fn a_way_for_mail_is_understood_or_refused() {
    let with = |transport: &str| {
        Given::default()
            .variable("ALMONER_MAIL_FROM", "Umut Derneği <posta@example.org>")
            .variable("ALMONER_MAIL_TRANSPORT", transport)
    };
    let smtp = |transport: &str| match with(transport).config().mail.unwrap().route {
        MailRoute::Smtp(route) => (route.host, route.port, route.tls),
        other => panic!("{other:?}"),
    };
    let host = || "mail.example.org".to_owned();
    assert_eq!(smtp("smtps://mail.example.org"), (host(), 465, SmtpTls::Implicit));
    assert_eq!(smtp("smtp://mail.example.org:2525/"), (host(), 2525, SmtpTls::StartTls));
    assert_eq!(smtp("smtp://[::1]"), ("::1".to_owned(), 587, SmtpTls::StartTls));
    assert!(with("off").config().mail.is_none());
    let mail = with("file://mails").config().mail.unwrap();
    assert!(matches!(&mail.route, MailRoute::Folder(folder) if folder.ends_with("mails")));
    assert_eq!(mail.from.name.unwrap().as_str(), "Umut Derneği");
    assert_eq!(mail.from.address.as_str(), "posta@example.org");
    for wrong in [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org?tls=off",
        "smtp://user:secret@mail.example.org",
        "smtp://user@mail.example.org",
        "file:",
    ] {
        let problems = with(wrong).problems();
        assert_eq!(problems.len(), 1, "{wrong}: {problems:?}");
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    let lone = Given::default().variable("ALMONER_MAIL_TRANSPORT", "log").problems();
    assert!(lone[0].starts_with("mail.from"), "{lone:?}");
}

#[test]
fn the_user_of_a_mail_server_may_be_an_address_and_its_password_stays_hidden() {
    let given = Given::default()
        .variable("ALMONER_MAIL_FROM", "posta@example.org")
        .variable("ALMONER_MAIL_TRANSPORT", "smtps://posta%40example.org@mail.example.org")
        .variable("ALMONER_MAIL_PASSWORD", "three grey herons wait");
    let config = given.config();
    let shown = format!("{config:?}");
    let Some(MailRoute::Smtp(route)) = config.mail.map(|mail| mail.route) else {
        panic!("{shown}")
    };
    assert_eq!(route.user.as_deref(), Some("posta@example.org"));
    assert!(!shown.contains("herons"), "{shown}");
}

#[test]
fn links_lead_to_the_public_address_unless_another_page_is_named() {
    let config = Given::default().variable("ALMONER_PUBLIC_URL", "https://a.example.org").config();
    assert_eq!(config.links.password_reset.as_str(), "https://a.example.org/password-reset");
    assert_eq!(config.links.invitation.as_str(), "https://a.example.org/invitation");
    let page = "https://b.example.org/hos-geldiniz?dil=tr";
    let config = Given::default().variable("ALMONER_LINKS_INVITATION", page).config();
    assert_eq!(config.links.invitation.as_str(), page);
    for wrong in ["ftp://b.example.org", "/invitation", "https://b.example.org/#page"] {
        let problems = Given::default().variable("ALMONER_LINKS_INVITATION", wrong).problems();
        assert_eq!(problems.len(), 1, "{wrong}");
    }
}
