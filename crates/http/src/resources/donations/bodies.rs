//! Donations as they are sent and shown.

use almoner_donations::{Donation, DonationDraft, DonationPatch};
use almoner_kernel::{Fields, Invalid, Patch, fault::Unfit, text};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    patch,
    resources::{
        parts::{self, MoneyBody, MoneyInput},
        shared::{self, day, id, instant},
        words::MethodWord,
    },
};

/// One gift of money or goods.
#[derive(Serialize, ToSchema)]
#[schema(as = Donation)]
pub(crate) struct DonationBody {
    /// The donation's id.
    #[schema(example = "019a9f3c-3333-7c41-9d55-3f0f6a0f8a11")]
    id: Uuid,
    /// Who gave; absent when it is anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    donor_id: Option<Uuid>,
    /// The donor's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        nullable = false,
        example = "Ayşe Yılmaz"
    )]
    donor_name: Option<String>,
    /// What it was given for; absent when it is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<Uuid>,
    /// The campaign's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        nullable = false,
        example = "Ramadan food parcels 2026"
    )]
    campaign_name: Option<String>,
    /// How much; for goods, what they are worth.
    amount: MoneyBody,
    /// How it came: `cash`, `check`, `credit_card`, `bank_transfer`, `online`, `sms` or `in_kind`;
    /// may grow.
    #[schema(format = "word", example = "bank_transfer")]
    method: &'static str,
    /// Where it stands: `pending`, `completed`, `refunded` or `cancelled`; may grow.
    #[schema(format = "word", example = "pending")]
    state: &'static str,
    /// What the donor wants done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "For families with small children"
    )]
    purpose: Option<String>,
    /// The day of the gift, in the donor's calendar.
    #[schema(example = "2026-03-14")]
    donated_on: NaiveDate,
    /// Bank reference, cheque number, receipt number of the payment provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 100,
        nullable = false,
        example = "FT26073123456"
    )]
    reference: Option<String>,
    /// What staff should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 4000,
        nullable = false,
        example = "Asked for a receipt by post."
    )]
    notes: Option<String>,
    /// Why it was cancelled or refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "Transferred twice by mistake"
    )]
    reason: Option<String>,
    /// When it reached its present state; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-15T07:30:00.000Z")]
    settled_at: Option<String>,
    /// The user who entered the donation; absent when the program did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    created_by: Option<Uuid>,
    /// When it was entered.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T09:26:53.589Z")]
    created_at: String,
    /// When it was last changed.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T09:26:53.589Z")]
    updated_at: String,
    /// When it was put in the trash; absent outside of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-04-01T12:00:00.000Z")]
    deleted_at: Option<String>,
    /// The version, as in the `ETag`.
    #[schema(minimum = 1, example = 1)]
    version: i64,
}

