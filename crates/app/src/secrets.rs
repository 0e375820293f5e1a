//! Randomness from the operating system, for secrets.

use almoner_accounts::{ports::Secrets, session::SessionKey};
use almoner_kernel::StoreError;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSecrets;

impl Secrets for SystemSecrets {
    fn session_key(&self) -> Result<SessionKey, StoreError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(SessionKey::from_random(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_keys_differ() {
        let one = SystemSecrets.session_key().unwrap();
        let two = SystemSecrets.session_key().unwrap();
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 43);
    }
}
