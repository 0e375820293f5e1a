//! What this crate expects of the outside: storage, password hashing, fresh secrets, and the list of
//! breached passwords.

use std::{collections::HashMap, time::Duration};

use almoner_kernel::{
    EmailAddress, LinkId, NewMail, Page, PageRequest, Scope, SessionId, StoreError, Timestamp,
    UnitOfWork, UserId, store::Cause,
};
use async_trait::async_trait;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    limits::Limited,
    link::Link,
    login::{AddressKey, Counted, Failures, LoginWindow},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{DeviceKey, DeviceKeyHash, Session, SessionKey, SessionKeyHash},
    user::{Credentials, PasswordHashText, User, UserQuery},
};

/// Hashes passwords. Calls return quickly to the executor: the work is done elsewhere, by a bounded
/// number of threads.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password exactly as it was received, with a fresh salt.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already.
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError>;

    /// True when the password made the hash. Without a hash it compares with a dummy, takes as long,
    /// and says false.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already, [`HashError::Failed`] when the stored hash
    /// cannot be read.
    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError>;

    /// True when the hash was made with weaker parameters than today's.
    fn needs_rehash(&self, hash: &PasswordHashText) -> bool;
}

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be checked")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The hash is damaged, or the machine has no memory or randomness left.
    #[error("hashing failed")]
    Failed(#[source] Cause),
}

/// Randomness from the operating system.
pub trait Secrets: Send + Sync {
    /// A fresh session key: 256 random bits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the operating system gives none.
    fn session_key(&self) -> Result<SessionKey, StoreError>;

    /// A fresh device key: 256 random bits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the operating system gives none.
    fn device_key(&self) -> Result<DeviceKey, StoreError>;
}

/// Passwords known from breaches (ASVS 6.2.12).
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// True when a password of this SHA-1 is in the list.
    ///
    /// # Errors
    /// When the list cannot be read; without a list the answer is `false`.
    async fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachedListError>;
}

/// The list of breached passwords cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the list of breached passwords cannot be read")]
pub struct BreachedListError(#[source] pub Cause);

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
    /// role, in any order; they may have timed out, their users may be inactive. However many they
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
    /// The user's role, when it is a custom one.
    pub custom_role: Option<CustomRole>,
}

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

    /// Locks the active users with the role `superadmin`, in the order of their ids, and counts them.
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
