//! What is read outside of a unit of work.

use std::collections::HashMap;

use almoner_kernel::{LinkId, Page, PageRequest, Scope, SessionId, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use uuid::Uuid;

use super::AccountsTx;
use crate::{
    link::Link,
    login::{AddressKey, Counted, Failures, LoginWindow},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{DeviceKeyHash, Session, SessionKeyHash},
    user::{Credentials, User, UserQuery},
};

/// Users, roles and sessions in storage: the shared, reading side.
///
/// `scope` in every method: [`Scope::All`] meets every user, the others meet only the user they name.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Opens a unit of work.
    ///
    /// # Errors
    /// When the database is away.
    async fn begin(&self) -> Result<Box<dyn AccountsTx>, StoreError>;

    /// A user, active or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn user(&self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;

    /// A page of users. [`crate::user::UserSort::key`] says what a position holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn users(
        &self,
        query: &UserQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<User>, StoreError>;

    /// True when there is any user, active or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn has_users(&self) -> Result<bool, StoreError>;

    /// Whom an e-mail address belongs to, and what proves them. `email_key` is
    /// [`almoner_kernel::EmailAddress::key`].
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn account_by_email(&self, email_key: &str) -> Result<Option<Account>, StoreError>;

    /// The same, by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// What a limit has counted since an instant (`since < at`).
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn login_window(
        &self,
        address: &AddressKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<LoginWindow, StoreError>;

    /// What a known device of a user has failed at; none when the user has never logged in there.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn device(
        &self,
        user: UserId,
        device: &DeviceKeyHash,
    ) -> Result<Option<Failures>, StoreError>;

    /// What was counted about some users, each with the key of their account; in a window as
    /// [`Accounts::login_window`] has it. However many they are, it takes few reads.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn counted(
        &self,
        users: &[(UserId, AddressKey)],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<HashMap<UserId, Counted>, StoreError>;

    /// Every custom role, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn roles(&self) -> Result<Vec<CustomRole>, StoreError>;

    /// One custom role.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn role(&self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;

    /// The sessions of a user that have not been ended, the newest login first; some may have timed
    /// out.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// The sessions that some hashes of keys are of, each beside its hash, with its user and their
    /// roles, in any order; they may have timed out, their users may be inactive. However many they
    /// are, it takes few reads.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn sessions_by_key(
        &self,
        keys: &[SessionKeyHash],
    ) -> Result<Vec<(SessionKeyHash, StoredSession)>, StoreError>;

    /// Notes that a session was used, never moving the time back; needs no trail. False when the
    /// session has been ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<bool, StoreError>;

    /// A link that has not been used or replaced; it may have expired.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError>;

    /// A request for a link that has not been answered.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn reset_request(&self, id: Uuid) -> Result<Option<ResetRequest>, StoreError>;
}

/// A user with what proves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub user: User,
    /// What proves them.
    pub credentials: Credentials,
}

/// A session as storage has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// Those of the user's roles that are custom and exist, in any order.
    pub custom_roles: Vec<CustomRole>,
}
