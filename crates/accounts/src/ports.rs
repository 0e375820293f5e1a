//! What this crate expects of the outside: storage, password hashing, fresh secrets, and the list of
//! breached passwords.

mod accounts;
mod secrets;
mod unit;

pub use self::{
    accounts::{Account, Accounts, StoredSession},
    secrets::{BreachedListError, BreachedPasswords, HashError, PasswordHasher, Secrets},
    unit::{AccountsTx, Attempt, Meeting},
};