impl DonationBody {
    /// Shows a donation.
    pub(crate) fn of(donation: &Donation) -> Self {
        let (donor, campaign) = (donation.donor.as_ref(), donation.campaign.as_ref());
        Self {
            id: donation.id.uuid(),
            donor_id: donor.map(|donor| donor.id.uuid()),
            donor_name: donor.map(|donor| donor.name.as_str().to_owned()),
            campaign_id: campaign.map(|campaign| campaign.id.uuid()),
            campaign_name: campaign.map(|campaign| campaign.name.as_str().to_owned()),
            amount: MoneyBody::of(donation.amount),
            method: donation.method.as_str(),
            state: donation.state.as_str(),
            purpose: donation.purpose.clone(),
            donated_on: donation.donated_on,
            reference: donation.reference.clone(),
            notes: donation.notes.clone(),
            reason: donation.reason.clone(),
            settled_at: donation.settled_at.map(instant),
            created_by: donation.created_by.map(|user| user.uuid()),
            created_at: instant(donation.created_at),
            updated_at: instant(donation.updated_at),
            deleted_at: donation.deleted_at.map(instant),
            version: donation.version.number(),
        }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019a9f3c-3333-7c41-9d55-3f0f6a0f8a11",
            "donor_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            "donor_name": "Ayşe Yılmaz",
            "campaign_id": "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11",
            "campaign_name": "Ramadan food parcels 2026",
            "amount": { "amount": "1250.00", "currency": "TRY" },
            "method": "bank_transfer",
            "state": "pending",
            "purpose": "For families with small children",
            "donated_on": "2026-03-14",
            "reference": "FT26073123456",
            "created_by": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11",
            "created_at": "2026-03-14T09:26:53.589Z",
            "updated_at": "2026-03-14T09:26:53.589Z",
            "version": 1,
        })
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()], "next_cursor": "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM" })
    }

    /// The example, settled.
    fn settled_example(state: &str, reason: Option<&str>, version: i64) -> Value {
        let mut example = Self::example();
        example["state"] = json!(state);
        example["settled_at"] = json!("2026-03-15T07:30:00.000Z");
        example["updated_at"] = json!("2026-03-15T07:30:00.000Z");
        example["version"] = json!(version);
        if let Some(reason) = reason {
            example["reason"] = json!(reason);
        }
        example
    }

    pub(crate) fn completed_example() -> Value {
        Self::settled_example("completed", None, 2)
    }

    pub(crate) fn refunded_example() -> Value {
        Self::settled_example("refunded", Some("Transferred twice by mistake"), 3)
    }

    pub(crate) fn cancelled_example() -> Value {
        Self::settled_example("cancelled", Some("The cheque bounced"), 2)
    }
}

/// A new donation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDonation)]
pub(crate) struct NewDonationBody {
    /// Who gave: a donor within the caller's scope; left out when it is anonymous.
    #[schema(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    donor_id: Option<String>,
    /// What it was given for; left out when it is free.
    #[schema(value_type = Option<Uuid>, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<String>,
    /// How much: more than zero, in a currency the organisation accepts. For goods, what they are
    /// worth.
    #[schema(value_type = MoneyInput, required = true)]
    amount: Option<MoneyInput>,
    /// How it came.
    #[schema(value_type = MethodWord, required = true)]
    method: Option<MethodWord>,
    /// What the donor wants done with it.
    #[schema(
        format = "text",
        example = "For families with small children",
        min_length = 1,
        max_length = 500
    )]
    purpose: Option<String>,
    /// The day of the gift, in the donor's calendar: from 1900 to today.
    #[schema(value_type = NaiveDate, required = true, example = "2026-03-14")]
    donated_on: Option<String>,
    /// Bank reference, cheque number, receipt number of the payment provider.
    #[schema(format = "line", example = "FT26073123456", min_length = 1, max_length = 100)]
    reference: Option<String>,
    /// What staff should know.
    #[schema(
        format = "text",
        example = "Asked for a receipt by post.",
        min_length = 1,
        max_length = 4000
    )]
    notes: Option<String>,
}

impl NewDonationBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<DonationDraft, Invalid> {
        let donor_id = fields.optional("/donor_id", self.donor_id, id);
        let campaign_id = fields.optional("/campaign_id", self.campaign_id, id);
        let amount = parts::required(&mut fields, "/amount", self.amount);
        let method = fields.required("/method", self.method, |method| Ok(method.0));
        let purpose = fields.optional("/purpose", self.purpose, purpose);
        let donated_on = fields.required("/donated_on", self.donated_on, day);
        let reference = fields.optional("/reference", self.reference, reference);
        let notes = fields.optional("/notes", self.notes, notes);
        let draft = amount.zip(method).zip(donated_on);
        let draft = draft.map(|((amount, method), donated_on)| DonationDraft {
            donor_id,
            campaign_id,
            amount,
            method,
            purpose,
            donated_on,
            reference,
            notes,
        });
        fields.finish(draft)
    }

    pub(crate) fn example() -> Value {
        json!({
            "donor_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            "campaign_id": "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11",
            "amount": { "amount": "1250.00", "currency": "TRY" },
            "method": "bank_transfer",
            "purpose": "For families with small children",
            "donated_on": "2026-03-14",
            "reference": "FT26073123456",
        })
    }
}

