//! Sums and counts are those of a reading of every row.

use std::collections::BTreeMap;

use almoner_donations::{CampaignRef, Donation, GroupBy, Method, State, Summary, SummaryQuery};
use almoner_kernel::{Money, Scope, UserId};
use almoner_records::{Kept, Ref};
use chrono::Datelike;
use uuid::Uuid;

use crate::support::{Dice, World, day, euro, for_campaign, later, lira, named, usd, with};

on_both![
    sums_agree_with_a_reading_of_every_row,
    sums_of_nothing_have_no_line,
    an_id_that_is_nobodys_is_that_of_no_campaign_either,
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
    let all: Vec<Kept<Donation>> = (0..200)
        .map(|_| {
            with(world.donation(lira(1)), |it| {
                it.own.donor_id = dice.once_in(2).then(|| named(&dice.pick(&donors)).unwrap());
                it.own.campaign_id =
                    dice.once_in(2).then(|| for_campaign(&dice.pick(&campaigns)).unwrap());
                it.own.amount = Some(dice.pick(&amounts));
                it.own.method = dice.pick(&Method::ALL[..3]);
                if dice.once_in(4) {
                    it.own.method = Method::InKind;
                    it.own.amount = dice.once_in(2).then(|| lira(5));
                }
                it.own.state = dice.pick(&State::ALL[..2]);
                it.own.donated_on = day(2025, 12, 1) + chrono::Days::new(dice.below(70));
                it.created_by = dice.once_in(2).then_some(ME);
                it.deleted_at = dice.once_in(5).then(|| later(0));
            })
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
        let summary = world.sums().summary(&query, scope).await.unwrap();
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
            let campaign = line.campaign.as_ref().map(|one| one.name.clone());
            let method = line.method.map(Method::as_str);
            (
                (month, line.currency.map_or("", |currency| currency.code()), method, campaign),
                (line.count, line.sum_minor),
            )
        })
        .collect()
}

pub(super) fn naive(all: &[Kept<Donation>], query: &SummaryQuery, scope: Scope) -> Vec<Line> {
    let mut sums = BTreeMap::new();
    for donation in all {
        let fits = donation.deleted_at.is_none()
            && donation.state == query.state
            && query.donated_from.is_none_or(|from| donation.donated_on >= from)
            && query.donated_to.is_none_or(|to| donation.donated_on <= to)
            && query
                .currency
                .is_none_or(|code| donation.amount.is_some_and(|it| it.currency() == code))
            && query.method.is_none_or(|method| donation.method == method)
            && query
                .campaign_id
                .is_none_or(|id| donation.campaign_id.as_ref().is_some_and(|one| one.id() == id))
            && query
                .donor_id
                .is_none_or(|id| donation.donor_id.as_ref().is_some_and(|one| one.id() == id))
            && scope.creator().is_none_or(|creator| donation.created_by == Some(creator));
        if !fits {
            continue;
        }
        let by = |group| query.group_by.contains(&group);
        let month =
            by(GroupBy::Month).then(|| donation.donated_on.with_day(1).unwrap().to_string());
        let method = by(GroupBy::Method).then(|| donation.method.as_str());
        let campaign = donation
            .campaign_id
            .as_ref()
            .filter(|_| by(GroupBy::Campaign))
            .and_then(Ref::name)
            .map(str::to_owned);
        let code = donation.amount.map_or("", |amount| amount.currency().code());
        let line = (month, code, method, campaign);
        let (count, sum) = sums.entry(line).or_insert((0, 0));
        *count += 1;
        *sum += donation.amount.map_or(0, |amount| i128::from(amount.minor()));
    }
    sums.into_iter().collect()
}

async fn sums_of_nothing_have_no_line(world: &World) {
    let query = SummaryQuery { group_by: GroupBy::ALL.to_vec(), ..SummaryQuery::default() };
    let summary = world.sums().summary(&query, Scope::All).await.unwrap();
    assert_eq!(summary, Summary { lines: Vec::new() });
}

async fn sums_may_be_larger_than_any_one_number_of_the_database(world: &World) {
    let donations: Vec<Kept<Donation>> =
        [i64::MAX, i64::MAX, i64::MAX - 1, Money::MAX_MINOR, 999_999]
            .into_iter()
            .map(|minor| {
                with(world.donation(lira(minor)), |it| {
                    it.own.state = State::Completed;
                })
            })
            .collect();
    world.save_donations(&donations).await;
    let summary = world.sums().summary(&SummaryQuery::default(), Scope::All).await.unwrap();
    let sum: i128 =
        donations.iter().filter_map(|one| one.amount).map(|it| i128::from(it.minor())).sum();
    assert_eq!(lines(&summary), [((None, "TRY", None, None), (5, sum))]);
}

async fn an_id_that_is_nobodys_is_that_of_no_campaign_either(world: &World) {
    let donation = with(world.donation(lira(5)), |it| {
        it.own.state = State::Completed;
    });
    world.save_donation(&donation).await;
    let nobody = Some(almoner_kernel::Id::new(Uuid::nil()));
    let query = SummaryQuery { campaign_id: nobody, ..SummaryQuery::default() };
    for scope in [Scope::All, Scope::Own(ME)] {
        let summary = world.sums().summary(&query, scope).await.unwrap();
        assert_eq!(lines(&summary), []);
    }
}

async fn a_campaign_keeps_its_name_in_sums_when_it_goes_to_the_trash(world: &World) {
    let campaign = world.campaign("Deprem");
    world.save_campaign(&campaign).await.unwrap();
    let donation = with(world.donation(lira(5)), |it| {
        it.own.campaign_id = for_campaign(&campaign);
        it.own.state = State::Completed;
    });
    world.save_donation(&donation).await;
    let campaign = with(campaign, |it| {
        it.deleted_at = Some(later(0));
    });
    world.change_campaign(&campaign).await.unwrap();
    let query = SummaryQuery { group_by: vec![GroupBy::Campaign], ..SummaryQuery::default() };
    let summary = world.sums().summary(&query, Scope::All).await.unwrap();
    let named: Vec<Option<CampaignRef>> =
        summary.lines.into_iter().map(|line| line.campaign).collect();
    let name = campaign.name.as_str().to_owned();
    assert_eq!(named, [Some(CampaignRef { id: campaign.id, name })]);
}
