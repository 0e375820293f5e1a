//! What the database knows of the time, and what a clock that was ahead has left in it.

use std::time::Duration;

use almoner_jobs::{Claim, Ending, JobState, Plan, Rule, Verdict};
use almoner_kernel::{NewJob, Trail};

use crate::support::{World, created, later};

on_both![
    the_time_is_that_of_the_newest_change_until_one_is_noted,
    a_later_time_of_another_instance_is_not_written_over,
    a_schedule_that_was_put_off_for_years_gets_its_next_time,
    jobs_and_leases_that_were_put_off_for_years_come_back,
];

/// Twenty years, in milliseconds.
const YEARS: i64 = 20 * 365 * 24 * 3_600_000;

async fn the_time_is_that_of_the_newest_change_until_one_is_noted(world: &World) {
    assert_eq!(world.store.trusted_time().await.unwrap(), None);
    let trail = Trail { at: later(7), ..created(&world.donor("Newest")) };
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    assert_eq!(world.store.trusted_time().await.unwrap(), Some(later(7)));
    world.store.note_trusted_time(later(9), None).await.unwrap();
    assert_eq!(world.store.trusted_time().await.unwrap(), Some(later(9)));
}

async fn a_later_time_of_another_instance_is_not_written_over(world: &World) {
    let known = async || world.store.trusted_time().await.unwrap();
    let note = async |at, instead_of: Option<i64>| {
        world.store.note_trusted_time(later(at), instead_of.map(later)).await.unwrap();
    };
    for (at, instead_of, then) in [
        (9, None, 9),
        (3, None, 9),
        // It had read an 8: meanwhile it was noted anew.
        (3, Some(8), 9),
        (4, Some(9), 4),
        (12, Some(8), 12),
        (13, None, 13),
    ] {
        note(at, instead_of).await;
        assert_eq!(known().await, Some(later(then)), "{at} instead of {instead_of:?}");
    }
    world.store.set_trusted_time(later(2)).await.unwrap();
    assert_eq!(known().await, Some(later(2)));
}

async fn a_schedule_that_was_put_off_for_years_gets_its_next_time(world: &World) {
    let rule = Rule::parse("*/10 * * * *", "Europe/Istanbul".parse().unwrap()).unwrap();
    let plans = [Plan { name: "test.one", rule }];
    world.queue().register(&plans, later(0)).await.unwrap();
    let next = async || world.jobs().schedules().await.unwrap().remove(0).next_at;
    assert_eq!(next().await, Some(later(600_000)));
    // A clock that went back a little fires nothing twice.
    assert_eq!(world.queue().mend(&plans, later(-300_000)).await.unwrap(), 0);
    world.sql(&format!("UPDATE schedules SET next_at = next_at + {YEARS}")).await;
    assert_eq!(world.queue().mend(&plans, later(0)).await.unwrap(), 1);
    assert_eq!(next().await, Some(later(600_000)));
    assert_eq!(world.queue().mend(&plans, later(0)).await.unwrap(), 0);
}

async fn jobs_and_leases_that_were_put_off_for_years_come_back(world: &World) {
    for kind in ["test.one", "test.two", "test.later"] {
        let week = later(7 * 24 * 3_600_000);
        let job = NewJob::new(kind, "{}".to_owned());
        let job = if kind == "test.later" { job.not_before(week) } else { job };
        let trail = created(&world.donor(kind)).enqueue(job);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let take = async |millis: i64| {
        let claim = Claim {
            kinds: &["test.one", "test.two", "test.later"],
            limit: 10,
            instance: "here:1",
            at: later(millis),
            lease: Duration::from_secs(60),
        };
        world.queue().claim(&claim).await.unwrap()
    };
    // Taken while the clock was ahead: one fails, the worker of the other dies.
    let taken = take(0).await;
    assert_eq!(taken.len(), 2);
    let again = Ending::Again { reason: "no".to_owned(), due_at: later(YEARS) };
    let verdict = Verdict { ending: again, at: later(0) };
    assert!(world.queue().finish(&taken[0], &verdict).await.unwrap());
    world.queue().renew(&taken[1], None, later(YEARS)).await.unwrap().unwrap();
    assert_eq!(take(120_000).await, []);

    assert_eq!(world.queue().mend(&[], later(120_000)).await.unwrap(), 2);
    let back = take(120_000).await;
    assert_eq!(back.iter().map(|one| one.job.id).collect::<Vec<_>>(), [taken[0].job.id]);
    // Its worker may be alive after all: it had another minute to say so.
    assert_eq!(take(179_999).await, []);
    let left = take(180_000).await;
    let of_the_dead = left.iter().find(|one| one.job.id == taken[1].job.id).unwrap();
    assert_eq!(of_the_dead.job.state, JobState::Running);
    // What waits for a week goes on waiting, and nothing is left to mend.
    assert_eq!(world.queue().mend(&[], later(180_000)).await.unwrap(), 0);
}
