//! Demo data: invented donors, campaigns and donations that look like a real charity's last three
//! years. The same order gives the same data on every machine, and each record can be made alone.

mod calendar;
mod campaigns;
mod dice;
mod gifts;
mod names;
mod people;
mod places;
#[cfg(test)]
mod tests;

use almoner_donations::{Campaign, Donation, DonationId, Donor, DonorKind};
use almoner_kernel::{Currency, Timestamp, UserId, Version};
use almoner_records::{Kept, Line, Text};
use chrono::{NaiveDate, TimeDelta};

use calendar::Period;
use campaigns::{Appeal, Drive};
use dice::Streams;
use gifts::Occasion;
use people::{Giver, Tongue, id_at};

/// What demo data to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOrder {
    /// How many donors.
    pub donors: u32,
    /// How many donations.
    pub donations: u32,
    /// Which data.
    pub rng_seed: u64,
    /// The last day, best before today: no record is younger than the end of it (UTC+3). The first
    /// is `years` before.
    pub until: NaiveDate,
    /// How many years of donations.
    pub years: u16,
    /// The usual currency.
    pub currency: Currency,
    /// The other currencies that are accepted.
    pub other_currencies: Vec<Currency>,
    /// Who has entered every third donor and donation.
    pub entered_by: Option<UserId>,
}

/// Demo data, made as it is asked for.
///
/// Records are in the order of their ids, which is that of `created_at`. All are at version 1, whatever
/// their state. Every donation names a donor and a campaign that were entered
/// before it.
#[derive(Clone, Debug)]
pub struct Demo {
    order: DemoOrder,
    period: Period,
    donor_dice: Streams,
    donation_dice: Streams,
    drives: Vec<Drive>,
    running: Vec<Vec<(usize, u32)>>,
}

impl Demo {
    /// Prepares the data; makes the campaigns.
    pub fn new(order: DemoOrder) -> Self {
        let period = Period::until(order.until, order.years);
        let campaign_dice = Streams::new(order.rng_seed, 0);
        let drives = campaigns::drives(&period, &campaign_dice, order.currency);
        Self {
            running: campaigns::running(&period, &drives),
            donor_dice: Streams::new(order.rng_seed, 1),
            donation_dice: Streams::new(order.rng_seed, 2),
            order,
            period,
            drives,
        }
    }

    /// The campaigns: about forty, with names of their own.
    pub fn campaigns(&self) -> impl Iterator<Item = &Kept<Campaign>> {
        self.drives.iter().map(|drive| &drive.campaign)
    }

    /// The donors, with their identity or tax numbers in full.
    pub fn donors(&self) -> impl Iterator<Item = Kept<Donor>> {
        (0..self.order.donors).map(|number| self.donor(number))
    }

    /// The donations.
    pub fn donations(&self) -> impl Iterator<Item = Kept<Donation>> {
        (0..self.order.donations).map(|number| self.donation(number))
    }

    /// One donor, counted from 0.
    pub fn donor(&self, number: u32) -> Kept<Donor> {
        let created_at = self.entered_at(number);
        let mut dice = self.donor_dice.of(u64::from(number));
        let donor = Giver::draw(&mut dice, created_at).into_donor(&mut dice, number, created_at);
        Kept { created_by: self.entered_by(number), ..donor }
    }

    /// One donation, counted from 0.
    pub fn donation(&self, number: u32) -> Kept<Donation> {
        let dice = &mut self.donation_dice.of(u64::from(number));
        // Each donation has a share of the whole of its own, so that they come in order.
        let share = (f64::from(number) + dice.fraction()) / f64::from(self.order.donations.max(1));
        let (day, created_at) = self.period.at(share);
        let entered_on = self.period.day(day);

        let known = self.known_at(created_at);
        let giver = (!dice.permille(ANONYMOUS) && known > 0).then(|| {
            // Squared: those who came first have given most often.
            let luck = dice.fraction();
            let donor = ((luck * luck * f64::from(known)) as u32).min(known - 1);
            Giver::draw(&mut self.donor_dice.of(u64::from(donor)), self.entered_at(donor))
        });
        let tongue = giver.as_ref().map_or(Tongue::Turkish, |giver| giver.tongue);
        let kind = giver.as_ref().map_or(DonorKind::Person, |giver| giver.kind);

        let method = gifts::method(dice, tongue);
        let running = &self.running[day];
        let drive = (dice.permille(DEDICATED) && !running.is_empty())
            .then(|| &self.drives[dice.weighted(running)]);
        let appeal = drive.map_or(Appeal::Open, |drive| drive.appeal);
        let currency = self.accepted(gifts::preferred_currency(dice, tongue, method));
        let occasion = Occasion { kind, method, appeal, day: entered_on };
        let amount = gifts::amount(dice, currency, &occasion);
        let outcome = gifts::outcome(dice, method, tongue, created_at, self.period.end());

        let id = DonationId::new(id_at(created_at, dice));
        let own = Donation {
            donor_id: giver.map(|giver| giver.reference),
            campaign_id: drive.map(Drive::reference),
            amount: Some(amount),
            method,
            state: outcome.state,
            purpose: gifts::purpose(dice, tongue).map(Text::from_stored),
            donated_on: gifts::given_on(dice, method, entered_on),
            reference: gifts::reference(dice, method, entered_on).map(Line::from_stored),
            notes: gifts::notes(dice, tongue).map(Text::from_stored),
            reason: outcome.reason.map(Text::from_stored),
            settled_at: outcome.settled_at,
        };
        Kept {
            id,
            version: Version::FIRST,
            created_by: self.entered_by(number),
            created_at,
            updated_at: own.settled_at.unwrap_or(created_at),
            deleted_at: None,
            hidden: Vec::new(),
            own,
        }
    }

    fn entered_by(&self, number: u32) -> Option<UserId> {
        self.order.entered_by.filter(|_| number.is_multiple_of(3))
    }

    /// When a donor was entered: a third before the first day, from older books, the others evenly
    /// over the three years.
    fn entered_at(&self, number: u32) -> Timestamp {
        let (old, number) = (i64::from(self.old_donors()), i64::from(number));
        let start = self.period.start();
        if number < old {
            return start - ONE_DAY
                + TimeDelta::milliseconds(ONE_DAY.num_milliseconds() / old * number);
        }
        let new = (i64::from(self.order.donors) - old).max(1);
        let length = (self.period.end() - start).num_milliseconds();
        start + TimeDelta::milliseconds(length / new * (number - old))
    }

    /// How many donors had been entered by then.
    fn known_at(&self, at: Timestamp) -> u32 {
        let old = self.old_donors();
        let new = self.order.donors - old;
        if new == 0 {
            return old;
        }
        let start = self.period.start();
        let apart = ((self.period.end() - start).num_milliseconds() / i64::from(new)).max(1);
        let since = (at - start).num_milliseconds().max(0);
        old + u32::try_from(since / apart).unwrap_or(new).min(new)
    }

    const fn old_donors(&self) -> u32 {
        self.order.donors.div_ceil(3)
    }

    fn accepted(&self, code: &str) -> Currency {
        self.order
            .other_currencies
            .iter()
            .copied()
            .find(|currency| currency.code() == code)
            .unwrap_or(self.order.currency)
    }
}

/// Donations without a donor, of a thousand.
const ANONYMOUS: u32 = 100;
/// Donations for a campaign, of a thousand.
const DEDICATED: u32 = 780;

const ONE_DAY: TimeDelta = TimeDelta::days(1);
