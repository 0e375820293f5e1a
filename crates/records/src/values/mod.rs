//! The types of values that kinds of record are made of.

mod contact;
mod flag;
mod identity;
mod money;
mod serial;
mod text;
mod time;
mod word;

pub use identity::Sealed;
pub use money::AMOUNT;
pub use serial::Serial;
pub use text::{Line, Text};
pub use time::{day, instant, sent_instant, stored_instant};
pub use word::{Word, parse, read};
