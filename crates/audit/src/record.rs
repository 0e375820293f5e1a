//! What the trail holds, as it is read, and how it is searched.

use almoner_kernel::{
    Actor, ChangeId, SecurityEventId, SecurityEventKind, Timestamp, UserId, Version,
};
use uuid::Uuid;

/// One change of one record, as it stands in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The place in the trail: 1, 2, 3, … without gaps, in the order of the commits.
    pub position: i64,
    /// The id.
    pub id: ChangeId,
    /// When the change was asked for.
    pub at: Timestamp,
    /// Who did it.
    pub actor: ActorOnRecord,
    /// What was done: the name of an [`Action`], or one that a newer program wrote.
    pub action: String,
    /// The kind of record, from [`almoner_kernel::id::Entity::NAME`].
    pub entity: String,
    /// The record.
    pub entity_id: Uuid,
    /// Its version after the change.
    pub version: Version,
    /// The changed fields before: the text of a JSON object, as it was sealed.
    pub before: String,
    /// The changed fields after: the text of a JSON object, as it was sealed.
    pub after: String,
    /// Why, when the use case asked for a reason.
    pub reason: Option<String>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// The client's address; blank for readers who may not see the whole trail.
    pub address: Option<String>,
    /// `User-Agent`; blank for readers who may not see the whole trail.
    pub user_agent: Option<String>,
    /// What the changes of one request, command or job have in common; none of changes from before that
    /// was kept.
    pub change_set: Option<Uuid>,
    /// The change of another record that it is an effect of.
    pub cause: Option<ChangeId>,
    /// The name of the role that the user had then.
    pub actor_role: Option<String>,
    /// What was asked: the id of an operation, the name of a command or job.
    pub operation: Option<String>,
    /// What the user who did it is called now; blank for readers who may not see the whole trail.
    pub user_name: Option<String>,
}

/// Who acted, as it is kept: a user may have been renamed since, so only the id is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActorOnRecord {
    /// Nobody was logged in.
    Anonymous,
    /// A logged-in user.
    User(UserId),
    /// The program itself: `cli`, `seed`, a job's name.
    System(String),
}

impl ActorOnRecord {
    /// What is kept of an actor.
    pub fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Anonymous => Self::Anonymous,
            Actor::User(caller) => Self::User(caller.user_id),
            Actor::System(name) => Self::System((*name).to_owned()),
        }
    }

    /// The actor of three stored columns; none when they contradict each other.
    pub fn from_stored(kind: &str, user_id: Option<UserId>, name: Option<String>) -> Option<Self> {
        match (kind, user_id, name) {
            ("anonymous", None, None) => Some(Self::Anonymous),
            ("user", Some(user_id), None) => Some(Self::User(user_id)),
            ("system", None, Some(name)) => Some(Self::System(name)),
            _ => None,
        }
    }

    /// `anonymous`, `user` or `system`: the name in the API and in storage.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User(_) => "user",
            Self::System(_) => "system",
        }
    }

    /// The user, when it was one.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user_id) => Some(*user_id),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// The name of the program's part, when it was one.
    pub fn system(&self) -> Option<&str> {
        match self {
            Self::System(name) => Some(name),
            Self::Anonymous | Self::User(_) => None,
        }
    }
}

/// Which changes to list: all that fit every given field, newest (highest position) first. The
/// position of a page is `SortKey::Int(ChangeRecord::position)` with the change's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Of one kind of record.
    pub entity: Option<String>,
    /// Of one record.
    pub entity_id: Option<Uuid>,
    /// Of one kind of change.
    pub action: Option<String>,
    /// By one user.
    pub actor: Option<UserId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// With these words, the last one as a beginning, in the values before and after or the reason. What
    /// is personal is not searched.
    pub q: Option<String>,
}

/// One login, logout, failure or refusal, as it stands in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEventRecord {
    /// The id, a UUID v7: newer events have greater ones.
    pub id: SecurityEventId,
    /// When.
    pub at: Timestamp,
    /// What happened: the name of a [`SecurityEventKind`], or one that a newer program wrote.
    pub kind: String,
    /// Whom it is about, when that is known.
    pub user_id: Option<UserId>,
    /// Who acted.
    pub actor: ActorOnRecord,
    /// What exactly, in words without secrets or personal data.
    pub detail: Option<String>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
}

/// Which security events to list: all that fit every given field, newest (greatest id) first. The
/// position of a page is the event's id alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityEventQuery {
    /// Of one kind.
    pub kind: Option<SecurityEventKind>,
    /// About one user.
    pub user_id: Option<UserId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}
