//! Removing what is past its time: sessions, login attempts and answers that nobody can use any more.

use almoner_kernel::{StoreError, Timestamp};
use chrono::Duration;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    commit::ANSWER_LIFETIME_MS,
    entities::{answers, login_attempts, sessions},
    error::store_error,
    paging::millis,
    store::Store,
};

/// How long a login attempt can matter: the longest window that can be configured.
const ATTEMPTS_MATTER: Duration = Duration::days(1);

impl Store {
    /// Removes expired sessions, login attempts and answers; says how many rows. These rows carry no
    /// business data, so that they leave no trail.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let unit = self.unit().await?;
        let sessions = sessions::Entity::delete_many()
            .filter(sessions::Column::ExpiresAt.lt(millis(now)))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        let attempts = login_attempts::Entity::delete_many()
            .filter(login_attempts::Column::At.lt(millis(now - ATTEMPTS_MATTER)))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        let answers = answers::Entity::delete_many()
            .filter(answers::Column::CreatedAt.lt(millis(now) - ANSWER_LIFETIME_MS))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(sessions.rows_affected + attempts.rows_affected + answers.rows_affected)
    }
}
