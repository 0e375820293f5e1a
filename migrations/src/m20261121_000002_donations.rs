//! Donors, campaigns and donations, with an index for every filter and sort that their lists offer.
//!
//! Indexes of lists cover only records outside the trash, and have the id behind what they are for:
//! they give a page in order without sorting. The trash has small indexes of its own. What stands
//! behind the id lets a list try its other filters, and sort by something else, without going to the
//! table for rows that it will not show.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, drop_full_text, full_text, row_id};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (seq, key) = row_id(manager);
        let donors = format!(
            "CREATE TABLE donors (
                {seq}
                id {{uuid}} NOT NULL,
                kind text NOT NULL,
                name text NOT NULL,
                name_folded {{folded}} NOT NULL,
                email text,
                email_key {{folded}},
                phone text,
                identity_kind text,
                identity_masked text,
                -- encrypted; found through the keyed hash
                identity_sealed {{bytes}},
                identity_hash {{bytes}},
                address text,
                language text,
                notes text,
                contact_consent boolean NOT NULL,
                search text NOT NULL,
                version bigint NOT NULL,
                created_by {{uuid}},
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                deleted_at bigint,
                {key}
            )"
        );
        let campaigns = format!(
            "CREATE TABLE campaigns (
                {seq}
                id {{uuid}} NOT NULL,
                name text NOT NULL,
                name_folded {{folded}} NOT NULL,
                description text,
                goal_minor bigint,
                goal_currency text,
                starts_on {{date}},
                ends_on {{date}},
                search text NOT NULL,
                version bigint NOT NULL,
                created_by {{uuid}},
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                deleted_at bigint,
                {key}
            )"
        );
        let donations = format!(
            "CREATE TABLE donations (
                {seq}
                id {{uuid}} NOT NULL,
                donor_id {{uuid}} REFERENCES donors (id),
                campaign_id {{uuid}} REFERENCES campaigns (id),
                amount_minor bigint NOT NULL CHECK (amount_minor > 0),
                currency text NOT NULL,
                method text NOT NULL,
                state text NOT NULL,
                purpose text,
                donated_on {{date}} NOT NULL,
                reference text,
                notes text,
                reason text,
                settled_at bigint,
                -- the words of the donation itself, and those of its donor's name
                search text NOT NULL,
                donor_search text NOT NULL,
                version bigint NOT NULL,
                created_by {{uuid}},
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                deleted_at bigint,
                {key}
            )"
        );
        both(manager, &[&donors, &campaigns, &donations]).await?;
        both(
            manager,
            &[
                "CREATE INDEX donors_by_id ON donors (id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_name ON donors
                    (name_folded, id, kind, contact_consent, created_by{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_kind ON donors (kind, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_consent ON donors (contact_consent, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_creator ON donors
                    (created_by, id, name_folded, kind, contact_consent{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_email ON donors (email_key, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donors_by_phone ON donors (phone, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE UNIQUE INDEX donors_identity ON donors (identity_hash) WHERE deleted_at IS NULL",
                "CREATE INDEX donors_in_trash ON donors (id) WHERE deleted_at IS NOT NULL",
                "CREATE INDEX campaigns_by_id ON campaigns (id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE UNIQUE INDEX campaigns_name ON campaigns (name_folded) WHERE deleted_at IS NULL",
                "CREATE INDEX campaigns_by_name ON campaigns (name_folded, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX campaigns_by_days ON campaigns (starts_on, ends_on, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX campaigns_in_trash ON campaigns (id) WHERE deleted_at IS NOT NULL",
                "CREATE INDEX donations_by_id ON donations (id, donated_on, amount_minor{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_day ON donations
                    (donated_on, id, amount_minor, state, method, currency, campaign_id, created_by{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_amount ON donations
                    (amount_minor, id, donated_on, state, method, currency, campaign_id, created_by{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_state ON donations (state, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_method ON donations (method, id{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_currency ON donations (currency, id, amount_minor{, deleted_at}) WHERE deleted_at IS NULL",
                "CREATE INDEX donations_by_campaign ON donations
                    (campaign_id, id, donated_on, amount_minor, state, method, currency, created_by, deleted_at)",
                "CREATE INDEX donations_by_donor ON donations (donor_id, id)",
                "CREATE INDEX donations_by_creator ON donations
                    (created_by, id, donated_on, amount_minor, state, method, currency, campaign_id{, deleted_at})
                    WHERE deleted_at IS NULL",
                "CREATE INDEX donations_in_trash ON donations (id) WHERE deleted_at IS NOT NULL",
            ],
        )
        .await?;
        full_text(manager, "donors", &["search"]).await?;
        full_text(manager, "campaigns", &["search"]).await?;
        full_text(manager, "donations", &["search", "donor_search"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["donations", "campaigns", "donors"] {
            drop_full_text(manager, table).await?;
            both(manager, &[&format!("DROP TABLE {table}")]).await?;
        }
        Ok(())
    }
}
