//! Whether the totals that the database keeps are those of the donations, and how to count them anew.
//!
//! Sums are kept, not added up when somebody asks. `donation_totals` has counts and sums for each day,
//! state, currency, method and campaign: of all donations, by month as well, and of each creator's (for
//! the scope `own`). A year is twelve months of a few hundred rows, and days fill up the ends of a
//! range. Triggers keep them in the transaction of the change, because nothing can forget a trigger
//! (how, and why they wait for the commit on PostgreSQL, is told in the migrations `totals` and
//! `batches`). The price is three upserts into a small table for each donation, in place of one wide
//! index on a large one.
//!
//! Rejected: adding up 1,000,000 rows of a covering index takes 0.4 to 1.2 s; deltas that are folded
//! later make every reading, and the folding itself, a thing to get right. `totals check` and `totals
//! rebuild` take their word from the view `donation_totals_due`.

use almoner_kernel::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{error::store_error, store::Store};

const KEY: &str = "created_by, span, state, begins_on, currency, method, campaign_id";

impl Store {
    /// How many totals are not what the donations add up to. Nothing but somebody who went around
    /// the triggers of the database makes them differ.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn wrong_totals(&self) -> Result<u64, StoreError> {
        let reader = self.scan();
        let sql = format!(
            "SELECT count(*) AS counted FROM (
                 SELECT 1 AS wrong FROM (
                     SELECT {KEY}, donations, millions, rests FROM donation_totals
                     UNION ALL
                     SELECT {KEY}, -donations, -millions, -rests FROM donation_totals_due
                 ) AS both_ways
                 GROUP BY {KEY}
                 HAVING sum(donations) <> 0 OR sum(millions) <> 0 OR sum(rests) <> 0
             ) AS wrong_ones"
        );
        let statement = Statement::from_string(reader.get_database_backend(), sql);
        let row = reader.query_one_raw(statement).await.map_err(store_error)?;
        let counted: i64 = match row {
            Some(row) => row.try_get("", "counted").map_err(store_error)?,
            None => 0,
        };
        Ok(u64::try_from(counted).unwrap_or_default())
    }

    /// Counts every total anew. Changes of donations wait meanwhile, for as long as anybody waits: those
    /// that have stood in line for 5 s are refused with 503. The totals carry nothing that
    /// the donations do not, so that this leaves no trail.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn rebuild_totals(&self) -> Result<(), StoreError> {
        let unit = self.unit().await?;
        let columns = format!("{KEY}, donations, millions, rests");
        let fill = format!(
            "INSERT INTO donation_totals ({columns}) SELECT {columns} FROM donation_totals_due"
        );
        // A change that commits meanwhile waits for the lock, its donations still unseen.
        let lock = "LOCK TABLE donation_totals IN EXCLUSIVE MODE";
        let locked = unit.work.get_database_backend() == DbBackend::Postgres;
        let steps = locked.then_some(lock).into_iter();
        for step in steps.chain(["DELETE FROM donation_totals", &fill]) {
            unit.work.execute_unprepared(step).await.map_err(store_error)?;
        }
        unit.commit_upkeep().await
    }
}
