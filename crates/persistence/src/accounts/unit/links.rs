//! Mailed links and requests for them, written within a unit of work.

use almoner_accounts::{link::Link, recovery::ResetRequest};
use almoner_kernel::{LinkId, StoreError, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    entities::{links, reset_requests},
    error::store_error,
    paging::millis,
};

/// Stores a new one.
pub(super) async fn insert(work: &impl ConnectionTrait, link: &Link) -> Result<(), StoreError> {
    let row = links::ActiveModel {
        id: Set(link.id.uuid()),
        user_id: Set(link.user_id.uuid()),
        purpose: Set(link.purpose.as_str().to_owned()),
        expires_at: Set(millis(link.expires_at)),
    };
    links::Entity::insert(row).exec_without_returning(work).await.map_err(store_error)?;
    Ok(())
}

/// Removes one; false when somebody was faster.
pub(super) async fn end(work: &impl ConnectionTrait, id: LinkId) -> Result<bool, StoreError> {
    let ended = links::Entity::delete_many()
        .filter(links::Column::Id.eq(id.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(ended.rows_affected > 0)
}

/// Removes those of a user.
pub(super) async fn end_all(work: &impl ConnectionTrait, user: UserId) -> Result<(), StoreError> {
    links::Entity::delete_many()
        .filter(links::Column::UserId.eq(user.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Stores a request for one.
pub(super) async fn insert_request(
    work: &impl ConnectionTrait,
    request: &ResetRequest,
) -> Result<(), StoreError> {
    let row = reset_requests::ActiveModel {
        id: Set(request.id),
        email: Set(request.email.as_str().to_owned()),
        at: Set(millis(request.at)),
    };
    reset_requests::Entity::insert(row).exec_without_returning(work).await.map_err(store_error)?;
    Ok(())
}

/// Removes a request for one; false when it was removed before.
pub(super) async fn end_request(work: &impl ConnectionTrait, id: Uuid) -> Result<bool, StoreError> {
    let ended = reset_requests::Entity::delete_many()
        .filter(reset_requests::Column::Id.eq(id))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(ended.rows_affected > 0)
}
