//! The change trail with the head of its chain, and the security events: append-only, by trigger.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, postgres, sqlite};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "CREATE TABLE changes (
                    -- 1, 2, 3, … without a gap, in the order of commits
                    position bigint NOT NULL PRIMARY KEY,
                    id {uuid} NOT NULL,
                    at bigint NOT NULL,
                    actor_kind text NOT NULL,
                    actor_id {uuid},
                    actor_name text,
                    action text NOT NULL,
                    entity text NOT NULL,
                    entity_id {uuid} NOT NULL,
                    version bigint NOT NULL,
                    -- JSON objects of the changed fields
                    before text NOT NULL,
                    after text NOT NULL,
                    reason text,
                    request_id text,
                    address text,
                    user_agent text,
                    -- HMAC-SHA256 over the seal of the change before and this row
                    seal {bytes} NOT NULL
                )",
                "CREATE UNIQUE INDEX changes_id ON changes (id)",
                "CREATE INDEX changes_by_time ON changes (at, id)",
                "CREATE INDEX changes_by_record ON changes (entity_id, at, id)",
                "CREATE INDEX changes_by_entity ON changes (entity, at, id)",
                "CREATE INDEX changes_by_actor ON changes (actor_id, at, id)",
                "CREATE INDEX changes_by_action ON changes (action, at, id)",
                // One row: where the chain ends, at position 0 before the first change. Its lock puts
                // the commits of several instances in one order.
                "CREATE TABLE trail_head (
                    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
                    position bigint NOT NULL,
                    seal {bytes} NOT NULL,
                    key_id text NOT NULL
                )",
                "CREATE TABLE security_events (
                    id {uuid} NOT NULL PRIMARY KEY,
                    at bigint NOT NULL,
                    kind text NOT NULL,
                    user_id {uuid},
                    actor_kind text NOT NULL,
                    actor_id {uuid},
                    actor_name text,
                    detail text,
                    request_id text,
                    address text,
                    user_agent text
                )",
                "CREATE INDEX security_events_by_time ON security_events (at, id)",
                "CREATE INDEX security_events_by_kind ON security_events (kind, at, id)",
                "CREATE INDEX security_events_by_user ON security_events (user_id, at, id)",
            ],
        )
        .await?;
        let nothing = "INSERT INTO trail_head (id, position, seal, key_id) VALUES (1, 0,";
        sqlite(manager, &[&format!("{nothing} zeroblob(32), '')")]).await?;
        postgres(manager, &[&format!("{nothing} decode(repeat('00', 32), 'hex'), '')")]).await?;
        postgres(
            manager,
            &["CREATE FUNCTION almoner_append_only() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"],
        )
        .await?;
        // Other instances hear of a commit: PostgreSQL tells them when it is one, and not before.
        postgres(
            manager,
            &[
                "CREATE FUNCTION almoner_tell() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_notify('almoner_changes', NEW.position::text); RETURN NULL; END $$",
                "CREATE TRIGGER trail_head_tell AFTER UPDATE ON trail_head
                 FOR EACH ROW EXECUTE FUNCTION almoner_tell()",
            ],
        )
        .await?;
        for table in ["changes", "security_events"] {
            for event in ["UPDATE", "DELETE"] {
                let name = format!("{table}_no_{}", event.to_lowercase());
                sqlite(
                    manager,
                    &[&format!(
                        "CREATE TRIGGER {name} BEFORE {event} ON {table}
                         BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                    )],
                )
                .await?;
            }
            // `INSERT OR REPLACE` takes a row out without firing the trigger of a deletion.
            let same = match table {
                "changes" => "position = new.position OR id = new.id",
                _ => "id = new.id",
            };
            sqlite(
                manager,
                &[&format!(
                    "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
                     WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )],
            )
            .await?;
            postgres(
                manager,
                &[&format!(
                    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
                     ON {table} FOR EACH STATEMENT EXECUTE FUNCTION almoner_append_only()"
                )],
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &["DROP TABLE security_events", "DROP TABLE trail_head", "DROP TABLE changes"],
        )
        .await?;
        postgres(manager, &["DROP FUNCTION almoner_append_only()", "DROP FUNCTION almoner_tell()"])
            .await
    }
}
