//! Donors as they are sent and shown.

use almoner_accounts::user::Locale;
use almoner_donations::{Donor, DonorDraft, DonorPatch};
use almoner_kernel::{
    EmailAddress, Fields, Invalid, Patch, PersonName, Region, fault::Unfit, text,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    patch,
    resources::{
        parts::{self, IdentityInput, MaskedIdentityBody},
        shared::{instant, phone},
        words::DonorKindWord,
    },
};

/// A person or an organisation that gives.
#[derive(Serialize, ToSchema)]
#[schema(as = Donor)]
pub(crate) struct DonorBody {
    /// The donor's id.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    id: Uuid,
    /// `person` or `organisation`; may grow.
    #[schema(format = "word", example = "person")]
    kind: &'static str,
    /// The name in full.
    #[schema(format = "line", min_length = 1, max_length = 200, example = "Ayşe Yılmaz")]
    name: String,
    /// Where to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Email, example = "ayse.yilmaz@example.org")]
    email: Option<String>,
    /// Where to call, in E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "e164",
        nullable = false,
        example = "+905321234567",
        pattern = "^\\+[1-9][0-9]{1,14}$"
    )]
    phone: Option<String>,
    /// The identity or tax number, masked. `POST /api/v1/donors/{id}/reveal` shows it in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    identity: Option<MaskedIdentityBody>,
    /// The postal address as one text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "Atatürk Cad. 12/3, 06420 Çankaya, Ankara"
    )]
    address: Option<String>,
    /// The language to write in, a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "language", nullable = false, example = "tr")]
    language: Option<String>,
    /// What staff should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 4000,
        nullable = false,
        example = "Prefers to be called in the evening."
    )]
    notes: Option<String>,
    /// True when the donor agreed to be contacted.
    #[schema(example = true)]
    contact_consent: bool,
    /// The user who entered the donor; absent when the program did.
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

impl DonorBody {
    /// Shows a donor.
    pub(crate) fn of(donor: &Donor) -> Self {
        Self {
            id: donor.id.uuid(),
            kind: donor.kind.as_str(),
            name: donor.name.as_str().to_owned(),
            email: donor.email.as_ref().map(|email| email.as_str().to_owned()),
            phone: donor.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            identity: donor.identity.as_ref().map(MaskedIdentityBody::of),
            address: donor.address.clone(),
            language: donor.language.clone(),
            notes: donor.notes.clone(),
            contact_consent: donor.contact_consent,
            created_by: donor.created_by.map(|user| user.uuid()),
            created_at: instant(donor.created_at),
            updated_at: instant(donor.updated_at),
            deleted_at: donor.deleted_at.map(instant),
            version: donor.version.number(),
        }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
            "kind": "person",
            "name": "Ayşe Yılmaz",
            "email": "ayse.yilmaz@example.org",
            "phone": "+905321234567",
            "identity": { "kind": "tr_national_id", "masked": "*********46" },
            "address": "Atatürk Cad. 12/3, 06420 Çankaya, Ankara",
            "language": "tr",
            "contact_consent": true,
            "created_by": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11",
            "created_at": "2026-03-14T09:26:53.589Z",
            "updated_at": "2026-03-14T09:26:53.589Z",
            "version": 1,
        })
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()], "next_cursor": "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM" })
    }

    pub(crate) fn found_example() -> Value {
        json!({ "items": [Self::example()] })
    }
}

/// A new donor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDonor)]
pub(crate) struct NewDonorBody {
    /// Person or organisation.
    #[schema(value_type = DonorKindWord, required = true)]
    kind: Option<DonorKindWord>,
    /// The name in full.
    #[schema(format = "line", 
        value_type = String,
        required = true,
        example = "Ayşe Yılmaz",
        min_length = 1,
        max_length = 200
    )]
    name: Option<String>,
    /// Where to write to.
    #[schema(format = Email, example = "ayse.yilmaz@example.org", max_length = 320)]
    email: Option<String>,
    /// Where to call: an international number, or a national one of the server's own country.
    #[schema(format = "line", example = "0532 123 45 67", min_length = 1, max_length = 64)]
    phone: Option<String>,
    /// The identity or tax number. No two donors have the same one.
    identity: Option<IdentityInput>,
    /// The postal address as one text.
    #[schema(
        format = "text",
        example = "Atatürk Cad. 12/3, 06420 Çankaya, Ankara",
        min_length = 1,
        max_length = 500
    )]
    address: Option<String>,
    /// The language to write in, a BCP 47 tag.
    #[schema(format = "language", example = "tr", min_length = 2, max_length = 35)]
    language: Option<String>,
    /// What staff should know.
    #[schema(
        format = "text",
        example = "Prefers to be called in the evening.",
        min_length = 1,
        max_length = 4000
    )]
    notes: Option<String>,
    /// True when the donor agreed to be contacted.
    #[schema(default = false, example = true)]
    contact_consent: Option<bool>,
}

