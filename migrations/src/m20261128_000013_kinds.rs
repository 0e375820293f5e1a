//! What lists of donations offer since kinds of record are described once: the exact reference, and those
//! without a donor or a campaign.

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
                "CREATE INDEX donations_by_reference ON donations (reference, id{, deleted_at})
                    WHERE deleted_at IS NULL",
                // Those with a donor are counted, which takes whether they are in the trash.
                "DROP INDEX donations_by_donor",
                "CREATE INDEX donations_by_donor ON donations (donor_id, id, deleted_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX donations_by_reference",
                "DROP INDEX donations_by_donor",
                "CREATE INDEX donations_by_donor ON donations (donor_id, id)",
            ],
        )
        .await
    }
}
