//! Donations in kind of unknown worth: an amount may be absent. They count in the totals, under no currency
//! and with no sum.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Statement},
};

use crate::{
    dialect::{both, postgres, sqlite},
    m20261121_000004_totals::{Worth, counted_of, due_of, put_of},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What stands for no currency in the key of the totals, in which nothing can be absent.
const MAYBE: Worth =
    Worth { currency: "coalesce(@currency, '')", minor: "coalesce(@amount_minor, 0)" };

/// What is compared and sorted by: unknown amounts come before all others, on both databases.
const BY_AMOUNT: &str = "CREATE INDEX donations_by_amount ON donations
    (coalesce(amount_minor, -9223372036854775807), id, amount_minor, donated_on, state, method, currency,
     campaign_id, created_by{, deleted_at})
    WHERE deleted_at IS NULL";

/// The same, while every donation had an amount.
const BY_KNOWN_AMOUNT: &str = "CREATE INDEX donations_by_amount ON donations
    (amount_minor, id, donated_on, state, method, currency, campaign_id, created_by{, deleted_at})
    WHERE deleted_at IS NULL";

/// Columns as they stand in the table, and as they stand there from now on. SQLite has no statement for it,
/// and rows are the same either way (SQLite, ALTER TABLE, 7).
const COLUMNS: [[&str; 2]; 2] = [
    ["amount_minor bigint NOT NULL CHECK", "amount_minor bigint CHECK"],
    ["currency text NOT NULL", "currency text"],
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = COLUMNS.map(|[known, maybe]| (known, maybe));
        change(manager, "DROP NOT NULL", columns, BY_AMOUNT, &MAYBE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // With one there is no way back that would not lose or invent something.
        both(
            manager,
            &[
                "CREATE TABLE donations_with_amounts (amount_minor bigint NOT NULL)",
                "INSERT INTO donations_with_amounts
                 SELECT amount_minor FROM donations WHERE amount_minor IS NULL",
                "DROP TABLE donations_with_amounts",
            ],
        )
        .await?;
        let columns = COLUMNS.map(|[known, maybe]| (maybe, known));
        change(manager, "SET NOT NULL", columns, BY_KNOWN_AMOUNT, &Worth::KNOWN).await
    }
}

async fn change(
    manager: &SchemaManager<'_>,
    not_null: &str,
    columns: [(&str, &str); 2],
    index: &str,
    worth: &Worth,
) -> Result<(), DbErr> {
    both(manager, &["DROP VIEW donation_totals_due", "DROP INDEX donations_by_amount"]).await?;
    for event in ["insert", "delete", "update"] {
        sqlite(manager, &[&format!("DROP TRIGGER donations_totals_{event}")]).await?;
    }
    let [amount, currency] = columns;
    let rewritten = |(from, to): (&str, &str)| {
        format!(
            "UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}')
             WHERE type = 'table' AND name = 'donations'"
        )
    };
    sqlite(
        manager,
        &[
            "PRAGMA writable_schema = ON",
            &rewritten(amount),
            &rewritten(currency),
            "PRAGMA writable_schema = RESET",
        ],
    )
    .await?;
    must_be_rewritten(manager, not_null == "SET NOT NULL").await?;
    let of_table = |table: &str| {
        format!(
            "ALTER TABLE {table} ALTER COLUMN amount_minor {not_null}, ALTER COLUMN currency {not_null}"
        )
    };
    postgres(manager, &[&of_table("donations"), &note(worth)]).await?;
    both(manager, &[index, &due_of(manager, worth)]).await?;
    let (was, is) = (put_of(manager, "old", "-1", worth), put_of(manager, "new", "1", worth));
    let (before, after) = (counted_of("old"), counted_of("new"));
    sqlite(
        manager,
        &[
            &format!(
                "CREATE TRIGGER donations_totals_insert AFTER INSERT ON donations
                 WHEN new.deleted_at IS NULL BEGIN {is}; END"
            ),
            &format!(
                "CREATE TRIGGER donations_totals_delete AFTER DELETE ON donations
                 WHEN old.deleted_at IS NULL BEGIN {was}; END"
            ),
            &format!(
                "CREATE TRIGGER donations_totals_update AFTER UPDATE OF {COUNTED} ON donations
                 WHEN ({before}) IS NOT ({after}) BEGIN {was}; {is}; END"
            ),
        ],
    )
    .await
}

/// Fails unless the columns are what they should be: a text that is not found is replaced by nothing, and
/// nobody would say so.
async fn must_be_rewritten(manager: &SchemaManager<'_>, must_be_known: bool) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let known = "SELECT count(*) AS known FROM pragma_table_info('donations')
        WHERE name IN ('amount_minor', 'currency') AND \"notnull\" = 1";
    let row =
        manager.get_connection().query_one_raw(Statement::from_string(DbBackend::Sqlite, known));
    let known: i64 = row.await?.map_or(Ok(-1), |row| row.try_get("", "known"))?;
    match known == if must_be_known { 2 } else { 0 } {
        true => Ok(()),
        false => {
            Err(DbErr::Custom("the table of donations is not as the program made it".to_owned()))
        }
    }
}

/// What moves between totals.
const COUNTED: &str =
    "state, donated_on, currency, method, campaign_id, amount_minor, created_by, deleted_at";

/// Notes what moves, as since batches are counted together.
fn note(worth: &Worth) -> String {
    let line = |row: &str, sign: &str| {
        let Worth { currency, minor } = worth.of(&format!("{row}."));
        format!(
            "INSERT INTO donation_moves (transaction, sign, state, donated_on, currency, method, campaign_id,
                                         amount_minor, created_by)
             VALUES (pg_current_xact_id(), {sign}, {row}.state, {row}.donated_on, {currency}, {row}.method,
                     {row}.campaign_id, {minor}, {row}.created_by)"
        )
    };
    let (was, is) = (line("old", "-1"), line("new", "1"));
    format!(
        "CREATE OR REPLACE FUNCTION almoner_note_donation() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF TG_OP <> 'INSERT' AND old.deleted_at IS NULL THEN {was}; END IF;
             IF TG_OP <> 'DELETE' AND new.deleted_at IS NULL THEN {is}; END IF;
             IF current_setting('almoner.moves', true) IS DISTINCT FROM 'due' THEN
                 PERFORM set_config('almoner.moves', 'due', true);
             END IF;
             RETURN NULL;
         END $$"
    )
}
