//! Donors: people and organisations of Türkiye and of the English-speaking world.

use almoner_donations::{Donor, DonorId, DonorKind};
use almoner_kernel::{
    EmailAddress, IdentityKind, IdentityNumber, Locale, PersonName, PhoneNumber, Timestamp,
    Version, text,
};
use almoner_records::{Kept, Ref, Sealed, Text};
use uuid::Builder;

use super::{dice::Dice, names::*, places::*};

/// What language a donor speaks, and with it where they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Turkish,
    English,
}

/// What a donation needs to know of its donor.
pub(super) struct Giver {
    pub(super) reference: Ref<Donor>,
    name: PersonName,
    pub(super) kind: DonorKind,
    pub(super) tongue: Tongue,
    province: usize,
}

impl Giver {
    /// The first draws of a donor's dice.
    pub(super) fn draw(dice: &mut Dice, created_at: Timestamp) -> Self {
        let id = DonorId::new(id_at(created_at, dice));
        let kind = if dice.permille(80) { DonorKind::Organisation } else { DonorKind::Person };
        let tongue = if dice.permille(780) { Tongue::Turkish } else { Tongue::English };
        let province = province(dice);
        let name = match (kind, tongue) {
            (DonorKind::Person, Tongue::Turkish) => turkish_person(dice),
            (DonorKind::Person, Tongue::English) => english_person(dice),
            (DonorKind::Organisation, Tongue::Turkish) => {
                turkish_organisation(dice, PROVINCES[province])
            }
            (DonorKind::Organisation, Tongue::English) => english_organisation(dice),
        };
        Self {
            reference: Ref::to(id).called(name.as_str()),
            name: PersonName::from_stored(name),
            kind,
            tongue,
            province,
        }
    }

    /// The rest of the donor; `number` makes the e-mail address and the identity number unique.
    pub(super) fn into_donor(
        self,
        dice: &mut Dice,
        number: u32,
        created_at: Timestamp,
    ) -> Kept<Donor> {
        let is_turkish = self.tongue == Tongue::Turkish;
        let identity = match (self.kind, self.tongue) {
            (DonorKind::Person, Tongue::Turkish) if dice.permille(420) => {
                parsed(IdentityKind::TrNationalId, &national_id(scattered(number)))
            }
            (DonorKind::Organisation, Tongue::Turkish) if dice.permille(850) => {
                parsed(IdentityKind::TrTaxNumber, &tax_number(scattered(number)))
            }
            (_, Tongue::English) if dice.permille(100) => {
                let passport = format!("GB{}", scattered(number));
                parsed(IdentityKind::ForeignId, &passport)
            }
            _ => None,
        };
        let name = self.name;
        let email = dice.permille(720).then(|| email(dice, &name, number));
        let phone = dice.permille(680).then(|| phone(dice, self.tongue));
        let address = dice.permille(550).then(|| match self.tongue {
            Tongue::Turkish => turkish_address(dice, self.province),
            Tongue::English => english_address(dice),
        });
        let notes =
            dice.permille(70).then(|| dice.pick(if is_turkish { TR_NOTES } else { EN_NOTES }));
        let own = Donor {
            kind: self.kind,
            name,
            email,
            phone,
            identity: identity.map(Sealed::fresh),
            address: address.map(Text::from_stored),
            language: Some(Locale::from_stored(if is_turkish { "tr" } else { "en" }.to_owned())),
            notes: notes.map(Text::from_stored),
            contact_consent: dice.permille(640),
        };
        Kept {
            id: self.reference.id(),
            version: Version::FIRST,
            created_by: None,
            created_at,
            updated_at: created_at,
            deleted_at: None,
            hidden: Vec::new(),
            own,
        }
    }
}

/// A UUID v7 of that instant.
pub(super) fn id_at(at: Timestamp, dice: &mut Dice) -> uuid::Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &dice.bytes()).into_uuid()
}

const TR_NOTES: &[&str] = &[
    "Makbuzların posta ile gönderilmesini istiyor.",
    "Her Ramazan ayında düzenli bağış yapıyor.",
    "Telefonla yalnızca öğleden sonra aranmalı.",
    "Yetim projelerine öncelik veriyor.",
    "Adının yayımlanmasını istemiyor.",
    "Kurumsal bağış; yıl sonunda toplu makbuz kesilecek.",
];
const EN_NOTES: &[&str] = &[
    "Prefers e-mail to phone calls.",
    "Gift Aid declaration on file.",
    "Gives every year before Christmas.",
    "Asked not to be named in the annual report.",
    "Interested in water projects.",
];

fn turkish_person(dice: &mut Dice) -> String {
    let given = if dice.permille(500) { TR_WOMEN } else { TR_MEN };
    let first = dice.pick(given);
    let second = dice.pick(given);
    let surname = dice.pick(TR_SURNAMES);
    if dice.permille(140) && second != first {
        format!("{first} {second} {surname}")
    } else {
        format!("{first} {surname}")
    }
}

fn english_person(dice: &mut Dice) -> String {
    let given = if dice.permille(500) { EN_WOMEN } else { EN_MEN };
    format!("{} {}", dice.pick(given), dice.pick(EN_SURNAMES))
}

