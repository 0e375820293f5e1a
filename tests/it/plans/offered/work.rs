//! What is done later: mails and their links, jobs, webhooks and their deliveries.

use almoner_jobs::{JobQuery, JobState};
use almoner_kernel::{DeliveryId, MailTemplate, NewJob, PageRequest, id::DeliveryEntity};
use almoner_mail::{MailQuery, MailState};
use almoner_webhooks::{Delivery, DeliveryQuery, DeliveryState};
use uuid::Uuid;

use super::{Inspector, Known};
use crate::{
    plans::verdict::Order,
    support::{World, created, later},
};

const JOBS: usize = 30_000;

pub async fn mails(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = MailQuery::default;
    let (state, template) = (Some(MailState::Bounced), Some(MailTemplate::Invitation));
    let queries = [
        (any(), Order::FromIndex),
        (MailQuery { state, ..any() }, Order::FromIndex),
        (MailQuery { template, ..any() }, Order::FromIndex),
        (MailQuery { user_id: Some(known.user), ..any() }, Order::FromIndex),
        (MailQuery { state, template, ..any() }, Order::MaySort),
        (MailQuery { state, template, user_id: Some(known.user) }, Order::MaySort),
    ];
    for (query, order) in queries {
        inspector
            .list(format!("mails: {query:?}"), order, async |page| {
                world.mails().mails(&query, &page).await
            })
            .await;
    }
    let about = MailTemplate::NewDevice;
    let sent = world.mails().sent_between(known.user, about, later(0), later(1_000), 5);
    inspector.look("mails: sent to one user", Order::FromIndex, sent).await;
    let reading = world.mails().mail(world.id());
    inspector.look("mails: one", Order::FromIndex, reading).await;
    let reading = world.mails().device(world.id());
    inspector.look("mails: the device of a session", Order::FromIndex, reading).await;
    let reading = world.mails().link_expires_at(world.id());
    inspector.look("mails: a link", Order::FromIndex, reading).await;
    let reading = world.accounts().link(world.id());
    inspector.look("links: one", Order::FromIndex, reading).await;
    let reading = world.accounts().reset_request(Uuid::from_u128(1));
    inspector.look("requests for links: one", Order::FromIndex, reading).await;
}

/// Jobs of which most were done long ago, some wait and a few are dead, in kinds of any size.
async fn fill_jobs(world: &World) {
    let kinds = ["test.rare", "test.common", "test.common", "test.common"];
    let mut trail = created(&world.donor("Causes Much"));
    for n in 0..JOBS {
        let due = later(i64::try_from(n).unwrap());
        let kind = if n % 1_000 == 0 { kinds[0] } else { kinds[1 + n % 3] };
        trail = trail.enqueue(NewJob::new(kind, "{}".to_owned()).not_before(due));
    }
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let start = later(0).timestamp_millis();
    for (state, rest) in [("done", 3), ("failed", 1)] {
        world
            .sql(&format!(
                "UPDATE jobs SET state = '{state}', ended_at = due_at, due_at = NULL
                 WHERE state = 'waiting' AND due_at > {start} + 100 AND due_at % 50 > {rest}"
            ))
            .await;
    }
    let columns = "job_id, number, instance, began_at, ended_at, outcome, reason";
    let run = "id, 1, 'here:1', created_at, created_at, 'done', NULL";
    world.sql(&format!("INSERT INTO job_runs ({columns}) SELECT {run} FROM jobs")).await;
    world.store.refresh_statistics().await.unwrap();
}

pub async fn jobs(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    fill_jobs(world).await;
    let kinds = [None, Some("test.rare"), Some("test.common"), Some("test.none")];
    let states = [None, Some(JobState::Waiting), Some(JobState::Done), Some(JobState::Failed)];
    for kind in kinds {
        for state in states {
            let query = JobQuery { state, kind: kind.map(str::to_owned) };
            inspector
                .list(format!("jobs: {query:?}"), Order::FromIndex, async |page| {
                    world.jobs().list(&query, &page).await
                })
                .await;
        }
    }
    let newest = world.jobs().list(&JobQuery::default(), &PageRequest::default()).await.unwrap();
    let id = newest.items[0].id;
    inspector.look("a job", Order::FromIndex, async { world.jobs().find(id).await.unwrap() }).await;
    inspector
        .look("its runs", Order::FromIndex, async { world.jobs().runs(id, 100).await.unwrap() })
        .await;
    for kinds in [&["test.common"][..], &["test.none"], &["test.common", "test.rare"]] {
        let reading = async { world.queue().next_due(kinds).await.unwrap() };
        inspector.look("what is due first", Order::FromIndex, reading).await;
    }
    let reading = async { world.queue().backlog(later(1_000_000)).await.unwrap() };
    inspector.look("the backlog", Order::FromIndex, reading).await;
    let reading = async { world.queue().due_schedules(later(0)).await.unwrap() };
    inspector.look("due schedules", Order::FromIndex, reading).await;
}

/// Deliveries of a few webhooks, most of them delivered.
pub async fn webhooks(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let mut hooks = Vec::new();
    for _ in 0..20 {
        let webhook = world.webhook(true);
        world.save_webhook(&webhook).await;
        hooks.push(webhook);
    }
    let notices = world.feed_after(0, 10_000).await;
    let deliveries: Vec<Delivery> = notices
        .iter()
        .enumerate()
        .map(|(at, notice)| {
            let id = DeliveryId::new(world.id::<DeliveryEntity>().uuid());
            let delivery = Delivery::of(id, &hooks[at % hooks.len()], notice, later(at as i64));
            match at % 50 {
                0 => delivery,
                1 => delivery.given_up(later(at as i64)),
                _ => Delivery {
                    state: DeliveryState::Delivered,
                    ended_at: Some(later(at as i64)),
                    ..delivery
                },
            }
        })
        .collect();
    assert!(world.outbox().put(0, 1, &deliveries, later(0)).await.unwrap());
    world.store.refresh_statistics().await.unwrap();
    let port = world.webhooks();
    let order = Order::FromIndex;
    inspector.list("webhooks".to_owned(), order, async |page| port.list(&page).await).await;
    for state in [None, Some(DeliveryState::Failed), Some(DeliveryState::Delivered)] {
        let query = DeliveryQuery { state };
        let list = async |page: PageRequest| port.deliveries(hooks[3].id, &query, &page).await;
        inspector.list(format!("deliveries {state:?}"), order, list).await;
    }
    let outbox = world.outbox();
    let due = outbox.due(deliveries[7].id, later(0));
    inspector.look("a delivery that is due", order, due).await;
    inspector.look("old deliveries", order, outbox.forget(later(1), 500)).await;
}
