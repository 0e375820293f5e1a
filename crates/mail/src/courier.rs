//! Sends the mails that were left to be sent: the handler of the jobs of [`mail::SEND`].

use std::sync::Arc;

use almoner_kernel::{
    Attempt, JobError, JobHandler, LinkId, MailId, MailTemplate, Progress, SessionId, Timestamp,
    mail::{self, id_of_payload},
};
use async_trait::async_trait;
use chrono::Duration;

use crate::{
    Letter, Mail, MailProblem, MailState, Mailbox, Message, Templates,
    ports::{Links, Mails, Outcome, Recipient, SendError, Transport},
};

/// Sends mails.
pub struct Courier {
    mails: Arc<dyn Mails>,
    templates: Arc<Templates>,
    links: Arc<dyn Links>,
    transport: Arc<dyn Transport>,
    policy: CourierPolicy,
}

/// Whom mails are from, and how many are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourierPolicy {
    /// `From`.
    pub from: Mailbox,
    /// `Reply-To`.
    pub reply_to: Option<Mailbox>,
    /// Mails about one thing that one user gets in a window; more are held back.
    pub max_per_recipient: u32,
    /// The length of the window; it slides.
    pub window: Duration,
}

/// How an attempt ended that nothing stood in the way of.
struct Delivery {
    language: &'static str,
    answer: Result<Option<u16>, SendError>,
}

impl Courier {
    /// The handler, over its ports and policy.
    pub fn new(
        mails: Arc<dyn Mails>,
        templates: Arc<Templates>,
        links: Arc<dyn Links>,
        transport: Arc<dyn Transport>,
        policy: CourierPolicy,
    ) -> Self {
        Self { mails, templates, links, transport, policy }
    }

    /// Sends one mail. One that was sent, or given up, before is left alone: the attempt is a
    /// repetition after a crash.
    async fn send(&self, id: MailId, attempt: &Attempt) -> Result<(), JobError> {
        let Some(mail) = self.mails.mail(id).await? else {
            return Err(JobError::give_up("the mail is gone"));
        };
        if mail.state != MailState::Queued {
            return Ok(());
        }
        match self.deliver(&mail, attempt.at).await? {
            Ok(Delivery { language, answer: Ok(reply) }) => {
                let outcome = Outcome {
                    state: MailState::Sent,
                    problem: None,
                    reply,
                    language: Some(language),
                    at: attempt.at,
                };
                Ok(self.mails.note(id, &outcome).await?)
            }
            Ok(Delivery { language, answer: Err(error) }) => {
                self.stumbled(id, attempt, language, error).await
            }
            Err((state, problem)) => {
                let outcome = Outcome {
                    state,
                    problem: Some(problem),
                    reply: None,
                    language: None,
                    at: attempt.at,
                };
                // The job has done what it could: the mail says what was wrong with it.
                Ok(self.mails.note(id, &outcome).await?)
            }
        }
    }

    /// Writes the mail and hands it over, unless something about the mail itself stands in the way.
    async fn deliver(
        &self,
        mail: &Mail,
        at: Timestamp,
    ) -> Result<Result<Delivery, (MailState, MailProblem)>, JobError> {
        let Some(recipient) = self.mails.recipient(mail.user_id).await? else {
            return Ok(Err((MailState::Failed, MailProblem::NoRecipient)));
        };
        let Some(letter) = self.letter(mail, at).await? else {
            return Ok(Err((MailState::Failed, MailProblem::LinkExpired)));
        };
        // What lies further in the future was before the clock was set back.
        let (since, until) = (at - self.policy.window, at + self.policy.window);
        let most = self.policy.max_per_recipient;
        let sent = self.mails.sent_between(mail.user_id, mail.template, since, until, most).await?;
        if sent >= most {
            return Ok(Err((MailState::HeldBack, MailProblem::TooMany)));
        }
        let message = self.message(mail, recipient, &letter)?;
        let language = message.language;
        Ok(Ok(Delivery { language, answer: self.transport.send(&message).await }))
    }

    /// What the mail tells; none when its link leads nowhere any more.
    async fn letter(&self, mail: &Mail, at: Timestamp) -> Result<Option<Letter>, JobError> {
        Ok(match mail.template {
            MailTemplate::PasswordReset | MailTemplate::Invitation => {
                let Some(link) = mail.about.map(LinkId::new) else { return Ok(None) };
                let expires_at = self.mails.link_expires_at(link).await?;
                let Some(expires_at) = expires_at.filter(|end| at < *end) else { return Ok(None) };
                let Some(address) = self.links.address(mail.template, link) else {
                    return Ok(None);
                };
                Some(match mail.template {
                    MailTemplate::Invitation => Letter::Invitation { address, expires_at },
                    _ => Letter::PasswordReset { address, expires_at },
                })
            }
            MailTemplate::PasswordChanged => Some(Letter::PasswordChanged { at: mail.created_at }),
            MailTemplate::EmailChanged => Some(Letter::EmailChanged { at: mail.created_at }),
            MailTemplate::NewDevice => {
                let device = match mail.about.map(SessionId::new) {
                    Some(session) => self.mails.device(session).await?,
                    None => None,
                };
                Some(Letter::NewDevice { at: mail.created_at, device })
            }
        })
    }

    fn message(
        &self,
        mail: &Mail,
        recipient: Recipient,
        letter: &Letter,
    ) -> Result<Message, JobError> {
        let rendered =
            self.templates.render(&recipient, letter).map_err(|error| JobError::Retry {
                reason: "the mail could not be written".to_owned(),
                after: None,
                source: Some(Box::new(error)),
            })?;
        Ok(Message {
            id: mail.id,
            template: Some(mail.template),
            from: self.policy.from.clone(),
            reply_to: self.policy.reply_to.clone(),
            to: Mailbox {
                name: Some(recipient.name),
                address: mail.address.clone().unwrap_or(recipient.email),
            },
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            language: rendered.language.as_str(),
        })
    }

    /// The other server did not take it.
    async fn stumbled(
        &self,
        id: MailId,
        attempt: &Attempt,
        language: &'static str,
        error: SendError,
    ) -> Result<(), JobError> {
        let (problem, reply) = match &error {
            SendError::Refused { code, .. } => (MailProblem::Refused, Some(*code)),
            SendError::Deferred { code, .. } => (MailProblem::Deferred, Some(*code)),
            SendError::NotAccepted { code, .. } => (MailProblem::NotAccepted, *code),
            SendError::Unreachable(_) => (MailProblem::Unreachable, None),
        };
        let is_bounce = problem == MailProblem::Refused;
        let state = match () {
            () if is_bounce => MailState::Bounced,
            () if attempt.is_last => MailState::Failed,
            () => MailState::Queued,
        };
        let outcome = Outcome {
            state,
            problem: Some(problem),
            reply,
            language: Some(language),
            at: attempt.at,
        };
        self.mails.note(id, &outcome).await?;
        if is_bounce {
            return Ok(());
        }
        // What another server says may hold the recipient's address: only its number is told.
        Err(JobError::retry(match reply {
            Some(code) => format!("{}: {code}", problem.as_str()),
            None => problem.as_str().to_owned(),
        }))
    }
}

#[async_trait]
impl JobHandler for Courier {
    fn kind(&self) -> &'static str {
        mail::SEND
    }

    async fn run(&self, attempt: &Attempt, _: &dyn Progress) -> Result<(), JobError> {
        let id = id_of_payload("mail_id", &attempt.payload)
            .ok_or_else(|| JobError::give_up("the job does not say which mail it is about"))?;
        self.send(MailId::new(id), attempt).await
    }
}
