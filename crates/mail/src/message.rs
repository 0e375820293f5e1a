//! A mail as it goes out: typed parts, none of which can hold a line break where a header stands.

use std::fmt;

use almoner_kernel::{EmailAddress, MailId, MailTemplate, PersonName};

/// Whom a mail is from, or to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name that is shown.
    pub name: Option<PersonName>,
    /// The address.
    pub address: EmailAddress,
}

/// A mail, ready to go.
#[derive(Clone)]
pub struct Message {
    /// Makes the `Message-ID`: every attempt at one mail has the same, so that a mailbox that gets it
    /// twice can tell.
    pub id: MailId,
    /// What it is about; none for a trial.
    pub template: Option<MailTemplate>,
    /// `From`.
    pub from: Mailbox,
    /// `Reply-To`.
    pub reply_to: Option<Mailbox>,
    /// `To`, and the one recipient of the envelope.
    pub to: Mailbox,
    /// `Subject`.
    pub subject: Subject,
    /// The body for those who read text.
    pub text: String,
    /// The same for those who read HTML.
    pub html: String,
    /// The language of both, BCP 47.
    pub language: &'static str,
}

impl fmt::Debug for Message {
    /// Neither the recipient nor a word of the body, in which there may be a secret link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

/// One line, whatever it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Characters a subject has at the most.
    pub const MAX_CHARS: usize = 200;

    /// Makes one line of a text: white space of every kind, line breaks included, becomes one space,
    /// and other control characters go.
    pub fn of(text: &str) -> Self {
        let spaced = text.split(|char: char| char.is_whitespace() || char.is_control());
        let words: Vec<&str> = spaced.filter(|word| !word.is_empty()).collect();
        let line: String = words.join(" ").chars().take(Self::MAX_CHARS).collect();
        Self(line.trim_end().to_owned())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
