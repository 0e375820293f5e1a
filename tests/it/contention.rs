//! Many at once: parallel writers, requests that are cut off, several processes on one database.

mod batches;
mod collisions;
mod cut_off;
mod feed;
mod jobs;
mod log;
mod logins;
mod migrations;
mod races;
mod several;
mod units;
mod writers;

use std::{sync::Arc, task::Poll};

use almoner_donations::{Donation, Method, State};
use almoner_kernel::Ids;
use almoner_persistence::Store;
use almoner_records::{Records, Rules, Step};

use crate::{
    http::house::terms,
    support::{CountedIds, World, day, lira, text},
};

/// The use cases of a kind over a store.
fn records<R: Rules>(store: &Store, ids: &Arc<CountedIds>) -> Records<R> {
    Records::new(Arc::new(store.clone()), Arc::clone(ids) as Arc<dyn Ids>, Arc::new(terms()))
}

fn donation_service(store: &Store, ids: &Arc<CountedIds>) -> Records<Donation> {
    records(store, ids)
}

/// A step of donations.
fn step(name: &str) -> &'static Step {
    almoner_kinds::REGISTRY.kind("donations").unwrap().step(name).unwrap()
}

fn draft(kurus: i64) -> Donation {
    Donation {
        donor_id: None,
        campaign_id: None,
        amount: Some(lira(kurus)),
        method: Method::Cash,
        state: State::Pending,
        purpose: text(Some(format!("bağış {kurus}"))),
        donated_on: day(2026, 3, 1),
        reference: None,
        notes: None,
        reason: None,
        settled_at: None,
    }
}

/// Starts all futures at once, each as a task of its own, and waits for every one.
async fn all_at_once<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

/// Polls a future until it has had to wait some times, then drops it, as a server does when the
/// client hangs up.
async fn cut_off_after<F: Future>(waits: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut waited = 0;
    std::future::poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if waited == waits => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

/// The trail is one chain without a gap, and has one row for each donation that was created.
async fn assert_one_row_each(world: &World, donations: i64) {
    assert_eq!(world.rows("donations").await, donations);
    assert_eq!(world.rows("changes").await, donations);
    let twice = "FROM (SELECT entity_id FROM changes GROUP BY entity_id HAVING count(*) > 1) AS t";
    assert_eq!(world.number("count(*)", twice).await, 0);
    assert_no_gap(world).await;
}

/// No change was counted twice or not at all, whoever it met.
async fn assert_totals(world: &World) {
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);
}

async fn assert_no_gap(world: &World) {
    let rows = world.rows("changes").await;
    if rows > 0 {
        assert_eq!(world.number("min(position)", "FROM changes").await, 1);
        assert_eq!(world.number("max(position)", "FROM changes").await, rows);
    }
    let verdict = world.verify().await;
    assert_eq!(verdict.finding, None);
    assert_eq!(i64::try_from(verdict.verified).unwrap(), rows);
}
