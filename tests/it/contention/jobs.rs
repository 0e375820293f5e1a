//! Many workers on one queue.

use std::{collections::HashSet, sync::Arc, time::Duration};

use almoner_jobs::{Claim, Ending, Plan, Queue, Rule, Verdict};
use almoner_kernel::{Ids, JobId, NewJob, Trail};
use almoner_persistence::{Store, StoreOptions};

use super::all_at_once;
use crate::support::{CountedIds, World, as_system, created, later};

on_both![
    no_job_is_taken_twice_however_many_ask,
    a_schedule_fires_once_however_many_instances_look,
    a_key_is_stored_once_however_many_commit_it,
];

const JOBS: u32 = 200;

/// How two processes have the database open.
async fn two_stores(world: &World) -> [Store; 2] {
    let options = StoreOptions {
        ids: Arc::new(CountedIds::new(2)) as Arc<dyn Ids>,
        ..world.options(false, 2)
    };
    [world.store.clone(), Store::open(options).await.unwrap()]
}

async fn no_job_is_taken_twice_however_many_ask(world: &World) {
    let mut trail = created(&world.donor("Causes Much"));
    for n in 0..JOBS {
        trail = trail.enqueue(NewJob::new("test.one", format!(r#"{{"n":{n}}}"#)));
    }
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let stores = two_stores(world).await;
    let taken = all_at_once((0..16).map(|n| {
        let store = stores[n % 2].clone();
        async move {
            let mut mine = Vec::new();
            loop {
                let claim = Claim {
                    kinds: &["test.one"],
                    limit: 7,
                    instance: "here:1",
                    at: later(0),
                    lease: Duration::from_secs(60),
                };
                let claimed = store.claim(&claim).await.unwrap();
                // None were free: others may still be writing down that they took them.
                if claimed.is_empty() {
                    if store.next_due(&["test.one"]).await.unwrap().is_none_or(|due| due > later(0))
                    {
                        return mine;
                    }
                    tokio::task::yield_now().await;
                }
                for one in claimed {
                    let verdict = Verdict { ending: Ending::Done, at: later(1) };
                    assert!(store.finish(&one, &verdict).await.unwrap());
                    mine.push(one.job.id);
                }
            }
        }
    }))
    .await;
    let taken: Vec<JobId> = taken.into_iter().flatten().collect();
    assert_eq!(taken.len(), JOBS as usize);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), JOBS as usize);
    assert_eq!(world.rows("job_runs").await, i64::from(JOBS));
    let [_, other] = stores;
    other.close().await.unwrap();
}

async fn a_schedule_fires_once_however_many_instances_look(world: &World) {
    let rule = Rule::parse("*/10 * * * *", "Europe/Istanbul".parse().unwrap()).unwrap();
    let plan = Plan { name: "test.one", rule: rule.clone() };
    let stores = two_stores(world).await;
    let registered = all_at_once(stores.clone().map(|store| {
        let plan = plan.clone();
        async move { store.register(&[plan], later(0)).await }
    }))
    .await;
    registered.into_iter().for_each(|outcome| outcome.unwrap());
    assert_eq!(world.rows("schedules").await, 1);
    let ids = Arc::clone(&world.ids);
    let fired = all_at_once((0..16).map(|n| {
        let (store, rule, ids) = (stores[n % 2].clone(), rule.clone(), Arc::clone(&ids));
        async move {
            let now = later(600_000);
            let mut fired = 0;
            for schedule in store.due_schedules(now).await.unwrap() {
                let job = schedule.job_of(JobId::new(ids.next()), schedule.next_at.unwrap(), now);
                fired += usize::from(store.fire(&schedule, &job, rule.next(now)).await.unwrap());
            }
            fired
        }
    }))
    .await;
    assert_eq!(fired.into_iter().sum::<usize>(), 1);
    assert_eq!(world.rows("jobs").await, 1);
    let [_, other] = stores;
    other.close().await.unwrap();
}

async fn a_key_is_stored_once_however_many_commit_it(world: &World) {
    let stores = two_stores(world).await;
    let outcomes = all_at_once((0..24).map(|n| {
        let store = stores[n % 2].clone();
        let donor = world.donor("Causes the Same");
        async move {
            let unit = almoner_audit::AuditTrail::begin(&store).await?;
            let key = |key: &str| NewJob::new("test.one", "{}".to_owned()).unique(key);
            // In either order: nobody waits for the other in a circle.
            let (a, b) = if n % 3 == 0 { ("a", "b") } else { ("b", "a") };
            let trail = Trail::of(&as_system()).created(&donor);
            unit.commit(trail.enqueue(key(a)).enqueue(key(b))).await
        }
    }))
    .await;
    outcomes.into_iter().for_each(|outcome| outcome.unwrap());
    assert_eq!(world.texts("unique_key", "FROM jobs ORDER BY unique_key").await, ["a", "b"]);
    assert!(world.verify().await.is_intact());
    let [_, other] = stores;
    other.close().await.unwrap();
}
