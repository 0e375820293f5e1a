//! What a use case may not reach for itself: the time and fresh ids.

use uuid::Uuid;

use crate::Timestamp;

/// The time, read once for each request or command, where its `Context` is made.
pub trait Clock: Send + Sync {
    /// Now, UTC, whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// Fresh ids.
pub trait Ids: Send + Sync {
    /// A UUID v7, greater than every one handed out before by this process.
    fn next(&self) -> Uuid;
}
