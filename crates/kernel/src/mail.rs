//! Mail to users: what a use case leaves behind to be sent.
//!
//! The mail is stored in the unit of work that causes it, and its [`job`] is left in the trail of the
//! same unit. The job knows nothing but the mail's id.

use std::str::FromStr;

use uuid::Uuid;

use crate::{EmailAddress, MailId, NewJob, Timestamp, UserId};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailTemplate {
    /// A link to choose a new password.
    PasswordReset,
    /// A link to choose the first password.
    Invitation,
    /// The password was changed.
    PasswordChanged,
    /// The e-mail address was changed; this goes to the old one.
    EmailChanged,
    /// Somebody logged in on a device that was not seen before.
    NewDevice,
}

impl MailTemplate {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[
        Self::PasswordReset,
        Self::Invitation,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::NewDevice,
    ];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::NewDevice => "new_device",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == text)
    }
}

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// Which one.
    pub id: MailId,
    /// What it is about.
    pub template: MailTemplate,
    /// Whom it is for.
    pub user_id: UserId,
    /// Where it goes, when that is not the address the user has.
    pub address: Option<EmailAddress>,
    /// The record that it tells of: a link or a session.
    pub about: Option<Uuid>,
    /// When what it tells of happened.
    pub at: Timestamp,
}

/// The kind of the jobs that send mail.
pub const SEND: &str = "mail.send";

/// The job that sends a stored mail.
pub fn job(mail: MailId) -> NewJob {
    NewJob::new(SEND, id_payload("mail_id", mail.uuid()))
}

/// The payload of a job that only knows one record: `{"mail_id":"019a…"}`.
pub fn id_payload(field: &str, id: Uuid) -> String {
    format!(r#"{{"{field}":"{id}"}}"#)
}

/// The record of such a payload; none when it is not what [`id_payload`] writes.
pub fn id_of_payload(field: &str, payload: &str) -> Option<Uuid> {
    let id = payload.strip_prefix(r#"{""#)?.strip_prefix(field)?;
    let id = id.strip_prefix(r#"":""#)?.strip_suffix(r#""}"#)?;
    Uuid::from_str(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_gives_back_its_id_and_nothing_else_does() {
        let id = Uuid::from_u128(7);
        let payload = id_payload("mail_id", id);
        assert_eq!(payload, r#"{"mail_id":"00000000-0000-0000-0000-000000000007"}"#);
        assert_eq!(id_of_payload("mail_id", &payload), Some(id));
        assert_eq!(id_of_payload("request_id", &payload), None);
        assert_eq!(id_of_payload("mail_id", "{}"), None);
        assert_eq!(id_of_payload("mail_id", ""), None);
        assert_eq!(id_of_payload("mail_id", r#"{"mail_id":"7"}"#), None);
    }

    #[test]
    fn every_template_is_found_by_its_name() {
        for template in MailTemplate::ALL {
            assert_eq!(MailTemplate::parse(template.as_str()), Some(*template));
        }
        assert_eq!(MailTemplate::parse("letter"), None);
    }
}
