//! The rules of the shared vocabulary, one module for each file of the crate that has any.

mod caller;
mod collision;
mod contact;
mod context;
mod fields;
mod identity;
mod money;
mod page;
mod permission;
mod search;
mod text;
mod trail;
mod words;
