//! When people give: the days of the demo data, some of them better for a charity than others.

use almoner_kernel::Timestamp;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};

/// The days of the demo data, and how much of the whole has been given by the end of each.
#[derive(Clone, Debug)]
pub(super) struct Period {
    first: NaiveDate,
    given: Vec<f64>,
}

impl Period {
    /// The years of 365 days that end with that day.
    pub(super) fn until(last: NaiveDate, years: u16) -> Self {
        let days = 365 * u64::from(years.max(1));
        let first = last.checked_sub_days(Days::new(days - 1)).unwrap_or(NaiveDate::MIN);
        let mut sum = 0.0;
        let mut given: Vec<f64> = first
            .iter_days()
            .take_while(|day| *day <= last)
            .enumerate()
            .map(|(at, day)| {
                // The charity grows: by a sixth every year.
                sum += generosity(day) * (1.0 + at as f64 / (6 * 365) as f64);
                sum
            })
            .collect();
        given.iter_mut().for_each(|share| *share /= sum);
        Self { first, given }
    }

    /// The first day.
    pub(super) const fn first(&self) -> NaiveDate {
        self.first
    }

    /// The last day.
    pub(super) fn last(&self) -> NaiveDate {
        self.day(self.given.len().saturating_sub(1))
    }

    /// The beginning of the first day.
    pub(super) fn start(&self) -> Timestamp {
        instant(self.first, TimeDelta::zero())
    }

    /// The end of the last day.
    pub(super) fn end(&self) -> Timestamp {
        instant(self.last(), TimeDelta::hours(24))
    }

    /// The position of the day and the instant by which that share of everything, `0.0..1.0`, has
    /// been given: between 7 in the morning and 11 at night.
    pub(super) fn at(&self, share: f64) -> (usize, Timestamp) {
        let day = self.given.partition_point(|given| *given <= share).min(self.given.len() - 1);
        let before = if day == 0 { 0.0 } else { self.given[day - 1] };
        let within = ((share - before) / (self.given[day] - before)).clamp(0.0, 0.999_999);
        let open = TimeDelta::hours(7) + TimeDelta::milliseconds((within * 57_600_000.0) as i64);
        (day, instant(self.day(day), open))
    }

    /// The day at that position.
    pub(super) fn day(&self, at: usize) -> NaiveDate {
        self.first.checked_add_days(Days::new(at as u64)).unwrap_or(self.first)
    }

    /// The days, in order.
    pub(super) fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.given.len())
    }
}

/// A date of the Islamic calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hijri {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
}

impl Hijri {
    const RAMADAN: i64 = 9;
    const PILGRIMAGE: i64 = 12;

    /// The tabular (civil) calendar: within a day of what is announced, which is enough here.
    pub(super) fn of(date: NaiveDate) -> Self {
        let julian_day = i64::from(date.num_days_from_ce()) + 1_721_425;
        // 10,631 days make 30 years; the rest is the usual integer arithmetic of that cycle.
        let l = julian_day - 1_948_440 + 10_632;
        let n = (l - 1) / 10_631;
        let l = l - 10_631 * n + 354;
        let j = ((10_985 - l) / 5_316) * ((50 * l) / 17_719) + (l / 5_670) * ((43 * l) / 15_238);
        let l = l - ((30 - j) / 15) * ((17_719 * j) / 50) - (j / 16) * ((15_238 * j) / 43) + 29;
        let month = (24 * l) / 709;
        Self { year: 30 * n + j - 30, month, day: l - (709 * month) / 24 }
    }

    pub(super) const fn is_ramadan(self) -> bool {
        self.month == Self::RAMADAN
    }

    /// True on the tenth day of the month of pilgrimage, the first of the feast of sacrifice.
    pub(super) const fn is_sacrifice(self) -> bool {
        self.month == Self::PILGRIMAGE && self.day == 10
    }
}

/// How much is given on a day, compared with an ordinary one.
fn generosity(day: NaiveDate) -> f64 {
    let hijri = Hijri::of(day);
    let season = match day.month() {
        12 => 1.6,
        11 => 1.15,
        7 => 0.75,
        8 => 0.8,
        _ => 1.0,
    };
    let feast = match (hijri.month, hijri.day) {
        (Hijri::RAMADAN, 20..) => 3.4,
        (Hijri::RAMADAN, _) => 2.4,
        (Hijri::PILGRIMAGE, 1..=12) => 2.6,
        _ => 1.0,
    };
    let weekday = match day.weekday() {
        Weekday::Fri => 1.25,
        Weekday::Sat | Weekday::Sun => 0.8,
        _ => 1.0,
    };
    season * feast * weekday
}

/// Hours that Türkiye is ahead of UTC, the whole year.
const AHEAD: TimeDelta = TimeDelta::hours(3);

fn instant(day: NaiveDate, since_midnight: TimeDelta) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc() + since_midnight - AHEAD
}
