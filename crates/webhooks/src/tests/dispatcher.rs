use std::sync::{Arc, Mutex};

use almoner_kernel::{Notice, StoreError};
use mockall::Sequence;
use uuid::Uuid;

use super::{
    START,
    mocks::{MockClock, MockFeed, MockIds, MockOutbox},
    notice, webhook,
};
use crate::{Dispatcher, Webhook};

type Put = (i64, i64, Vec<String>);

/// A feed with these changes, an outbox with these webhooks at this position, and what was put; each
/// `put` is answered by the next of `answers`.
fn stage(
    head: i64,
    notices: Vec<Notice>,
    active: Vec<Vec<Webhook>>,
    positions: Vec<i64>,
    answers: Vec<bool>,
) -> (Dispatcher, Arc<Mutex<Vec<Put>>>) {
    let mut feed = MockFeed::new();
    feed.expect_head().returning(move || Ok(head));
    feed.expect_beyond().returning(|position| position + 1);
    feed.expect_after().returning(move |position, _| {
        Ok(notices.iter().filter(|one| one.position > position).take(2).cloned().collect())
    });
    let mut outbox = MockOutbox::new();
    let (active, positions, answers) =
        (Mutex::new(active), Mutex::new(positions), Mutex::new(answers));
    outbox.expect_active().returning(move || Ok(active.lock().unwrap().remove(0)));
    outbox.expect_position().returning(move || Ok(positions.lock().unwrap().remove(0)));
    let puts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&puts);
    outbox.expect_put().returning(move |from, to, deliveries, _| {
        let ids = deliveries.iter().map(|one| one.message_id()).collect();
        kept.lock().unwrap().push((from, to, ids));
        Ok(answers.lock().unwrap().remove(0))
    });
    let mut clock = MockClock::new();
    clock.expect_now().return_const(START);
    let mut ids = MockIds::new();
    ids.expect_next().return_const(Uuid::from_u128(1));
    (Dispatcher::new(Arc::new(feed), Arc::new(outbox), Arc::new(clock), Arc::new(ids)), puts)
}

fn message(position: i64) -> String {
    format!("msg_00000000000000000000000000000007_000000000000000c{position:016x}")
}

#[tokio::test]
async fn what_a_webhook_asks_for_is_stored_with_the_position() {
    let notices = vec![
        notice(11, "donation", "created"),
        notice(12, "donor", "created"),
        notice(13, "donor", "updated"),
    ];
    let (mut dispatcher, puts) = stage(13, notices, vec![vec![webhook()]], vec![10], vec![true; 2]);
    dispatcher.step().await.unwrap();
    dispatcher.step().await.unwrap();
    let expected = vec![(10, 12, vec![message(11)]), (12, 13, vec![message(13)])];
    assert_eq!(*puts.lock().unwrap(), expected);
}

#[tokio::test]
async fn nothing_is_written_while_nobody_is_told() {
    let notices = (1..=4).map(|at| notice(at, "donation", "created")).collect();
    let (mut dispatcher, puts) = stage(2, notices, vec![vec![]], vec![0], vec![]);
    dispatcher.step().await.unwrap();
    assert!(puts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_webhook_is_told_from_the_change_on_that_made_it() {
    let notices = vec![
        notice(11, "donation", "created"),
        notice(12, "webhook", "created"),
        notice(13, "donation", "created"),
    ];
    let new = Webhook { since: 11, ..webhook() };
    let (mut dispatcher, puts) = stage(10, notices, vec![vec![], vec![new]], vec![3], vec![true]);
    dispatcher.step().await.unwrap();
    dispatcher.step().await.unwrap();
    assert_eq!(*puts.lock().unwrap(), [(3, 13, vec![message(13)])]);
}

#[tokio::test]
async fn after_a_restart_it_goes_on_where_the_first_webhook_begins() {
    // The position is far behind because nobody was told of anything for long.
    let notices = (1..=12).map(|at| notice(at, "donation", "created")).collect();
    let (mut dispatcher, puts) = stage(12, notices, vec![vec![webhook()]], vec![2], vec![true]);
    dispatcher.step().await.unwrap();
    assert_eq!(*puts.lock().unwrap(), [(2, 12, vec![message(11), message(12)])]);
}

#[tokio::test]
async fn who_comes_second_goes_on_from_where_the_first_one_is() {
    let notices: Vec<Notice> = (11..=14).map(|at| notice(at, "donation", "created")).collect();
    let active = vec![vec![webhook()], vec![webhook()]];
    let (mut dispatcher, puts) = stage(12, notices, active, vec![10, 12], vec![false, true]);
    dispatcher.step().await.unwrap();
    dispatcher.step().await.unwrap();
    let expected =
        vec![(10, 12, vec![message(11), message(12)]), (12, 14, vec![message(13), message(14)])];
    assert_eq!(*puts.lock().unwrap(), expected);
}

#[tokio::test]
async fn after_an_error_it_begins_from_what_is_stored() {
    let mut feed = MockFeed::new();
    feed.expect_head().times(2).returning(|| Ok(12));
    feed.expect_beyond().returning(|position| position);
    let mut calls = 0;
    feed.expect_after().times(2).returning(move |_, _| {
        calls += 1;
        match calls {
            1 => Err(StoreError::Unavailable("away".into())),
            _ => Ok(vec![notice(11, "donation", "created")]),
        }
    });
    let mut outbox = MockOutbox::new();
    outbox.expect_active().times(2).returning(|| Ok(vec![webhook()]));
    outbox.expect_position().times(2).returning(|| Ok(10));
    outbox.expect_put().times(1).returning(|_, _, _, _| Ok(true));
    let mut clock = MockClock::new();
    clock.expect_now().return_const(START);
    let mut ids = MockIds::new();
    ids.expect_next().return_const(Uuid::from_u128(1));
    let (feed, outbox) = (Arc::new(feed), Arc::new(outbox));
    let mut dispatcher = Dispatcher::new(feed, outbox, Arc::new(clock), Arc::new(ids));
    assert!(dispatcher.step().await.is_err());
    dispatcher.step().await.unwrap();
}

/// The other way round, a webhook that is made while the place is looked for, and whose change
/// another instance has read already, would be told of nothing by this one.
#[tokio::test]
async fn who_is_told_is_asked_last() {
    let mut order = Sequence::new();
    let (mut feed, mut outbox) = (MockFeed::new(), MockOutbox::new());
    feed.expect_head().times(1).in_sequence(&mut order).returning(|| Ok(10));
    outbox.expect_position().times(1).in_sequence(&mut order).returning(|| Ok(10));
    outbox.expect_active().times(1).in_sequence(&mut order).returning(|| Ok(Vec::new()));
    feed.expect_beyond().returning(|position| position);
    feed.expect_after().returning(|_, _| Ok(Vec::new()));
    let (clock, ids) = (Arc::new(MockClock::new()), Arc::new(MockIds::new()));
    Dispatcher::new(Arc::new(feed), Arc::new(outbox), clock, ids).step().await.unwrap();
}
