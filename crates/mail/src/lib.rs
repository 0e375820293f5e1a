//! Mail to users: what it says, whom it reaches, and what became of it. Storage, the way out and the
//! secret in a link are ports.
//!
//! A mail is a row, stored with what causes it (`AccountsTx::insert_mail`), and a job that knows its
//! id. Where it goes is read when it goes, but for the notice of a new e-mail address, which keeps the
//! old one until it is sent. What became of an attempt is noted without a trail: it is no change of
//! business data. SMTP gives each mail at least one delivery: a crash between the other server's answer
//! and our note sends it twice, with the same `Message-ID`. A refusal with 5xx is a bounce and not
//! tried again, but for those that are about us (530, 534, 535, 538); only its number is kept, because
//! what servers say repeats addresses. Templates are strict: a name without a value is an error. HTML
//! is escaped; both forms come from the same values.

pub mod courier;
pub mod error;
pub mod message;
pub mod ports;
pub mod record;
pub mod service;
pub mod template;
pub mod words;

pub use courier::{Courier, CourierPolicy};
pub use error::MailError;
pub use message::{Mailbox, Message, Subject};
pub use record::{Mail, MailProblem, MailQuery, MailState};
pub use service::MailService;
pub use template::{Language, Letter, Rendered, Templates};

#[cfg(test)]
mod tests;
