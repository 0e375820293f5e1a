//! Users and what they may do: roles, logins, sessions, passwords, lockout. Storage, hashing and
//! randomness are ports.

mod addresses;
pub mod administration;
pub mod authentication;
pub mod error;
pub mod guard;
pub mod letters;
pub mod limits;
pub mod link;
pub mod live;
pub mod login;
pub mod password;
pub mod ports;
pub mod profile;
pub mod recovery;
pub mod role;
pub mod roles;
pub mod session;
pub mod sessions;
pub mod user;
pub mod words;

pub use administration::Administration;
pub use authentication::Authentication;
pub use error::AccountsError;
pub use guard::LoginGuard;
pub use letters::Letters;
pub use link::LinkKey;
pub use live::LiveSessions;
pub use profile::Profile;
pub use recovery::Recovery;
pub use roles::Roles;
pub use sessions::Sessions;

#[cfg(test)]
mod tests;
