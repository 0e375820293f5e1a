//! What is compared, found and unique, made anew from what was typed: names of campaigns are unique but
//! for their case; words are found as one and in parts, whatever the script of their digits; phone numbers
//! as they are typed; domains of mail addresses are compared as the network knows them.

use almoner_kernel::{
    EmailAddress, PhoneNumber,
    text::{add, fold, name_words, unique_key, words},
};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, QueryResult, Statement, Value},
};

use crate::dialect::{both, postgres};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX campaigns_name",
                "ALTER TABLE campaigns ADD COLUMN name_key {folded} NOT NULL DEFAULT ''",
            ],
        )
        .await?;
        postgres(manager, &["ALTER TABLE campaigns ALTER COLUMN name_key DROP DEFAULT"]).await?;
        derive_anew(manager).await?;
        let id = match manager.get_database_backend() {
            DbBackend::Postgres => "CAST(id AS text)",
            _ => "hex(id)",
        };
        // Names that differed in signs that nobody sees are the same from now on. None is in the way of the
        // step: whoever changes the later one is told that its name is taken.
        let apart = format!(
            "UPDATE campaigns SET name_key = name_key || ' ' || {id}
             WHERE deleted_at IS NULL AND EXISTS (
                 SELECT 1 FROM campaigns AS earlier WHERE earlier.name_key = campaigns.name_key
                     AND earlier.deleted_at IS NULL AND earlier.id < campaigns.id)"
        );
        both(
            manager,
            &[
                &apart,
                "CREATE UNIQUE INDEX campaigns_name ON campaigns (name_key) WHERE deleted_at IS NULL",
            ],
        )
        .await
    }

    /// Fails where two names differ in more than case, but not when folded: the older schema cannot have
    /// both.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX campaigns_name",
                "ALTER TABLE campaigns DROP COLUMN name_key",
                "CREATE UNIQUE INDEX campaigns_name ON campaigns (name_folded) WHERE deleted_at IS NULL",
            ],
        )
        .await
    }
}

/// Makes every column anew that follows from others.
pub async fn derive_anew(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for derived in DERIVED {
        derived.make_anew(manager).await?;
    }
    Ok(())
}

/// Columns of a table that follow from others.
struct Derived {
    table: &'static str,
    /// What its rows are read with.
    from: &'static str,
    /// What they follow from.
    typed: &'static [&'static str],
    /// The columns themselves.
    columns: &'static [&'static str],
    /// The columns from what they follow from.
    made: fn(&[Option<String>]) -> Vec<Option<String>>,
    /// Among the columns, one that no two rows may share: where two would, it stays as it is.
    unique: &'static str,
}

const DERIVED: [Derived; 4] = [
    Derived {
        table: "users",
        from: "users",
        typed: &["users.name", "users.email", "users.phone"],
        columns: &["name_folded", "email_key", "search"],
        made: |typed| {
            let [name, email, phone] = typed else { return Vec::new() };
            let found = all([names(name), texts(email), numbers(phone)]);
            vec![name.as_deref().map(fold), email.as_deref().map(key), Some(found)]
        },
        unique: "email_key",
    },
    Derived {
        table: "donors",
        from: "donors",
        typed: &["donors.name", "donors.email", "donors.phone", "donors.address", "donors.notes"],
        columns: &["name_folded", "email_key", "search"],
        made: |typed| {
            let [name, email, phone, address, notes] = typed else { return Vec::new() };
            let found =
                all([names(name), texts(email), numbers(phone), texts(address), texts(notes)]);
            vec![name.as_deref().map(fold), email.as_deref().map(key), Some(found)]
        },
        unique: "",
    },
    Derived {
        table: "campaigns",
        from: "campaigns",
        typed: &["campaigns.name", "campaigns.description"],
        columns: &["name_folded", "name_key", "search"],
        made: |typed| {
            let [name, description] = typed else { return Vec::new() };
            let found = all([names(name), texts(description)]);
            vec![name.as_deref().map(fold), name.as_deref().map(unique_key), Some(found)]
        },
        unique: "",
    },
    Derived {
        table: "donations",
        from: "donations LEFT JOIN donors ON donors.id = donations.donor_id",
        typed: &["donations.purpose", "donations.reference", "donations.notes", "donors.name"],
        columns: &["search", "donor_search"],
        made: |typed| {
            let [purpose, reference, notes, donor] = typed else { return Vec::new() };
            let found = all([texts(purpose), names(reference), texts(notes)]);
            vec![Some(found), Some(names(donor))]
        },
        unique: "",
    },
];

fn texts(text: &Option<String>) -> String {
    text.as_deref().map(words).unwrap_or_default()
}

