//! How a person is named and reached.

use std::{
    borrow::Cow,
    fmt::{self, Write},
    str::FromStr,
};

use phonenumber::{Mode, country};

use crate::{fault::Unfit, words};

/// An e-mail address (RFC 5321), kept as it was typed, compared without case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address with a domain that has a dot.
    ///
    /// # Errors
    /// `email` when it is not an address.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let text = text.trim();
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        // RFC 5321 allows a tab between quotes, a header does not.
        let fits = !text.chars().any(char::is_control)
            && email_address::EmailAddress::parse_with_options(text, options).is_ok();
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| Unfit::new("email", words::not_an_email_address()))
    }

    /// An address that was parsed before it was stored.
    pub fn from_stored(address: String) -> Self {
        Self(address)
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared and unique: lower case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }

    /// For logs: the first letter and the domain, `a***@example.org`.
    pub fn masked(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((local, domain)) => {
                let first = local.chars().next().map(String::from).unwrap_or_default();
                format!("{first}***@{domain}")
            }
            None => "***".to_owned(),
        }
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The country whose national phone number format is understood, ISO 3166 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(country::Id);

impl Region {
    /// Parses a country code such as `TR`.
    ///
    /// # Errors
    /// `country` when it is not a known code.
    pub fn parse(code: &str) -> Result<Self, Unfit> {
        country::Id::from_str(code)
            .map(Self)
            .map_err(|_| Unfit::new("country", words::not_a_country()))
    }
}

/// A phone number, kept in E.164 (`+905321234567`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses an international number, or a national one of `region`.
    ///
    /// # Errors
    /// `phone` when no such number can exist.
    pub fn parse(text: &str, region: Region) -> Result<Self, Unfit> {
        let text = text.trim();
        let text =
            text.strip_prefix("00").map_or(Cow::Borrowed(text), |rest| format!("+{rest}").into());
        // The parser strips the trunk prefix of the country it is told, also from a number of
        // another one: with `TR` every Italian landline would lose its 0, with `US` Paris its 1.
        let is_international = text.trim_start_matches('(').starts_with('+');
        phonenumber::parse((!is_international).then_some(region.0), &text)
            .ok()
            .filter(phonenumber::is_valid)
            .map(|number| Self(number.format().mode(Mode::E164).to_string()))
            .ok_or_else(|| Unfit::new("phone", words::not_a_phone_number()))
    }

    /// A number that was parsed before it was stored.
    pub fn from_stored(e164: String) -> Self {
        Self(e164)
    }

    /// E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.chars().count().saturating_sub(2).max(3);
        f.write_str("***")?;
        self.0.chars().skip(kept).try_for_each(|digit| f.write_char(digit))
    }
}

/// The name of a person or an organisation: one line, 1 to 200 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// Characters a name has at the most.
    pub const MAX_CHARS: usize = 200;

    /// Parses a name; runs of white space become one space.
    ///
    /// # Errors
    /// `required`, `too_long`, `control_character`, or `name` when it has neither letter nor digit.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let text = crate::text::line(text, Self::MAX_CHARS)?;
        if !text.chars().any(char::is_alphanumeric) {
            return Err(Unfit::new("name", words::name_without_letters()));
        }
        Ok(Self(text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// A name that was parsed before it was stored.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
