//! The ports of storage, mocked.

use std::collections::HashMap;

use almoner_kernel::{
    EmailAddress, LinkId, NewMail, Page, PageRequest, Scope, SessionId, StoreError, Timestamp,
    Trail, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use mockall::mock;
use uuid::Uuid;

use crate::{
    limits::Limited,
    link::Link,
    login::{AddressKey, Counted, Failures, LoginWindow},
    ports::*,
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{DeviceKeyHash, Session, SessionKeyHash},
    user::{PasswordHashText, User, UserQuery},
};

mock! {
    pub Store {}

    #[async_trait]
    impl Accounts for Store {
        async fn begin(&self) -> Result<Box<dyn AccountsTx>, StoreError>;
        async fn user(&self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;
        async fn users(
            &self,
            query: &UserQuery,
            scope: Scope,
            page: &PageRequest,
        ) -> Result<Page<User>, StoreError>;
        async fn has_users(&self) -> Result<bool, StoreError>;
        async fn account_by_email(&self, email_key: &str) -> Result<Option<Account>, StoreError>;
        async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;
        async fn login_window(
            &self,
            address: &AddressKey,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<LoginWindow, StoreError>;
        async fn device(
            &self,
            user: UserId,
            device: &DeviceKeyHash,
        ) -> Result<Option<Failures>, StoreError>;
        async fn counted(
            &self,
            users: &[(UserId, AddressKey)],
            since: Timestamp,
            until: Timestamp,
        ) -> Result<HashMap<UserId, Counted>, StoreError>;
        async fn roles(&self) -> Result<Vec<CustomRole>, StoreError>;
        async fn role(&self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;
        async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;
        async fn sessions_by_key(
            &self,
            keys: &[SessionKeyHash],
        ) -> Result<Vec<(SessionKeyHash, StoredSession)>, StoreError>;
        async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<bool, StoreError>;
        async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError>;
        async fn reset_request(&self, id: Uuid) -> Result<Option<ResetRequest>, StoreError>;
    }
}

mock! {
    pub Tx {}

    #[async_trait]
    impl UnitOfWork for Tx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl AccountsTx for Tx {
        async fn user(&mut self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;
        async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError>;
        async fn has_users(&mut self) -> Result<bool, StoreError>;
        async fn count(&mut self, what: Limited) -> Result<u64, StoreError>;
        async fn lock_active_superadmins(&mut self) -> Result<u64, StoreError>;
        async fn email_is_hidden(
            &mut self,
            email: &EmailAddress,
            scope: Scope,
        ) -> Result<bool, StoreError>;
        async fn lock_collisions(
            &mut self,
            user: UserId,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<Vec<Timestamp>, StoreError>;
        async fn insert_user(
            &mut self,
            user: &User,
            password_hash: &PasswordHashText,
        ) -> Result<(), StoreError>;
        async fn update_user(&mut self, user: &User) -> Result<(), StoreError>;
        async fn set_password(
            &mut self,
            user: UserId,
            password_hash: &PasswordHashText,
        ) -> Result<(), StoreError>;
        async fn device(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
        ) -> Result<Option<Failures>, StoreError>;
        async fn set_failures(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
            failures: Failures,
        ) -> Result<(), StoreError>;
        async fn unlock(&mut self, user: UserId, account: &AddressKey) -> Result<(), StoreError>;
        async fn forget_devices(&mut self, user: UserId) -> Result<(), StoreError>;
        async fn set_last_login(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError>;
        async fn lock_login_window(
            &mut self,
            address: &AddressKey,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<LoginWindow, StoreError>;
        async fn insert_login_attempt(
            &mut self,
            address: &AddressKey,
            at: Timestamp,
            attempt: Attempt,
        ) -> Result<(), StoreError>;
        async fn insert_session(
            &mut self,
            session: &Session,
            key: &SessionKeyHash,
        ) -> Result<(), StoreError>;
        async fn rekey_session(
            &mut self,
            id: SessionId,
            user: UserId,
            key: &SessionKeyHash,
        ) -> Result<Option<Session>, StoreError>;
        async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError>;
        async fn end_session(&mut self, id: SessionId, user: UserId) -> Result<bool, StoreError>;
        async fn end_sessions(
            &mut self,
            user: UserId,
            except: Option<SessionId>,
        ) -> Result<u64, StoreError>;
        async fn end_sessions_of_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;
        async fn meet_device(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
            at: Timestamp,
        ) -> Result<Meeting, StoreError>;
        async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError>;
        async fn end_link(&mut self, id: LinkId) -> Result<bool, StoreError>;
        async fn end_links(&mut self, user: UserId) -> Result<(), StoreError>;
        async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError>;
        async fn end_reset_request(&mut self, id: Uuid) -> Result<bool, StoreError>;
        async fn insert_mail(&mut self, mail: &NewMail) -> Result<(), StoreError>;
        async fn role(&mut self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;
        async fn insert_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn update_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn delete_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn count_users_with_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;
    }
}
