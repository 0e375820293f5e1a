//! The time lines the database has been on, oldest first, the last one being the present one; and which
//! change a message to a webhook tells of, by an id that no other time line gives to another change.

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
                "CREATE TABLE epochs (
                    number bigint NOT NULL PRIMARY KEY,
                    id {uuid} NOT NULL,
                    began_at bigint NOT NULL,
                    cause text NOT NULL,
                    -- JSON; empty in a copy, which lives nowhere yet
                    place text NOT NULL
                )",
                // Messages that were stored before keep the name they may have been sent under.
                "ALTER TABLE webhook_deliveries ADD COLUMN change_id {uuid}",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &["ALTER TABLE webhook_deliveries DROP COLUMN change_id", "DROP TABLE epochs"],
        )
        .await
    }
}
