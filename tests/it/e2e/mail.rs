//! Mail through a real SMTP conversation.

use std::fs;

use serde_json::{Value, json};

use super::almoner::{Almoner, EMAIL, PASSWORD};
use crate::support::{
    Answer, Browser,
    smtp::{self, Protection, Smtp},
};

const NEW: &str = "eight quiet boats return at dusk";

/// A server that mails through `smtp`, with the first superadmin.
async fn mailing(smtp: &Smtp, transport: &str) -> Almoner {
    let almoner = Almoner::new();
    let certificate = smtp.certificate_in(almoner.folder.path());
    let mut almoner = almoner
        .with("ALMONER_ORGANISATION", "Umut Derneği")
        .with("ALMONER_MAIL_FROM", "Umut Derneği <posta@umutdernegi.org>")
        .with("ALMONER_MAIL_TRANSPORT", transport)
        .with("ALMONER_MAIL_CA_FILE", &certificate)
        .with("ALMONER_LINKS_PASSWORD_RESET", "https://umutdernegi.org/parola");
    if transport.contains('@') {
        almoner = almoner.with("ALMONER_MAIL_PASSWORD", smtp::PASSWORD);
    }
    almoner.start();
    almoner.create_admin();
    almoner
}

fn starttls(smtp: &Smtp) -> String {
    format!("smtp://{}@localhost:{}", smtp::USER, smtp.port)
}

async fn ask(almoner: &Almoner, email: &str) -> Answer {
    Browser::stranger(&almoner.url).post("/auth/password-reset", &json!({ "email": email })).await
}

async fn confirm(almoner: &Almoner, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "new_password": password });
    Browser::stranger(&almoner.url).post("/auth/password-reset/confirm", &body).await
}

async fn login(almoner: &Almoner, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    Browser::stranger(&almoner.url).post("/auth/login", &body).await
}

#[tokio::test]
async fn a_reset_mail_arrives_and_its_link_works_once() {
    let smtp = Smtp::start(Protection::StartTls).await;
    let almoner = mailing(&smtp, &starttls(&smtp)).await;
    let browser = almoner.log_in().await;
    ask(&almoner, "AYSE@example.org").await.expect(202);

    let mail = smtp.wait_for(1).await.remove(0);
    assert!(mail.was_encrypted && mail.was_logged_in);
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("posta@umutdernegi.org", &[EMAIL.to_owned()][..])
    );
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("To").contains("<ayse@example.org>"));
    let text = mail.text();
    assert!(text.contains("https://umutdernegi.org/parola#token="), "{text}");
    assert!(text.contains("Hello Ayşe Yılmaz"), "{text}");
    // What was sent before the conversation was encrypted says nothing.
    let heard = smtp.heard();
    let tls = heard.iter().position(|line| line == "STARTTLS").unwrap();
    assert!(heard[..tls].iter().all(|line| line.starts_with("EHLO")), "{heard:?}");

    let token = mail.token();
    let weak = confirm(&almoner, &token, "short").await.expect(422);
    assert_eq!(weak.text("/errors/0/pointer"), "/new_password");
    confirm(&almoner, &token, NEW).await.expect(204);
    let again = confirm(&almoner, &token, NEW).await.expect(422);
    assert_eq!(again.text("/errors/0/pointer"), "/token");
    assert_eq!(again.text("/errors/0/code"), "link");
    // Every session is dead, the old password as well.
    browser.get("/auth/session").await.expect(401);
    login(&almoner, EMAIL, PASSWORD).await.expect(401);
    let browser = Browser::log_in(&almoner.url, EMAIL, NEW).await;

    let notice = smtp.wait_until(|smtp| smtp.taken().len() >= 3);
    notice.await;
    // The other server has taken a mail before this one has noted it.
    let mut subjects: Vec<Value> = mails(&browser).await;
    for _ in 0..200 {
        if subjects.iter().all(|mail| mail["state"] == "sent") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        subjects = mails(&browser).await;
    }
    let of = |template: &str| {
        let found = subjects.iter().find(|mail| mail["template"] == template);
        found.unwrap_or_else(|| panic!("no {template} in {subjects:?}")).clone()
    };
    for template in ["password_reset", "password_changed", "new_device"] {
        let mail = of(template);
        assert_eq!(
            (&mail["state"], &mail["reply"], &mail["attempts"]),
            (&json!("sent"), &json!(250), &json!(1))
        );
        assert!(!mail.to_string().contains('@'), "{mail}");
    }
    // Neither a token nor an address is logged, nor stands in a job.
    let log = almoner.log();
    for secret in [token.as_str(), EMAIL, smtp::PASSWORD, NEW] {
        assert!(!log.contains(secret), "{secret} was logged");
    }
}

