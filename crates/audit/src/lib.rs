//! The reading side of the trail: who changed what, what happened for security, and the proof that
//! nobody touched either afterwards. The writing side is [`almoner_kernel::Trail`], which every
//! commit takes. Nothing here changes a record; what is past its time can go from the start of the
//! trail, and what is left still proves itself.

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
pub use verify::{Finding, Floor, Head, Progress, SealedChange, Verdict, Verifier};
