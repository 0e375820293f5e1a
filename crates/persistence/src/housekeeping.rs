//! Removing what is past its time: sessions, login attempts, answers and links that nobody can use any
//! more, mails of long ago, devices that were not seen for a year.

use almoner_kernel::{StoreError, Timestamp};
use chrono::Duration;
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query},
};
use tokio::runtime::Handle;

use crate::{
    commit::ANSWER_LIFETIME_MS,
    entities::{answers, devices, links, login_attempts, mails, reset_requests, sessions},
    error::store_error,
    paging::millis,
    sqlite::values,
    store::{Backend, OPTIMIZE, Store},
};

/// How long a login attempt can matter: the longest window that can be configured.
const ATTEMPTS_MATTER: Duration = Duration::days(1);

/// How long a request for a link can matter: its link would be good for less.
const REQUESTS_MATTER: Duration = Duration::days(1);

/// How long a device is known that nobody logs in on.
const DEVICES_MATTER: Duration = Duration::days(365);

/// How long it is told what became of a mail: as long as security events are usually kept.
const MAILS_MATTER: Duration = Duration::days(90);

impl Store {
    /// Removes expired sessions, login attempts, answers, links, mails and devices, `limit` of each at the
    /// most, passing over those that another unit of work holds; says how many rows. These rows carry
    /// no business data, so that they leave no trail.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let unit = self.unit().await?;
        let (work, before) = (&*unit.work, |span: Duration| millis(now - span));
        let rows = [
            remove(work, [sessions::Column::Id], sessions::Column::ExpiresAt, millis(now), limit)
                .await?,
            remove(
                work,
                [login_attempts::Column::Id],
                login_attempts::Column::At,
                before(ATTEMPTS_MATTER),
                limit,
            )
            .await?,
            remove(
                work,
                [answers::Column::UserId, answers::Column::Key],
                answers::Column::CreatedAt,
                millis(now) - ANSWER_LIFETIME_MS,
                limit,
            )
            .await?,
            remove(work, [links::Column::Id], links::Column::ExpiresAt, millis(now), limit).await?,
            remove(
                work,
                [reset_requests::Column::Id],
                reset_requests::Column::At,
                before(REQUESTS_MATTER),
                limit,
            )
            .await?,
            remove(
                work,
                [devices::Column::UserId, devices::Column::KeyHash],
                devices::Column::LastSeenAt,
                before(DEVICES_MATTER),
                limit,
            )
            .await?,
            remove(
                work,
                [mails::Column::Id],
                mails::Column::CreatedAt,
                before(MAILS_MATTER),
                limit,
            )
            .await?,
        ];
        unit.commit_upkeep().await?;
        Ok(rows.iter().sum())
    }

    /// Lets SQLite look at its statistics where they are out of date, and folds its log into the file
    /// as far as nobody reads it. PostgreSQL does both by itself.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tend(&self) -> Result<(), StoreError> {
        let Backend::Sqlite { writer, readers, .. } = &self.0.backend else { return Ok(()) };
        // Beside the async workers, because it may take a while.
        let (writer, runtime) = (writer.clone(), Handle::current());
        let tended = tokio::task::spawn_blocking(move || {
            runtime.block_on(writer.with(|connection| {
                connection.execute_batch(&format!("{OPTIMIZE}; PRAGMA wal_checkpoint(TRUNCATE)"))
            }))
        });
        let tended = tended.await;
        readers.plan_anew();
        tended
            .map_err(|error| StoreError::Failed(error.into()))?
            .map_err(values::exec_error)
            .map_err(store_error)
    }
}

/// Removes rows whose time is before another, by their keys: neither database limits a DELETE. A row
/// that somebody holds waits for the next time, so that two never wait for each other's.
async fn remove<C: ColumnTrait, const N: usize>(
    work: &impl ConnectionTrait,
    key: [C; N],
    time: C,
    before: i64,
    limit: u32,
) -> Result<u64, StoreError> {
    let table = C::EntityName::default();
    let old = Query::select()
        .columns(key)
        .from(table)
        .and_where(Expr::col(time).lt(before))
        .limit(u64::from(limit))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let columns = Expr::tuple(key.map(Expr::col));
    let delete = Query::delete().from_table(table).and_where(columns.in_subquery(old)).to_owned();
    Ok(work.execute(&delete).await.map_err(store_error)?.rows_affected())
}
