//! Counters: the last number that was drawn of each series, and of each year where it begins anew.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &["CREATE TABLE counters (
                series text NOT NULL,
                year bigint NOT NULL,
                last bigint NOT NULL CHECK (last > 0),
                PRIMARY KEY (series, year)
            ) {packed}"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP TABLE counters"]).await
    }
}
