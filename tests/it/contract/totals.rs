//! The totals that the database keeps are those of its donations, whatever happens to these.

use almoner_donations::{Campaign, Donation, Donor, GroupBy, Method, State, SummaryQuery};
use almoner_kernel::{Scope, UserId, Version};
use almoner_persistence::MigrationStep;
use almoner_records::Kept;
use chrono::Days;
use uuid::Uuid;

use super::summary::{lines, naive};
use crate::support::{
    Dice, World, changed, day, euro, for_campaign, later, lira, named, usd, with,
};

on_both![
    totals_follow_every_change_of_a_donation,
    totals_follow_changes_that_go_around_the_program,
    totals_of_what_was_given_up_do_not_stay,
    totals_that_somebody_changed_are_noticed_and_counted_anew,
    totals_are_counted_when_the_step_that_brings_them_finds_donations,
];

const USERS: [UserId; 2] = [UserId::new(Uuid::from_u128(0xA1)), UserId::new(Uuid::from_u128(0xA2))];

/// Donations as they can be: over four months with their ends, now and then in the trash.
struct Drawing {
    dice: Dice,
    campaigns: Vec<Kept<Campaign>>,
    donors: Vec<Kept<Donor>>,
}

impl Drawing {
    async fn new(world: &World, seed: u64) -> Self {
        let campaigns = vec![world.campaign("Su"), world.campaign("Ekmek")];
        for campaign in &campaigns {
            world.save_campaign(campaign).await.unwrap();
        }
        let donors = vec![world.donor("Ali"), world.donor("Veli")];
        world.save_donors(&donors).await;
        Self { dice: Dice::new(seed), campaigns, donors }
    }

    /// The donation with every counted field drawn anew that can change.
    fn draw(&mut self, donation: Kept<Donation>) -> Kept<Donation> {
        let dice = &mut self.dice;
        let minor = dice.pick(&[1, 999_999, 1_000_000, 1_000_001, i64::MAX]);
        with(donation, |it| {
            it.own.donor_id = dice.once_in(2).then(|| named(&dice.pick(&self.donors)).unwrap());
            it.own.campaign_id =
                dice.once_in(2).then(|| for_campaign(&dice.pick(&self.campaigns)).unwrap());
            it.own.amount = Some(dice.pick(&[lira(minor), euro(minor), usd(minor)]));
            it.own.method = dice.pick(&Method::ALL[..3]);
            if dice.once_in(5) {
                it.own.method = Method::InKind;
                it.own.amount = None;
            }
            it.own.state = dice.pick(State::ALL);
            it.own.donated_on = day(2025, 11, 28) + Days::new(dice.below(66));
            it.deleted_at = dice.once_in(4).then(|| later(0));
        })
    }

    fn new_one(&mut self, world: &World) -> Kept<Donation> {
        let created_by = self.dice.pick_once_in(2, &USERS);
        self.draw(with(world.donation(lira(1)), |it| it.created_by = created_by))
    }

    /// Sums as somebody could ask for them.
    fn ask(&mut self) -> (SummaryQuery, Scope) {
        let dice = &mut self.dice;
        let days = [day(2025, 11, 30), day(2025, 12, 1), day(2025, 12, 31), day(2026, 1, 15)];
        let group_by = GroupBy::ALL.into_iter().filter(|_| dice.once_in(2)).collect();
        let query = SummaryQuery {
            state: dice.pick(State::ALL),
            donated_from: dice.pick_once_in(2, &days),
            donated_to: dice.pick_once_in(2, &days),
            campaign_id: dice.pick_once_in(4, &self.campaigns).map(|campaign| campaign.id),
            method: dice.pick_once_in(4, &Method::ALL[..3]),
            group_by,
            ..SummaryQuery::default()
        };
        let scope = dice.pick_once_in(2, &USERS).map_or(Scope::All, Scope::Own);
        (query, scope)
    }
}

