//! Webhooks, what is sent to them, and up to where the feed was read for them.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "CREATE TABLE webhooks (
                    id {uuid} NOT NULL PRIMARY KEY,
                    url text NOT NULL,
                    description text,
                    -- types of events, with spaces between them
                    events text NOT NULL,
                    is_active boolean NOT NULL,
                    disabled_reason text,
                    since bigint NOT NULL,
                    failing_since bigint,
                    quiet_until bigint,
                    secret_sealed {bytes} NOT NULL,
                    old_secret_sealed {bytes},
                    old_secret_until bigint,
                    version bigint NOT NULL,
                    created_by {uuid},
                    created_at bigint NOT NULL,
                    updated_at bigint NOT NULL
                )",
                "CREATE INDEX webhooks_active ON webhooks (id) WHERE is_active",
                "CREATE TABLE webhook_deliveries (
                    id {uuid} NOT NULL PRIMARY KEY,
                    webhook_id {uuid} NOT NULL REFERENCES webhooks (id),
                    -- of the change in the feed; none for a test
                    position bigint,
                    event text NOT NULL,
                    record {uuid} NOT NULL,
                    record_version bigint NOT NULL,
                    happened_at bigint NOT NULL,
                    state {folded} NOT NULL,
                    attempts bigint NOT NULL,
                    status bigint,
                    failure text,
                    took_ms bigint,
                    created_at bigint NOT NULL,
                    began_at bigint,
                    attempted_at bigint,
                    next_at bigint,
                    ended_at bigint
                )",
                "CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, id)",
                "CREATE INDEX webhook_deliveries_by_state
                 ON webhook_deliveries (webhook_id, state, id)",
                // A change is told to a webhook once, whatever happens.
                "CREATE UNIQUE INDEX webhook_deliveries_once
                 ON webhook_deliveries (webhook_id, position) WHERE position IS NOT NULL",
                "CREATE INDEX webhook_deliveries_old ON webhook_deliveries (created_at, id)
                 WHERE ended_at IS NOT NULL",
                "CREATE TABLE webhook_position (
                    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
                    position bigint NOT NULL
                )",
                "INSERT INTO webhook_position (id, position) VALUES (1, 0)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP TABLE webhook_position",
                "DROP TABLE webhook_deliveries",
                "DROP TABLE webhooks",
            ],
        )
        .await
    }
}