/// What changes about a donation: an absent field stays, `null` empties it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DonationPatch)]
pub(crate) struct DonationPatchBody {
    /// Who gave; `null` makes it anonymous. Fixed once it left `pending`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    donor_id: Patch<String>,
    /// What it was given for; `null` makes it free.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Uuid>, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Patch<String>,
    /// How much: more than zero, replaced as a whole. Fixed once it left `pending`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = MoneyInput, required = false)]
    amount: Patch<MoneyInput>,
    /// How it came. Fixed once it left `pending`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = MethodWord, required = false)]
    method: Patch<MethodWord>,
    /// What the donor wants done with it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        example = "For school books",
        min_length = 1,
        max_length = 500
    )]
    purpose: Patch<String>,
    /// The day of the gift: from 1900 to today. Fixed once it left `pending`.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = NaiveDate, required = false, example = "2026-03-13")]
    donated_on: Patch<String>,
    /// Bank reference, cheque number, receipt number of the payment provider.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = Option<String>,
        example = "FT26073123457",
        min_length = 1,
        max_length = 100
    )]
    reference: Patch<String>,
    /// What staff should know.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        example = "Receipt sent by post.",
        min_length = 1,
        max_length = 4000
    )]
    notes: Patch<String>,
}

impl DonationPatchBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<DonationPatch, Invalid> {
        let patch = DonationPatch {
            donor_id: fields.patch("/donor_id", self.donor_id, id),
            campaign_id: fields.patch("/campaign_id", self.campaign_id, id),
            amount: parts::patch_required(&mut fields, "/amount", self.amount),
            method: fields.patch_required("/method", self.method, |method| Ok(method.0)),
            purpose: fields.patch("/purpose", self.purpose, purpose),
            donated_on: fields.patch_required("/donated_on", self.donated_on, day),
            reference: fields.patch("/reference", self.reference, reference),
            notes: fields.patch("/notes", self.notes, notes),
        };
        fields.finish(Some(patch))
    }

    pub(crate) fn example() -> Value {
        json!({
            "amount": { "amount": "1500.00", "currency": "TRY" },
            "reference": "FT26073123457",
            "purpose": null,
        })
    }
}

/// Why a donation is given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refund)]
pub(crate) struct RefundBody {
    /// The reason.
    #[schema(
        format = "text",
        example = "Transferred twice by mistake",
        min_length = 1,
        max_length = 500
    )]
    reason: Option<String>,
}

impl RefundBody {
    /// The reason, if there is one.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<Option<String>, Invalid> {
        let reason = fields.optional("/reason", self.reason, reason);
        fields.finish(Some(reason))
    }

    pub(crate) fn example() -> Value {
        json!({ "reason": "Transferred twice by mistake" })
    }
}

/// Why a donation will never arrive.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Cancellation)]
pub(crate) struct CancellationBody {
    /// The reason.
    #[schema(format = "text", 
        value_type = String,
        required = true,
        example = "The cheque bounced",
        min_length = 1,
        max_length = 500
    )]
    reason: Option<String>,
}

impl CancellationBody {
    /// The reason.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<String, Invalid> {
        let reason = fields.required("/reason", self.reason, reason);
        fields.finish(reason)
    }

    pub(crate) fn example() -> Value {
        json!({ "reason": "The cheque bounced" })
    }
}

fn purpose(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Donation::MAX_PURPOSE)
}

fn reference(text: String) -> Result<String, Unfit> {
    text::line(&text, Donation::MAX_REFERENCE)
}

fn notes(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Donation::MAX_NOTES)
}

fn reason(text: String) -> Result<String, Unfit> {
    shared::reason(text, 1, Donation::MAX_REASON)
}
