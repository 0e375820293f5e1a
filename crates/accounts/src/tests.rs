//! The rules of this crate as sentences.

mod administration;
mod authentication;
mod errors;
mod live;
mod locks;
mod login;
mod password;
mod profile;
mod recovery;
mod role;
mod roles;
mod sessions;
mod values;
mod world;
