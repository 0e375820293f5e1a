//! What the database knows of the time: the latest one that was trusted.

use almoner_kernel::{StoreError, Timestamp};
use sea_orm::{
    ActiveValue::Set, EntityTrait, QueryOrder, QuerySelect, QueryTrait, sea_query::OnConflict,
};

use crate::{
    entities::{changes, clock},
    error::store_error,
    paging::{instant, millis},
    store::Store,
};

impl Store {
    /// The latest time that was trusted; before the first one was noted, that of the newest change; none
    /// in a new database.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn trusted_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let noted = clock::Entity::find_by_id(1).into_query();
        let noted: Option<clock::Model> = self.point().row(&noted).await.map_err(store_error)?;
        if let Some(noted) = noted {
            return instant(noted.trusted_at).map(Some);
        }
        let newest = changes::Entity::find()
            .order_by_desc(changes::Column::Position)
            .select_only()
            .column(changes::Column::At)
            .limit(1)
            .into_query();
        let newest: Option<i64> = self.point().row(&newest).await.map_err(store_error)?;
        newest.map(instant).transpose()
    }

    /// Notes a time that was trusted. It is no business record, so that it leaves no trail.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn note_trusted_time(&self, at: Timestamp) -> Result<(), StoreError> {
        let unit = self.unit().await?;
        let row = clock::ActiveModel { id: Set(1), trusted_at: Set(millis(at)) };
        clock::Entity::insert(row)
            .on_conflict(
                OnConflict::column(clock::Column::Id)
                    .update_column(clock::Column::TrustedAt)
                    .to_owned(),
            )
            .exec_without_returning(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await
    }
}
