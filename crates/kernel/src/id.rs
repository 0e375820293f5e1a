//! Typed ids: UUID v7, so that they sort by time of creation and can be used as page cursors.
//!
//! Their random bits come from a generator in the process (ChaCha, seeded by the system): ids are no
//! secrets, and each request made a system call for them under a lock. Secrets ask the system.

use std::{cmp, fmt, hash, marker::PhantomData, str::FromStr};

use uuid::Uuid;

/// What an id belongs to. The registry of kinds is this file.
pub trait Entity: 'static {
    /// Singular, lower snake_case: the name in the trail and in log lines.
    const NAME: &'static str;
}

/// A UUID v7 that knows what it identifies; written as lower-case hyphenated text.
pub struct Id<E>(Uuid, PhantomData<fn() -> E>);

impl<E> Id<E> {
    /// Wraps an id that came from the `Ids` port or from storage.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<E> hash::Hash for Id<E> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<E> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<E> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<E> FromStr for Id<E> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self::new)
    }
}

macro_rules! entities {
    ($($(#[$doc:meta])* $marker:ident, $id:ident, $name:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $marker {}
        impl Entity for $marker {
            const NAME: &'static str = $name;
        }
        $(#[$doc])*
        pub type $id = Id<$marker>;
    )+};
}

entities! {
    /// Somebody who can log in.
    UserEntity, UserId, "user";
    /// One login of one user on one device.
    SessionEntity, SessionId, "session";
    /// A custom role.
    RoleEntity, RoleId, "role";
    /// One entry of the change trail.
    ChangeEntity, ChangeId, "change";
    /// One login, logout, failure or refusal.
    SecurityEventEntity, SecurityEventId, "security_event";
    /// Work that is done apart from the request that causes it.
    JobEntity, JobId, "job";
    /// When work is done again and again.
    ScheduleEntity, ScheduleId, "schedule";
    /// One mail to one user.
    MailEntity, MailId, "mail";
    /// A link that lets whoever has it choose the password of one user.
    LinkEntity, LinkId, "link";
    /// Another system that is told what happens.
    WebhookEntity, WebhookId, "webhook";
    /// One message to a webhook.
    DeliveryEntity, DeliveryId, "delivery";
}
