//! Users, custom roles, sessions, login attempts, and the answers kept for repeated requests.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, drop_full_text, full_text, row_id};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (seq, key) = row_id(manager);
        let users = format!(
            "CREATE TABLE users (
                {seq}
                id {{uuid}} NOT NULL,
                name text NOT NULL,
                name_folded {{folded}} NOT NULL,
                email text NOT NULL,
                email_key {{folded}} NOT NULL,
                phone text,
                locale text NOT NULL,
                time_zone text NOT NULL,
                role text NOT NULL,
                active boolean NOT NULL,
                -- ms since 1970; 0 before the first login, so that it sorts
                last_login_at bigint NOT NULL,
                password_hash text NOT NULL,
                failed_logins bigint NOT NULL,
                locked_until bigint,
                search text NOT NULL,
                version bigint NOT NULL,
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                {key}
                )"
        );
        both(
            manager,
            &[
                &users,
                "CREATE UNIQUE INDEX users_email ON users (email_key)",
                "CREATE INDEX users_by_name ON users (name_folded, id)",
                "CREATE INDEX users_by_last_login ON users (last_login_at, id)",
                "CREATE INDEX users_by_role ON users (role, id)",
                "CREATE INDEX users_by_active ON users (active, id)",
                "CREATE TABLE roles (
                    id {uuid} NOT NULL PRIMARY KEY,
                    name {folded} NOT NULL,
                    label text NOT NULL,
                    description text,
                    -- names of permissions, separated by spaces
                    permissions text NOT NULL,
                    scope text NOT NULL,
                    edit_window_minutes bigint,
                    version bigint NOT NULL,
                    created_at bigint NOT NULL,
                    updated_at bigint NOT NULL
                )",
                "CREATE UNIQUE INDEX roles_name ON roles (name)",
                "CREATE TABLE sessions (
                    id {uuid} NOT NULL PRIMARY KEY,
                    -- SHA-256 of the key in the cookie: what is stored cannot be used to log in
                    key_hash {bytes} NOT NULL,
                    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    created_at bigint NOT NULL,
                    last_seen_at bigint NOT NULL,
                    expires_at bigint NOT NULL,
                    idle_ms bigint NOT NULL,
                    remembered boolean NOT NULL,
                    address text,
                    user_agent text
                )",
                "CREATE UNIQUE INDEX sessions_key ON sessions (key_hash)",
                "CREATE INDEX sessions_by_user ON sessions (user_id, id)",
                "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
                "CREATE TABLE login_attempts (
                    id {uuid} NOT NULL PRIMARY KEY,
                    address text NOT NULL,
                    at bigint NOT NULL,
                    -- refused before the password was looked at; does not count
                    refused boolean NOT NULL
                )",
                "CREATE INDEX login_attempts_by_address ON login_attempts (address, at)",
                "CREATE INDEX login_attempts_by_time ON login_attempts (at)",
                "CREATE TABLE answers (
                    user_id {uuid} NOT NULL,
                    key text NOT NULL,
                    fingerprint {bytes} NOT NULL,
                    body {bytes} NOT NULL,
                    created_at bigint NOT NULL,
                    PRIMARY KEY (user_id, key)
                )",
                "CREATE INDEX answers_by_time ON answers (created_at)",
            ],
        )
        .await?;
        full_text(manager, "users", &["search"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_full_text(manager, "users").await?;
        both(
            manager,
            &[
                "DROP TABLE answers",
                "DROP TABLE login_attempts",
                "DROP TABLE sessions",
                "DROP TABLE roles",
                "DROP TABLE users",
            ],
        )
        .await
    }
}
