//! The identity number of a donor in full.

use actix_web::{post, web::Data};
use almoner_donations::{Donor, donor::REVEAL};
use almoner_kernel::{Fields, Invalid};
use almoner_records::{Record, Target};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Answer, Body, Cx, Domains, IdPath, Problem,
    kit::problem::{ProblemBody, registry},
    resources::shared::reason,
};

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
    id: IdPath<Donor>,
    body: Body<RevealBody>,
) -> Result<Answer, Problem> {
    let reason = body.value.command(body.fields)?;
    let missing = || Problem::new(registry::INTERNAL);
    let donors = domains.kind(Donor::MANY).ok_or_else(missing)?;
    let identity = Donor::KIND.field("identity").ok_or_else(missing)?;
    let (kind, number) = donors.reveal(&cx, REVEAL, id.0.uuid(), identity, reason).await?;
    Ok(Answer::plain(&RevealedBody { identity: FullIdentityBody { kind, number } }))
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
    kind: String,
    /// The number. Do not keep it.
    #[schema(format = "line", min_length = 3, max_length = 40, example = "10000000146")]
    number: String,
}

impl RevealedBody {
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
