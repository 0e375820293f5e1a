//! A campaign: a purpose that donations are collected for.

use almoner_kernel::{FieldError, Fields, Id, Money, PersonName};
use almoner_records::{Record, Rules, Text};
use chrono::NaiveDate;

use crate::words;

/// The id of a campaign.
pub type CampaignId = Id<Campaign>;

/// A purpose that donations are collected for.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    many = "campaigns",
    span(
        name = "running_on",
        from = "starts_on",
        to = "ends_on",
        about = "Only campaigns that run on this day. A campaign without a first or last day is open there.",
        example = "2026-03-01"
    )
)]
pub struct Campaign {
    /// The name.
    #[field(label, unique, search, sort, example = "Ramadan food parcels 2026")]
    pub name: PersonName,
    /// What it is for.
    #[field(search, example = "One parcel feeds a family of four for a month.")]
    pub description: Option<Text<4_000>>,
    /// How much is hoped for: more than zero.
    #[field(sum, example = "500000.00, TRY")]
    pub goal: Option<Money>,
    /// The first day.
    #[field(group, example = "2026-02-18")]
    pub starts_on: Option<NaiveDate>,
    /// The last day, not before the first one.
    #[field(example = "2026-03-19")]
    pub ends_on: Option<NaiveDate>,
}

impl Rules for Campaign {
    fn check(&self, _: Option<&Self>, fields: &mut Fields) {
        if let (Some(starts_on), Some(ends_on)) = (self.starts_on, self.ends_on)
            && ends_on < starts_on
        {
            fields.wrong(FieldError::new("/ends_on", "range", words::ends_before_it_starts()));
        }
        if self.goal.is_some_and(|goal| goal.minor() <= 0) {
            let detail = words::not_more_than_zero();
            fields.wrong(FieldError::new("/goal/amount", "too_small", detail));
        }
    }
}
