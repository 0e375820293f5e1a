//! The latest time that was trusted: one row, once a server has run.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &["CREATE TABLE clock (
                    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
                    trusted_at bigint NOT NULL
                )"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP TABLE clock"]).await
    }
}
