//! Personal data in full: donors found by it, and the identity number shown. It travels in bodies
//! only, because addresses end up in logs.

use actix_web::{post, web::Data};
use almoner_donations::DonorLookup;
use almoner_kernel::{FieldError, Fields, IdentityNumber, Invalid, Region, id::DonorEntity};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::bodies::{DonorBody, email};
use crate::{
    Answer, Body, Cx, Domains, IdPath, ListOf, Problem,
    problem::ProblemBody,
    resources::{
        parts::{self, IdentityInput},
        shared::{self, phone, reason},
    },
    words::one_way_to_find_a_donor,
};

/// Find donors by address or number
///
/// Donors outside the trash with exactly this e-mail address, phone number or identity number,
/// newest first, at most 20. Give exactly one of the three. Nothing is written, so the request can
/// be repeated as it is.
#[utoipa::path(
    tag = "donors",
    request_body(content = DonorLookupBody, example = json!(DonorLookupBody::example())),
    responses((
        status = 200,
        description = "The donors that were found, on one page",
        body = ListOf<DonorBody>,
        example = json!(DonorBody::found_example()),
    )),
    extensions(("x-permission" = json!("donors:read")), ("x-not-repeatable" = json!(true))),
)]
#[post("/lookup")]
pub(super) async fn lookup_donors(
    cx: Cx,
    domains: Data<Domains>,
    body: Body<DonorLookupBody>,
) -> Result<Answer, Problem> {
    let lookup = body.value.command(body.fields, domains.region)?;
    let found = domains.donors.lookup(&cx, &lookup).await?;
    Ok(Answer::plain(&ListOf {
        items: found.iter().map(DonorBody::of).collect(),
        next_cursor: None,
        total: None,
        total_is_capped: None,
    }))
}

/// Show an identity number in full
///
/// That the number was seen, by whom and why, is written to the change trail before it is shown.
/// The answer is never kept, so an `Idempotency-Key` has no effect: each call leaves its own entry.
/// A donor without a number on file is a 409 with the code `no_identity`.
#[utoipa::path(
    tag = "donors",
    params(("id" = Uuid, Path, description = "The donor's id")),
    request_body(content = RevealBody, example = json!(RevealBody::example())),
    responses(
        (
            status = 200,
            description = "The number",
            body = RevealedBody,
            example = json!(RevealedBody::example()),
        ),
        (
            status = 409,
            description = "The donor has no identity number on file",
            body = ProblemBody,
            content_type = "application/problem+json",
            example = json!(RevealedBody::missing_example()),
        ),
    ),
    extensions(("x-permission" = json!("donors:reveal")), ("x-not-repeatable" = json!(true))),
)]
#[post("/{id}/reveal")]
pub(super) async fn reveal_donor(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<DonorEntity>,
    body: Body<RevealBody>,
) -> Result<Answer, Problem> {
    let reason = body.value.command(body.fields)?;
    let number = domains.donors.reveal(&cx, id.0, reason).await?;
    Ok(Answer::plain(&RevealedBody::of(&number)))
}

/// What a donor is found by: exactly one of the fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DonorLookup, min_properties = 1, max_properties = 1)]
pub(crate) struct DonorLookupBody {
    /// The e-mail address; case does not matter.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        nullable = false,
        format = Email,
        example = "ayse.yilmaz@example.org",
        max_length = 320
    )]
    email: Option<String>,
    /// The phone number, international or national.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "line",
        nullable = false,
        example = "+905321234567",
        min_length = 1,
        max_length = 64
    )]
    phone: Option<String>,
    /// The identity or tax number in full.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(nullable = false)]
    identity: Option<IdentityInput>,
}

impl DonorLookupBody {
    /// The question.
    ///
    /// # Errors
    /// Every wrong field; `one_of` unless exactly one is there.
    pub(crate) fn command(
        self,
        mut fields: Fields,
        region: Region,
    ) -> Result<DonorLookup, Invalid> {
        let one_of = || FieldError::new("", "one_of", one_way_to_find_a_donor());
        let found = match (self.email, self.phone, self.identity) {
            (Some(text), None, None) => {
                fields.optional("/email", Some(text), email).map(DonorLookup::Email)
            }
            (None, Some(text), None) => {
                let phone = fields.optional("/phone", Some(text), |text| phone(text, region));
                phone.map(DonorLookup::Phone)
            }
            (None, None, Some(part)) => {
                parts::optional(&mut fields, "/identity", Some(part)).map(DonorLookup::Identity)
            }
            (None, None, None) => {
                // The one field may have been there, and not be readable: that is said already.
                fields.finish(Some(()))?;
                return Err(Invalid::one(one_of()));
            }
            _ => {
                fields.wrong(one_of());
                None
            }
        };
        fields.finish(found)
    }

    pub(crate) fn example() -> Value {
        json!({ "phone": "0532 123 45 67" })
    }
}

/// Why an identity number must be seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reveal)]
pub(crate) struct RevealBody {
    /// The reason, for the change trail.
    #[schema(format = "text", 
        value_type = String,
        required = true,
        example = "Tax receipt for 2025 asked for by the donor",
        min_length = 3,
        max_length = 500
    )]
    reason: Option<String>,
}

impl RevealBody {
    /// Characters a reason has at least: less than a word explains nothing.
    pub(crate) const MIN_REASON: usize = 3;
    /// Characters a reason has at the most.
    pub(crate) const MAX_REASON: usize = 500;

    /// The reason.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(self, mut fields: Fields) -> Result<String, Invalid> {
        let reason = fields.required("/reason", self.reason, |text| {
            reason(text, Self::MIN_REASON, Self::MAX_REASON)
        });
        fields.finish(reason)
    }

    pub(crate) fn example() -> Value {
        json!({ "reason": "Tax receipt for 2025 asked for by the donor" })
    }
}

/// An identity number in full.
#[derive(Serialize, ToSchema)]
#[schema(as = RevealedDonor)]
pub(crate) struct RevealedBody {
    /// The number on file.
    identity: FullIdentityBody,
}

/// An identity or tax number in full.
#[derive(Serialize, ToSchema)]
#[schema(as = FullIdentity)]
struct FullIdentityBody {
    /// `tr_national_id`, `tr_tax_number` or `foreign_id`; may grow.
    #[schema(format = "word", example = "tr_national_id")]
    kind: &'static str,
    /// The number. Do not keep it.
    #[schema(format = "line", min_length = 3, max_length = 40, example = "10000000146")]
    number: String,
}

impl RevealedBody {
    /// Shows the number.
    pub(crate) fn of(identity: &IdentityNumber) -> Self {
        let number = identity.expose().to_owned();
        Self { identity: FullIdentityBody { kind: identity.kind().as_str(), number } }
    }

    pub(crate) fn example() -> Value {
        json!({ "identity": { "kind": "tr_national_id", "number": "10000000146" } })
    }

    pub(crate) fn missing_example() -> Value {
        json!({
            "type": "/problems/no_identity",
            "title": "There is no identity number",
            "status": 409,
            "code": "no_identity",
            "detail": "no identity number is on file",
            "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        })
    }
}
