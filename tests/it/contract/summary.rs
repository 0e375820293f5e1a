//! Sums and counts are those of a reading of every row.

use std::collections::BTreeMap;

use almoner_donations::{
    Campaign, CampaignRef, Donation, GroupBy, Method, State, Summary, SummaryQuery,
};
use almoner_kernel::{Money, Scope, UserId};
use chrono::Datelike;
use uuid::Uuid;

use crate::support::{Dice, World, day, euro, for_campaign, later, lira, named, usd};

on_both![
    sums_agree_with_a_reading_of_every_row,
    sums_of_nothing_have_no_line,
    sums_may_be_larger_than_any_one_number_of_the_database,
    a_campaign_keeps_its_name_in_sums_when_it_goes_to_the_trash,
];

const ME: UserId = UserId::new(Uuid::from_u128(0xA1));

async fn sums_agree_with_a_reading_of_every_row(world: &World) {
    let seed = 11;
    let mut dice = Dice::new(seed);
    let donors = [world.donor("Ali"), world.donor("Veli")];
    world.save_donors(&donors).await;
    let campaigns = [world.campaign("Su"), world.campaign("Ekmek")];
    for campaign in &campaigns {
        world.save_campaign(campaign).await.unwrap();
    }
    let amounts = [lira(100), lira(1), lira(999_999), lira(1_000_000), euro(7), usd(123_456_789)];
    let all: Vec<Donation> = (0..200)
        .map(|_| Donation {
            donor: dice.once_in(2).then(|| named(&dice.pick(&donors)).unwrap()),
            campaign: dice.once_in(2).then(|| for_campaign(&dice.pick(&campaigns)).unwrap()),
            amount: dice.pick(&amounts),
            method: dice.pick(&Method::ALL[..3]),
            state: dice.pick(&State::ALL[..2]),
            donated_on: day(2025, 12, 1) + chrono::Days::new(dice.below(70)),
            created_by: dice.once_in(2).then_some(ME),
            deleted_at: dice.once_in(5).then(|| later(0)),
            ..world.donation(lira(1))
        })
        .collect();
    world.save_donations(&all).await;

    let groupings: [&[GroupBy]; 6] = [
        &[],
        &[GroupBy::Month],
        &[GroupBy::Method],
        &[GroupBy::Campaign],
        &[GroupBy::Campaign, GroupBy::Month],
        &GroupBy::ALL,
    ];
    for round in 0..200 {
        let query = SummaryQuery {
            state: dice.pick(&State::ALL[..3]),
            donated_from: dice.pick_once_in(4, &[day(2025, 12, 15), day(2026, 1, 1)]),
            donated_to: dice.pick_once_in(4, &[day(2025, 12, 31), day(2026, 1, 31)]),
            currency: dice.pick_once_in(4, &amounts).map(Money::currency),
            method: dice.pick_once_in(4, &Method::ALL[..4]),
            campaign_id: dice.pick_once_in(4, &campaigns).map(|campaign| campaign.id),
            donor_id: dice.pick_once_in(4, &donors).map(|donor| donor.id),
            group_by: groupings[round % groupings.len()].to_vec(),
        };
        let scope = if dice.once_in(4) { Scope::Own(ME) } else { Scope::All };
        let summary = world.donations().summary(&query, scope).await.unwrap();
        assert_eq!(lines(&summary), naive(&all, &query, scope), "{query:?} {scope:?}, seed {seed}");
    }
}

/// Month, currency, method and campaign, with the count and the sum.
pub(super) type Line =
    ((Option<String>, &'static str, Option<&'static str>, Option<String>), (u64, i128));

pub(super) fn lines(summary: &Summary) -> Vec<Line> {
    summary
        .lines
        .iter()
        .map(|line| {
            let month = line.month.map(|month| month.to_string());
            let campaign = line.campaign.as_ref().map(|one| one.name.as_str().to_owned());
            let method = line.method.map(Method::as_str);
            ((month, line.currency.code(), method, campaign), (line.count, line.sum_minor))
        })
        .collect()
}

pub(super) fn naive(all: &[Donation], query: &SummaryQuery, scope: Scope) -> Vec<Line> {
    let mut sums = BTreeMap::new();
    for donation in all {
        let fits = donation.deleted_at.is_none()
            && donation.state == query.state
            && query.donated_from.is_none_or(|from| donation.donated_on >= from)
            && query.donated_to.is_none_or(|to| donation.donated_on <= to)
            && query.currency.is_none_or(|currency| donation.amount.currency() == currency)
            && query.method.is_none_or(|method| donation.method == method)
            && query
                .campaign_id
                .is_none_or(|id| donation.campaign.as_ref().is_some_and(|one| one.id == id))
            && query
                .donor_id
                .is_none_or(|id| donation.donor.as_ref().is_some_and(|one| one.id == id))
            && scope.creator().is_none_or(|creator| donation.created_by == Some(creator));
        if !fits {
            continue;
        }
        let by = |group| query.group_by.contains(&group);
        let month =
            by(GroupBy::Month).then(|| donation.donated_on.with_day(1).unwrap().to_string());
        let method = by(GroupBy::Method).then(|| donation.method.as_str());
        let campaign = donation
            .campaign
            .as_ref()
            .filter(|_| by(GroupBy::Campaign))
            .map(|one| one.name.as_str().to_owned());
        let line = (month, donation.amount.currency().code(), method, campaign);
        let (count, sum) = sums.entry(line).or_insert((0, 0));
        *count += 1;
        *sum += i128::from(donation.amount.minor());
    }
    sums.into_iter().collect()
}

async fn sums_of_nothing_have_no_line(world: &World) {
    let query = SummaryQuery { group_by: GroupBy::ALL.to_vec(), ..SummaryQuery::default() };
    let summary = world.donations().summary(&query, Scope::All).await.unwrap();
    assert_eq!(summary, Summary { lines: Vec::new() });
}

async fn sums_may_be_larger_than_any_one_number_of_the_database(world: &World) {
    let donations: Vec<Donation> = [i64::MAX, i64::MAX, i64::MAX - 1, Money::MAX_MINOR, 999_999]
        .into_iter()
        .map(|minor| Donation { state: State::Completed, ..world.donation(lira(minor)) })
        .collect();
    world.save_donations(&donations).await;
    let summary = world.donations().summary(&SummaryQuery::default(), Scope::All).await.unwrap();
    let sum: i128 = donations.iter().map(|one| i128::from(one.amount.minor())).sum();
    assert_eq!(lines(&summary), [((None, "TRY", None, None), (5, sum))]);
}

async fn a_campaign_keeps_its_name_in_sums_when_it_goes_to_the_trash(world: &World) {
    let campaign = world.campaign("Deprem");
    world.save_campaign(&campaign).await.unwrap();
    let donation = Donation {
        campaign: for_campaign(&campaign),
        state: State::Completed,
        ..world.donation(lira(5))
    };
    world.save_donation(&donation).await;
    let campaign = Campaign { deleted_at: Some(later(0)), ..campaign };
    world.change_campaign(&campaign).await.unwrap();
    let query = SummaryQuery { group_by: vec![GroupBy::Campaign], ..SummaryQuery::default() };
    let summary = world.donations().summary(&query, Scope::All).await.unwrap();
    let named: Vec<Option<CampaignRef>> =
        summary.lines.into_iter().map(|line| line.campaign).collect();
    assert_eq!(named, [for_campaign(&campaign)]);
}
