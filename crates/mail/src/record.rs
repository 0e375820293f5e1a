//! What became of a mail.

use almoner_kernel::{
    Audited, EmailAddress, MailId, MailTemplate, Snapshot, Timestamp, UserId, Version,
    id::{Entity, MailEntity},
};
use uuid::Uuid;

/// One mail to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Which one.
    pub id: MailId,
    /// What it is about.
    pub template: MailTemplate,
    /// Whom it is for. Where it goes is read from the user when it goes.
    pub user_id: UserId,
    /// Where it goes, when that is not the address the user has. Forgotten once it is sent.
    pub address: Option<EmailAddress>,
    /// The link or session that it tells of.
    pub about: Option<Uuid>,
    /// Where it stands.
    pub state: MailState,
    /// What the last attempt met, unless it succeeded.
    pub problem: Option<MailProblem>,
    /// What the other server answered last, such as 250 or 550.
    pub reply: Option<u16>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// The language it was written in, once it was.
    pub language: Option<String>,
    /// Grows when an operator has it sent again; an attempt is no edit.
    pub version: Version,
    /// When what it tells of happened.
    pub created_at: Timestamp,
}

impl Mail {
    /// The mail, to be sent again from the start.
    #[must_use]
    pub fn requeued(&self) -> Self {
        Self {
            state: MailState::Queued,
            problem: None,
            version: self.version.next(),
            ..self.clone()
        }
    }
}

impl Audited for Mail {
    const ENTITY: &'static str = MailEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("template", self.template.as_str().into()),
            ("user_id", self.user_id.into()),
            ("state", self.state.as_str().into()),
            ("problem", self.problem.map(MailProblem::as_str).into()),
        ]
    }
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailState {
    /// It waits to be sent, for the first time or again.
    Queued,
    /// Another server took it; what became of it there nobody knows.
    Sent,
    /// Another server refused it for good.
    Bounced,
    /// It will not be tried again.
    Failed,
    /// It was held back: the user had too many of the kind.
    HeldBack,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Sent, Self::Bounced, Self::Failed, Self::HeldBack];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::HeldBack => "held_back",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True for a mail that an operator may have sent again.
    pub const fn can_be_retried(self) -> bool {
        matches!(self, Self::Bounced | Self::Failed | Self::HeldBack)
    }
}

/// Why a mail was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailProblem {
    /// The other server refused it for good.
    Refused,
    /// The other server wants it later.
    Deferred,
    /// The other server refused us: log-in, sender, or what we said to it.
    NotAccepted,
    /// The other server could not be reached, or not safely.
    Unreachable,
    /// Its user is gone, or cannot log in any more.
    NoRecipient,
    /// The link in it has expired, or was used or replaced.
    LinkExpired,
    /// The user had too many of the kind.
    TooMany,
}

impl MailProblem {
    /// Every problem.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Deferred,
        Self::NotAccepted,
        Self::Unreachable,
        Self::NoRecipient,
        Self::LinkExpired,
        Self::TooMany,
    ];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::NotAccepted => "not_accepted",
            Self::Unreachable => "unreachable",
            Self::NoRecipient => "no_recipient",
            Self::LinkExpired => "link_expired",
            Self::TooMany => "too_many",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.as_str() == text)
    }
}

/// Which mails a list shows, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailQuery {
    /// Only those in this state.
    pub state: Option<MailState>,
    /// Only those about this.
    pub template: Option<MailTemplate>,
    /// Only those to this user.
    pub user_id: Option<UserId>,
}