async fn mails(browser: &Browser) -> Vec<Value> {
    browser.get("/mails").await.expect(200).list("/items").to_vec()
}

#[tokio::test]
async fn who_has_no_account_is_answered_alike_and_gets_no_mail() {
    let smtp = Smtp::start(Protection::StartTls).await;
    let almoner = mailing(&smtp, &starttls(&smtp)).await;
    let nobody = ask(&almoner, "nobody@example.org").await.expect(202);
    let somebody = ask(&almoner, EMAIL).await.expect(202);
    assert_eq!(nobody.body, somebody.body);
    let names = |answer: &Answer| -> Vec<String> {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&nobody), names(&somebody));
    let taken = smtp.wait_for(1).await;
    assert_eq!(taken[0].to, [EMAIL]);
    let malformed = ask(&almoner, "nobody").await.expect(422);
    assert_eq!(malformed.text("/errors/0/pointer"), "/email");
    // The fourth for one address within the hour is answered alike, and sends nothing.
    // Each is asked for after the one before has arrived: a link that is replaced is not sent.
    for count in 2..=3 {
        ask(&almoner, EMAIL).await.expect(202);
        smtp.wait_for(count).await;
    }
    for _ in 0..3 {
        ask(&almoner, EMAIL).await.expect(202);
    }
    let newest = smtp.taken().pop().unwrap();
    let first = taken[0].token();
    confirm(&almoner, &first, NEW).await.expect(422);
    confirm(&almoner, &newest.token(), NEW).await.expect(204);
    // The notice of the new password is the fourth mail: what comes after six requests were three.
    let all = smtp.wait_for(4).await;
    assert_eq!(all.iter().filter(|mail| mail.data.contains("token")).count(), 3);
    let browser = Browser::log_in(&almoner.url, EMAIL, NEW).await;
    let events = browser.get("/audit/security-events?kind=password_reset_limited").await;
    assert_eq!(events.list("/items").len(), 1, "hammering must not fill the trail");
}

