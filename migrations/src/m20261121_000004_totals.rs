//! Counts and sums of donations by month and by day, kept up to date by the database itself.
//!
//! Triggers do it, so that nothing can forget to: not a bulk insert, not a repair by hand. On
//! PostgreSQL they wait for the commit. There the lock on the end of the trail is held already, so
//! that two commits never wait for each other's totals.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect::{both, nil, postgres, sqlite};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What a total is of. A donation counts in three of them: everybody's month, everybody's day, and
/// its creator's day.
pub(crate) const KEY: &str = "created_by, span, state, begins_on, currency, method, campaign_id";

/// What a change of them would move between totals.
const COUNTED: [&str; 8] = [
    "state",
    "donated_on",
    "currency",
    "method",
    "campaign_id",
    "amount_minor",
    "created_by",
    "deleted_at",
];

/// What a donation is worth to the totals: expressions, in which `@` stands before the name of a column.
pub(crate) struct Worth<T = &'static str> {
    pub(crate) currency: T,
    pub(crate) minor: T,
}

impl Worth {
    /// Every donation has an amount.
    pub(crate) const KNOWN: Self = Self { currency: "@currency", minor: "@amount_minor" };

    /// Of a row.
    pub(crate) fn of(&self, row: &str) -> Worth<String> {
        let of = |text: &str| text.replace('@', row);
        Worth { currency: of(self.currency), minor: of(self.minor) }
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                &format!(
                    "CREATE TABLE donation_totals (
                        -- of the donations that this user entered; of all under the nil id
                        created_by {{uuid}} NOT NULL,
                        -- day, or month where it is of all
                        span {{folded}} NOT NULL,
                        state {{folded}} NOT NULL,
                        begins_on {{date}} NOT NULL,
                        currency {{folded}} NOT NULL,
                        method {{folded}} NOT NULL,
                        -- nil for no campaign
                        campaign_id {{uuid}} NOT NULL,
                        donations bigint NOT NULL,
                        -- the sum in two halves, neither of which can overflow
                        millions bigint NOT NULL,
                        rests bigint NOT NULL,
                        PRIMARY KEY ({KEY})
                    ) {{packed}}"
                ),
                &due(manager),
                &format!(
                    "INSERT INTO donation_totals ({KEY}, donations, millions, rests)
                     SELECT {KEY}, donations, millions, rests FROM donation_totals_due"
                ),
            ],
        )
        .await?;
        let (was, is) = (put(manager, "old", "-1"), put(manager, "new", "1"));
        let (before, after) = (counted_of("old"), counted_of("new"));
        let columns = COUNTED.join(", ");
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
                    "CREATE TRIGGER donations_totals_update AFTER UPDATE OF {columns} ON donations
                     WHEN ({before}) IS NOT ({after}) BEGIN {was}; {is}; END"
                ),
            ],
        )
        .await?;
        count_each(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for event in ["insert", "delete", "update"] {
            sqlite(manager, &[&format!("DROP TRIGGER donations_totals_{event}")]).await?;
        }
        count_none(manager).await?;
        both(manager, &["DROP VIEW donation_totals_due", "DROP TABLE donation_totals"]).await
    }
}

/// Lets PostgreSQL count each donation by itself when the transaction ends.
pub(crate) async fn count_each(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (was, is) = (put(manager, "old", "-1"), put(manager, "new", "1"));
    let (before, after) = (counted_of("old"), counted_of("new"));
    let deferred = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW";
    let run = "EXECUTE FUNCTION almoner_total_donation()";
    postgres(
        manager,
        &[
            &format!(
                "CREATE FUNCTION almoner_total_donation() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN
                     IF TG_OP <> 'INSERT' THEN {was}; END IF;
                     IF TG_OP <> 'DELETE' THEN {is}; END IF;
                     RETURN NULL;
                 END $$"
            ),
            &format!(
                "CREATE CONSTRAINT TRIGGER donations_totals_insert AFTER INSERT ON donations
                 {deferred} WHEN (new.deleted_at IS NULL) {run}"
            ),
            &format!(
                "CREATE CONSTRAINT TRIGGER donations_totals_delete AFTER DELETE ON donations
                 {deferred} WHEN (old.deleted_at IS NULL) {run}"
            ),
            &format!(
                "CREATE CONSTRAINT TRIGGER donations_totals_update AFTER UPDATE ON donations
                 {deferred} WHEN (({before}) IS DISTINCT FROM ({after})) {run}"
            ),
        ],
    )
    .await
}

