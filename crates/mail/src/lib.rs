//! Mail to users: what it says, whom it reaches, and what became of it. Storage, the way out and the
//! secret in a link are ports.

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
