//! What is counted about guesses: by address, by account, and for each known device.

use std::collections::HashMap;

use almoner_accounts::{
    login::{AddressKey, Counted, Failures, LoginWindow},
    ports::Meeting,
    session::DeviceKeyHash,
};
use almoner_kernel::{StoreError, Timestamp, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    commit::changed_one,
    entities::{devices, login_attempts},
    error::store_error,
    paging::{instant, millis},
};

/// What one limit has counted from the one instant to the other.
pub async fn login_window(
    connection: &impl ConnectionTrait,
    key: &AddressKey,
    since: Timestamp,
    until: Timestamp,
) -> Result<LoginWindow, StoreError> {
    use login_attempts::Column;

    let rows: Vec<(i64, bool, bool)> = login_attempts::Entity::find()
        .filter(Column::Address.eq(key.as_str()))
        .filter(Column::At.gt(millis(since)))
        .filter(Column::At.lte(millis(until)))
        .order_by_asc(Column::At)
        .select_only()
        // In the order of their names: that is the order of a row on SQLite.
        .columns([Column::At, Column::Failed, Column::Refused])
        .into_tuple()
        .all(connection)
        .await
        .map_err(store_error)?;
    let at = |row: Option<&(i64, bool, bool)>| row.map(|row| instant(row.0)).transpose();
    let counted: Vec<_> = rows.iter().copied().filter(|(_, _, refused)| !refused).collect();
    let failed: Vec<_> = counted.iter().copied().filter(|(_, failed, _)| *failed).collect();
    Ok(LoginWindow {
        counted: u32::try_from(counted.len()).unwrap_or(u32::MAX),
        oldest: at(counted.first())?,
        failed: u32::try_from(failed.len()).unwrap_or(u32::MAX),
        oldest_failed: at(failed.first())?,
        last_failed: at(failed.last())?,
        refusal_recorded: rows.iter().any(|(_, _, refused)| *refused),
    })
}

/// What was counted about users, by the keys of their accounts.
pub async fn counted(
    connection: &impl ConnectionTrait,
    users: &[(UserId, AddressKey)],
    since: Timestamp,
    until: Timestamp,
) -> Result<HashMap<UserId, Counted>, StoreError> {
    use login_attempts::Column as Attempt;

    let by_key: HashMap<&str, UserId> =
        users.iter().map(|(user, key)| (key.as_str(), *user)).collect();
    let mut counted: HashMap<UserId, Counted> = HashMap::new();
    // Columns in the order of their names: that is the order of a row on SQLite.
    let locks: Vec<(i64, Uuid)> = devices::Entity::find()
        .filter(devices::Column::UserId.is_in(users.iter().map(|(user, _)| user.uuid())))
        .filter(devices::Column::LockedUntil.is_not_null())
        // The last one of each user stays.
        .order_by_asc(devices::Column::LockedUntil)
        .select_only()
        .columns([devices::Column::LockedUntil, devices::Column::UserId])
        .into_tuple()
        .all(connection)
        .await
        .map_err(store_error)?;
    for (until, user) in locks {
        counted.entry(UserId::new(user)).or_default().device_locked_until = Some(instant(until)?);
    }
    let failed: Vec<(String, i64)> = login_attempts::Entity::find()
        .filter(Attempt::Address.is_in(by_key.keys().copied()))
        .filter(Attempt::At.gt(millis(since)))
        .filter(Attempt::At.lte(millis(until)))
        .filter(Attempt::Failed.eq(true))
        .order_by_asc(Attempt::At)
        .select_only()
        .columns([Attempt::Address, Attempt::At])
        .into_tuple()
        .all(connection)
        .await
        .map_err(store_error)?;
    for (key, at) in failed {
        let Some(user) = by_key.get(key.as_str()) else { continue };
        let strangers = &mut counted.entry(*user).or_default().strangers;
        let at = Some(instant(at)?);
        strangers.failed = strangers.failed.saturating_add(1);
        strangers.oldest_failed = strangers.oldest_failed.or(at);
        strangers.last_failed = at;
    }
    Ok(counted)
}

/// One device of a user.
pub fn device(user: UserId, device: &DeviceKeyHash) -> Select<devices::Entity> {
    devices::Entity::find()
        .filter(devices::Column::UserId.eq(user.uuid()))
        .filter(devices::Column::KeyHash.eq(device.0.to_vec()))
}

pub async fn set_failures(
    work: &impl ConnectionTrait,
    user: UserId,
    device: &DeviceKeyHash,
    failures: Failures,
) -> Result<(), StoreError> {
    use devices::Column;

    changed_one(
        devices::Entity::update_many()
            .col_expr(Column::FailedLogins, Expr::val(i64::from(failures.failed_logins)))
            .col_expr(Column::LockedUntil, Expr::val(failures.locked_until.map(millis)))
            .filter(Column::UserId.eq(user.uuid()))
            .filter(Column::KeyHash.eq(device.0.to_vec()))
            .exec(work)
            .await,
    )
}

pub async fn unlock(
    work: &impl ConnectionTrait,
    user: UserId,
    account: &AddressKey,
) -> Result<(), StoreError> {
    use devices::Column;

    devices::Entity::update_many()
        .col_expr(Column::FailedLogins, Expr::val(0_i64))
        .col_expr(Column::LockedUntil, Expr::val(None::<i64>))
        .filter(Column::UserId.eq(user.uuid()))
        .exec(work)
        .await
        .map_err(store_error)?;
    login_attempts::Entity::delete_many()
        .filter(login_attempts::Column::Address.eq(account.as_str()))
        .exec(work)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Notes that a user logged in on a device.
pub async fn meet_device(
    work: &impl ConnectionTrait,
    user: UserId,
    device: &DeviceKeyHash,
    at: Timestamp,
) -> Result<Meeting, StoreError> {
    use devices::Column;

    let seen = devices::Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::val(millis(at)))
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::KeyHash.eq(device.0.to_vec()))
        .exec(work)
        .await
        .map_err(store_error)?;
    if seen.rows_affected > 0 {
        return Ok(Meeting::Known);
    }
    let other = devices::Entity::find()
        .filter(Column::UserId.eq(user.uuid()))
        .one(work)
        .await
        .map_err(store_error)?;
    let row = devices::ActiveModel {
        user_id: Set(user.uuid()),
        key_hash: Set(device.0.to_vec()),
        created_at: Set(millis(at)),
        last_seen_at: Set(millis(at)),
        failed_logins: Set(0),
        locked_until: Set(None),
    };
    devices::Entity::insert(row).exec_without_returning(work).await.map_err(store_error)?;
    Ok(if other.is_some() { Meeting::New } else { Meeting::First })
}
