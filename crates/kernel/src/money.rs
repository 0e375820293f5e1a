//! Money: whole minor units and an ISO 4217 currency. No floats anywhere.

use std::{fmt, str::FromStr};

use crate::{fault::Unfit, words};

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Parses an alphabetic code such as `TRY`, upper case.
    ///
    /// # Errors
    /// `currency` when ISO 4217 does not list it.
    pub fn parse(code: &str) -> Result<Self, Unfit> {
        let known = (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
            .then(|| iso_currency::Currency::from_code(code))
            .flatten();
        known.map(Self).ok_or_else(|| Unfit::new("currency", words::not_a_currency()))
    }

    /// The alphabetic code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many minor digits an amount has: 2 for TRY, 0 for JPY, 3 for KWD.
    pub fn minor_digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Unfit;

    fn from_str(code: &str) -> Result<Self, Unfit> {
        Self::parse(code)
    }
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest amount of one record, in minor units: far above every real gift, and small
    /// enough that 9,000 of them still add up in 64 bits.
    pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

    /// Money from stored minor units (kuruş for TRY).
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Parses a decimal such as `1250.00` with exactly the currency's own number of minor digits,
    /// or none at all (`1250`). No sign, no exponent, no thousands separator.
    ///
    /// # Errors
    /// `amount` when the text is not such a decimal, `too_large` above [`Self::MAX_MINOR`].
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, Unfit> {
        let digits = currency.minor_digits();
        let unfit = || {
            Unfit::new(
                "amount",
                match digits {
                    0 => words::not_a_whole_amount(),
                    n => words::not_a_decimal_amount(n, format!("1250.{:0>1$}", 0, n as usize)),
                },
            )
        };
        let (major, minor) = match amount.split_once('.') {
            Some((major, minor)) if digits > 0 && minor.len() == digits as usize => (major, minor),
            Some(_) => return Err(unfit()),
            None => (amount, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = major.len() > 1 && major.starts_with('0');
        if major.is_empty() || leading_zero || !all_digits(major) || !all_digits(minor) {
            return Err(unfit());
        }
        let too_large = || Unfit::new("too_large", words::amount_too_large());
        let major: i64 = major.parse().map_err(|_| too_large())?;
        let minor: i64 = if minor.is_empty() { 0 } else { minor.parse().map_err(|_| unfit())? };
        let total = major
            .checked_mul(10_i64.pow(digits))
            .and_then(|units| units.checked_add(minor))
            .filter(|units| *units <= Self::MAX_MINOR)
            .ok_or_else(too_large)?;
        Ok(Self { minor: total, currency })
    }

    /// The amount in minor units (kuruş for TRY).
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as a decimal with the currency's own number of minor digits.
    pub fn decimal(self) -> String {
        decimal(i128::from(self.minor), self.currency)
    }
}

/// A sum of many amounts, in minor units, as a decimal: sums may be larger than one record.
pub fn decimal(minor: i128, currency: Currency) -> String {
    let digits = currency.minor_digits();
    if digits == 0 {
        return minor.to_string();
    }
    let unit = 10_u128.pow(digits);
    let sign = if minor < 0 { "-" } else { "" };
    let size = minor.unsigned_abs();
    format!("{sign}{}.{:0width$}", size / unit, size % unit, width = digits as usize)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}
