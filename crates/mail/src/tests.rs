//! The rules of this crate as sentences.

mod courier;
mod message;
mod service;
mod template;
mod world;
