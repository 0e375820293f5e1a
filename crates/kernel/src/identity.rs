//! Identity and tax numbers: sensitive, checked by their own check digits, never shown in full by
//! accident.

use std::fmt;

use crate::{fault::Unfit, text, words};

/// Which register a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityKind {
    /// Türkiye: T.C. kimlik numarası of a person, 11 digits with two check digits. Numbers of
    /// resident foreigners (starting with 99) follow the same rule.
    TrNationalId,
    /// Türkiye: vergi kimlik numarası of an organisation, 10 digits with one check digit.
    TrTaxNumber,
    /// Any other country's number or a passport: 3 to 40 letters, digits, `-`, `/`, `.`; no check
    /// digit is known.
    ForeignId,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::TrNationalId, Self::TrTaxNumber, Self::ForeignId];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TrNationalId => "tr_national_id",
            Self::TrTaxNumber => "tr_tax_number",
            Self::ForeignId => "foreign_id",
        }
    }

    /// The kind with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An identity or tax number in full. Encrypted at rest; `Debug` shows the masked form.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityNumber {
    kind: IdentityKind,
    number: String,
}

impl IdentityNumber {
    /// Characters at the most, as it is typed.
    pub const MAX_CHARS: usize = 40;

    /// Parses a number of that kind and checks its check digits.
    ///
    /// # Errors
    /// `identity_number`, naming the rule and never the number.
    pub fn parse(kind: IdentityKind, number: &str) -> Result<Self, Unfit> {
        let is_line = text::line(number, Self::MAX_CHARS).is_ok();
        let number: String = match kind {
            IdentityKind::TrNationalId | IdentityKind::TrTaxNumber => {
                number.chars().filter(|char| !char.is_whitespace()).collect()
            }
            IdentityKind::ForeignId => number.trim().to_uppercase(),
        };
        let fits = is_line
            && match kind {
                IdentityKind::TrNationalId => is_tr_national_id(&number),
                IdentityKind::TrTaxNumber => is_tr_tax_number(&number),
                IdentityKind::ForeignId => is_foreign_id(&number),
            };
        if fits {
            Ok(Self { kind, number })
        } else {
            Err(Unfit::new(
                "identity_number",
                match kind {
                    IdentityKind::TrNationalId => words::not_a_tr_national_id(),
                    IdentityKind::TrTaxNumber => words::not_a_tr_tax_number(),
                    IdentityKind::ForeignId => words::not_a_foreign_id(),
                },
            ))
        }
    }

    /// Which register it comes from.
    pub const fn kind(&self) -> IdentityKind {
        self.kind
    }

    /// The number in full: only for storage, and for a `reveal` that leaves a trail.
    pub fn expose(&self) -> &str {
        &self.number
    }

    /// What may be shown.
    pub fn on_file(&self) -> IdentityOnFile {
        let count = self.number.chars().count();
        let shown = if count > 6 { 2 } else { 0 };
        let masked = self
            .number
            .chars()
            .enumerate()
            .map(|(at, char)| if at + shown >= count { char } else { '*' })
            .collect();
        IdentityOnFile { kind: self.kind, masked }
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.on_file(), f)
    }
}

/// What a record shows of its identity number: the kind and the last two characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOnFile {
    /// Which register it comes from.
    pub kind: IdentityKind,
    /// `*********50`.
    pub masked: String,
}

fn digits<const N: usize>(text: &str) -> Option<[u32; N]> {
    let digits: Vec<u32> = text.chars().map(|char| char.to_digit(10)).collect::<Option<_>>()?;
    digits.try_into().ok()
}

fn is_tr_national_id(text: &str) -> bool {
    let Some(d) = digits::<11>(text) else { return false };
    let odd = d[0] + d[2] + d[4] + d[6] + d[8];
    let even = d[1] + d[3] + d[5] + d[7];
    // 7 * odd - even, kept positive: even is at most 36.
    let tenth = (7 * odd + 40 - even) % 10;
    let eleventh = d[..10].iter().sum::<u32>() % 10;
    d[0] != 0 && d[9] == tenth && d[10] == eleventh
}

fn is_tr_tax_number(text: &str) -> bool {
    let Some(d) = digits::<10>(text) else { return false };
    let sum: u32 = (0..9_u32)
        .map(|at| {
            let shifted = (d[at as usize] + 9 - at) % 10;
            match shifted {
                0 => 0,
                shifted => match (shifted * 2_u32.pow(9 - at)) % 9 {
                    0 => 9,
                    rest => rest,
                },
            }
        })
        .sum();
    d != [0; 10] && d[9] == (10 - sum % 10) % 10
}

fn is_foreign_id(text: &str) -> bool {
    (3..=40).contains(&text.chars().count())
        && text.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '/' | '.'))
        && text.chars().any(char::is_alphanumeric)
}
