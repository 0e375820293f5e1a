//! Users, roles and sessions inside a unit of work.

use almoner_accounts::{
    limits::Limited,
    link::Link,
    login::{AddressKey, Failures, LoginWindow},
    ports::{Account, AccountsTx, Attempt, Meeting},
    recovery::ResetRequest,
    role::{BuiltIn, CustomRole, RoleName},
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
    QuerySelect, QueryTrait,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    by_id,
    guesses::{self, login_window},
    has_users, role_named,
    rows::{into_account, into_failures, into_role, into_session, into_user, role_row, user_row},
};
use crate::{
    audit,
    commit::{UnitHandle, changed_one, deleted_one},
    entities::{devices, links, login_attempts, reset_requests, roles, sessions, users},
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
            Limited::Roles => roles::Entity::find().count(&*self.work).await,
        }
        .map_err(store_error)
    }

    async fn lock_active_superadmins(&mut self) -> Result<u64, StoreError> {
        let rows = users::Entity::find()
            .filter(users::Column::Role.eq(BuiltIn::Superadmin.as_str()))
            .filter(users::Column::Active.eq(true))
            .order_by_asc(users::Column::Id)
            .lock_exclusive()
            .all(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(rows.len() as u64)
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
            ..user_row(user)
        };
        users::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn update_user(&mut self, user: &User) -> Result<(), StoreError> {
        changed_one(
            users::Entity::update_many()
                .set(users::ActiveModel { id: NotSet, ..user_row(user) })
                .filter(users::Column::Id.eq(user.id.uuid()))
                .filter(users::Column::Version.eq(user.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
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
        let row = sessions::ActiveModel {
            id: Set(session.id.uuid()),
            key_hash: Set(key.0.to_vec()),
            user_id: Set(session.user_id.uuid()),
            created_at: Set(millis(session.created_at)),
            last_seen_at: Set(millis(session.last_seen_at)),
            expires_at: Set(millis(session.expires_at)),
            idle_ms: Set(session.idle_timeout.num_milliseconds()),
            remembered: Set(session.remembered),
            address: Set(session.address.clone()),
            user_agent: Set(session.user_agent.clone()),
        };
        sessions::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn rekey_session(
        &mut self,
        id: SessionId,
        user: UserId,
        key: &SessionKeyHash,
    ) -> Result<Option<Session>, StoreError> {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::KeyHash, Expr::val(key.0.to_vec()))
            .filter(sessions::Column::Id.eq(id.uuid()))
            .filter(sessions::Column::UserId.eq(user.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        let row = sessions::Entity::find_by_id(id.uuid())
            .filter(sessions::Column::UserId.eq(user.uuid()))
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        row.map(into_session).transpose()
    }

    async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = sessions::Entity::find()
            .filter(sessions::Column::UserId.eq(user.uuid()))
            .order_by_asc(sessions::Column::Id)
            .lock_exclusive()
            .all(&*self.work)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(into_session).collect()
    }

    async fn end_session(&mut self, id: SessionId, user: UserId) -> Result<bool, StoreError> {
        let ended = sessions::Entity::delete_many()
            .filter(sessions::Column::Id.eq(id.uuid()))
            .filter(sessions::Column::UserId.eq(user.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected > 0)
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let mut delete =
            sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user.uuid()));
        if let Some(kept) = except {
            delete = delete.filter(sessions::Column::Id.ne(kept.uuid()));
        }
        let ended = delete.exec(&*self.work).await.map_err(store_error)?;
        Ok(ended.rows_affected)
    }

    async fn end_sessions_of_role(&mut self, role: &RoleName) -> Result<u64, StoreError> {
        let holders = users::Entity::find()
            .select_only()
            .column(users::Column::Id)
            .filter(users::Column::Role.eq(role.as_str()))
            .into_query();
        let ended = sessions::Entity::delete_many()
            .filter(sessions::Column::UserId.in_subquery(holders))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected)
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
        let row = links::ActiveModel {
            id: Set(link.id.uuid()),
            user_id: Set(link.user_id.uuid()),
            purpose: Set(link.purpose.as_str().to_owned()),
            expires_at: Set(millis(link.expires_at)),
        };
        links::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn end_link(&mut self, id: LinkId) -> Result<bool, StoreError> {
        let ended = links::Entity::delete_many()
            .filter(links::Column::Id.eq(id.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected > 0)
    }

    async fn end_links(&mut self, user: UserId) -> Result<(), StoreError> {
        links::Entity::delete_many()
            .filter(links::Column::UserId.eq(user.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
        let row = reset_requests::ActiveModel {
            id: Set(request.id),
            email: Set(request.email.as_str().to_owned()),
            at: Set(millis(request.at)),
        };
        reset_requests::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn end_reset_request(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let ended = reset_requests::Entity::delete_many()
            .filter(reset_requests::Column::Id.eq(id))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected > 0)
    }

    async fn insert_mail(&mut self, mail: &NewMail) -> Result<(), StoreError> {
        mails::insert(&self.work, mail).await
    }

    async fn role(&mut self, name: &RoleName) -> Result<Option<CustomRole>, StoreError> {
        let row = role_named(name).lock_exclusive().one(&*self.work).await.map_err(store_error)?;
        row.map(into_role).transpose()
    }

    async fn insert_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        roles::Entity::insert(role_row(role))
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn update_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        changed_one(
            roles::Entity::update_many()
                .set(roles::ActiveModel { id: NotSet, ..role_row(role) })
                .filter(roles::Column::Id.eq(role.id.uuid()))
                .filter(roles::Column::Version.eq(role.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }

    async fn delete_role(&mut self, role: &CustomRole) -> Result<(), StoreError> {
        deleted_one(
            roles::Entity::delete_many()
                .filter(roles::Column::Id.eq(role.id.uuid()))
                .filter(roles::Column::Version.eq(role.version.number()))
                .exec(&*self.work)
                .await,
        )
    }

    async fn count_users_with_role(&mut self, role: &RoleName) -> Result<u64, StoreError> {
        users::Entity::find()
            .filter(users::Column::Role.eq(role.as_str()))
            .count(&*self.work)
            .await
            .map_err(store_error)
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
