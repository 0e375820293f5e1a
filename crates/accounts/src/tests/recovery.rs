//! Choosing a password with a link, and who is told of what.

mod invitations;
mod links;
mod requests;
mod told;

use almoner_kernel::{
    Action, EmailAddress, Fault, LinkId, MailTemplate, SecurityEventKind as Event,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::world::*;
use crate::{
    error::AccountsError,
    link::{Link, Purpose},
    role::BuiltIn,
};

const NEW: &str = "yeni bir sandal kıyıda";

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn world() -> World {
    World::of([user(5, "viewer")])
}

fn link(purpose: Purpose) -> Link {
    let id = LinkId::new(Uuid::from_u128(300));
    Link { id, user_id: user_id(5), purpose, expires_at: at(30) }
}

fn with_link(purpose: Purpose) -> World {
    World { links: vec![link(purpose)], ..world() }
}

fn token(purpose: Purpose) -> SecretString {
    link_key().token(purpose, link(purpose).id)
}

fn codes(error: &AccountsError) -> Vec<(String, &'static str)> {
    error.fields().iter().map(|field| (field.pointer.clone(), field.code)).collect()
}
