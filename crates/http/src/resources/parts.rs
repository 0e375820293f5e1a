//! Objects inside of bodies: money and identity numbers, as they are sent and as they are shown.

use almoner_kernel::{
    Currency, FieldError, Fields, IdentityNumber, IdentityOnFile, Money, Patch, money,
    words::cannot_be_emptied,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{shared::missing, words::IdentityKindWord};

/// An object inside of a request body.
pub(crate) trait Part {
    /// What it stands for.
    type Value;

    /// Parses the object at the pointer `at`.
    fn read(self, at: &str, fields: &mut Fields) -> Option<Self::Value>;
}

/// Parses an object that must be there.
pub(crate) fn required<P: Part>(
    fields: &mut Fields,
    at: &str,
    part: Option<P>,
) -> Option<P::Value> {
    if part.is_none() {
        fields.wrong(missing(at));
    }
    part?.read(at, fields)
}

/// Parses an object that may be absent.
pub(crate) fn optional<P: Part>(
    fields: &mut Fields,
    at: &str,
    part: Option<P>,
) -> Option<P::Value> {
    part?.read(at, fields)
}

/// Parses an object of a partial update that may be emptied. It is replaced as a whole.
pub(crate) fn patch<P: Part>(fields: &mut Fields, at: &str, part: Patch<P>) -> Patch<P::Value> {
    match part {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(part) => part.read(at, fields).map_or(Patch::Keep, Patch::Set),
    }
}

/// Parses an object of a partial update that must keep a value. It is replaced as a whole.
pub(crate) fn patch_required<P: Part>(
    fields: &mut Fields,
    at: &str,
    part: Patch<P>,
) -> Option<P::Value> {
    match part {
        Patch::Keep => None,
        Patch::Clear => {
            fields.wrong(FieldError::new(at, "required", cannot_be_emptied()));
            None
        }
        Patch::Set(part) => part.read(at, fields),
    }
}

/// An amount of money, as it is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoneyInput {
    /// A decimal with the currency's own number of minor digits, or none at all: `1250.00` or
    /// `1250` for TRY, `1250` for JPY.
    #[schema(
        value_type = String,
        required = true,
        example = "1250.00",
        min_length = 1,
        max_length = 18,
        pattern = "^(0|[1-9][0-9]{0,15})(\\.[0-9]{1,4})?$"
    )]
    amount: Option<String>,
    /// ISO 4217 code.
    #[schema(
        value_type = String,
        required = true,
        example = "TRY",
        min_length = 3,
        max_length = 3,
        pattern = "^[A-Z]{3}$"
    )]
    currency: Option<String>,
}

impl Part for MoneyInput {
    type Value = Money;

    fn read(self, at: &str, fields: &mut Fields) -> Option<Money> {
        let currency = fields
            .required(&format!("{at}/currency"), self.currency, |code| Currency::parse(&code));
        let pointer = format!("{at}/amount");
        let amount = fields.required(&pointer, self.amount, Ok);
        let (currency, amount) = (currency?, amount?);
        fields.required(&pointer, Some(amount), |amount| Money::parse(&amount, currency))
    }
}

/// An amount of money.
#[derive(Serialize, ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyBody {
    /// A decimal with the currency's own number of minor digits.
    #[schema(
        min_length = 1,
        max_length = 40,
        example = "1250.00",
        pattern = "^(0|[1-9][0-9]*)(\\.[0-9]{1,4})?$"
    )]
    amount: String,
    /// ISO 4217 code.
    #[schema(min_length = 3, max_length = 3, example = "TRY", pattern = "^[A-Z]{3}$")]
    currency: &'static str,
}

impl MoneyBody {
    /// Shows the amount of one record.
    pub(crate) fn of(money: Money) -> Self {
        Self::of_sum(i128::from(money.minor()), money.currency())
    }

    /// Shows a sum in minor units.
    pub(crate) fn of_sum(minor: i128, currency: Currency) -> Self {
        Self { amount: money::decimal(minor, currency), currency: currency.code() }
    }
}

/// An identity or tax number, as it is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityInput {
    /// Which register the number comes from.
    #[schema(value_type = IdentityKindWord, required = true)]
    kind: Option<IdentityKindWord>,
    /// The number in full. Check digits are checked.
    #[schema(format = "line", 
        value_type = String,
        required = true,
        example = "10000000146",
        min_length = 3,
        max_length = 40
    )]
    number: Option<String>,
}

impl Part for IdentityInput {
    type Value = IdentityNumber;

    fn read(self, at: &str, fields: &mut Fields) -> Option<IdentityNumber> {
        let kind = fields.required(&format!("{at}/kind"), self.kind, |kind| Ok(kind.0));
        let pointer = format!("{at}/number");
        let number = fields.required(&pointer, self.number, Ok);
        let (kind, number) = (kind?, number?);
        fields.required(&pointer, Some(number), |number| IdentityNumber::parse(kind, &number))
    }
}

/// What is shown of an identity or tax number.
#[derive(Serialize, ToSchema)]
#[schema(as = MaskedIdentity)]
pub(crate) struct MaskedIdentityBody {
    /// `tr_national_id`, `tr_tax_number` or `foreign_id`; may grow.
    #[schema(format = "word", example = "tr_national_id")]
    kind: &'static str,
    /// The number with everything but its last two characters hidden; short numbers are hidden
    /// whole.
    #[schema(format = "line", min_length = 3, max_length = 40, example = "*********46")]
    masked: String,
}

impl MaskedIdentityBody {
    /// Shows the masked number.
    pub(crate) fn of(identity: &IdentityOnFile) -> Self {
        Self { kind: identity.kind.as_str(), masked: identity.masked.clone() }
    }
}
