//! Logins, each from another address.

use std::net::SocketAddr;

use super::{Work, checks};
use crate::{client::Answer, dice::Dice, server::PASSWORD, visitor::Visitor};

/// Logs one user in, over and over.
pub struct Login {
    stranger: Visitor,
    dice: Dice,
    body: String,
}

impl Login {
    /// That user.
    pub fn new(address: SocketAddr, number: u64) -> Self {
        let email = Self::email(number);
        Self {
            stranger: Visitor::stranger(address),
            dice: Dice::new(number),
            body: format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#),
        }
    }

    /// The address a user logs in with.
    pub fn email(number: u64) -> String {
        format!("load-{number}@example.org")
    }
}

impl Work for Login {
    fn ask(&mut self, out: &mut Vec<u8>) {
        let mut part = || 1 + self.dice.below(254);
        let from = format!("10.{}.{}.{}", part(), part(), part());
        self.stranger.post(out, "/api/v1/auth/login", self.body.as_bytes(), Some(&from));
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::status(answer, 200)?;
        checks::holds(answer, br#""csrf_token":""#)?;
        let cookies = answer.cookies().map_err(|error| error.to_string())?;
        match cookies.contains("almoner_session=") {
            true => Ok(()),
            false => Err(format!("no session in {cookies}")),
        }
    }
}
