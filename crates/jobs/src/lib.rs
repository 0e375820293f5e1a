//! Work that is done apart from the request that causes it: how a job goes from waiting to done or
//! dead, when it is tried again, when a schedule fires, and what an operator may do about either.
//!
//! A use case leaves a job in its trail (`kernel::Trail::enqueue`), storage stores it in the commit,
//! and a worker takes it through [`ports::Queue`].

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