fn names(name: &Option<String>) -> String {
    name.as_deref().map(name_words).unwrap_or_default()
}

fn numbers(phone: &Option<String>) -> String {
    phone.clone().map(|phone| PhoneNumber::from_stored(phone).words()).unwrap_or_default()
}

fn key(email: &str) -> String {
    EmailAddress::from_stored(email.to_owned()).key()
}

fn all<const N: usize>(found: [String; N]) -> String {
    found.into_iter().fold(String::new(), |mut all, words| {
        add(&mut all, &words);
        all
    })
}

/// Rows that are read at once.
const AT_ONCE: usize = 500;

/// How a database says what tells rows apart, as text.
struct Dialect {
    backend: DbBackend,
    /// The column.
    row: &'static str,
    /// Before every row.
    first: &'static str,
}

impl Dialect {
    fn of(manager: &SchemaManager<'_>) -> Self {
        match manager.get_database_backend() {
            DbBackend::Postgres => Self {
                backend: DbBackend::Postgres,
                row: "id",
                first: "00000000-0000-0000-0000-000000000000",
            },
            _ => Self { backend: DbBackend::Sqlite, row: "seq", first: "-1" },
        }
    }

    /// The place of a value in a statement.
    fn mark(&self, at: usize) -> String {
        match self.backend {
            DbBackend::Postgres => format!("${at}"),
            _ => "?".to_owned(),
        }
    }

    /// What tells a row apart, in the place of a text.
    fn place(&self, at: usize) -> String {
        match self.backend {
            DbBackend::Postgres => format!("CAST(CAST(${at} AS text) AS uuid)"),
            _ => "CAST(? AS integer)".to_owned(),
        }
    }

    fn statement(&self, sql: String, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.backend, sql, values)
    }
}

impl Derived {
    async fn make_anew(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let dialect = Dialect::of(manager);
        let (table, row) = (self.table, dialect.row);
        let typed = self.typed.iter().map(|typed| format!("{typed} AS typed_"));
        let stored = self.columns.iter().map(|column| format!("{table}.{column} AS stored_"));
        let columns: Vec<String> =
            typed.chain(stored).enumerate().map(|(at, column)| format!("{column}{at}")).collect();
        let select = format!(
            "SELECT CAST({table}.{row} AS text) AS place, {} FROM {} WHERE {table}.{row} > {}
             ORDER BY {table}.{row} LIMIT {AT_ONCE}",
            columns.join(", "),
            self.from,
            dialect.place(1)
        );
        let mut after = dialect.first.to_owned();
        loop {
            let statement = dialect.statement(select.clone(), [after.clone().into()]);
            let rows = manager.get_connection().query_all_raw(statement).await?;
            for row in &rows {
                after = row.try_get("", "place")?;
                self.write_anew(manager, &dialect, row, &after).await?;
            }
            if rows.len() < AT_ONCE {
                return Ok(());
            }
        }
    }

    async fn write_anew(
        &self,
        manager: &SchemaManager<'_>,
        dialect: &Dialect,
        row: &QueryResult,
        place: &str,
    ) -> Result<(), DbErr> {
        let text =
            |name: &str, at: usize| row.try_get::<Option<String>>("", &format!("{name}{at}"));
        let typed = (0..self.typed.len())
            .map(|at| text("typed_", at))
            .collect::<Result<Vec<_>, DbErr>>()?;
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (at, (column, made)) in self.columns.iter().zip((self.made)(&typed)).enumerate() {
            if text("stored_", self.typed.len() + at)? == made
                || (*column == self.unique && self.is_taken(manager, dialect, &made).await?)
            {
                continue;
            }
            values.push(Value::String(made));
            columns.push(format!("{column} = {}", dialect.mark(values.len())));
        }
        if columns.is_empty() {
            return Ok(());
        }
        values.push(place.to_owned().into());
        let (table, row, place) = (self.table, dialect.row, dialect.place(values.len()));
        let update = format!("UPDATE {table} SET {} WHERE {row} = {place}", columns.join(", "));
        manager.get_connection().execute_raw(dialect.statement(update, values)).await.map(|_| ())
    }

    async fn is_taken(
        &self,
        manager: &SchemaManager<'_>,
        dialect: &Dialect,
        made: &Option<String>,
    ) -> Result<bool, DbErr> {
        let (table, column, mark) = (self.table, self.unique, dialect.mark(1));
        let select = format!("SELECT 1 AS taken FROM {table} WHERE {column} = {mark}");
        let statement = dialect.statement(select, [Value::String(made.clone())]);
        Ok(manager.get_connection().query_one_raw(statement).await?.is_some())
    }
}
