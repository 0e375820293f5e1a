//! How the first of those who administer come to be.

use almoner_kernel::{Context, EmailAddress, PersonName, Scope};
use secrecy::SecretString;

use super::{Administration, require_system};
use crate::{
    AccountsError,
    role::{BuiltIn, RoleNames},
    user::{Locale, NewUser, TimeZone, User},
};

/// A superadmin who is made by the program itself.
#[derive(Clone, Debug)]
pub struct NewSuperadmin {
    /// The name shown to others.
    pub name: PersonName,
    /// What they log in with.
    pub email: EmailAddress,
    /// The language they read.
    pub locale: Locale,
    /// The time zone their days are counted in.
    pub time_zone: TimeZone,
}

impl Administration {
    /// Makes a superadmin, whoever exists already: for the command line.
    ///
    /// # Errors
    /// [`Denied`] for everybody but the program itself; [`AccountsError::Invalid`] at `/password`,
    /// [`AccountsError::EmailTaken`].
    #[tracing::instrument(skip_all)]
    pub async fn create_superadmin(
        &self,
        cx: &Context,
        new: NewSuperadmin,
        password: SecretString,
    ) -> Result<User, AccountsError> {
        require_system(cx)?;
        let new = superadmin(new);
        let hash = self.hashed(&new, password).await?;
        let tx = self.accounts.begin().await?;
        self.insert(cx, Scope::All, tx, &[], new, &hash).await
    }

    /// Makes the first user, a superadmin; does nothing when there is any user: for the environment,
    /// whose password may be outdated and is not even looked at then.
    ///
    /// # Errors
    /// As [`Administration::create_superadmin`].
    #[tracing::instrument(skip_all)]
    pub async fn create_first_superadmin(
        &self,
        cx: &Context,
        new: NewSuperadmin,
        password: SecretString,
    ) -> Result<Option<User>, AccountsError> {
        require_system(cx)?;
        if self.accounts.has_users().await? {
            return Ok(None);
        }
        let new = superadmin(new);
        let hash = self.hashed(&new, password).await?;
        let mut tx = self.accounts.begin().await?;
        if tx.has_users().await? {
            return Ok(None);
        }
        match self.insert(cx, Scope::All, tx, &[], new, &hash).await {
            Ok(user) => Ok(Some(user)),
            // Another instance, started with the same environment, was faster.
            Err(AccountsError::EmailTaken(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn superadmin(new: NewSuperadmin) -> NewUser {
    NewUser {
        name: new.name,
        email: new.email,
        phone: None,
        locale: new.locale,
        time_zone: new.time_zone,
        roles: RoleNames::one(BuiltIn::Superadmin.role_name()),
    }
}
