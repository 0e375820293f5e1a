//! The reading side of the trail: who changed what, what happened for security, and the proof that
//! nobody touched either afterwards. The writing side is [`almoner_kernel::Trail`], which every
//! commit takes. Nothing here changes a record; what is past its time can go from the start of the
//! trail, and what is left still proves itself.
//!
//! **What goes.** Security events go when they are older than a time that stands in `trail_floor`:
//! triggers refuse younger ones, so that a mistake or a careless hand loses nothing, and a younger one,
//! as after a clock that was ahead, keeps those behind it. The change trail loses its start after ten
//! years. The chain then begins at the floor, in the same row: position and seal of the last change
//! that went, and an HMAC over both under the trail's key. Whoever has no key can take rows out but
//! cannot say that they were old. What goes is verified first, in the same use case: a job that finds
//! tampering removes nothing and is dead, so that age launders nothing. The last change stays, and what
//! webhooks have not been told of. A verification that runs meanwhile reads the floor again when rows
//! are missing in front of it. A mark that was noted of what is gone is told as such, not taken for good.

mod chain;
mod compare;
mod error;
mod ports;
mod record;
mod seal;
mod service;
mod verify;

#[cfg(test)]
mod tests;

pub use chain::{EventInput, SealedChange, SealedEvent, SealedRow};
pub use compare::{Compared, Comparison, Difference, Gone, How};
pub use error::AuditError;
pub use ports::AuditTrail;
pub use record::{
    ActorOnRecord, ChangeQuery, ChangeRecord, SecurityEventQuery, SecurityEventRecord,
};
pub use seal::{Circumstances, Mac, Mark, NotAMark, Seal, SealInput};
pub use service::Audit;
pub use verify::{Anew, Finding, Floor, Head, Progress, Verdict, Verifier};
