//! Donations: how much, how, and what became of them.

use almoner_donations::{DonorKind, Method, State};
use almoner_kernel::{Currency, Money, Timestamp};
use chrono::{Datelike, Days, NaiveDate, TimeDelta};

use super::{campaigns::Appeal, dice::Dice, people::Tongue};

/// How a donation came, out of 100.
pub(super) fn method(dice: &mut Dice, tongue: Tongue) -> Method {
    const TURKISH: &[(Method, u32)] = &[
        (Method::Online, 34),
        (Method::BankTransfer, 27),
        (Method::CreditCard, 14),
        (Method::Cash, 14),
        (Method::Sms, 6),
        (Method::InKind, 3),
        (Method::Check, 2),
    ];
    // Short numbers work in Türkiye only.
    const ENGLISH: &[(Method, u32)] = &[
        (Method::Online, 50),
        (Method::BankTransfer, 22),
        (Method::CreditCard, 20),
        (Method::Cash, 2),
        (Method::InKind, 1),
        (Method::Check, 5),
    ];
    dice.weighted(match tongue {
        Tongue::Turkish => TURKISH,
        Tongue::English => ENGLISH,
    })
}

/// In which currency, by preference; the caller takes the first that is accepted.
pub(super) fn preferred_currency(dice: &mut Dice, tongue: Tongue, method: Method) -> &'static str {
    match (method, tongue) {
        (Method::Sms, _) => "TRY",
        (_, Tongue::Turkish) => dice.weighted(&[("TRY", 970), ("USD", 14), ("EUR", 16)]),
        (_, Tongue::English) => dice.weighted(&[("TRY", 120), ("USD", 430), ("EUR", 450)]),
    }
}

/// What decides about an amount.
pub(super) struct Occasion {
    pub(super) kind: DonorKind,
    pub(super) method: Method,
    pub(super) appeal: Appeal,
    pub(super) day: NaiveDate,
}

/// How much: mostly round, mostly small, now and then large.
pub(super) fn amount(dice: &mut Dice, currency: Currency, occasion: &Occasion) -> Money {
    const LIRA: &[(i64, u32)] = &[
        (50, 40),
        (100, 140),
        (150, 40),
        (200, 130),
        (250, 100),
        (300, 60),
        (400, 30),
        (500, 170),
        (750, 40),
        (1_000, 120),
        (1_500, 35),
        (2_000, 35),
        (2_500, 25),
        (5_000, 25),
        (10_000, 8),
        (25_000, 2),
    ];
    const FOREIGN: &[(i64, u32)] = &[
        (5, 60),
        (10, 150),
        (15, 40),
        (20, 160),
        (25, 110),
        (30, 60),
        (50, 190),
        (75, 30),
        (100, 120),
        (150, 25),
        (200, 20),
        (250, 15),
        (500, 15),
        (1_000, 5),
    ];
    let is_lira = currency.code() == "TRY";
    // One minor unit of a currency without minor digits is worth about a hundredth of a dollar.
    let unit = 10_i64.pow(currency.minor_digits().max(2));
    let minor = match (occasion.method, occasion.appeal) {
        (Method::Sms, _) => dice.pick(&[20, 40, 50, 100]) * unit,
        (Method::InKind, _) => {
            i64::from(dice.between(5_000, 400_000)) * if is_lira { 10 } else { 1 }
        }
        (_, Appeal::Sacrifice) => {
            let years = i64::from((occasion.day.year() - 2_023).clamp(0, 20));
            let share = if is_lira { 7_500 + 2_500 * years } else { 145 + 10 * years };
            share * dice.weighted(&[(1, 850), (2, 90), (3, 20), (7, 40)]) * unit
        }
        (_, Appeal::Open) => {
            let round = dice.weighted(if is_lira { LIRA } else { FOREIGN }) * unit;
            // Bank transfers of what is left on an account, collected change, converted gifts.
            if dice.permille(60) { round + i64::from(dice.below(unit as u32)) } else { round }
        }
    };
    let (large, factor) = match occasion.kind {
        DonorKind::Person => (2, i64::from(dice.between(10, 60))),
        DonorKind::Organisation => (120, i64::from(dice.between(5, 100))),
    };
    let is_large = occasion.method != Method::Sms && dice.permille(large);
    Money::from_minor(if is_large { minor * factor } else { minor }, currency)
}

/// What stands on the statement, cheque or receipt.
pub(super) fn reference(dice: &mut Dice, method: Method, day: NaiveDate) -> Option<String> {
    let year = day.year();
    match method {
        Method::BankTransfer => {
            Some(format!("FT{:02}{:03}{:07}", year % 100, day.ordinal(), dice.below(10_000_000)))
        }
        Method::Online => Some(format!("WEB-{:010X}", u64::from_le_bytes(dice.bytes()) >> 24)),
        Method::CreditCard => {
            Some(format!("POS {:06} {:06}", dice.below(1_000_000), dice.below(1_000_000)))
        }
        Method::Check => Some(format!("ÇEK-{:07}", dice.below(10_000_000))),
        Method::Cash if dice.permille(600) => {
            Some(format!("M-{year}-{:06}", dice.below(1_000_000)))
        }
        Method::Sms => Some(format!("SMS-{:09}", dice.below(1_000_000_000))),
        Method::Cash | Method::InKind => None,
    }
}

