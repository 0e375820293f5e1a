//! Custom roles, and who has which role, written within a unit of work.

use almoner_accounts::{
    role::{CustomRole, RoleName},
    user::User,
};
use almoner_kernel::StoreError;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use crate::{
    accounts::{
        role_named,
        rows::{into_role, role_row},
    },
    commit::{changed_one, deleted_one},
    entities::{roles, user_roles},
    error::store_error,
};

/// One, locked.
pub(super) async fn locked(
    work: &impl ConnectionTrait,
    name: &RoleName,
) -> Result<Option<CustomRole>, StoreError> {
    let row = role_named(name).lock_exclusive().one(work).await.map_err(store_error)?;
    row.map(into_role).transpose()
}

/// Stores a new one.
pub(super) async fn insert(
    work: &impl ConnectionTrait,
    role: &CustomRole,
) -> Result<(), StoreError> {
    let inserted = roles::Entity::insert(role_row(role)).exec_without_returning(work).await;
    inserted.map(drop).map_err(store_error)
}

/// Stores a changed one, where the stored version is one less.
pub(super) async fn update(
    work: &impl ConnectionTrait,
    role: &CustomRole,
) -> Result<(), StoreError> {
    changed_one(
        roles::Entity::update_many()
            .set(roles::ActiveModel { id: NotSet, ..role_row(role) })
            .filter(roles::Column::Id.eq(role.id.uuid()))
            .filter(roles::Column::Version.eq(role.version.number() - 1))
            .exec(work)
            .await,
    )
}

/// Removes one at exactly the version given.
pub(super) async fn delete(
    work: &impl ConnectionTrait,
    role: &CustomRole,
) -> Result<(), StoreError> {
    deleted_one(
        roles::Entity::delete_many()
            .filter(roles::Column::Id.eq(role.id.uuid()))
            .filter(roles::Column::Version.eq(role.version.number()))
            .exec(work)
            .await,
    )
}

/// How many users have one.
pub(super) async fn count_holders(
    work: &impl ConnectionTrait,
    role: &RoleName,
) -> Result<u64, StoreError> {
    let holders = user_roles::Entity::find().filter(user_roles::Column::Role.eq(role.as_str()));
    holders.count(work).await.map_err(store_error)
}

/// Notes which roles a new user has.
pub(super) async fn give(work: &impl ConnectionTrait, user: &User) -> Result<(), StoreError> {
    let rows = user.roles.iter().map(|role| user_roles::ActiveModel {
        user_id: Set(user.id.uuid()),
        role: Set(role.as_str().to_owned()),
    });
    let inserted = user_roles::Entity::insert_many(rows).exec_without_returning(work).await;
    inserted.map(drop).map_err(store_error)
}

/// Notes which roles a changed user has; those who have the same as before keep their rows.
pub(super) async fn give_anew(work: &impl ConnectionTrait, user: &User) -> Result<(), StoreError> {
    let known: Vec<String> = user_roles::Entity::find()
        .filter(user_roles::Column::UserId.eq(user.id.uuid()))
        .select_only()
        .column(user_roles::Column::Role)
        .into_tuple()
        .all(work)
        .await
        .map_err(store_error)?;
    let has = |role: &RoleName| known.iter().any(|known| known == role.as_str());
    if known.len() == user.roles.iter().count() && user.roles.iter().all(has) {
        return Ok(());
    }
    user_roles::Entity::delete_many()
        .filter(user_roles::Column::UserId.eq(user.id.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    give(work, user).await
}
