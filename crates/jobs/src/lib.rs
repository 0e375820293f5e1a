//! Work that is done apart from the request that causes it: how a job goes from waiting to done or
//! dead, when it is tried again, when a schedule fires, and what an operator may do about either.
//!
//! A use case leaves a job in its trail (`kernel::Trail::enqueue`), storage stores it in the commit,
//! and a worker takes it through [`ports::Queue`].
//!
//! **Jobs are rows of the same database, drained by a worker of our own.** What rolls back never runs;
//! what is committed runs also when the process dies right after. Rejected: apalis pushes jobs over a
//! connection of its own, which on SQLite would be a second driver and anywhere a second transaction;
//! only its draining loop would be left.
//!
//! - *Due and leased are one column.* `due_at` is when a waiting job is due and when the lease of a
//!   running one is over: claiming reads the beginning of one index, and a job whose worker died comes
//!   up by itself. The look is a read: an idle server writes nothing. PostgreSQL claims with `FOR
//!   UPDATE SKIP LOCKED`, SQLite in one unit of work. A lease is 60 s, made longer every 20 s; whatever
//!   an attempt writes names its number, so that one that lost its lease finds no row. On SQLite, where
//!   a lock file says that no other server lives, a start begins at once what the last one died at.
//! - *A job with a unique key that is waiting already is touched, not skipped*: writing to its row
//!   keeps workers off until the second cause is committed too.
//! - *How often* is the handler's word (`JobHandler::patience`): twelve attempts within three hours and
//!   a half unless it says otherwise, each pause twice the last one, with up to half of it taken off at
//!   random. An attempt that ends because the server stops does not count, nor does one that may not be
//!   made now (`JobError::NotNow`); one in which the process dies does, so that a job that kills its
//!   process is dead in the end. A panic is the failure of its attempt. Dead jobs stay for a year,
//!   others that ended for 30 days.
//! - *A schedule fires* by moving its next time from the one that was read to the one after now, in the
//!   transaction that stores the job: of several instances one finds the row as it read it, and after a
//!   night without a server it fires once. croner reads the expressions: a time that clocks leave out
//!   fires when they are put forward, one they repeat fires once.
//! - Claims, ends and firings leave no trail, they are no business record; what an operator does is a
//!   change of `job` or `schedule`. Other instances' jobs are found within a second by looking; a
//!   process wakes its own worker. A queue that stands still never makes `/health/ready` 503: no
//!   request needs it.

pub mod ending;
pub mod error;
pub mod job;
pub mod ports;
pub mod schedule;
pub mod service;
pub mod timekeeper;
pub mod words;

pub use ending::{Ending, Verdict};
pub use error::JobsError;
pub use job::{Claimed, Job, JobQuery, JobState, Outcome, Run, pause};
pub use ports::{Backlog, Claim, Jobs, JobsTx, Lease, Queue};
pub use schedule::{Plan, Rule, Schedule};
pub use service::JobService;
pub use timekeeper::{Doubt, Note, Timekeeper};

#[cfg(test)]
mod tests;
