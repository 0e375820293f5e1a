//! Wrong passwords are counted for each known device, and those of strangers by address and account.

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
                "ALTER TABLE devices ADD COLUMN failed_logins bigint NOT NULL DEFAULT 0",
                "ALTER TABLE devices ADD COLUMN locked_until bigint",
                // What was counted before were successes too; a window of ten minutes is forgotten.
                "ALTER TABLE login_attempts ADD COLUMN failed boolean NOT NULL DEFAULT FALSE",
                "ALTER TABLE users DROP COLUMN failed_logins",
                "ALTER TABLE users DROP COLUMN locked_until",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "ALTER TABLE users ADD COLUMN failed_logins bigint NOT NULL DEFAULT 0",
                "ALTER TABLE users ADD COLUMN locked_until bigint",
                "ALTER TABLE login_attempts DROP COLUMN failed",
                "ALTER TABLE devices DROP COLUMN locked_until",
                "ALTER TABLE devices DROP COLUMN failed_logins",
            ],
        )
        .await
    }
}
