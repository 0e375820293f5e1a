//! The words every domain shares: ids, time, money, who is asking, what was changed, and how a
//! change is committed. Nothing here does input or output.
//!
//! Times are unix milliseconds (bigint), days are dates, money is minor units (bigint) with a currency,
//! ids are UUID v7: the same on both databases, and nothing to round.

pub mod caller;
pub mod collision;
pub mod contact;
pub mod context;
pub mod epoch;
pub mod fault;
pub mod feed;
pub mod id;
pub mod identity;
pub mod job;
pub mod locale;
pub mod mail;
pub mod money;
pub mod page;
pub mod patch;
pub mod permission;
pub mod ports;
pub mod signal;
pub mod store;
pub mod text;
pub mod trail;
pub mod version;
pub mod words;

pub use caller::{Caller, Grant, Reaches};
pub use collision::{Suspicions, TooManyCollisions};
pub use contact::{EmailAddress, PersonName, PhoneNumber, Region};
pub use context::{Actor, Context, Origin, Replay, Scope, ScopeKind};
pub use epoch::Epoch;
pub use fault::{Denied, Fault, FieldError, Fields, Invalid, Kind, Quota, Stale};
pub use feed::{Feed, Notice};
pub use id::{
    ChangeId, DeliveryId, Id, JobId, LinkId, MailId, ScheduleId, SecurityEventId, SessionId,
    UserId, WebhookId,
};
pub use identity::{IdentityKind, IdentityNumber, IdentityOnFile};
pub use job::{Attempt, JobError, JobHandler, NewJob, Patience, Progress};
pub use locale::Locale;
pub use mail::{MailTemplate, NewMail};
pub use money::{Currency, Money};
pub use page::{Direction, Page, PageRequest, Position, Sort, SortKey, Total, Trash};
pub use patch::Patch;
pub use permission::{Permission, PermissionSet};
pub use ports::{Clock, Ids};
pub use signal::{Hearing, MAX_SIGNAL, Signal, Signals};
pub use store::{Answers, Batch, Batches, StoreError, UnitOfWork};
pub use trail::{
    Action, Audited, Change, FieldValue, SecurityEvent, SecurityEventKind, Snapshot, Subject, Trail,
};
pub use version::Version;
pub use words::Words;

#[cfg(test)]
mod tests;

/// An instant, UTC, whole milliseconds: what both databases keep and what the API shows.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
