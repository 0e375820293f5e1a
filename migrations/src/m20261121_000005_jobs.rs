//! Jobs, their attempts, and schedules.

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
                "CREATE TABLE jobs (
                    id {uuid} NOT NULL PRIMARY KEY,
                    kind {folded} NOT NULL,
                    payload text NOT NULL,
                    unique_key text,
                    schedule text,
                    state {folded} NOT NULL,
                    -- when it is due while it waits, when its lease is over while it runs
                    due_at bigint,
                    attempts bigint NOT NULL,
                    -- attempts that do not count
                    forgiven bigint NOT NULL,
                    progress_done bigint,
                    progress_total bigint,
                    is_unwanted boolean NOT NULL,
                    instance text,
                    reason text,
                    version bigint NOT NULL,
                    created_at bigint NOT NULL,
                    ended_at bigint
                )",
                // What is waiting and what is running, in one order: claiming reads its beginning.
                "CREATE INDEX jobs_due ON jobs (due_at, id) WHERE due_at IS NOT NULL",
                "CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
                 WHERE state = 'waiting' AND attempts = 0 AND unique_key IS NOT NULL",
                "CREATE INDEX jobs_by_state ON jobs (state, id)",
                "CREATE INDEX jobs_by_kind ON jobs (kind, id)",
                "CREATE INDEX jobs_by_kind_and_state ON jobs (kind, state, id)",
                "CREATE INDEX jobs_ended ON jobs (state, ended_at) WHERE ended_at IS NOT NULL",
                "CREATE TABLE job_runs (
                    job_id {uuid} NOT NULL REFERENCES jobs (id),
                    number bigint NOT NULL,
                    instance text NOT NULL,
                    began_at bigint NOT NULL,
                    ended_at bigint,
                    outcome text,
                    reason text,
                    PRIMARY KEY (job_id, number)
                )",
                "CREATE TABLE schedules (
                    name {folded} NOT NULL PRIMARY KEY,
                    id {uuid} NOT NULL,
                    cron text NOT NULL,
                    time_zone text NOT NULL,
                    is_paused boolean NOT NULL,
                    next_at bigint,
                    fired_at bigint,
                    version bigint NOT NULL
                )",
                "CREATE INDEX schedules_next ON schedules (next_at)",
            ],
        )
        .await?;
        // Security events and changes may go once they are old enough. How old that is stands in the
        // database, so that nothing younger goes by mistake. Of changes it is a position, with the seal
        // of the row there and the proof that whoever set it has the key.
        both(
            manager,
            &["CREATE TABLE trail_floor (
                    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
                    security_events_before bigint NOT NULL,
                    position bigint NOT NULL,
                    seal {bytes} NOT NULL,
                    proof {bytes} NOT NULL
                )"],
        )
        .await?;
        let nothing = "INSERT INTO trail_floor VALUES (1, 0, 0,";
        sqlite(manager, &[&format!("{nothing} zeroblob(32), zeroblob(0))")]).await?;
        let zeros = "decode(repeat('00', 32), 'hex')";
        postgres(manager, &[&format!("{nothing} {zeros}, decode('', 'hex'))")]).await?;
        sqlite(
            manager,
            &[
                "DROP TRIGGER security_events_no_delete",
                "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON security_events
                 WHEN old.at >= (SELECT security_events_before FROM trail_floor)
                 BEGIN SELECT RAISE(ABORT, 'security_events is append-only'); END",
                "DROP TRIGGER changes_no_delete",
                "CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
                 WHEN old.position > (SELECT position FROM trail_floor)
                 BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END",
            ],
        )
        .await?;
        postgres(
            manager,
            &[
                "CREATE FUNCTION almoner_old_only() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN
                    IF OLD.at >= (SELECT security_events_before FROM trail_floor) THEN
                        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
                    END IF;
                    RETURN OLD;
                 END $$",
                "DROP TRIGGER security_events_append_only ON security_events",
                "CREATE TRIGGER security_events_append_only BEFORE UPDATE OR TRUNCATE
                 ON security_events FOR EACH STATEMENT EXECUTE FUNCTION almoner_append_only()",
                "CREATE TRIGGER security_events_old_only BEFORE DELETE
                 ON security_events FOR EACH ROW EXECUTE FUNCTION almoner_old_only()",
                "CREATE FUNCTION almoner_below_floor_only() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN
                    IF OLD.position > (SELECT position FROM trail_floor) THEN
                        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
                    END IF;
                    RETURN OLD;
                 END $$",
                "DROP TRIGGER changes_append_only ON changes",
                "CREATE TRIGGER changes_append_only BEFORE UPDATE OR TRUNCATE
                 ON changes FOR EACH STATEMENT EXECUTE FUNCTION almoner_append_only()",
                "CREATE TRIGGER changes_below_floor_only BEFORE DELETE
                 ON changes FOR EACH ROW EXECUTE FUNCTION almoner_below_floor_only()",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sqlite(
            manager,
            &[
                "DROP TRIGGER security_events_no_delete",
                "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON security_events
                 BEGIN SELECT RAISE(ABORT, 'security_events is append-only'); END",
                "DROP TRIGGER changes_no_delete",
                "CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
                 BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END",
            ],
        )
        .await?;
        postgres(
            manager,
            &[
                "DROP TRIGGER changes_below_floor_only ON changes",
                "DROP TRIGGER changes_append_only ON changes",
                "CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
                 ON changes FOR EACH STATEMENT EXECUTE FUNCTION almoner_append_only()",
                "DROP FUNCTION almoner_below_floor_only()",
                "DROP TRIGGER security_events_old_only ON security_events",
                "DROP TRIGGER security_events_append_only ON security_events",
                "CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
                 ON security_events FOR EACH STATEMENT EXECUTE FUNCTION almoner_append_only()",
                "DROP FUNCTION almoner_old_only()",
            ],
        )
        .await?;
        both(
            manager,
            &[
                "DROP TABLE trail_floor",
                "DROP TABLE schedules",
                "DROP TABLE job_runs",
                "DROP TABLE jobs",
            ],
        )
        .await
    }
}
