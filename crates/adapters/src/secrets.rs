//! Randomness from the operating system, for secrets.

use almoner_accounts::{
    ports::Secrets,
    session::{DeviceKey, SessionKey},
};
use almoner_kernel::StoreError;
use almoner_webhooks::Secret;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSecrets;

impl Secrets for SystemSecrets {
    fn session_key(&self) -> Result<SessionKey, StoreError> {
        Ok(SessionKey::from_random(random()?))
    }

    fn device_key(&self) -> Result<DeviceKey, StoreError> {
        Ok(DeviceKey::from_random(random()?))
    }
}

fn random() -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(error.into()))?;
    Ok(bytes)
}

impl almoner_webhooks::Secrets for SystemSecrets {
    fn webhook_secret(&self) -> Result<Secret, StoreError> {
        let mut bytes = [0; Secret::BYTES];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Secret::from_random(bytes))
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
