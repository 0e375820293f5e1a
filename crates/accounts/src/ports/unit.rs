//! What is read and written within a unit of work.

use almoner_kernel::{
    EmailAddress, LinkId, NewMail, Scope, SessionId, StoreError, Timestamp, UnitOfWork, UserId,
};
use async_trait::async_trait;
use uuid::Uuid;

use super::Account;
use crate::{
    limits::Limited,
    link::Link,
    login::{AddressKey, Failures, LoginWindow},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{DeviceKeyHash, Session, SessionKeyHash},
    user::{PasswordHashText, User},
};

/// What is kept about one login under one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was let through to the password check, and counts.
    Counted,
    /// The same, and it failed.
    Failed,
    /// It was refused, and does not count; kept so that a refusal is recorded once in a window.
    Refused,
}

/// How well an account knows the device of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It has been there before.
    Known,
    /// It is the first device of the account that anybody noted.
    First,
    /// It is new, beside others.
    New,
}

/// Users, roles and sessions in storage: a unit of work. Reads lock what they return until it ends.
#[async_trait]
pub trait AccountsTx: UnitOfWork {
    /// A user, locked.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn user(&mut self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;

    /// A user with their credentials, locked.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// True when there is any user, active or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn has_users(&mut self) -> Result<bool, StoreError>;

    /// How many of something there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn count(&mut self, what: Limited) -> Result<u64, StoreError>;

    /// Locks the active users who have the role `superadmin`, in the order of their ids, and counts them.
    /// Called before any user is locked, so that two calls cannot wait for each other.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn lock_active_superadmins(&mut self) -> Result<u64, StoreError>;

    /// True when a user outside the scope has the address.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn email_is_hidden(
        &mut self,
        email: &EmailAddress,
        scope: Scope,
    ) -> Result<bool, StoreError>;

    /// Makes others that try values for the same user wait until the unit of work ends, then reads when
    /// the user was told of values of records outside their scope, after `since` and up to `until`,
    /// newest first, as many as the limit on that can count. To be called before any record is locked.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// Stores a new user with the hash of their password.
    ///
    /// # Errors
    /// `Taken("users.email")` when the address is taken.
    async fn insert_user(
        &mut self,
        user: &User,
        password_hash: &PasswordHashText,
    ) -> Result<(), StoreError>;

    /// Stores an edited user, where the stored version is one less; `last_login_at` is left alone.
    ///
    /// # Errors
    /// `Taken("users.email")` when the address is taken, `Raced` when the version differs.
    async fn update_user(&mut self, user: &User) -> Result<(), StoreError>;

    /// Replaces the hash of a password; no new version.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn set_password(
        &mut self,
        user: UserId,
        password_hash: &PasswordHashText,
    ) -> Result<(), StoreError>;

    /// What a known device of a user has failed at, locked.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn device(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
    ) -> Result<Option<Failures>, StoreError>;

    /// Replaces the failure counter and the lock of a known device.
    ///
    /// # Errors
    /// `Raced` when the user has no such device any more.
    async fn set_failures(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
        failures: Failures,
    ) -> Result<(), StoreError>;

    /// Forgets every failure on the devices of a user, and what strangers have done to the account of
    /// that key.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn unlock(&mut self, user: UserId, account: &AddressKey) -> Result<(), StoreError>;

    /// Forgets every device of a user.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn forget_devices(&mut self, user: UserId) -> Result<(), StoreError>;

    /// Notes a successful login: `last_login_at`; no new version.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn set_last_login(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Makes logins under one limit wait for each other until the unit of work ends (on PostgreSQL
    /// by an advisory lock on the key), then reads its window (`since < at`).
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn lock_login_window(
        &mut self,
        address: &AddressKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<LoginWindow, StoreError>;

    /// Stores one login under one limit.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn insert_login_attempt(
        &mut self,
        address: &AddressKey,
        at: Timestamp,
        attempt: Attempt,
    ) -> Result<(), StoreError>;

    /// Stores a new session under the hash of its key.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn insert_session(
        &mut self,
        session: &Session,
        key: &SessionKeyHash,
    ) -> Result<(), StoreError>;

    /// Gives a session of a user another key, and says which session it is; none when it has been
    /// ended. The old key opens nothing any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn rekey_session(
        &mut self,
        id: SessionId,
        user: UserId,
        key: &SessionKeyHash,
    ) -> Result<Option<Session>, StoreError>;

    /// The sessions of a user that have not been ended, the oldest login first; some may have timed
    /// out.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Ends (removes) one session of a user; false when the user has no such session.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_session(&mut self, id: SessionId, user: UserId) -> Result<bool, StoreError>;

    /// Ends every session of a user but one; says how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError>;

    /// Ends every session of every user who has a role; says how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_sessions_of_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;

    /// Notes that a user logged in on a device, and says how well it was known.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn meet_device(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
        at: Timestamp,
    ) -> Result<Meeting, StoreError>;

    /// Stores a new link.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError>;

    /// Removes a link, because it is used; false when somebody was faster.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_link(&mut self, id: LinkId) -> Result<bool, StoreError>;

    /// Removes every link of a user.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_links(&mut self, user: UserId) -> Result<(), StoreError>;

    /// Stores a request for a link.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError>;

    /// Removes a request for a link, because it is answered; false when it was removed before.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn end_reset_request(&mut self, id: Uuid) -> Result<bool, StoreError>;

    /// Stores a mail to be sent.
    ///
    /// # Errors
    /// When the database cannot be written.
    async fn insert_mail(&mut self, mail: &NewMail) -> Result<(), StoreError>;

    /// A custom role, locked against change and deletion.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn role(&mut self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;

    /// Stores a new custom role.
    ///
    /// # Errors
    /// `Taken("roles.name")` when the name is taken.
    async fn insert_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;

    /// Stores a changed custom role, where the stored version is one less.
    ///
    /// # Errors
    /// `Raced` when the version differs.
    async fn update_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;

    /// Removes a custom role at exactly the version given.
    ///
    /// # Errors
    /// `Raced` when the version differs.
    async fn delete_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;

    /// How many users have a role, active or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn count_users_with_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;
}
