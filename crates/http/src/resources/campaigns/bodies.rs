//! Campaigns as they are sent and shown.

use almoner_donations::{Campaign, CampaignDraft, CampaignPatch};
use almoner_kernel::{Fields, Invalid, Patch, PersonName, fault::Unfit, text};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    patch,
    resources::{
        parts::{self, MoneyBody, MoneyInput},
        shared::{day, instant},
    },
};

/// A purpose that donations are collected for.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct CampaignBody {
    /// The campaign's id.
    #[schema(example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    id: Uuid,
    /// The name.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        example = "Ramadan food parcels 2026"
    )]
    name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 4000,
        nullable = false,
        example = "One parcel feeds a family of four for a month."
    )]
    description: Option<String>,
    /// How much is hoped for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    goal: Option<MoneyBody>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-02-18")]
    starts_on: Option<NaiveDate>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-03-19")]
    ends_on: Option<NaiveDate>,
    /// The user who entered the campaign; absent when the program did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    created_by: Option<Uuid>,
    /// When it was entered.
    #[schema(value_type = DateTime<Utc>, example = "2026-01-20T08:00:00.000Z")]
    created_at: String,
    /// When it was last changed.
    #[schema(value_type = DateTime<Utc>, example = "2026-01-20T08:00:00.000Z")]
    updated_at: String,
    /// When it was put in the trash; absent outside of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-04-01T12:00:00.000Z")]
    deleted_at: Option<String>,
    /// The version, as in the `ETag`.
    #[schema(minimum = 1, example = 1)]
    version: i64,
}

impl CampaignBody {
    /// Shows a campaign.
    pub(crate) fn of(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id.uuid(),
            name: campaign.name.as_str().to_owned(),
            description: campaign.description.clone(),
            goal: campaign.goal.map(MoneyBody::of),
            starts_on: campaign.starts_on,
            ends_on: campaign.ends_on,
            created_by: campaign.created_by.map(|user| user.uuid()),
            created_at: instant(campaign.created_at),
            updated_at: instant(campaign.updated_at),
            deleted_at: campaign.deleted_at.map(instant),
            version: campaign.version.number(),
        }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11",
            "name": "Ramadan food parcels 2026",
            "description": "One parcel feeds a family of four for a month.",
            "goal": { "amount": "500000.00", "currency": "TRY" },
            "starts_on": "2026-02-18",
            "ends_on": "2026-03-19",
            "created_by": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11",
            "created_at": "2026-01-20T08:00:00.000Z",
            "updated_at": "2026-01-20T08:00:00.000Z",
            "version": 1,
        })
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()], "next_cursor": "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM" })
    }
}

/// A new campaign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCampaign)]
pub(crate) struct NewCampaignBody {
    /// The name, unique among campaigns outside the trash; case does not matter.
    #[schema(format = "line", 
        value_type = String,
        required = true,
        example = "Ramadan food parcels 2026",
        min_length = 1,
        max_length = 200
    )]
    name: Option<String>,
    /// What it is for.
    #[schema(
        format = "text",
        example = "One parcel feeds a family of four for a month.",
        min_length = 1,
        max_length = 4000
    )]
    description: Option<String>,
    /// How much is hoped for: more than zero.
    goal: Option<MoneyInput>,
    /// The first day.
    #[schema(value_type = Option<NaiveDate>, example = "2026-02-18")]
    starts_on: Option<String>,
    /// The last day, not before the first one.
    #[schema(value_type = Option<NaiveDate>, example = "2026-03-19")]
    ends_on: Option<String>,
}

impl NewCampaignBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<CampaignDraft, Invalid> {
        let name = fields.required("/name", self.name, |name| PersonName::parse(&name));
        let description = fields.optional("/description", self.description, description);
        let goal = parts::optional(&mut fields, "/goal", self.goal);
        let starts_on = fields.optional("/starts_on", self.starts_on, day);
        let ends_on = fields.optional("/ends_on", self.ends_on, day);
        let draft = name.map(|name| CampaignDraft { name, description, goal, starts_on, ends_on });
        fields.finish(draft)
    }

    pub(crate) fn example() -> Value {
        json!({
            "name": "Ramadan food parcels 2026",
            "description": "One parcel feeds a family of four for a month.",
            "goal": { "amount": "500000.00", "currency": "TRY" },
            "starts_on": "2026-02-18",
            "ends_on": "2026-03-19",
        })
    }
}

/// What changes about a campaign: an absent field stays, `null` empties it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignPatch)]
pub(crate) struct CampaignPatchBody {
    /// The name, unique among campaigns outside the trash; case does not matter.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = String,
        required = false,
        example = "Ramadan food parcels",
        min_length = 1,
        max_length = 200
    )]
    name: Patch<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        example = "One parcel feeds a family of five for a month.",
        min_length = 1,
        max_length = 4000
    )]
    description: Patch<String>,
    /// How much is hoped for: more than zero, replaced as a whole.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<MoneyInput>)]
    goal: Patch<MoneyInput>,
    /// The first day.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<NaiveDate>, example = "2026-02-18")]
    starts_on: Patch<String>,
    /// The last day, not before the first one.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<NaiveDate>, example = "2026-03-31")]
    ends_on: Patch<String>,
}

impl CampaignPatchBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<CampaignPatch, Invalid> {
        let patch = CampaignPatch {
            name: fields.patch_required("/name", self.name, |name| PersonName::parse(&name)),
            description: fields.patch("/description", self.description, description),
            goal: parts::patch(&mut fields, "/goal", self.goal),
            starts_on: fields.patch("/starts_on", self.starts_on, day),
            ends_on: fields.patch("/ends_on", self.ends_on, day),
        };
        fields.finish(Some(patch))
    }

    pub(crate) fn example() -> Value {
        json!({ "goal": { "amount": "650000.00", "currency": "TRY" }, "ends_on": null })
    }
}

fn description(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Campaign::MAX_DESCRIPTION)
}