#[tokio::test]
async fn an_invited_user_chooses_a_password_and_the_first_invitation_dies() {
    let smtp = Smtp::start(Protection::Implicit).await;
    let transport = format!("smtps://{}@localhost:{}", smtp::USER, smtp.port);
    let almoner = mailing(&smtp, &transport).await;
    let browser = almoner.log_in().await;
    let new = json!({
        "name": "Mehmet Demir", "email": "mehmet@example.org", "role": "viewer", "locale": "tr-TR",
    });
    let made = browser.post("/users", &new).await.expect(201);
    assert_eq!(made.body["invitation_pending"], true);
    let id = made.text("/id");
    let first = smtp.wait_for(1).await.remove(0);
    assert_eq!(first.to, ["mehmet@example.org"]);
    assert_eq!(first.header("Content-Language"), "tr");
    assert!(first.text().contains("Merhaba Mehmet Demir"), "{}", first.text());
    // Nobody resets a password that nobody chose.
    ask(&almoner, "mehmet@example.org").await.expect(202);
    let again = browser.act(&format!("/users/{id}/invite")).await.expect(200);
    assert_eq!(again.body["invitation_pending"], true);
    let second = smtp.wait_for(2).await.remove(1);
    let accept = async |token: String| {
        let body = json!({ "token": token, "new_password": NEW });
        Browser::stranger(&almoner.url).post("/auth/invitation/accept", &body).await
    };
    accept(first.token()).await.expect(422);
    // An invitation is no way to reset, nor the other way round.
    confirm(&almoner, &second.token(), NEW).await.expect(422);
    accept(second.token()).await.expect(204);
    accept(second.token()).await.expect(422);
    let mehmet = Browser::log_in(&almoner.url, "mehmet@example.org", NEW).await;
    let me = mehmet.get("/users/me").await;
    assert_eq!(me.body["invitation_pending"], false);
    assert_eq!(browser.act(&format!("/users/{id}/invite")).await.text("/code"), "not_invited");
    // The browser that accepted is known, and was told of to nobody. One elsewhere is told of, once.
    let third = smtp.wait_for(3).await.remove(2);
    assert!(third.header("Subject").len() > 10);
    assert!(third.text().contains("127.0.0.0"), "{}", third.text());
    let body = json!({ "email": "mehmet@example.org", "password": NEW });
    mehmet.post("/auth/login", &body).await.expect(200);
    login(&almoner, "mehmet@example.org", NEW).await.expect(200);
    smtp.wait_for(4).await;
    let told = mails(&browser).await;
    assert_eq!(told.iter().filter(|mail| mail["template"] == "new_device").count(), 2, "{told:?}");
}

#[tokio::test]
async fn a_bounce_is_noted_and_a_later_answer_is_tried_again() {
    let smtp = Smtp::start(Protection::StartTls).await;
    let almoner = mailing(&smtp, &starttls(&smtp)).await;
    let browser = almoner.log_in().await;
    smtp.script.lock().unwrap().rcpt.push_back("550 5.1.1 <mehmet@example.org>: no such user");
    let new = json!({ "name": "Mehmet", "email": "mehmet@example.org", "role": "viewer" });
    let id = browser.post("/users", &new).await.expect(201).text("/id");
    let bounced = state_of(&browser, &id, "bounced").await;
    assert_eq!((&bounced["problem"], &bounced["reply"]), (&json!("refused"), &json!(550)));
    assert_eq!(bounced["attempts"], 1);
    let heard = smtp.heard().iter().filter(|line| line.starts_with("RCPT")).count();
    assert_eq!(heard, 1, "a bounce is not tried again by itself");
    // An operator has it sent again; the server wants it later first, and gets it.
    smtp.script.lock().unwrap().data.push_back("451 4.3.0 later");
    let mail = bounced["id"].as_str().unwrap();
    let queued = browser.act(&format!("/mails/{mail}/retry")).await.expect(200);
    assert_eq!(queued.text("/state"), "queued");
    let sent = state_of(&browser, &id, "sent").await;
    assert_eq!((&sent["attempts"], &sent["reply"]), (&json!(3), &json!(250)));
    assert!(sent.get("problem").is_none());
    let refused = browser.act(&format!("/mails/{mail}/retry")).await.expect(409);
    assert_eq!(refused.text("/code"), "mail_not_failed");
    assert!(!almoner.log().contains("mehmet@example.org"), "the other server's words were logged");
}

