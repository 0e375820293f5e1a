//! From a mail to its bytes. Every header is written by lettre, which encodes what it is given: no
//! name, address or subject can end a header and begin another.
//!
//! lettre lets a lone carriage return pass in a body, which some servers take for the end of a line:
//! bodies lose them before.

use almoner_mail::{Mailbox, Message};
use lettre::{
    Address,
    message::{
        self, MultiPart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

/// A mail has no bytes.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An address that was stored is none.
    #[error("an address of the mail is not one")]
    Address(#[from] lettre::address::AddressError),
    /// Anything else.
    #[error("the mail cannot be put together")]
    Message(#[from] lettre::error::Error),
}

/// The bytes of a mail, with its envelope.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(mail: &Message) -> Result<lettre::Message, ComposeError> {
    let from = mailbox(&mail.from)?;
    let message_id = format!("<{}@{}>", mail.id, from.email.domain());
    let mut builder = lettre::Message::builder()
        .message_id(Some(message_id))
        .from(from)
        .to(mailbox(&mail.to)?)
        .subject(mail.subject.as_str())
        .header(AutoSubmitted)
        .header(ContentLanguage(mail.language));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let part = |kind, text: &str| message::SinglePart::builder().header(kind).body(lines(text));
    let body = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.html));
    Ok(builder.multipart(body)?)
}

fn mailbox(mailbox: &Mailbox) -> Result<message::Mailbox, ComposeError> {
    let name = mailbox.name.as_ref().map(|name| one_line(name.as_str()));
    Ok(message::Mailbox::new(name, mailbox.address.mailed().parse::<Address>()?))
}

/// Names are lines already; one that was put into the database by hand may not be.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// A body of lines: a lone carriage return, which some servers take for the end of a line and others
/// do not, is how one mail becomes two on the way. Other control characters have no business there.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect()
}

/// RFC 3834: nobody's absence assistant answers.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// RFC 3282.
#[derive(Clone)]
struct ContentLanguage(&'static str);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err("only written".into())
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use almoner_kernel::{EmailAddress, MailId, PersonName};
    use almoner_mail::Subject;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn message(name: &str, subject: &str, body: &str) -> Message {
        let mailbox = |address: &str| Mailbox {
            name: Some(PersonName::from_stored(name.to_owned())),
            address: EmailAddress::from_stored(address.to_owned()),
        };
        Message {
            id: MailId::new(Uuid::from_u128(7)),
            template: None,
            from: mailbox("posta@example.org"),
            reply_to: Some(mailbox("buro@example.org")),
            to: mailbox("elif@example.org"),
            subject: Subject::of(subject),
            text: body.to_owned(),
            html: body.to_owned(),
            language: "tr",
        }
    }

    /// The names of the headers, in order, lower case.
    fn headers(bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split_once(':').unwrap().0.to_lowercase()).collect()
    }

    fn expected() -> Vec<String> {
        let names = [
            "message-id",
            "from",
            "to",
            "subject",
            "auto-submitted",
            "content-language",
            "reply-to",
            "date",
            "mime-version",
            "content-type",
        ];
        let mut names = names.map(str::to_owned).to_vec();
        names.sort();
        names
    }

    #[track_caller]
    fn has_only_its_own_headers(mail: &Message) {
        let composed = compose(mail).unwrap();
        let bytes = composed.formatted();
        let mut found = headers(&bytes);
        found.sort();
        assert_eq!(found, expected());
        // No bare CR or LF anywhere: another server may take either for the end of a line.
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => assert_eq!(bytes.get(at + 1), Some(&b'\n')),
                b'\n' => assert_eq!(bytes[at - 1], b'\r'),
                _ => {}
            }
        }
        let envelope = composed.envelope();
        assert_eq!(envelope.to().len(), 1);
        assert_eq!(envelope.to()[0].to_string(), mail.to.address.as_str());
    }

    #[test]
    fn nothing_ends_a_header_and_begins_another() {
        for evil in [
            "Elif\r\nBcc: everybody@example.org",
            "Elif\nBcc: everybody@example.org\n\nbody",
            "Elif\rBcc: everybody@example.org",
            "\r\n\r\n.\r\nMAIL FROM:<x@example.org>",
            "\" <a@example.org>, \"",
            "=?utf-8?q?=0D=0ABcc:_everybody@example.org?=",
            "\u{85}Bcc: x\u{2028}Bcc: y",
            "",
        ] {
            has_only_its_own_headers(&message(evil, evil, evil));
        }
    }

    #[test]
    fn an_address_with_a_line_break_is_none() {
        let mut mail = message("Elif", "Konu", "Metin");
        let evil = "elif@example.org\r\nBcc: everybody@example.org";
        mail.to.address = EmailAddress::from_stored(evil.to_owned());
        assert!(matches!(compose(&mail), Err(ComposeError::Address(_))));
    }

    #[test]
    fn a_domain_of_other_letters_is_mailed_as_the_network_knows_it() {
        let mut mail = message("Elif", "Konu", "Metin");
        mail.to.address = EmailAddress::parse("elif@örnek.org").unwrap();
        let composed = compose(&mail).unwrap();
        assert_eq!(composed.envelope().to()[0].to_string(), "elif@xn--rnek-4qa.org");
        assert!(composed.formatted().is_ascii());
    }

    #[test]
    fn every_attempt_at_a_mail_has_one_message_id() {
        let id = || {
            let bytes = compose(&message("Elif", "Konu", "Metin")).unwrap().formatted();
            let text = String::from_utf8(bytes).unwrap();
            text.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned()
        };
        assert_eq!(id(), id());
        assert!(id().contains("00000000-0000-0000-0000-000000000007@example.org"));
    }

    proptest! {
        #[test]
        fn whatever_stands_in_it_a_mail_has_only_its_own_headers(
            name in "\\PC{0,40}|[\\x00-\\x7f]{0,40}|.{0,20}\r\n[A-Za-z-]{1,10}: .{0,20}",
            subject in "\\PC{0,300}|[\\x00-\\x7f]{0,300}|.{0,20}\r\n[A-Za-z-]{1,10}: .{0,20}",
            body in "\\PC{0,200}|[\\x00-\\x7f]{0,200}",
        ) {
            has_only_its_own_headers(&message(&name, &subject, &body));
        }
    }
}
