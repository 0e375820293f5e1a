//! What this crate expects of the outside: storage, a way out, and the secret in a link.

use almoner_kernel::{
    EmailAddress, LinkId, MailId, MailTemplate, Page, PageRequest, PersonName, SessionId,
    StoreError, Timestamp, UnitOfWork, UserId, store::Cause,
};
use async_trait::async_trait;
use secrecy::SecretString;

use crate::{Mail, MailProblem, MailQuery, MailState, Message};

/// Mails in storage, and what they tell of.
#[async_trait]
pub trait Mails: Send + Sync {
    /// Opens a unit of work.
    ///
    /// # Errors
    /// When the database is away.
    async fn begin(&self) -> Result<Box<dyn MailsTx>, StoreError>;

    /// One mail.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn mail(&self, id: MailId) -> Result<Option<Mail>, StoreError>;

    /// A page of mails, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn mails(&self, query: &MailQuery, page: &PageRequest) -> Result<Page<Mail>, StoreError>;

    /// Whom a mail is for; none when the user is gone or cannot log in any more.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn recipient(&self, user: UserId) -> Result<Option<Recipient>, StoreError>;

    /// When a link ends; none when it was used or replaced.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn link_expires_at(&self, link: LinkId) -> Result<Option<Timestamp>, StoreError>;

    /// Where a session was begun; none when it has ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn device(&self, session: SessionId) -> Result<Option<Device>, StoreError>;

    /// How many mails about this were sent to a user, from one instant to the other, not counting
    /// further than `most`.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn sent_between(
        &self,
        user: UserId,
        template: MailTemplate,
        since: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<u32, StoreError>;

    /// Writes down what became of an attempt, without a trail: an attempt is no edit. A mail that
    /// was sent forgets its own address.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn note(&self, id: MailId, outcome: &Outcome) -> Result<(), StoreError>;
}

/// Mails in storage: a unit of work.
#[async_trait]
pub trait MailsTx: UnitOfWork {
    /// One mail, locked.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn mail(&mut self, id: MailId) -> Result<Option<Mail>, StoreError>;

    /// Stores that a mail is to be sent again, where the stored version is one less.
    ///
    /// # Errors
    /// `Raced` when the version differs.
    async fn requeue(&mut self, mail: &Mail) -> Result<(), StoreError>;
}

/// Whom a mail is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// How they are called.
    pub name: PersonName,
    /// Where they are reached.
    pub email: EmailAddress,
    /// The language they read, BCP 47.
    pub locale: String,
    /// The IANA time zone of their days.
    pub time_zone: String,
}

/// Where a session was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The network, without the end of the address.
    pub network: Option<String>,
    /// As the browser named itself.
    pub browser: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where the mail stands now.
    pub state: MailState,
    /// What the attempt met, unless it succeeded.
    pub problem: Option<MailProblem>,
    /// What the other server answered.
    pub reply: Option<u16>,
    /// The language it was written in, when it was written.
    pub language: Option<&'static str>,
    /// When.
    pub at: Timestamp,
}

/// The links that stand in mails.
pub trait Links: Send + Sync {
    /// The address of the page where a link is used, with its secret in the fragment, which browsers
    /// keep to themselves; none for a mail that has no link.
    fn address(&self, template: MailTemplate, link: LinkId) -> Option<SecretString>;
}

/// The way out.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands a mail over; returns what the other server answered, when there is one.
    ///
    /// # Errors
    /// [`SendError`].
    async fn send(&self, message: &Message) -> Result<Option<u16>, SendError>;
}

/// A mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The other server refuses this mail, now and always: a bounce.
    #[error("the other server refused the mail with {code}")]
    Refused {
        /// What it answered, 5xx.
        code: u16,
        /// What it said, for the log of an operator who tries it out.
        #[source]
        source: Cause,
    },
    /// The other server wants it later.
    #[error("the other server wants the mail later and answered {code}")]
    Deferred {
        /// What it answered, 4xx.
        code: u16,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// The other server refuses us: an operator has something to put right.
    #[error("the other server did not let us in")]
    NotAccepted {
        /// What it answered, when it did.
        code: Option<u16>,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// Nobody answered, or not safely.
    #[error("the other server could not be reached")]
    Unreachable(#[source] Cause),
}
