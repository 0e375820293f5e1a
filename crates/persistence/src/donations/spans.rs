//! A range of days as the months and the days whose totals make it up.

use chrono::{Datelike, Months, NaiveDate};

/// What a total covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Month,
    Day,
}

impl Span {
    /// The name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// Totals of one span that begin between two days, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub span: Span,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// The stretches that cover every day between two days, both inclusive, once: whole months as far
/// as they go, days at either end.
pub fn stretches(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Vec<Stretch> {
    let days = |from, to| Stretch { span: Span::Day, from, to };
    let (first, last) = match (from.map(first_of_months), to.map(last_of_months)) {
        (Some(None), _) | (_, Some(None)) => return vec![days(from, to)],
        (first, last) => (first.flatten(), last.flatten()),
    };
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        return vec![days(from, to)];
    }
    let mut all = vec![Stretch { span: Span::Month, from: first, to: last }];
    if from != first {
        all.push(days(from, first.and_then(|first| first.pred_opt())));
    }
    if to != last {
        all.push(days(last.and_then(|last| last.succ_opt()), to));
    }
    all
}

/// The first day of the first month that lies behind `from` as a whole.
fn first_of_months(from: NaiveDate) -> Option<NaiveDate> {
    if from.day() == 1 {
        return Some(from);
    }
    from.with_day(1)?.checked_add_months(Months::new(1))
}

/// The last day of the last month that lies before `to` as a whole, `to` inclusive.
fn last_of_months(to: NaiveDate) -> Option<NaiveDate> {
    to.succ_opt()?.with_day(1)?.pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every day of a stretch, within a few years.
    fn days_of(stretch: Stretch) -> Vec<NaiveDate> {
        let all = day(2023, 1, 1).iter_days().take_while(|one| *one < day(2027, 1, 1));
        all.filter(|day| {
            let begins_on = match stretch.span {
                Span::Month => day.with_day(1).unwrap(),
                Span::Day => *day,
            };
            stretch.from.is_none_or(|from| begins_on >= from)
                && stretch.to.is_none_or(|to| begins_on <= to)
        })
        .collect()
    }

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn every_day_of_a_range_is_covered_once() {
        let ends: Vec<Option<NaiveDate>> = [
            day(2024, 1, 1),
            day(2024, 1, 2),
            day(2024, 1, 31),
            day(2024, 2, 1),
            day(2024, 2, 28),
            day(2024, 2, 29),
            day(2024, 3, 1),
            day(2024, 12, 30),
            day(2024, 12, 31),
            day(2025, 1, 1),
            day(2025, 7, 15),
            NaiveDate::MIN,
            NaiveDate::MAX,
        ]
        .map(Some)
        .into_iter()
        .chain([None])
        .collect();
        for from in &ends {
            for to in &ends {
                let mut covered: Vec<_> =
                    stretches(*from, *to).into_iter().flat_map(days_of).collect();
                covered.sort();
                let wanted = days_of(Stretch { span: Span::Day, from: *from, to: *to });
                assert_eq!(covered, wanted, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_year_is_read_from_its_twelve_months() {
        let year = stretches(Some(day(2024, 1, 1)), Some(day(2024, 12, 31)));
        let months =
            Stretch { span: Span::Month, from: Some(day(2024, 1, 1)), to: Some(day(2024, 12, 31)) };
        assert_eq!(year, [months]);
        assert_eq!(stretches(None, None), [Stretch { span: Span::Month, from: None, to: None }]);
    }
}