fn turkish_organisation(dice: &mut Dice, province: &str) -> String {
    if dice.permille(600) {
        let (surname, trade) = (dice.pick(TR_SURNAMES), dice.pick(TR_TRADES));
        format!("{surname} {trade} {}", dice.pick(TR_FORMS))
    } else {
        format!("{province} {}", dice.pick(TR_BODIES))
    }
}

fn english_organisation(dice: &mut Dice) -> String {
    if dice.permille(600) {
        format!("{} {}", dice.pick(EN_SURNAMES), dice.pick(EN_TRADES))
    } else {
        format!("{} {}", dice.pick(EN_TOWNS).0, dice.pick(EN_BODIES))
    }
}

/// The position of a province in [`PROVINCES`].
fn province(dice: &mut Dice) -> usize {
    match dice.weighted(POPULOUS) {
        0 => dice.below(PROVINCES.len() as u32) as usize,
        plate => plate as usize - 1,
    }
}

fn turkish_address(dice: &mut Dice, province: usize) -> String {
    let name = PROVINCES[province];
    let district = match name {
        "İstanbul" => dice.pick(ISTANBUL_DISTRICTS),
        "Ankara" => dice.pick(ANKARA_DISTRICTS),
        "İzmir" => dice.pick(IZMIR_DISTRICTS),
        _ => "Merkez",
    };
    format!(
        "{} Mah. {} Sok. No: {}/{}, {:02}{:03} {district}/{name}",
        dice.pick(TR_QUARTERS),
        dice.pick(TR_STREETS),
        dice.between(1, 180),
        dice.between(1, 24),
        province + 1,
        dice.between(10, 990),
    )
}

fn english_address(dice: &mut Dice) -> String {
    const LETTERS: &[char] =
        &['A', 'B', 'D', 'E', 'F', 'G', 'H', 'J', 'L', 'N', 'P', 'Q', 'R', 'S'];
    let (town, area) = dice.pick(EN_TOWNS);
    format!(
        "{} {}, {town} {area}{} {}{}{}",
        dice.between(1, 240),
        dice.pick(EN_STREETS),
        dice.between(1, 20),
        dice.between(1, 9),
        dice.pick(LETTERS),
        dice.pick(LETTERS),
    )
}

/// At a domain that RFC 2606 keeps for examples: nobody ever gets these messages.
fn email(dice: &mut Dice, name: &PersonName, number: u32) -> EmailAddress {
    let domain = dice.pick(&["example.org", "example.com", "example.net"]);
    let local = text::fold(name.as_str()).replace(' ', ".");
    EmailAddress::from_stored(format!("{local}.{number}@{domain}"))
}

fn phone(dice: &mut Dice, tongue: Tongue) -> PhoneNumber {
    const TR_MOBILE: &[u32] = &[
        501, 505, 506, 507, 530, 531, 532, 533, 534, 535, 536, 537, 538, 539, 541, 542, 543, 544,
        545, 546, 551, 552, 553, 554, 555, 559,
    ];
    const US_AREAS: &[u32] = &[202, 212, 213, 305, 312, 404, 415, 503, 512, 617, 702, 718];
    PhoneNumber::from_stored(match tongue {
        Tongue::Turkish => {
            format!("+90{}{:07}", dice.pick(TR_MOBILE), dice.between(2_000_000, 9_999_999))
        }
        // 555-0100 to 555-0199 are kept for fiction.
        Tongue::English if dice.permille(300) => {
            format!("+1{}55501{:02}", dice.pick(US_AREAS), dice.below(100))
        }
        Tongue::English => format!("+4479{:08}", dice.between(10_000_000, 10_999_999)),
    })
}

fn parsed(kind: IdentityKind, number: &str) -> Option<IdentityNumber> {
    IdentityNumber::parse(kind, number).ok()
}

/// Nine digits, the first not zero, that look drawn and are different for each donor: two donors
/// cannot have the same identity number, and among 300,000 drawn ones some would be the same.
pub(super) fn scattered(number: u32) -> u32 {
    const RANGE: u64 = 900_000_000;
    // Has no divisor in common with the range, so that no two products meet in it.
    const STEP: u64 = 611_953_297;
    let scattered = u64::from(number) * STEP % RANGE;
    100_000_000 + u32::try_from(scattered).unwrap_or_default()
}

/// Nine digits and the two check digits of a T.C. identity number.
fn national_id(number: u32) -> String {
    let digits: [u32; 9] = std::array::from_fn(|at| number / 10_u32.pow(8 - at as u32) % 10);
    let odd: u32 = digits.iter().step_by(2).sum();
    let even: u32 = digits.iter().skip(1).step_by(2).sum();
    let tenth = (7 * odd + 40 - even) % 10;
    let eleventh = (odd + even + tenth) % 10;
    format!("{number}{tenth}{eleventh}")
}

/// Nine digits and the check digit of a Turkish tax number.
fn tax_number(number: u32) -> String {
    let sum: u32 = (0..9)
        .map(|at| {
            let digit = number / 10_u32.pow(8 - at) % 10;
            let shifted = (digit + 9 - at) % 10;
            match (shifted, (shifted * 2_u32.pow(9 - at)) % 9) {
                (0, _) => 0,
                (_, 0) => 9,
                (_, rest) => rest,
            }
        })
        .sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}
