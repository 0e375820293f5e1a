//! The ports of the accounts domain.

mod rows;
mod unit;

use almoner_accounts::{
    link::Link,
    login::AddressKey,
    ports::{Account, Accounts, AccountsTx, LoginWindow, StoredSession},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{Session, SessionKeyHash},
    user::{User, UserQuery, UserSort},
};
use almoner_kernel::{
    EmailAddress, LinkId, Page, PageRequest, Position, Scope, SessionId, SortKey, StoreError,
    Timestamp, UserId,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, sea_query::Expr,
};

use crate::{
    entities::{links, login_attempts, reset_requests, roles, sessions, users},
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
};
use rows::{into_account, into_link, into_role, into_session, into_user};
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
            select = select.filter(users::Column::Role.eq(role.as_str()));
        }
        let column = |column| (users::Entity, column);
        let (id, direction) = (column(users::Column::Id), query.sort.direction);
        let ordering = match query.sort.field {
            UserSort::CreatedAt => Ordering::by_id(id, direction),
            UserSort::Name => Ordering::by(column(users::Column::NameFolded), id, direction),
            UserSort::Email => Ordering::by(column(users::Column::EmailKey), id, direction),
            UserSort::LastLoginAt => {
                Ordering::by(column(users::Column::LastLoginAt), id, direction)
            }
        };
        let position = |row: &users::Model| Position {
            key: match query.sort.field {
                UserSort::CreatedAt => None,
                UserSort::Name => Some(SortKey::Text(row.name_folded.clone())),
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
        login_window(&self.point(), address, since, until).await
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

    async fn session(&self, key: &SessionKeyHash) -> Result<Option<StoredSession>, StoreError> {
        let row = sessions::Entity::find()
            .filter(sessions::Column::KeyHash.eq(key.0.to_vec()))
            .join(
                JoinType::InnerJoin,
                sessions::Entity::belongs_to(users::Entity)
                    .from(sessions::Column::UserId)
                    .to(users::Column::Id)
                    .into(),
            )
            .select_also(users::Entity)
            .one(&self.point())
            .await
            .map_err(store_error)?;
        let Some((session, Some(user))) = row else { return Ok(None) };
        let user = into_user(user)?;
        let custom_role = match user.role.built_in() {
            Some(_) => None,
            None => Accounts::role(self, &user.role).await?,
        };
        Ok(Some(StoredSession { session: into_session(session)?, user, custom_role }))
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

fn by_id(id: UserId, scope: Scope) -> Select<users::Entity> {
    let select = users::Entity::find_by_id(id.uuid());
    match scope.creator() {
        Some(user_id) => select.filter(users::Column::Id.eq(user_id.uuid())),
        None => select,
    }
}

fn role_named(name: &RoleName) -> Select<roles::Entity> {
    roles::Entity::find().filter(roles::Column::Name.eq(name.as_str()))
}

async fn has_users(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    let row = users::Entity::find().one(connection).await.map_err(store_error)?;
    Ok(row.is_some())
}

async fn login_window(
    connection: &impl ConnectionTrait,
    address: &AddressKey,
    since: Timestamp,
    until: Timestamp,
) -> Result<LoginWindow, StoreError> {
    let rows: Vec<(i64, bool)> = login_attempts::Entity::find()
        .filter(login_attempts::Column::Address.eq(address.as_str()))
        .filter(login_attempts::Column::At.gt(millis(since)))
        .filter(login_attempts::Column::At.lte(millis(until)))
        .order_by_asc(login_attempts::Column::At)
        .select_only()
        .columns([login_attempts::Column::At, login_attempts::Column::Refused])
        .into_tuple()
        .all(connection)
        .await
        .map_err(store_error)?;
    let counted: Vec<i64> =
        rows.iter().filter(|(_, refused)| !refused).map(|(at, _)| *at).collect();
    Ok(LoginWindow {
        counted: u32::try_from(counted.len()).unwrap_or(u32::MAX),
        oldest: counted.first().map(|at| crate::paging::instant(*at)).transpose()?,
        refusal_recorded: rows.iter().any(|(_, refused)| *refused),
    })
}
