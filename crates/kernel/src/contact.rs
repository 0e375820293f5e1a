//! How a person is named and reached.

use std::{
    borrow::Cow,
    fmt::{self, Write},
    str::FromStr,
};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use phonenumber::{Mode, country};

use crate::{fault::Unfit, text, words};

/// An e-mail address (RFC 5321), kept as it was typed, compared without case. Its domain may have letters
/// of any script; it is compared and mailed in the form that the network knows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address with a domain that has a dot. Before the `@` stands what every mail server takes:
    /// one that takes other letters there hands the mail on to some that do not.
    ///
    /// # Errors
    /// `email` when it is not an address, or none that can be mailed.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let unfit = |detail| Unfit::new("email", detail);
        let text = text::visible(text);
        let text = text.trim();
        let (local, domain) =
            text.rsplit_once('@').ok_or_else(|| unfit(words::not_an_email_address()))?;
        let domain = a_labels(domain).ok_or_else(|| unfit(words::not_an_email_address()))?;
        if text.contains(|char: char| char.is_control() || "<>,;:()[]".contains(char)) {
            return Err(unfit(words::not_an_email_address()));
        }
        if !local.is_ascii() {
            return Err(unfit(words::email_of_other_letters()));
        }
        if !local.is_empty() && !is_mailable(local) {
            return Err(unfit(words::email_not_mailable()));
        }
        match Self::is_like(&format!("{local}@{domain}")) {
            true => Ok(Self(text.to_owned())),
            false => Err(unfit(words::not_an_email_address())),
        }
    }

    /// Parses an address that somebody may have: one that was accepted before is still looked up.
    ///
    /// # Errors
    /// `email` when it is not an address.
    pub fn on_file(text: &str) -> Result<Self, Unfit> {
        match Self::parse(text) {
            Err(_) if Self::is_like(text.trim()) => Ok(Self(text.trim().to_owned())),
            outcome => outcome,
        }
    }

    /// True for whatever RFC 5321 allows, also where nobody mails to it: what must be masked.
    pub fn is_like(text: &str) -> bool {
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        // RFC 5321 allows a tab between quotes, a header does not.
        !text.chars().any(char::is_control)
            && email_address::EmailAddress::parse_with_options(text, options).is_ok()
    }

    /// An address that was parsed before it was stored.
    pub fn from_stored(address: String) -> Self {
        Self(address)
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared and unique: lower case, and the domain as the network knows it.
    pub fn key(&self) -> String {
        self.mailed().to_lowercase()
    }

    /// The form that is mailed to: the domain as the network knows it, `örnek.org` as `xn--rnek-4qa.org`.
    pub fn mailed(&self) -> Cow<'_, str> {
        // What was stored by hand may be anything.
        let known = self.0.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii());
        match known.and_then(|(local, domain)| Some((local, a_labels(domain)?))) {
            Some((local, domain)) => Cow::Owned(format!("{local}@{domain}")),
            None => Cow::Borrowed(&self.0),
        }
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

/// A domain as the network knows it (UTS 46): labels of ASCII letters, digits and hyphens.
fn a_labels(domain: &str) -> Option<Cow<'_, str>> {
    Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()
}

/// True for the part before the `@` that every server takes: RFC 5321's `Dot-string`.
fn is_mailable(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    local.len() <= MAX_LOCAL_PART && local.split('.').all(is_atom)
}

/// Octets before the `@` at the most.
const MAX_LOCAL_PART: usize = 64;

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
    /// Parses an international number, or a national one of `region`, in digits of any script.
    ///
    /// # Errors
    /// `phone` when no such number can exist, or when it has an extension: who is put through where is no
    /// part of a number that is compared and dialled.
    pub fn parse(text: &str, region: Region) -> Result<Self, Unfit> {
        let text = text::ascii_digits(&text::visible(text));
        let text = text.trim();
        if has_extension(text) {
            return Err(Unfit::new("phone", words::phone_with_extension()));
        }
        let text =
            text.strip_prefix("00").map_or(Cow::Borrowed(text), |rest| format!("+{rest}").into());
        // The parser strips the trunk prefix of the country it is told, also from a number of
        // another one: with `TR` every Italian landline would lose its 0, with `US` Paris its 1.
        let is_international = text.trim_start_matches('(').starts_with(['+', '\u{ff0b}']);
        let number = phonenumber::parse((!is_international).then_some(region.0), &text)
            .ok()
            .filter(phonenumber::is_valid)
            .ok_or_else(|| Unfit::new("phone", words::not_a_phone_number()))?;
        if number.extension().is_some() {
            return Err(Unfit::new("phone", words::phone_with_extension()));
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }

    /// A number that was parsed before it was stored.
    pub fn from_stored(e164: String) -> Self {
        Self(e164)
    }

    /// E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words that it is found by, whichever way it is typed: `905321112233` from abroad, `5321112233`
    /// and `05321112233` at home; and by its last seven or four digits, which is what people remember.
    pub fn words(&self) -> String {
        let abroad = self.0.trim_start_matches('+');
        let mut all = abroad.to_owned();
        let Ok(number) = phonenumber::parse(None, &self.0) else { return all };
        let code = number.code().value().to_string();
        let national = abroad.strip_prefix(&code).unwrap_or_default();
        let dialled = number.format().mode(Mode::National).to_string();
        let dialled: String = dialled.chars().filter(char::is_ascii_digit).collect();
        let last = |digits: usize| national.get(national.len().saturating_sub(digits)..);
        let ends = [7, 4].map(|digits| last(digits).unwrap_or_default());
        for form in [national, &dialled, ends[0], ends[1]] {
            if !all.split(' ').any(|known| known == form) {
                text::add(&mut all, form);
            }
        }
        all
    }
}

/// True when something behind the digits says whom to ask for: `dahili 12`, `ext. 12`, `x12`, `#12`.
fn has_extension(text: &str) -> bool {
    let Some(digit) = text.find(|char: char| char.is_ascii_digit()) else { return false };
    let (_, from_digit) = text.split_at(digit);
    let Some(behind) = from_digit.find(|char: char| char.is_alphabetic() || char == '#') else {
        return false;
    };
    let (_, behind) = from_digit.split_at(behind);
    let folded = text::fold(behind);
    let word = folded.split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
    behind.starts_with('#') || EXTENSIONS.contains(&word)
}

/// What people write before an extension, folded.
const EXTENSIONS: [&str; 12] = [
    "ext",
    "extn",
    "extension",
    "x",
    "int",
    "dahili",
    "dah",
    "dh",
    "durchwahl",
    "доб",
    "داخلي",
    "تحويله",
];

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