/// Takes back [`count_each`].
pub(crate) async fn count_none(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for event in ["insert", "delete", "update"] {
        let drop = format!("DROP TRIGGER donations_totals_{event} ON donations");
        postgres(manager, &[&drop]).await?;
    }
    postgres(manager, &["DROP FUNCTION almoner_total_donation()"]).await
}

/// What [`COUNTED`] is of a row.
pub(crate) fn counted_of(row: &str) -> String {
    COUNTED.map(|column| format!("{row}.{column}")).join(", ")
}

/// The view of what the totals must be, counted anew.
fn due(manager: &SchemaManager<'_>) -> String {
    due_of(manager, &Worth::KNOWN)
}

/// The same, where the worth of a donation may be something else than its columns.
pub(crate) fn due_of(manager: &SchemaManager<'_>, worth: &Worth) -> String {
    let Worth { currency, minor } = worth.of("");
    let nil = nil(manager);
    let month = month(manager, "donated_on");
    format!(
        "CREATE VIEW donation_totals_due AS
         SELECT {KEY}, CAST(count(*) AS bigint) AS donations,
                CAST(sum(amount_minor / 1000000) AS bigint) AS millions,
                CAST(sum(amount_minor % 1000000) AS bigint) AS rests
         FROM (
             SELECT CASE way WHEN 'creator' THEN created_by ELSE {nil} END AS created_by,
                    CASE way WHEN 'month' THEN 'month' ELSE 'day' END AS span, state,
                    CASE way WHEN 'month' THEN {month} ELSE donated_on END AS begins_on,
                    {currency} AS currency, method, coalesce(campaign_id, {nil}) AS campaign_id,
                    {minor} AS amount_minor
             FROM donations
             CROSS JOIN (
                 SELECT 'month' AS way UNION ALL SELECT 'day' UNION ALL SELECT 'creator'
             ) AS ways
             WHERE deleted_at IS NULL AND (way <> 'creator' OR created_by IS NOT NULL)
         ) AS counted
         GROUP BY {KEY}"
    )
}

/// The statement that counts a row of `donations` into its totals, or out of them with the sign -1;
/// a row in the trash counts nowhere.
fn put(manager: &SchemaManager<'_>, row: &str, sign: &str) -> String {
    put_of(manager, row, sign, &Worth::KNOWN)
}

/// The same, where the worth of a donation may be something else than its columns.
pub(crate) fn put_of(manager: &SchemaManager<'_>, row: &str, sign: &str, worth: &Worth) -> String {
    let Worth { currency, minor } = worth.of(&format!("{row}."));
    let nil = nil(manager);
    let month = month(manager, &format!("{row}.donated_on"));
    let line = |creator: &str, span: &str, begins_on: &str| {
        format!(
            "SELECT {creator}, '{span}', {row}.state, {begins_on}, {currency}, {row}.method,
                    coalesce({row}.campaign_id, {nil}), {sign},
                    {sign} * ({minor} / 1000000), {sign} * ({minor} % 1000000)
             WHERE {row}.deleted_at IS NULL AND {creator} IS NOT NULL"
        )
    };
    let (day, creator) = (format!("{row}.donated_on"), format!("{row}.created_by"));
    let lines = [line(nil, "month", &month), line(nil, "day", &day), line(&creator, "day", &day)];
    format!(
        "INSERT INTO donation_totals ({KEY}, donations, millions, rests) {}
         ON CONFLICT ({KEY}) DO UPDATE SET
             donations = donation_totals.donations + excluded.donations,
             millions = donation_totals.millions + excluded.millions,
             rests = donation_totals.rests + excluded.rests",
        lines.join(" UNION ALL ")
    )
}

/// The first day of a day's month.
pub(crate) fn month(manager: &SchemaManager<'_>, day: &str) -> String {
    match manager.get_database_backend() {
        DbBackend::Postgres => format!("CAST(date_trunc('month', {day}) AS date)"),
        _ => format!("(substr({day}, 1, 7) || '-01')"),
    }
}
