//! The ports of the accounts domain.

mod guesses;
mod rows;
mod unit;

use std::collections::{HashMap, HashSet};

use almoner_accounts::{
    link::Link,
    login::{AddressKey, Counted, Failures, LoginWindow},
    ports::{Account, Accounts, AccountsTx, StoredSession},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{DeviceKeyHash, Session, SessionKeyHash},
    user::{User, UserQuery, UserSort},
};
use almoner_kernel::{
    EmailAddress, LinkId, Page, PageRequest, Position, Scope, SessionId, SortKey, StoreError,
    Timestamp, UserId,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, SelectStatement},
};

use crate::{
    commit::in_chunks,
    entities::{links, reset_requests, roles, sessions, user_roles, users},
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
};
use rows::{into_account, into_failures, into_link, into_role, into_session, into_user};
use uuid::Uuid;

#[async_trait]
impl Accounts for Store {
    async fn begin(&self) -> Result<Box<dyn AccountsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn user(&self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError> {
        let select = by_id(id, scope).into_query();
        let row = self.point().row(&select).await.map_err(store_error)?;
        row.map(into_user).transpose()
    }

    async fn users(
        &self,
        query: &UserQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<User>, StoreError> {
        let reader = self.scan();
        let mut select = users::Entity::find();
        if let Some(user_id) = scope.creator() {
            select = select.filter(users::Column::Id.eq(user_id.uuid()));
        }
        if let Some(active) = query.active {
            select = select.filter(users::Column::Active.eq(active));
        }
        if let Some(role) = &query.role {
            select = select.filter(users::Column::Id.in_subquery(holders(role.as_str())));
        }
        let column = |column| (users::Entity, column);
        let (id, direction) = (column(users::Column::Id), query.sort.direction);
        let ordering = match query.sort.field {
            UserSort::CreatedAt => Ordering::by_id(id, direction),
            UserSort::Name => Ordering::by(column(users::Column::NameSort), id, direction),
            UserSort::Email => Ordering::by(column(users::Column::EmailKey), id, direction),
            UserSort::LastLoginAt => {
                Ordering::by(column(users::Column::LastLoginAt), id, direction)
            }
        };
        let position = |row: &users::Model| Position {
            key: match query.sort.field {
                UserSort::CreatedAt => None,
                UserSort::Name => Some(SortKey::Text(row.name_sort.clone())),
                UserSort::Email => Some(SortKey::Text(row.email_key.clone())),
                UserSort::LastLoginAt => Some(SortKey::Int(row.last_login_at)),
            },
            id: row.id,
        };
        Listing::new("users", select.into_query(), ordering)
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, into_user)
            .await
    }

    async fn has_users(&self) -> Result<bool, StoreError> {
        has_users(&self.point()).await
    }

    async fn account_by_email(&self, email_key: &str) -> Result<Option<Account>, StoreError> {
        let row = users::Entity::find()
            .filter(users::Column::EmailKey.eq(email_key))
            .one(&self.point())
            .await
            .map_err(store_error)?;
        row.map(into_account).transpose()
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let row = by_id(id, Scope::All).one(&self.point()).await.map_err(store_error)?;
        row.map(into_account).transpose()
    }

    async fn login_window(
        &self,
        address: &AddressKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<LoginWindow, StoreError> {
        guesses::login_window(&self.point(), address, since, until).await
    }

    async fn device(
        &self,
        user: UserId,
        device: &DeviceKeyHash,
    ) -> Result<Option<Failures>, StoreError> {
        let row = guesses::device(user, device).one(&self.point()).await.map_err(store_error)?;
        row.as_ref().map(into_failures).transpose()
    }

    async fn counted(
        &self,
        users: &[(UserId, AddressKey)],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<HashMap<UserId, Counted>, StoreError> {
        guesses::counted(&self.point(), users, since, until).await
    }

    async fn roles(&self) -> Result<Vec<CustomRole>, StoreError> {
        let rows = roles::Entity::find()
            .order_by_asc(roles::Column::Name)
            .all(&self.point())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(into_role).collect()
    }

    async fn role(&self, name: &RoleName) -> Result<Option<CustomRole>, StoreError> {
        let row = role_named(name).one(&self.point()).await.map_err(store_error)?;
        row.map(into_role).transpose()
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = sessions::Entity::find()
            .filter(sessions::Column::UserId.eq(user.uuid()))
            .order_by_desc(sessions::Column::Id)
            .all(&self.point())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(into_session).collect()
    }

    async fn sessions_by_key(
        &self,
        keys: &[SessionKeyHash],
    ) -> Result<Vec<(SessionKeyHash, StoredSession)>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(in_chunks(1)) {
            let rows = sessions::Entity::find()
                .filter(sessions::Column::KeyHash.is_in(of_few_lengths(some)))
                .join(
                    JoinType::InnerJoin,
                    sessions::Entity::belongs_to(users::Entity)
                        .from(sessions::Column::UserId)
                        .to(users::Column::Id)
                        .into(),
                )
                .select_also(users::Entity)
                .all(&self.point())
                .await
                .map_err(store_error)?;
            for (session, user) in rows {
                let key = <[u8; 32]>::try_from(session.key_hash.as_slice()).map_err(|_| {
                    StoreError::Damaged("sessions.key_hash has no 32 bytes".to_owned())
                })?;
                if let Some(user) = user {
                    found.push((SessionKeyHash(key), into_session(session)?, into_user(user)?));
                }
            }
        }
        let names = found.iter().flat_map(|(_, _, user)| user.roles.iter());
        let roles = self.custom_roles(names).await?;
        let stored = |(key, session, user): (_, _, User)| {
            let custom_roles =
                user.roles.iter().filter_map(|name| roles.get(name).cloned()).collect();
            (key, StoredSession { session, user, custom_roles })
        };
        Ok(found.into_iter().map(stored).collect())
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<bool, StoreError> {
        let unit = self.unit().await?;
        let touched = sessions::Entity::update_many()
            .col_expr(sessions::Column::LastSeenAt, Expr::val(millis(at)))
            .filter(sessions::Column::Id.eq(id.uuid()))
            .filter(sessions::Column::LastSeenAt.lt(millis(at)))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        let is_there = touched.rows_affected > 0
            || sessions::Entity::find_by_id(id.uuid())
                .one(&*unit.work)
                .await
                .map_err(store_error)?
                .is_some();
        unit.commit_upkeep().await?;
        Ok(is_there)
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        let row =
            links::Entity::find_by_id(id.uuid()).one(&self.point()).await.map_err(store_error)?;
        row.map(into_link).transpose()
    }

    async fn reset_request(&self, id: Uuid) -> Result<Option<ResetRequest>, StoreError> {
        let row =
            reset_requests::Entity::find_by_id(id).one(&self.point()).await.map_err(store_error)?;
        let request = |row: reset_requests::Model| {
            Ok(ResetRequest {
                id: row.id,
                email: EmailAddress::from_stored(row.email),
                at: instant(row.at)?,
            })
        };
        row.map(request).transpose()
    }
}

impl Store {
    /// The roles among these that are custom, by their names.
    async fn custom_roles(
        &self,
        names: impl Iterator<Item = &RoleName>,
    ) -> Result<HashMap<RoleName, CustomRole>, StoreError> {
        let names: HashSet<&str> =
            names.filter(|name| name.built_in().is_none()).map(RoleName::as_str).collect();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let select = roles::Entity::find().filter(roles::Column::Name.is_in(names));
        let rows = select.all(&self.point()).await.map_err(store_error)?;
        let role = |row| into_role(row).map(|role| (role.name.clone(), role));
        rows.into_iter().map(role).collect()
    }
}

/// The keys as values, the last one repeated until they are a power of two: lists of every length
/// would make a statement for every length, and each is kept.
fn of_few_lengths(keys: &[SessionKeyHash]) -> Vec<Vec<u8>> {
    let mut values: Vec<_> = keys.iter().map(|key| key.0.to_vec()).collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

fn by_id(id: UserId, scope: Scope) -> Select<users::Entity> {
    let select = users::Entity::find_by_id(id.uuid());
    match scope.creator() {
        Some(user_id) => select.filter(users::Column::Id.eq(user_id.uuid())),
        None => select,
    }
}

/// The ids of the users who have a role.
fn holders(role: &str) -> SelectStatement {
    user_roles::Entity::find()
        .select_only()
        .column(user_roles::Column::UserId)
        .filter(user_roles::Column::Role.eq(role))
        .into_query()
}

fn role_named(name: &RoleName) -> Select<roles::Entity> {
    roles::Entity::find().filter(roles::Column::Name.eq(name.as_str()))
}

async fn has_users(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    let row = users::Entity::find().one(connection).await.map_err(store_error)?;
    Ok(row.is_some())
}
