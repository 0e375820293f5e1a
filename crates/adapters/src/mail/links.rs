//! The links in mails: a page of the frontend, with the secret in the fragment. Browsers send no
//! fragment to any server, so that it stands in no log and no `Referer`.

use almoner_accounts::{LinkKey, link::Purpose};
use almoner_kernel::{LinkId, MailTemplate};
use almoner_mail::ports::Links;
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where links lead, and for how long.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// Page on which a forgotten password is replaced.
    pub password_reset: Url,
    /// Page on which an invitation is accepted.
    pub invitation: Url,
    /// How long an invitation is good for.
    pub invitation_lifetime: TimeDelta,
}

/// Links to pages of the frontend.
#[derive(Clone, Debug)]
pub struct PageLinks {
    key: LinkKey,
    password_reset: Url,
    invitation: Url,
}

impl PageLinks {
    /// Links to these pages, with secrets of this key.
    pub fn new(key: LinkKey, settings: &LinkSettings) -> Self {
        Self {
            key,
            password_reset: settings.password_reset.clone(),
            invitation: settings.invitation.clone(),
        }
    }
}

impl Links for PageLinks {
    fn address(&self, template: MailTemplate, link: LinkId) -> Option<SecretString> {
        let (page, purpose) = match template {
            MailTemplate::PasswordReset => (&self.password_reset, Purpose::PasswordReset),
            MailTemplate::Invitation => (&self.invitation, Purpose::Invitation),
            MailTemplate::PasswordChanged
            | MailTemplate::EmailChanged
            | MailTemplate::NewDevice => return None,
        };
        let token = self.key.token(purpose, link);
        Some(format!("{page}#token={}", token.expose_secret()).into())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_secret_stands_in_the_fragment_alone() {
        let page = |path: &str| Url::parse(&format!("https://almoner.example.org{path}")).unwrap();
        let settings = LinkSettings {
            password_reset: page("/reset?lang=tr"),
            invitation: page("/welcome"),
            invitation_lifetime: TimeDelta::days(7),
        };
        let key = LinkKey::new(&[7; 32]);
        let links = PageLinks::new(key.clone(), &settings);
        let id = LinkId::new(Uuid::from_u128(5));
        let address = links.address(MailTemplate::PasswordReset, id).unwrap();
        let address = Url::parse(address.expose_secret()).unwrap();
        assert_eq!((address.path(), address.query()), ("/reset", Some("lang=tr")));
        let token = address.fragment().unwrap().strip_prefix("token=").unwrap();
        assert_eq!(key.read(Purpose::PasswordReset, token), Some(id));
        assert_eq!(key.read(Purpose::Invitation, token), None);
        assert!(links.address(MailTemplate::NewDevice, id).is_none());
    }
}