impl NewDonorBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields, region: Region) -> Result<DonorDraft, Invalid> {
        let kind = fields.required("/kind", self.kind, |kind| Ok(kind.0));
        let name = fields.required("/name", self.name, |name| PersonName::parse(&name));
        let email = fields.optional("/email", self.email, email);
        let phone = fields.optional("/phone", self.phone, |text| phone(text, region));
        let identity = parts::optional(&mut fields, "/identity", self.identity);
        let address = fields.optional("/address", self.address, address);
        let language = fields.optional("/language", self.language, language);
        let notes = fields.optional("/notes", self.notes, notes);
        let contact_consent = self.contact_consent.unwrap_or_default();
        let draft = kind.zip(name).map(|(kind, name)| DonorDraft {
            kind,
            name,
            email,
            phone,
            identity,
            address,
            language,
            notes,
            contact_consent,
        });
        fields.finish(draft)
    }

    pub(crate) fn example() -> Value {
        json!({
            "kind": "person",
            "name": "Ayşe Yılmaz",
            "email": "ayse.yilmaz@example.org",
            "phone": "0532 123 45 67",
            "identity": { "kind": "tr_national_id", "number": "10000000146" },
            "address": "Atatürk Cad. 12/3, 06420 Çankaya, Ankara",
            "language": "tr",
            "contact_consent": true,
        })
    }
}

/// What changes about a donor: an absent field stays, `null` empties it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DonorPatch)]
pub(crate) struct DonorPatchBody {
    /// Person or organisation.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = DonorKindWord, required = false)]
    kind: Patch<DonorKindWord>,
    /// The name in full.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = String,
        required = false,
        example = "Ayşe Yılmaz Demir",
        min_length = 1,
        max_length = 200
    )]
    name: Patch<String>,
    /// Where to write to.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        value_type = Option<String>,
        format = Email,
        example = "ayse.demir@example.org",
        max_length = 320
    )]
    email: Patch<String>,
    /// Where to call: an international number, or a national one of the server's own country.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = Option<String>,
        example = "+44 20 7946 0958",
        min_length = 1,
        max_length = 64
    )]
    phone: Patch<String>,
    /// The identity or tax number, replaced as a whole. No two donors have the same one.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<IdentityInput>)]
    identity: Patch<IdentityInput>,
    /// The postal address as one text.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        example = "Bağdat Cad. 5, 34710 Kadıköy, İstanbul",
        min_length = 1,
        max_length = 500
    )]
    address: Patch<String>,
    /// The language to write in, a BCP 47 tag.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "language", value_type = Option<String>, example = "en-GB", min_length = 2, max_length = 35)]
    language: Patch<String>,
    /// What staff should know.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        example = "Moved to İstanbul.",
        min_length = 1,
        max_length = 4000
    )]
    notes: Patch<String>,
    /// True when the donor agreed to be contacted.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = bool, required = false, example = false)]
    contact_consent: Patch<bool>,
}

impl DonorPatchBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields, region: Region) -> Result<DonorPatch, Invalid> {
        let patch = DonorPatch {
            kind: fields.patch_required("/kind", self.kind, |kind| Ok(kind.0)),
            name: fields.patch_required("/name", self.name, |name| PersonName::parse(&name)),
            email: fields.patch("/email", self.email, email),
            phone: fields.patch("/phone", self.phone, |text| phone(text, region)),
            identity: parts::patch(&mut fields, "/identity", self.identity),
            address: fields.patch("/address", self.address, address),
            language: fields.patch("/language", self.language, language),
            notes: fields.patch("/notes", self.notes, notes),
            contact_consent: fields.patch_required("/contact_consent", self.contact_consent, Ok),
        };
        fields.finish(Some(patch))
    }

    pub(crate) fn example() -> Value {
        json!({ "email": "ayse.demir@example.org", "phone": null, "contact_consent": false })
    }
}

pub(super) fn email(text: String) -> Result<EmailAddress, Unfit> {
    EmailAddress::parse(&text)
}

fn address(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Donor::MAX_ADDRESS)
}

fn language(text: String) -> Result<String, Unfit> {
    Locale::parse(&text).map(|locale| locale.as_str().to_owned())
}

fn notes(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Donor::MAX_NOTES)
}
