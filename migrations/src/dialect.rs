//! The few words in which the two databases differ.
//!
//! | word | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{uuid}` | `uuid_blob`: 16 bytes | `uuid` |
//! | `{bytes}` | `blob` | `bytea` |
//! | `{date}` | `date_text`: `YYYY-MM-DD` | `date` |
//! | `{folded}` | `text` | `text COLLATE "C"`: both compare it byte by byte |
//! | `{, deleted_at}` | as it stands | nothing |
//! | `{packed}` | `WITHOUT ROWID` | room in each page for rows that change |
//!
//! `{, deleted_at}` ends the indexes of records outside the trash: PostgreSQL knows what it would
//! find there, SQLite goes to the table for every row to see it. `{packed}` ends a table that is
//! only ever read by its key and whose rows change all the time.
//!
//! The declared types of SQLite are what storage reads values back by, so every column has one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Runs statements that are the same on both databases, after translation.
pub async fn both(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let words: [(&str, &str); 6] = match manager.get_database_backend() {
        DbBackend::Postgres => [
            ("{uuid}", "uuid"),
            ("{bytes}", "bytea"),
            ("{date}", "date"),
            ("{folded}", "text COLLATE \"C\""),
            ("{, deleted_at}", ""),
            ("{packed}", "WITH (fillfactor = 70)"),
        ],
        _ => [
            ("{uuid}", "uuid_blob"),
            ("{bytes}", "blob"),
            ("{date}", "date_text"),
            ("{folded}", "text"),
            ("{, deleted_at}", ", deleted_at"),
            ("{packed}", "WITHOUT ROWID"),
        ],
    };
    for statement in statements {
        let sql = words
            .iter()
            .fold((*statement).to_owned(), |sql, (word, type_name)| sql.replace(word, type_name));
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Runs statements on SQLite only.
pub async fn sqlite(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    only(manager, DbBackend::Sqlite, statements).await
}

/// Runs statements on PostgreSQL only.
pub async fn postgres(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    only(manager, DbBackend::Postgres, statements).await
}

async fn only(
    manager: &SchemaManager<'_>,
    backend: DbBackend,
    statements: &[&str],
) -> Result<(), DbErr> {
    if manager.get_database_backend() == backend {
        for statement in statements {
            manager.get_connection().execute_unprepared(statement).await?;
        }
    }
    Ok(())
}

/// The columns that tell rows apart, for tables with full-text search: on SQLite `seq`, the row id
/// under a name of its own, which the search refers to and which VACUUM must not change. The first
/// text stands before the other columns, the second behind them.
pub fn row_id(manager: &SchemaManager<'_>) -> (&'static str, &'static str) {
    match manager.get_database_backend() {
        DbBackend::Sqlite => ("seq INTEGER PRIMARY KEY,", "UNIQUE (id)"),
        _ => ("", "PRIMARY KEY (id)"),
    }
}

/// The id that is nobody's, for keys in which no column can be absent.
pub fn nil(manager: &SchemaManager<'_>) -> &'static str {
    match manager.get_database_backend() {
        DbBackend::Postgres => "CAST('00000000-0000-0000-0000-000000000000' AS uuid)",
        _ => "X'00000000000000000000000000000000'",
    }
}

/// Adds full-text search over columns of folded text: FTS5 kept up to date by triggers on SQLite, a
/// generated `tsvector` on PostgreSQL.
pub async fn full_text(
    manager: &SchemaManager<'_>,
    table: &str,
    columns: &[&str],
) -> Result<(), DbErr> {
    full_text_on_sqlite(manager, table, "seq", columns).await?;
    let text = columns.join(" || ' ' || ");
    postgres(
        manager,
        &[
            &format!(
                "ALTER TABLE {table} ADD COLUMN words tsvector
                 GENERATED ALWAYS AS (to_tsvector('simple', {text})) STORED"
            ),
            &format!("CREATE INDEX {table}_words ON {table} USING gin (words)"),
        ],
    )
    .await
}

/// The half of [`full_text`] that is SQLite's. `row_id` is a whole number that tells rows apart and that
/// VACUUM does not change.
pub async fn full_text_on_sqlite(
    manager: &SchemaManager<'_>,
    table: &str,
    row_id: &str,
    columns: &[&str],
) -> Result<(), DbErr> {
    let listed = columns.join(", ");
    let of = |row: &str| {
        columns.iter().map(|column| format!("{row}.{column}")).collect::<Vec<_>>().join(", ")
    };
    let (old, new) = (of("old"), of("new"));
    let put = format!("INSERT INTO {table}_fts (rowid, {listed}) VALUES (new.{row_id}, {new});");
    let remove = format!(
        "INSERT INTO {table}_fts ({table}_fts, rowid, {listed}) VALUES ('delete', old.{row_id}, {old});"
    );
    sqlite(
        manager,
        &[
            // The text is folded already, and only whole words and beginnings are looked for:
            // positions and sizes would never be read. Only spaces part its words: whatever else
            // folding has left belongs to one, such as the vowel signs of Devanagari, which FTS5
            // does not take for letters.
            &format!(
                "CREATE VIRTUAL TABLE {table}_fts USING fts5 ({listed}, content='{table}',
                 content_rowid='{row_id}', detail=none, columnsize=0, prefix='1 2 3 4 5 6 7 8',
                 tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\")"
            ),
            // Words are merged in rarer and smaller steps than the usual ones (4 segments, pages of
            // 4050 bytes, 16 segments at the most): one of those can hold up all who wait to write
            // for a tenth of a second.
            &format!(
                "INSERT INTO {table}_fts ({table}_fts, rank)
                 VALUES ('automerge', 16), ('pgsz', 1000), ('crisismerge', 64)"
            ),
            &format!("CREATE TRIGGER {table}_fts_insert AFTER INSERT ON {table} BEGIN {put} END"),
            &format!(
                "CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table} BEGIN {remove} END"
            ),
            &format!(
                "CREATE TRIGGER {table}_fts_update AFTER UPDATE OF {listed} ON {table}
                 WHEN ({old}) IS NOT ({new}) BEGIN {remove} {put} END"
            ),
        ],
    )
    .await
}

/// Removes what [`full_text`] added, before the table itself is dropped.
pub async fn drop_full_text(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    sqlite(manager, &[&format!("DROP TABLE {table}_fts")]).await
}