async fn totals_follow_every_change_of_a_donation(world: &World) {
    let seed = 23;
    let mut drawing = Drawing::new(world, seed).await;
    let mut all: Vec<Kept<Donation>> = Vec::new();
    for step in 0..120 {
        let some = usize::try_from(drawing.dice.below(all.len().max(1) as u64)).unwrap();
        let done = match drawing.dice.below(if all.is_empty() { 2 } else { 6 }) {
            0 => {
                let donation = drawing.new_one(world);
                world.save_donation(&donation).await;
                all.push(donation);
                "one is stored"
            }
            1 => {
                let more: Vec<_> = (0..5).map(|_| drawing.new_one(world)).collect();
                world.save_donations(&more).await;
                all.extend(more);
                "several are stored at once"
            }
            2 => {
                let other = drawing.draw(all[some].clone());
                all[some] = world.change_donation(&other).await.unwrap();
                "one is another in everything"
            }
            3 => {
                let deleted_at = all[some].deleted_at.xor(Some(later(1)));
                let moved = with(all[some].clone(), |it| {
                    it.deleted_at = deleted_at;
                });
                all[some] = world.change_donation(&moved).await.unwrap();
                "one goes to the trash or comes back"
            }
            4 => {
                // Two changes of one donation in one unit, and another one beside it.
                let fresh = drawing.new_one(world);
                let first = drawing.draw(all[some].clone());
                let first = with(first, |it| {
                    it.version = it.version.next();
                });
                let second = drawing.draw(first.clone());
                let second = with(second, |it| {
                    it.version = it.version.next();
                });
                let mut tx = world.donations().begin().await.unwrap();
                tx.update(&first).await.unwrap();
                tx.insert(&fresh).await.unwrap();
                tx.update(&second).await.unwrap();
                tx.commit(changed(&second)).await.unwrap();
                all[some] = second;
                all.push(fresh);
                "one unit changes one twice and stores another"
            }
            _ => {
                let gone = all.swap_remove(some);
                let mut tx = world.donations().begin().await.unwrap();
                tx.purge(gone.id).await.unwrap();
                tx.commit(changed(&gone)).await.unwrap();
                "one is destroyed"
            }
        };
        assert_eq!(
            world.store.wrong_totals().await.unwrap(),
            0,
            "{done}, step {step}, seed {seed}"
        );
        let (query, scope) = drawing.ask();
        let summary = world.sums().summary(&query, scope).await.unwrap();
        assert_eq!(
            lines(&summary),
            naive(&all, &query, scope),
            "{done}, step {step}, seed {seed}: {query:?} {scope:?}"
        );
    }
}

async fn totals_follow_changes_that_go_around_the_program(world: &World) {
    let mut drawing = Drawing::new(world, 5).await;
    let all: Vec<_> = (0..40).map(|_| drawing.new_one(world)).collect();
    world.save_donations(&all).await;
    for repair in [
        "UPDATE donations SET state = 'cancelled' WHERE method = 'cash'",
        "UPDATE donations SET campaign_id = NULL, created_by = NULL",
        "UPDATE donations SET donated_on = '2024-02-29' WHERE currency = 'EUR'",
        "UPDATE donations SET deleted_at = NULL",
        "DELETE FROM donations WHERE amount_minor = 1",
        "DELETE FROM donations",
    ] {
        world.sql(repair).await;
        assert_eq!(world.store.wrong_totals().await.unwrap(), 0, "{repair}");
    }
    assert_eq!(world.number("coalesce(sum(donations), 0)", "FROM donation_totals").await, 0);
}

async fn totals_of_what_was_given_up_do_not_stay(world: &World) {
    let stored = with(world.donation(lira(5)), |it| {
        it.own.state = State::Completed;
    });
    world.save_donation(&stored).await;
    let mut tx = world.donations().begin().await.unwrap();
    tx.insert(&world.donation(lira(7))).await.unwrap();
    tx.purge(stored.id).await.unwrap();
    drop(tx);
    // A unit that finds out at its end that it was carried out already, or lost a race.
    let mut tx = world.donations().begin().await.unwrap();
    tx.insert(&world.donation(lira(8))).await.unwrap();
    let late = with(stored.clone(), |it| {
        it.version = Version::new(9);
    });
    assert!(tx.update(&late).await.is_err());
    drop(tx);
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);
    let kept = world.number("CAST(sum(rests) AS bigint)", "FROM donation_totals").await;
    // By month and by day; nobody in particular has entered it.
    assert_eq!(kept, 2 * 5);
}

async fn totals_that_somebody_changed_are_noticed_and_counted_anew(world: &World) {
    let mut drawing = Drawing::new(world, 6).await;
    let all: Vec<_> = (0..40).map(|_| drawing.new_one(world)).collect();
    world.save_donations(&all).await;
    let some = with(world.donation(lira(5)), |it| {
        it.own.state = State::Completed;
    });
    world.save_donation(&some).await;
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);

    world.sql("UPDATE donation_totals SET rests = rests + 1 WHERE rests = 5").await;
    assert_eq!(world.store.wrong_totals().await.unwrap(), 2, "by month and by day");
    world.sql("DELETE FROM donation_totals WHERE span = 'month'").await;
    assert!(world.store.wrong_totals().await.unwrap() > 2);
    world.store.rebuild_totals().await.unwrap();
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);
    let summary = world.sums().summary(&SummaryQuery::default(), Scope::All).await.unwrap();
    let all: Vec<_> = all.into_iter().chain([some]).collect();
    assert_eq!(lines(&summary), naive(&all, &SummaryQuery::default(), Scope::All));
}

async fn totals_are_counted_when_the_step_that_brings_them_finds_donations(world: &World) {
    let mut drawing = Drawing::new(world, 7).await;
    // Of known worth: there was no other then, and no way down from it.
    let all: Vec<_> = (0..40)
        .map(|_| drawing.new_one(world))
        .filter(|donation| donation.own.amount.is_some())
        .collect();
    world.save_donations(&all).await;
    let steps = world.store.migrations().await.unwrap();
    let brings_totals = |step: &MigrationStep| step.name.ends_with("_totals");
    let later = steps.iter().rev().position(brings_totals).unwrap() + 1;
    world.store.migrate_down(u32::try_from(later).unwrap()).await.unwrap();
    world.store.migrate_up(None).await.unwrap();
    assert!(world.rows("donation_totals").await > 0);
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);
}