/// The one mail to a user, once it is in a state.
async fn state_of(browser: &Browser, user: &str, state: &str) -> Value {
    for _ in 0..1200 {
        let list = browser.get(&format!("/mails?user_id={user}&state={state}")).await.expect(200);
        if let Some(mail) = list.list("/items").first() {
            return mail.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail is {state}: {:?}", mails(browser).await);
}

// The command holds up the thread that waits for it: the mail server needs another.
#[tokio::test(flavor = "multi_thread")]
async fn no_mail_leaves_in_the_clear_or_to_a_server_nobody_vouches_for() {
    // It does not offer STARTTLS: somebody may have taken the offer away.
    let plain = Smtp::start(Protection::None).await;
    let almoner = Almoner::new()
        .with("ALMONER_MAIL_FROM", "posta@umutdernegi.org")
        .with("ALMONER_MAIL_TRANSPORT", &format!("smtp://localhost:{}", plain.port));
    let trial = almoner.run(&["mail", "test", "--to", "elif@example.org"]);
    assert!(!trial.status.success());
    assert!(
        plain.heard().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"),
        "{:?}",
        plain.heard()
    );
    // Its certificate is signed by nobody who is known.
    let strange = Smtp::start(Protection::StartTls).await;
    let almoner = Almoner::new()
        .with("ALMONER_MAIL_FROM", "posta@umutdernegi.org")
        .with("ALMONER_MAIL_TRANSPORT", &starttls(&strange))
        .with("ALMONER_MAIL_PASSWORD", smtp::PASSWORD);
    let trial = almoner.run(&["mail", "test", "--to", "elif@example.org"]);
    assert!(!trial.status.success());
    assert!(strange.taken().is_empty());
    assert!(!strange.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", strange.heard());
    // The same server, vouched for.
    let certificate = strange.certificate_in(almoner.folder.path());
    let almoner = almoner.with("ALMONER_MAIL_CA_FILE", &certificate);
    let trial = almoner.run(&["mail", "test", "--to", "elif@example.org"]);
    assert!(trial.status.success(), "{}", String::from_utf8_lossy(&trial.stderr));
    assert!(String::from_utf8_lossy(&trial.stdout).contains("250"));
    assert_eq!(strange.taken()[0].to, ["elif@example.org"]);
    // A wrong password is told with the server's own words.
    let almoner = almoner.with("ALMONER_MAIL_PASSWORD", "not that one, surely");
    let trial = almoner.run(&["mail", "test", "--to", "elif@example.org"]);
    let said = String::from_utf8_lossy(&trial.stderr).into_owned();
    assert!(said.contains("did not let us in") && said.contains("who are you"), "{said}");
    assert!(!said.contains("not that one"), "{said}");
}

#[tokio::test]
async fn a_password_is_never_configured_to_travel_in_the_clear() {
    let almoner = Almoner::new()
        .with("ALMONER_MAIL_FROM", "posta@umutdernegi.org")
        .with("ALMONER_MAIL_PASSWORD", smtp::PASSWORD)
        .with("ALMONER_MAIL_TRANSPORT", "smtp://posta@mail.example.org")
        .with("ALMONER_MAIL_TLS", "opportunistic");
    let said = almoner.run(&["config"]);
    assert_eq!(said.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&said.stderr).contains("ALMONER_MAIL_TLS"));
    let almoner = almoner.with("ALMONER_MAIL_TLS", "required");
    let said = String::from_utf8(almoner.run(&["config"]).stdout).unwrap();
    assert!(said.contains("mail.example.org") && !said.contains(smtp::PASSWORD), "{said}");
}

#[tokio::test]
async fn mail_into_a_folder_is_for_its_owner_and_without_mail_nobody_is_invited() {
    use std::os::unix::fs::PermissionsExt;

    let mut almoner = Almoner::new()
        .with("ALMONER_MAIL_FROM", "posta@umutdernegi.org")
        .with("ALMONER_MAIL_TRANSPORT", "file:mails");
    almoner.start();
    almoner.create_admin();
    ask(&almoner, EMAIL).await.expect(202);
    let folder = almoner.folder.path().join("mails");
    let mut found = None;
    for _ in 0..1200 {
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        found = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "eml"));
        if found.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let file = found.expect("a minute has passed");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(fs::read_to_string(&file).unwrap().contains("Subject:"));
    drop(almoner);

    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    ask(&almoner, EMAIL).await.expect(202);
    let browser = almoner.log_in().await;
    let new = json!({ "name": "Mehmet", "email": "mehmet@example.org", "role": "viewer" });
    let refused = browser.post("/users", &new).await.expect(409);
    assert_eq!(refused.text("/code"), "mail_off");
    assert!(mails(&browser).await.is_empty());
}
