//! What a change says beside what, who and when, and the words it is found by; how far an older trail was
//! sealed anew.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, drop_full_text, full_text_on_sqlite, postgres, sqlite};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What is added, oldest first: the table, the column and its type.
const COLUMNS: &[(&str, &str, &str)] = &[
    // How the row was sealed.
    ("changes", "format", "bigint NOT NULL DEFAULT 1"),
    ("changes", "change_set", "{uuid}"),
    ("changes", "cause", "{uuid}"),
    ("changes", "actor_role", "text"),
    ("changes", "operation", "text"),
    // What is not personal in it, folded. It follows from the rest and is not sealed.
    ("changes", "search", "text NOT NULL DEFAULT ''"),
    // The keyed digest of the record's row after the change; none of a record that is gone.
    ("changes", "digest", "{bytes}"),
    // Whom the change is about, and before it, if that was somebody else.
    ("changes", "subject_kind", "text"),
    ("changes", "subject_id", "{uuid}"),
    ("changes", "before_subject_id", "{uuid}"),
    // The personal values, encrypted under the subject's key.
    ("changes", "before_sealed", "{bytes}"),
    ("changes", "after_sealed", "{bytes}"),
    // How many security events there were by then.
    ("changes", "events", "bigint"),
    // The place in the chain of events, and the seal there; none until an older one is sealed.
    ("security_events", "position", "bigint"),
    ("security_events", "seal", "{bytes}"),
    // 1 while there are rows that are to be sealed anew.
    ("trail_head", "format", "bigint NOT NULL DEFAULT 1"),
    // The last row that was, and the seal it had before, which the next one follows on.
    ("trail_head", "anew_position", "bigint NOT NULL DEFAULT 0"),
    ("trail_head", "anew_seal", "{bytes}"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column, kind) in COLUMNS {
            both(manager, &[&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")]).await?;
        }
        both(manager, &["UPDATE trail_head SET format = 2 WHERE position = 0"]).await?;
        both(
            manager,
            &[
                "CREATE UNIQUE INDEX security_events_position ON security_events (position)",
                // One row. Its lock puts security events in one order.
                "CREATE TABLE security_chain (
                    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
                    position bigint NOT NULL,
                    seal {bytes} NOT NULL,
                    -- 1 while there are older events without a seal
                    format bigint NOT NULL,
                    floor_position bigint NOT NULL,
                    floor_seal {bytes} NOT NULL,
                    floor_proof {bytes} NOT NULL
                )",
            ],
        )
        .await?;
        let format = "CASE WHEN EXISTS (SELECT 1 FROM security_events) THEN 1 ELSE 2 END";
        let first = |zeros: &str, nothing: &str| {
            format!(
                "INSERT INTO security_chain VALUES (1, 0, {zeros}, {format}, 0, {zeros}, {nothing})"
            )
        };
        sqlite(manager, &[&first("zeroblob(32)", "zeroblob(0)")]).await?;
        let zeros = "decode(repeat('00', 32), 'hex')";
        postgres(manager, &[&first(zeros, "decode('', 'hex')")]).await?;
        // A key for each person, itself encrypted; zeros once it was destroyed.
        both(
            manager,
            &["CREATE TABLE subject_keys (
                id {uuid} NOT NULL PRIMARY KEY,
                kind text NOT NULL,
                sealed {bytes} NOT NULL
            )"],
        )
        .await?;
        // The last digest of records whose last change went when its time was over.
        both(
            manager,
            &["CREATE TABLE sealed_states (
                entity_id {uuid} NOT NULL PRIMARY KEY,
                entity text NOT NULL,
                digest {bytes} NOT NULL
            )"],
        )
        .await?;
        full_text_on_sqlite(manager, "changes", "position", &["search"]).await?;
        // Older rows get their words when they are sealed anew. Until then the search must know of them,
        // or it would be told to forget what it never had.
        sqlite(manager, &["INSERT INTO changes_fts (changes_fts) VALUES ('rebuild')"]).await?;
        // An index and no column: a row is copied as it stands.
        postgres(
            manager,
            &["CREATE INDEX changes_words ON changes USING gin (to_tsvector('simple', search))"],
        )
        .await
    }

    /// Changes that were sealed since cannot be verified any more: the way back is a backup.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sqlite(
            manager,
            &[
                "DROP TRIGGER changes_fts_insert",
                "DROP TRIGGER changes_fts_delete",
                "DROP TRIGGER changes_fts_update",
            ],
        )
        .await?;
        drop_full_text(manager, "changes").await?;
        postgres(manager, &["DROP INDEX changes_words"]).await?;
        both(manager, &["DROP INDEX security_events_position", "DROP TABLE security_chain"])
            .await?;
        both(manager, &["DROP TABLE sealed_states", "DROP TABLE subject_keys"]).await?;
        for (table, column, _) in COLUMNS.iter().rev() {
            both(manager, &[&format!("ALTER TABLE {table} DROP COLUMN {column}")]).await?;
        }
        Ok(())
    }
}
