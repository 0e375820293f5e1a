//! Objects inside of answers.

use almoner_kernel::{Currency, money};
use serde::Serialize;
use utoipa::ToSchema;

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
    /// Shows a sum in minor units.
    pub(crate) fn of_sum(minor: i128, currency: Currency) -> Self {
        Self { amount: money::decimal(minor, currency), currency: currency.code() }
    }
}
