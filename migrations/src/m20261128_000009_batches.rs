//! PostgreSQL counts the donations of a transaction together when it ends.
//!
//! Counting each by itself updates the same few totals once for every donation, and each update has to
//! pass all that came before it in the transaction: a batch of a thousand held the lock on the end of
//! the trail for seconds. Now triggers note what moves, and the first of those that wait for the commit
//! adds all of it up. A note lives as long as its transaction, so that its table needs no log; a
//! savepoint that is rolled back takes its notes along. On SQLite, where an update is made in place,
//! there is nothing to gain.

use sea_orm_migration::prelude::*;

use crate::{
    dialect::{nil, postgres},
    m20261121_000004_totals::{KEY, count_each, count_none, counted_of, month},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        count_none(manager).await?;
        let columns = "transaction, sign, state, donated_on, currency, method, campaign_id,
                       amount_minor, created_by";
        let note = |row: &str, sign: &str| {
            format!(
                "INSERT INTO donation_moves ({columns})
                 VALUES (pg_current_xact_id(), {sign}, {row}.state, {row}.donated_on,
                         {row}.currency, {row}.method, {row}.campaign_id, {row}.amount_minor,
                         {row}.created_by)"
            )
        };
        let (nil, month) = (nil(manager), month(manager, "donated_on"));
        let (was, is) = (note("old", "-1"), note("new", "1"));
        let (before, after) = (counted_of("old"), counted_of("new"));
        let run = "EXECUTE FUNCTION almoner_note_donation()";
        postgres(
            manager,
            &[
                "CREATE UNLOGGED TABLE donation_moves (
                    transaction xid8 NOT NULL,
                    -- 1: counts from now on; -1: no longer
                    sign smallint NOT NULL,
                    state text COLLATE \"C\" NOT NULL,
                    donated_on date NOT NULL,
                    currency text COLLATE \"C\" NOT NULL,
                    method text COLLATE \"C\" NOT NULL,
                    campaign_id uuid,
                    amount_minor bigint NOT NULL,
                    created_by uuid
                )",
                "CREATE INDEX donation_moves_by_transaction ON donation_moves (transaction)",
                // The setting says that the transaction has notes that are not added up yet. It is
                // of the transaction, and goes back with a savepoint as the notes do.
                &format!(
                    "CREATE FUNCTION almoner_note_donation() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN
                         IF TG_OP <> 'INSERT' AND old.deleted_at IS NULL THEN {was}; END IF;
                         IF TG_OP <> 'DELETE' AND new.deleted_at IS NULL THEN {is}; END IF;
                         IF current_setting('almoner.moves', true) IS DISTINCT FROM 'due' THEN
                             PERFORM set_config('almoner.moves', 'due', true);
                         END IF;
                         RETURN NULL;
                     END $$"
                ),
                // In the order of the key, so that whoever goes around the lock on the end of the
                // trail still waits for others in a line and not in a circle.
                &format!(
                    "CREATE FUNCTION almoner_add_moves() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN
                         IF current_setting('almoner.moves', true) IS DISTINCT FROM 'due' THEN
                             RETURN NULL;
                         END IF;
                         PERFORM set_config('almoner.moves', '', true);
                         WITH moved AS (
                             DELETE FROM donation_moves
                             WHERE transaction = pg_current_xact_id() RETURNING *
                         )
                         INSERT INTO donation_totals ({KEY}, donations, millions, rests)
                         SELECT {KEY}, sum(sign), sum(sign * (amount_minor / 1000000)),
                                sum(sign * (amount_minor % 1000000))
                         FROM (
                             SELECT CASE way WHEN 'creator' THEN created_by ELSE {nil} END
                                        AS created_by,
                                    CASE way WHEN 'month' THEN 'month' ELSE 'day' END AS span, state,
                                    CASE way WHEN 'month' THEN {month} ELSE donated_on END
                                        AS begins_on,
                                    currency, method, coalesce(campaign_id, {nil}) AS campaign_id,
                                    sign, amount_minor
                             FROM moved
                             CROSS JOIN (VALUES ('month'), ('day'), ('creator')) AS ways (way)
                             WHERE way <> 'creator' OR created_by IS NOT NULL
                         ) AS counted
                         GROUP BY {KEY}
                         HAVING sum(sign) <> 0 OR sum(sign * (amount_minor / 1000000)) <> 0
                             OR sum(sign * (amount_minor % 1000000)) <> 0
                         ORDER BY {KEY}
                         ON CONFLICT ({KEY}) DO UPDATE SET
                             donations = donation_totals.donations + excluded.donations,
                             millions = donation_totals.millions + excluded.millions,
                             rests = donation_totals.rests + excluded.rests;
                         RETURN NULL;
                     END $$"
                ),
                &format!(
                    "CREATE TRIGGER donations_totals_insert AFTER INSERT ON donations
                     FOR EACH ROW WHEN (new.deleted_at IS NULL) {run}"
                ),
                &format!(
                    "CREATE TRIGGER donations_totals_delete AFTER DELETE ON donations
                     FOR EACH ROW WHEN (old.deleted_at IS NULL) {run}"
                ),
                &format!(
                    "CREATE TRIGGER donations_totals_update AFTER UPDATE ON donations
                     FOR EACH ROW WHEN (({before}) IS DISTINCT FROM ({after})) {run}"
                ),
                "CREATE CONSTRAINT TRIGGER donation_moves_add AFTER INSERT ON donation_moves
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION almoner_add_moves()",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for event in ["insert", "delete", "update"] {
            let drop = format!("DROP TRIGGER donations_totals_{event} ON donations");
            postgres(manager, &[&drop]).await?;
        }
        postgres(
            manager,
            &[
                "DROP TABLE donation_moves",
                "DROP FUNCTION almoner_note_donation()",
                "DROP FUNCTION almoner_add_moves()",
            ],
        )
        .await?;
        count_each(manager).await
    }
}
