//! Sessions, written within a unit of work.

use almoner_accounts::{
    role::RoleName,
    session::{Session, SessionKeyHash},
};
use almoner_kernel::{SessionId, StoreError, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};

use crate::{
    accounts::{holders, rows::into_session},
    entities::sessions,
    error::store_error,
    paging::millis,
};

/// Stores a new one under the hash of its key.
pub(super) async fn insert(
    work: &impl ConnectionTrait,
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
    sessions::Entity::insert(row).exec_without_returning(work).await.map_err(store_error)?;
    Ok(())
}

/// Gives one another key; none when it has been ended.
pub(super) async fn rekey(
    work: &impl ConnectionTrait,
    id: SessionId,
    user: UserId,
    key: &SessionKeyHash,
) -> Result<Option<Session>, StoreError> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::KeyHash, Expr::val(key.0.to_vec()))
        .filter(sessions::Column::Id.eq(id.uuid()))
        .filter(sessions::Column::UserId.eq(user.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    let row = sessions::Entity::find_by_id(id.uuid())
        .filter(sessions::Column::UserId.eq(user.uuid()))
        .one(work)
        .await
        .map_err(store_error)?;
    row.map(into_session).transpose()
}

/// Those of a user, locked.
pub(super) async fn of_user(
    work: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<Session>, StoreError> {
    let rows = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user.uuid()))
        .order_by_asc(sessions::Column::Id)
        .lock_exclusive()
        .all(work)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(into_session).collect()
}

/// Removes one; false when the user has no such session.
pub(super) async fn end(
    work: &impl ConnectionTrait,
    id: SessionId,
    user: UserId,
) -> Result<bool, StoreError> {
    let ended = sessions::Entity::delete_many()
        .filter(sessions::Column::Id.eq(id.uuid()))
        .filter(sessions::Column::UserId.eq(user.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(ended.rows_affected > 0)
}

/// Removes those of a user but one; says how many.
pub(super) async fn end_all(
    work: &impl ConnectionTrait,
    user: UserId,
    except: Option<SessionId>,
) -> Result<u64, StoreError> {
    let mut delete =
        sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user.uuid()));
    if let Some(kept) = except {
        delete = delete.filter(sessions::Column::Id.ne(kept.uuid()));
    }
    let ended = delete.exec(work).await.map_err(store_error)?;
    Ok(ended.rows_affected)
}

/// Removes those of every user who has a role; says how many.
pub(super) async fn end_of_role(
    work: &impl ConnectionTrait,
    role: &RoleName,
) -> Result<u64, StoreError> {
    let ended = sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.in_subquery(holders(role.as_str())))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(ended.rows_affected)
}
