//! Campaigns: some that always run, some that come back every year.

use almoner_donations::{Campaign, CampaignId};
use almoner_kernel::{Currency, Money, PersonName, Timestamp, Version};
use almoner_records::{Kept, Ref, Text};
use chrono::{Datelike, Days, NaiveDate, TimeDelta};

use super::{
    calendar::{Hijri, Period},
    dice::Streams,
    people::id_at,
};

/// What donations to a campaign look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appeal {
    /// Any amount.
    Open,
    /// Shares of an animal at a fixed price.
    Sacrifice,
}

/// A campaign and how it draws donations.
#[derive(Clone, Debug)]
pub(super) struct Drive {
    pub(super) campaign: Kept<Campaign>,
    pub(super) appeal: Appeal,
    weight: u32,
}

impl Drive {
    pub(super) fn reference(&self) -> Ref<Campaign> {
        Ref::to(self.campaign.id).called(self.campaign.name.as_str())
    }

    fn runs_on(&self, day: NaiveDate) -> bool {
        self.campaign.starts_on.is_none_or(|first| first <= day)
            && self.campaign.ends_on.is_none_or(|last| day <= last)
    }
}

/// The campaigns of the period, in the order in which they were entered.
pub(super) fn drives(period: &Period, streams: &Streams, usual: Currency) -> Vec<Drive> {
    let mut plans: Vec<Plan> = STANDING.iter().map(Plan::standing).collect();
    for day in period.days() {
        plans.extend(Plan::beginning_on(day));
    }
    let mut drives: Vec<Drive> = plans
        .into_iter()
        .enumerate()
        .map(|(at, plan)| plan.into_drive(period, streams, usual, at as u64))
        .collect();
    drives.sort_by_key(|drive| drive.campaign.created_at);
    drives
}

/// For each day of the period, the positions of the campaigns that run, with their weights.
pub(super) fn running(period: &Period, drives: &[Drive]) -> Vec<Vec<(usize, u32)>> {
    let on = |day| {
        let positions = drives.iter().enumerate().filter(move |(_, drive)| drive.runs_on(day));
        positions.map(|(at, drive)| (at, drive.weight)).collect()
    };
    period.days().map(on).collect()
}

/// Name, description, goal in the usual currency (0: none), weight.
type Standing = (&'static str, &'static str, i64, u32);

const STANDING: &[Standing] = &[
    ("Yetim Destek", "Yetim çocukların gıda, giyim ve okul giderleri.", 0, 10),
    ("Su Kuyusu", "Afrika ve Asya'da temiz su kuyuları.", 3_000_000, 8),
    ("Eğitim Bursu", "Üniversite öğrencilerine aylık burs.", 5_000_000, 7),
    ("Deprem Yardımı", "Deprem bölgesinde barınma ve geçim desteği.", 20_000_000, 9),
    ("Zekât", "Zekâtın ihtiyaç sahiplerine ulaştırılması.", 0, 9),
    ("Sadaka", "Genel sadaka fonu.", 0, 8),
    ("Gıda Kolisi", "İhtiyaç sahibi ailelere aylık gıda kolisi.", 2_400_000, 6),
    ("Sağlık Fonu", "Ameliyat, ilaç ve tıbbi cihaz desteği.", 1_500_000, 4),
    ("Katarakt Ameliyatı", "Görme engeli bulunan hastaların ameliyatı.", 900_000, 3),
    ("Fidan Dikimi", "Yanan ormanlar için fidan.", 400_000, 2),
    ("Orphan Sponsorship", "Food, clothing and schooling for orphans.", 0, 4),
    ("Clean Water Wells", "Wells for villages without safe water.", 2_000_000, 4),
    ("Emergency Relief", "Shelter and food within 72 hours of a disaster.", 0, 3),
    ("Medical Aid", "Operations, medicine and equipment.", 1_000_000, 2),
];

struct Plan {
    name: String,
    description: &'static str,
    goal: i64,
    weight: u32,
    appeal: Appeal,
    days: Option<(NaiveDate, NaiveDate)>,
}