/// What the donor wants done with it.
pub(super) fn purpose(dice: &mut Dice, tongue: Tongue) -> Option<&'static str> {
    const TURKISH: &[&str] = &[
        "Yetim çocuklar için",
        "Öğrenci bursu",
        "Su kuyusu için",
        "Gıda kolisi",
        "Zekât",
        "Sadaka",
        "Adak kurbanı",
        "Annemin hayrına",
        "Merhum babamın ruhuna",
        "Deprem bölgesi için",
        "Şifa niyetiyle",
        "Kış yardımı, mont ve bot",
        "İftar sofrası",
        "Tıbbi malzeme",
        "Isparta'daki aileler için",
    ];
    const ENGLISH: &[&str] = &[
        "For orphans",
        "Water well",
        "Education",
        "Food parcels",
        "In memory of my father",
        "Winter clothes",
        "Medical supplies",
        "Wherever it is needed most",
        "Earthquake relief",
        "Zakat",
    ];
    dice.permille(450).then(|| {
        dice.pick(match tongue {
            Tongue::Turkish => TURKISH,
            Tongue::English => ENGLISH,
        })
    })
}

/// What staff noted.
pub(super) fn notes(dice: &mut Dice, tongue: Tongue) -> Option<&'static str> {
    const TURKISH: &[&str] = &[
        "Makbuz e-posta ile gönderildi.",
        "Bağışçı teşekkür mektubu istiyor.",
        "Açıklamada isim yazmıyor, telefonla doğrulandı.",
        "Elden teslim alındı.",
        "Düzenli ödeme talimatı.",
    ];
    const ENGLISH: &[&str] = &[
        "Receipt sent by e-mail.",
        "Asked for a thank-you letter.",
        "Confirmed by phone.",
        "Standing order.",
    ];
    dice.permille(60).then(|| {
        dice.pick(match tongue {
            Tongue::Turkish => TURKISH,
            Tongue::English => ENGLISH,
        })
    })
}

/// What became of a donation.
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) settled_at: Option<Timestamp>,
    pub(super) reason: Option<&'static str>,
}

/// Mostly it arrived. `end` is the end of the data: what has not happened by then is pending.
pub(super) fn outcome(
    dice: &mut Dice,
    method: Method,
    tongue: Tongue,
    at: Timestamp,
    end: Timestamp,
) -> Outcome {
    const REFUNDED: [&[&str]; 2] = [
        &["Mükerrer ödeme.", "Bağışçının isteği üzerine iade edildi.", "Yanlış tutar çekildi."],
        &["Paid twice.", "Returned at the donor's request.", "Wrong amount charged."],
    ];
    const CANCELLED: [&[&str]; 2] = [
        &["Ödeme alınamadı.", "Kart reddedildi.", "Bağışçı vazgeçti.", "Havale gelmedi."],
        &["Payment failed.", "Card declined.", "The donor changed their mind."],
    ];
    let language = usize::from(tongue == Tongue::English);
    let (fate, delay) = match dice.below(1_000) {
        0..12 => (State::Refunded, TimeDelta::hours(i64::from(dice.between(20, 700)))),
        12..32 => (State::Cancelled, TimeDelta::hours(i64::from(dice.between(1, 300)))),
        // Promises that nobody has looked after.
        32..38 => (State::Pending, TimeDelta::zero()),
        _ => (State::Completed, arrival(dice, method)),
    };
    let settled_at = at + delay;
    if fate == State::Pending || settled_at >= end {
        return Outcome { state: State::Pending, settled_at: None, reason: None };
    }
    let reason = match fate {
        State::Refunded => Some(dice.pick(REFUNDED[language])),
        State::Cancelled => Some(dice.pick(CANCELLED[language])),
        State::Pending | State::Completed => None,
    };
    Outcome { state: fate, settled_at: Some(settled_at), reason }
}

/// The day of the gift, which is entered at once or a few days later.
pub(super) fn given_on(dice: &mut Dice, method: Method, entered: NaiveDate) -> NaiveDate {
    let days = match method {
        Method::Online | Method::Sms | Method::CreditCard => 0,
        Method::BankTransfer => dice.weighted(&[(0, 60), (1, 25), (2, 8), (3, 7)]),
        Method::Cash | Method::InKind => dice.weighted(&[(0, 80), (1, 15), (2, 5)]),
        Method::Check => dice.between(0, 6),
    };
    entered.checked_sub_days(Days::new(u64::from(days))).unwrap_or(entered)
}

/// How long the money takes.
fn arrival(dice: &mut Dice, method: Method) -> TimeDelta {
    match method {
        Method::Cash | Method::InKind => TimeDelta::zero(),
        Method::CreditCard | Method::Online => TimeDelta::seconds(i64::from(dice.between(2, 90))),
        Method::BankTransfer => TimeDelta::minutes(i64::from(dice.between(1, 4_000))),
        Method::Sms => TimeDelta::days(i64::from(dice.between(20, 45))),
        Method::Check => TimeDelta::hours(i64::from(dice.between(24, 200))),
    }
}
