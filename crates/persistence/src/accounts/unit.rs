//! Users, roles and sessions inside a unit of work.

mod links;
mod roles;
mod sessions;

use almoner_accounts::{
    limits::Limited,
    link::Link,
    login::{AddressKey, Failures, LoginWindow},
    ports::{Account, AccountsTx, Attempt, Meeting},
    recovery::ResetRequest,
    role::{BuiltIn, CustomRole, RoleName, RoleNames},
    session::{DeviceKeyHash, Session, SessionKeyHash},
    user::{PasswordHashText, User},
};
use almoner_kernel::{
    EmailAddress, LinkId, NewMail, Scope, SessionId, StoreError, Timestamp, UserId,
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::{
    by_id,
    guesses::{self, login_window},
    has_users, holders,
    rows::{into_account, into_failures, into_user, user_row},
};
use crate::{
    audit,
    commit::{UnitHandle, changed_one},
    entities::{self, devices, login_attempts, users},
    error::store_error,
    mails,
    paging::millis,
};

#[async_trait]
impl AccountsTx for UnitHandle {
    async fn user(&mut self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError> {
        let row = by_id(id, scope).lock_exclusive().one(&*self.work).await.map_err(store_error)?;
        row.map(into_user).transpose()
    }

    async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError> {
        let row =
            by_id(id, Scope::All).lock_exclusive().one(&*self.work).await.map_err(store_error)?;
        row.map(into_account).transpose()
    }

    async fn has_users(&mut self) -> Result<bool, StoreError> {
        has_users(&*self.work).await
    }

    async fn count(&mut self, what: Limited) -> Result<u64, StoreError> {
        let users = users::Entity::find();
        match what {
            Limited::Users => users.count(&*self.work).await,
            Limited::Invitations => {
                let open = users
                    .filter(users::Column::InvitedAt.is_not_null())
                    .filter(users::Column::Active.eq(true));
                open.count(&*self.work).await
            }
            Limited::Roles => entities::roles::Entity::find().count(&*self.work).await,
        }
        .map_err(store_error)
    }

    async fn lock_active_superadmins(&mut self) -> Result<u64, StoreError> {
        let rows = users::Entity::find()
            .filter(users::Column::Id.in_subquery(holders(BuiltIn::Superadmin.as_str())))
            .filter(users::Column::Active.eq(true))
            .order_by_asc(users::Column::Id)
            .lock_exclusive()
            .all(&*self.work)
            .await
            .map_err(store_error)?;
        // Of what a statement waits for, PostgreSQL looks again at the locked row alone, and not at who held
        // which role besides: the row says it.
        let holds = |row: &&users::Model| {
            row.active && RoleNames::from_stored(&row.role).has_built_in(BuiltIn::Superadmin)
        };
        Ok(rows.iter().filter(holds).count() as u64)
    }

    async fn email_is_hidden(
        &mut self,
        email: &EmailAddress,
        scope: Scope,
    ) -> Result<bool, StoreError> {
        let Some(caller) = scope.creator() else { return Ok(false) };
        let found: Option<Uuid> = users::Entity::find()
            .filter(users::Column::EmailKey.eq(email.key()))
            .select_only()
            .column(users::Column::Id)
            .into_tuple()
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(found.is_some_and(|found| found != caller.uuid()))
    }

    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        audit::lock_collisions(self, user, since, until).await
    }

    async fn insert_user(
        &mut self,
        user: &User,
        password_hash: &PasswordHashText,
    ) -> Result<(), StoreError> {
        let row = users::ActiveModel {
            last_login_at: Set(user.last_login_at.map_or(0, millis)),
            password_hash: Set(password_hash.expose().to_owned()),
            ..user_row(user, &self.inner.collation)
        };
        users::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        roles::give(&*self.work, user).await
    }

    async fn update_user(&mut self, user: &User) -> Result<(), StoreError> {
        changed_one(
            users::Entity::update_many()
                .set(users::ActiveModel { id: NotSet, ..user_row(user, &self.inner.collation) })
                .filter(users::Column::Id.eq(user.id.uuid()))
                .filter(users::Column::Version.eq(user.version.number() - 1))
                .exec(&*self.work)
                .await,
        )?;
        roles::give_anew(&*self.work, user).await
    }

    async fn set_password(
        &mut self,
        user: UserId,
        password_hash: &PasswordHashText,
    ) -> Result<(), StoreError> {
        let row = users::ActiveModel {
            password_hash: Set(password_hash.expose().to_owned()),
            ..Default::default()
        };
        set(&*self.work, user, row).await
    }

    async fn set_last_login(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError> {
        let row = users::ActiveModel { last_login_at: Set(millis(at)), ..Default::default() };
        set(&*self.work, user, row).await
    }

    async fn lock_login_window(
        &mut self,
        address: &AddressKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<LoginWindow, StoreError> {
        self.lock_word(address.as_str()).await?;
        login_window(&*self.work, address, since, until).await
    }

    async fn insert_login_attempt(
        &mut self,
        address: &AddressKey,
        at: Timestamp,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let row = login_attempts::ActiveModel {
            id: Set(self.inner.ids.next()),
            address: Set(address.as_str().to_owned()),
            at: Set(millis(at)),
            refused: Set(attempt == Attempt::Refused),
            failed: Set(attempt == Attempt::Failed),
        };
        login_attempts::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn insert_session(
        &mut self,
        session: &Session,
        key: &SessionKeyHash,
    ) -> Result<(), StoreError> {
        sessions::insert(&*self.work, session, key).await
    }

    async fn rekey_session(
        &mut self,
        id: SessionId,
        user: UserId,
        key: &SessionKeyHash,
    ) -> Result<Option<Session>, StoreError> {
        sessions::rekey(&*self.work, id, user, key).await
    }

    async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError> {
        sessions::of_user(&*self.work, user).await
    }

    async fn end_session(&mut self, id: SessionId, user: UserId) -> Result<bool, StoreError> {
        sessions::end(&*self.work, id, user).await
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        sessions::end_all(&*self.work, user, except).await
    }

    async fn end_sessions_of_role(&mut self, role: &RoleName) -> Result<u64, StoreError> {
        sessions::end_of_role(&*self.work, role).await
    }

    async fn meet_device(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
        at: Timestamp,
    ) -> Result<Meeting, StoreError> {
        guesses::meet_device(&*self.work, user, device, at).await
    }

    async fn device(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
    ) -> Result<Option<Failures>, StoreError> {
        let row = guesses::device(user, device).lock_exclusive().one(&*self.work).await;
        row.map_err(store_error)?.as_ref().map(into_failures).transpose()
    }

    async fn set_failures(
        &mut self,
        user: UserId,
        device: &DeviceKeyHash,
        failures: Failures,
    ) -> Result<(), StoreError> {
        guesses::set_failures(&*self.work, user, device, failures).await
    }

    async fn unlock(&mut self, user: UserId, account: &AddressKey) -> Result<(), StoreError> {
        guesses::unlock(&*self.work, user, account).await
    }

    async fn forget_devices(&mut self, user: UserId) -> Result<(), StoreError> {
        devices::Entity::delete_many()
            .filter(devices::Column::UserId.eq(user.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError> {
        links::insert(&*self.work, link).await
    }

    async fn end_link(&mut self, id: LinkId) -> Result<bool, StoreError> {
        links::end(&*self.work, id).await
    }

    async fn end_links(&mut self, user: UserId) -> Result<(), StoreError> {
        links::end_all(&*self.work, user).await
    }

    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
        links::insert_request(&*self.work, request).await
    }

    async fn end_reset_request(&mut self, id: Uuid) -> Result<bool, StoreError> {
        links::end_request(&*self.work, id).await
    }

    async fn insert_mail(&mut self, mail: &NewMail) -> Result<(), StoreError> {
        mails::insert(&self.work, mail).await
    }

    async fn role(&mut self, name: &RoleName) -> Result<Option<CustomRole>, StoreError> {
        roles::locked(&*self.work, name).await
    }

    async fn insert_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        roles::insert(&*self.work, role).await
    }

    async fn update_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        roles::update(&*self.work, role).await
    }

    async fn delete_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        roles::delete(&*self.work, role).await
    }

    async fn count_users_with_role(&mut self, role: &RoleName) -> Result<u64, StoreError> {
        roles::count_holders(&*self.work, role).await
    }
}

async fn set(
    work: &impl ConnectionTrait,
    user: UserId,
    row: users::ActiveModel,
) -> Result<(), StoreError> {
    changed_one(
        users::Entity::update_many()
            .set(row)
            .filter(users::Column::Id.eq(user.uuid()))
            .exec(work)
            .await,
    )
}