impl Plan {
    fn standing(standing: &Standing) -> Self {
        let (name, description, goal, weight) = *standing;
        let name = name.to_owned();
        Self { name, description, goal, weight, appeal: Appeal::Open, days: None }
    }

    /// The campaigns that come back every year and are tied to that day.
    fn beginning_on(day: NaiveDate) -> Vec<Self> {
        let (hijri, year) = (Hijri::of(day), day.year());
        let next = year + 1;
        let open = |name: String, description, goal, weight, before, length| Self {
            name,
            description,
            goal,
            weight,
            appeal: Appeal::Open,
            days: Some(window(day, before, length)),
        };
        let mut plans = Vec::new();
        if hijri.is_ramadan() && hijri.day == 1 {
            // A Gregorian year can have two Ramadans; the Islamic one tells them apart.
            let years = format!("{year} ({})", hijri.year);
            plans.push(open(
                format!("Ramazan Kumanyası {years}"),
                "Ramazan boyunca gıda kolisi ve iftar.",
                6_000_000,
                40,
                15,
                45,
            ));
            plans.push(open(
                format!("Fitre {years}"),
                "Fitrelerin bayramdan önce ulaştırılması.",
                0,
                25,
                0,
                30,
            ));
            plans.push(open(
                format!("Ramadan Food Parcels {years}"),
                "Food parcels and iftar meals.",
                1_500_000,
                15,
                15,
                45,
            ));
        }
        if hijri.is_sacrifice() {
            plans.push(Self {
                appeal: Appeal::Sacrifice,
                ..open(
                    format!("Kurban {year} ({})", hijri.year),
                    "Vekâletle kurban kesimi ve dağıtımı.",
                    0,
                    70,
                    45,
                    48,
                )
            });
        }
        match (day.month(), day.day()) {
            (11, 1) => plans.push(open(
                format!("Kış Yardımı {year}-{next}"),
                "Kömür, battaniye, mont ve bot.",
                3_500_000,
                18,
                0,
                120,
            )),
            (11, 20) => plans.push(open(
                format!("Year-End Appeal {year}"),
                "Help us close the year for 1,000 families.",
                800_000,
                10,
                0,
                41,
            )),
            (8, 15) => plans.push(open(
                format!("Okul Çantası {year}"),
                "Okula başlayan çocuklara çanta, kırtasiye ve ayakkabı.",
                1_200_000,
                14,
                0,
                45,
            )),
            _ => {}
        }
        plans
    }

    fn into_drive(self, period: &Period, streams: &Streams, usual: Currency, number: u64) -> Drive {
        // Entered two weeks before it begins, but not before the charity kept records at all.
        let offset = TimeDelta::milliseconds(number as i64);
        let opened = self.days.map(|(first, _)| (first - period.first()).num_days() - 14);
        let created_at: Timestamp = period.start() - TimeDelta::days(1)
            + TimeDelta::days(opened.unwrap_or(0).max(0))
            + offset;
        let unit = 10_i64.pow(usual.minor_digits());
        let own = Campaign {
            name: PersonName::from_stored(self.name),
            description: Some(Text::from_stored(self.description)),
            goal: (self.goal > 0).then(|| Money::from_minor(self.goal * unit, usual)),
            starts_on: self.days.map(|(first, _)| first),
            ends_on: self.days.map(|(_, last)| last),
        };
        let campaign = Kept {
            id: CampaignId::new(id_at(created_at, &mut streams.of(number))),
            version: Version::FIRST,
            created_by: None,
            created_at,
            updated_at: created_at,
            deleted_at: None,
            hidden: Vec::new(),
            own,
        };
        Drive { campaign, appeal: self.appeal, weight: self.weight }
    }
}

/// From so many days before a day on, for so many days.
fn window(day: NaiveDate, before: u64, length: u64) -> (NaiveDate, NaiveDate) {
    let first = day.checked_sub_days(Days::new(before)).unwrap_or(day);
    (first, first.checked_add_days(Days::new(length - 1)).unwrap_or(first))
}
