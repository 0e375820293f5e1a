//! Names are sorted as the organisation's language has it: by a key of its own, which storage makes after
//! the steps, and anew whenever the language changes. What a name is found by stays as it was.

use sea_orm_migration::prelude::*;

use crate::{
    dialect::{both, postgres},
    m20261128_000014_values::derive_anew,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                // Nothing but their order was ever read of users' folded names. The index goes with it.
                "ALTER TABLE users RENAME COLUMN name_folded TO name_sort",
                "ALTER TABLE donors ADD COLUMN name_sort {folded} NOT NULL DEFAULT ''",
                "ALTER TABLE campaigns ADD COLUMN name_sort {folded} NOT NULL DEFAULT ''",
                "DROP INDEX donors_by_name",
                "DROP INDEX donors_by_creator",
                "DROP INDEX campaigns_by_name",
            ],
        )
        .await?;
        for table in ["donors", "campaigns"] {
            let without = format!("ALTER TABLE {table} ALTER COLUMN name_sort DROP DEFAULT");
            postgres(manager, &[&without]).await?;
        }
        lists(manager, "name_sort").await?;
        let found = "CREATE INDEX donors_by_folded_name ON donors (name_folded, id{, deleted_at})
                     WHERE deleted_at IS NULL";
        both(manager, &[found]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX donors_by_folded_name",
                "DROP INDEX donors_by_name",
                "DROP INDEX donors_by_creator",
                "DROP INDEX campaigns_by_name",
                "ALTER TABLE donors DROP COLUMN name_sort",
                "ALTER TABLE campaigns DROP COLUMN name_sort",
                "ALTER TABLE users RENAME COLUMN name_sort TO name_folded",
            ],
        )
        .await?;
        lists(manager, "name_folded").await?;
        derive_anew(manager).await
    }
}

/// The indexes of what is listed by name.
async fn lists(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    let lists = [
        format!(
            "CREATE INDEX donors_by_name ON donors
                ({name}, id, kind, contact_consent, created_by{{, deleted_at}})
                WHERE deleted_at IS NULL"
        ),
        format!(
            "CREATE INDEX donors_by_creator ON donors
                (created_by, id, {name}, kind, contact_consent{{, deleted_at}})
                WHERE deleted_at IS NULL"
        ),
        format!(
            "CREATE INDEX campaigns_by_name ON campaigns ({name}, id{{, deleted_at}})
                WHERE deleted_at IS NULL"
        ),
    ];
    both(manager, &lists.each_ref().map(String::as_str)).await
}
