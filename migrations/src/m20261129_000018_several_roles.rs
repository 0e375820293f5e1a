//! Users have several roles, and roles reach further here than there. `users.role` has the names of all of
//! them, with commas between: what was sealed of users with one stays as it was. Who has a role is found in
//! a table that follows from it.

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
                // JSON: a scope by the noun. Absent where the role says nothing of single nouns, so that
                // what was sealed of older roles stays as it was.
                "ALTER TABLE roles ADD COLUMN reaches text",
                "CREATE TABLE user_roles (
                    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    role {folded} NOT NULL,
                    PRIMARY KEY (user_id, role)
                )",
                "CREATE INDEX user_roles_by_role ON user_roles (role, user_id)",
                "INSERT INTO user_roles (user_id, role) SELECT id, role FROM users",
                "DROP INDEX users_by_role",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                // With one there is no way back that would not take or give rights.
                "CREATE TABLE several_roles (role text NOT NULL CHECK (role = ''))",
                "INSERT INTO several_roles SELECT role FROM users WHERE role LIKE '%,%'",
                "INSERT INTO several_roles SELECT reaches FROM roles WHERE reaches IS NOT NULL",
                "DROP TABLE several_roles",
                "CREATE INDEX users_by_role ON users (role, id)",
                "DROP TABLE user_roles",
                "ALTER TABLE roles DROP COLUMN reaches",
            ],
        )
        .await
    }
}
