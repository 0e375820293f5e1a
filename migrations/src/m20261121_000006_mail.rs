//! Mails, the links in them, requests for such links, the devices of users, and pending invitations.

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
                // Absent for a user with a password.
                "ALTER TABLE users ADD COLUMN invited_at bigint",
                "CREATE TABLE links (
                    -- no secret: what proves it is made of it with a key that is not here
                    id {uuid} NOT NULL PRIMARY KEY,
                    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    purpose text NOT NULL,
                    expires_at bigint NOT NULL
                )",
                "CREATE INDEX links_by_user ON links (user_id)",
                "CREATE INDEX links_by_expiry ON links (expires_at)",
                "CREATE TABLE reset_requests (
                    id {uuid} NOT NULL PRIMARY KEY,
                    -- as it was typed, whoever has it; gone once the request is answered
                    email text NOT NULL,
                    at bigint NOT NULL
                )",
                "CREATE INDEX reset_requests_by_time ON reset_requests (at)",
                "CREATE TABLE devices (
                    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    -- SHA-256 of the user and the key in the cookie
                    key_hash {bytes} NOT NULL,
                    created_at bigint NOT NULL,
                    last_seen_at bigint NOT NULL,
                    PRIMARY KEY (user_id, key_hash)
                )",
                "CREATE INDEX devices_by_last_use ON devices (last_seen_at)",
                "CREATE TABLE mails (
                    id {uuid} NOT NULL PRIMARY KEY,
                    template text NOT NULL,
                    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    -- where it goes, when that is not the address of the user; gone once it is sent
                    address text,
                    -- the link or session it tells of
                    about {uuid},
                    state text NOT NULL,
                    problem text,
                    reply bigint,
                    attempts bigint NOT NULL,
                    tried_at bigint,
                    language text,
                    version bigint NOT NULL,
                    created_at bigint NOT NULL
                )",
                "CREATE INDEX mails_by_state ON mails (state, id)",
                "CREATE INDEX mails_by_template ON mails (template, id)",
                "CREATE INDEX mails_by_user ON mails (user_id, id)",
                "CREATE INDEX mails_by_recipient ON mails (user_id, template, state, tried_at)",
                "CREATE INDEX mails_by_time ON mails (created_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP TABLE mails",
                "DROP TABLE devices",
                "DROP TABLE reset_requests",
                "DROP TABLE links",
                "ALTER TABLE users DROP COLUMN invited_at",
            ],
        )
        .await
    }
}
