//! Schedules fire once for each of their times, and not while they are paused.

use almoner_jobs::{Plan, Rule};
use almoner_kernel::{Timestamp, Trail, id::JobEntity};

use crate::support::{World, as_system, later};

on_both![
    a_schedule_is_known_once_and_keeps_what_an_operator_did,
    a_schedule_fires_once_for_each_of_its_times,
    a_paused_schedule_does_not_fire,
];

fn plan(cron: &str) -> Plan {
    Plan { name: "test.one", rule: Rule::parse(cron, "Europe/Istanbul".parse().unwrap()).unwrap() }
}

async fn a_schedule_is_known_once_and_keeps_what_an_operator_did(world: &World) {
    // START is 15:00 in Istanbul.
    let hourly = plan("30 * * * *");
    for millis in [0, 1_000] {
        world.queue().register(std::slice::from_ref(&hourly), later(millis)).await.unwrap();
    }
    let known = world.jobs().schedules().await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].name.as_str(), known[0].next_at), ("test.one", Some(later(1_800_000))));
    let mut tx = world.jobs().begin().await.unwrap();
    let before = tx.schedule("test.one").await.unwrap().unwrap();
    tx.update_schedule(&before.paused()).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&before, &before.paused())).await.unwrap();
    // Another rule in a newer program.
    let daily = plan("0 3 * * *");
    world.queue().register(std::slice::from_ref(&daily), later(2_000)).await.unwrap();
    let known = world.jobs().schedules().await.unwrap().remove(0);
    assert_eq!((known.cron.as_str(), known.time_zone.as_str()), ("0 3 * * *", "Europe/Istanbul"));
    assert_eq!((known.is_paused, known.next_at), (true, None));
    assert_eq!(known.id, before.id);
    let resumed = known.resumed(later(0));
    assert_eq!(resumed.next_at, Some(later(12 * 3_600_000)), "3:00 in Istanbul is 0:00 UTC");
}

async fn a_schedule_fires_once_for_each_of_its_times(world: &World) {
    let plan = plan("*/10 * * * *");
    world.queue().register(std::slice::from_ref(&plan), later(0)).await.unwrap();
    assert_eq!(world.queue().due_schedules(later(599_999)).await.unwrap(), []);
    let due = world.queue().due_schedules(later(600_000)).await.unwrap().remove(0);
    let fire = async |at: Timestamp| {
        let job = due.job_of(world.id::<JobEntity>(), due.next_at.unwrap(), at);
        world.queue().fire(&due, &job, plan.rule.next(at)).await.unwrap()
    };
    assert!(fire(later(600_000)).await);
    assert!(!fire(later(600_000)).await, "another instance was faster");
    let jobs = world.take(600_000).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].job.schedule.as_deref(), Some("test.one"));
    let moved = world.jobs().schedules().await.unwrap().remove(0);
    let times = (moved.fired_at, moved.next_at);
    assert_eq!(times, (Some(later(600_000)), Some(later(1_200_000))));
    assert_eq!(moved.version, due.version);
}

async fn a_paused_schedule_does_not_fire(world: &World) {
    let plan = plan("*/10 * * * *");
    world.queue().register(std::slice::from_ref(&plan), later(0)).await.unwrap();
    let due = world.queue().due_schedules(later(600_000)).await.unwrap().remove(0);
    let mut tx = world.jobs().begin().await.unwrap();
    tx.update_schedule(&due.paused()).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(&due, &due.paused())).await.unwrap();
    assert_eq!(world.queue().due_schedules(later(600_000)).await.unwrap(), []);
    let job = due.job_of(world.id::<JobEntity>(), later(600_000), later(600_000));
    assert!(!world.queue().fire(&due, &job, None).await.unwrap());
    assert_eq!(world.rows("jobs").await, 0);
}
