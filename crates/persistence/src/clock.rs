//! What the database knows of the time: the latest one that was trusted.

use almoner_kernel::{StoreError, Timestamp};
use almoner_migrations::Migrator;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict},
};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

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

    /// The position in the trail from which on a change may be younger than `at`, whatever its time says: a
    /// clock that was behind gave old times to what is new. It is the one behind the latest change that is older.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn young_from(&self, at: Timestamp) -> Result<i64, StoreError> {
        let latest = changes::Entity::find()
            .filter(changes::Column::At.lt(millis(at)))
            .order_by_desc(changes::Column::At)
            .order_by_desc(changes::Column::Id)
            .select_only()
            .column(changes::Column::Position)
            .limit(1)
            .into_query();
        let latest: Option<i64> = self.point().row(&latest).await.map_err(store_error)?;
        Ok(latest.map_or(0, |position| position + 1))
    }

    /// The position of the last change of a record; none when the trail has none of it any more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn last_changed(&self, record: Uuid) -> Result<Option<i64>, StoreError> {
        let last = changes::Entity::find()
            .filter(changes::Column::EntityId.eq(record))
            .select_only()
            .column_as(changes::Column::Position.max(), "position")
            .into_query();
        let last: Option<Option<i64>> = self.point().row(&last).await.map_err(store_error)?;
        Ok(last.flatten())
    }

    /// Notes a time that was trusted. It is no business record, so that it leaves no trail. A later one
    /// stays, as another instance trusts it, unless it is still `instead_of`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn note_trusted_time(
        &self,
        at: Timestamp,
        instead_of: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let stored = Expr::col((clock::Entity, clock::Column::TrustedAt));
        let is_replaced = match instead_of {
            None => stored.lt(millis(at)),
            Some(later) => stored.clone().lt(millis(at)).or(stored.eq(millis(later))),
        };
        let mut on_conflict = OnConflict::column(clock::Column::Id);
        on_conflict.update_column(clock::Column::TrustedAt).action_and_where(is_replaced);
        self.put_trusted_time(at, on_conflict).await
    }

    /// Sets the time that is trusted, also to an earlier one: a person says so.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn set_trusted_time(&self, at: Timestamp) -> Result<(), StoreError> {
        let mut on_conflict = OnConflict::column(clock::Column::Id);
        on_conflict.update_column(clock::Column::TrustedAt);
        self.put_trusted_time(at, on_conflict).await
    }

    async fn put_trusted_time(&self, at: Timestamp, or: OnConflict) -> Result<(), StoreError> {
        let unit = self.unit().await?;
        let row = clock::ActiveModel { id: Set(1), trusted_at: Set(millis(at)) };
        let insert = clock::Entity::insert(row).on_conflict(or);
        insert.exec_without_returning(&*unit.work).await.map_err(store_error)?;
        unit.commit_upkeep().await
    }

    /// A time that is past wherever this program runs: the day before the newest step of its schema was
    /// named, as that day may not have begun everywhere. It stands in the source, so that two builds of
    /// the same source are the same.
    pub fn made_after() -> Timestamp {
        let steps = Migrator::migrations();
        let day = steps.last().and_then(|step| {
            let (name, _) = step.name().strip_prefix('m')?.split_once('_')?;
            NaiveDate::parse_from_str(name, "%Y%m%d").ok()
        });
        let midnight = day.map(|day| day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(1));
        midnight.unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    #[test]
    fn the_newest_step_says_what_is_past_for_certain() {
        let second_last = Utc.with_ymd_and_hms(2026, 11, 27, 0, 0, 0).unwrap();
        assert!(Store::made_after() >= second_last);
        let names: Vec<_> =
            Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        assert!(names.is_sorted(), "{names:?}");
        #[expect(clippy::disallowed_methods, reason = "whether it is past is what is tested")]
        let now = Utc::now();
        assert!(Store::made_after() < now, "a step is named after a day to come");
    }
}
