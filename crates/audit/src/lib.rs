//! The reading side of the trail: who changed what, what happened for security, and the proof that
//! nobody touched either afterwards. The writing side is [`almoner_kernel::Trail`], which every
//! commit takes; nothing here changes a record, and no port here could.

mod error;
mod ports;
mod record;
mod seal;
mod service;
mod verify;

#[cfg(test)]
mod tests;

pub use error::AuditError;
pub use ports::AuditTrail;
pub use record::{
    ActorOnRecord, ChangeQuery, ChangeRecord, SecurityEventQuery, SecurityEventRecord,
};
pub use seal::{Mac, Mark, NotAMark, Seal, SealInput};
pub use service::Audit;
pub use verify::{Finding, Head, Progress, SealedChange, Verdict, Verifier};
