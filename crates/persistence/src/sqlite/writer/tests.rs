//! What becomes of those who share an outer transaction that SQLite rolls back by itself.

use almoner_kernel::{Fault, Kind};
use futures_util::FutureExt;
use sea_orm::ConnectionTrait;

use super::*;
use crate::error::store_error;

/// A file with a table, and its writer.
async fn open() -> (tempfile::TempDir, Writer) {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::open(&folder.path().join("almoner.db")).unwrap();
    writer.with(|connection| connection.execute_batch("CREATE TABLE gifts (kurus)")).await.unwrap();
    (folder, writer)
}

async fn writing(writer: &Writer) -> Unit {
    let unit = writer.begin().await.unwrap();
    unit.execute_unprepared("INSERT INTO gifts VALUES (1)").await.unwrap();
    unit
}

/// What SQLite does of its own accord when the disk is full or broken.
fn lose(connection: &Connection) {
    connection.execute_batch("ROLLBACK").unwrap();
}

#[track_caller]
fn assert_unavailable(outcome: Result<(), DbErr>) {
    let error = store_error(outcome.unwrap_err());
    assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
}

async fn stored(writer: &Writer) -> i64 {
    let count = "SELECT count(*) FROM gifts";
    writer.with(|connection| connection.query_row(count, [], |row| row.get(0))).await.unwrap()
}

#[tokio::test]
async fn a_unit_that_lost_its_transaction_and_those_before_it_are_told() {
    let (_folder, writer) = open().await;
    let first = writing(&writer).await;
    // In line before the flusher, so that it shares the transaction of the first.
    let mut line = Box::pin(writer.begin());
    assert!(line.as_mut().now_or_never().is_none());
    let mut first = Box::pin(first.commit());
    assert!(first.as_mut().now_or_never().is_none());
    let second = line.await.unwrap();
    second
        .run(|connection| {
            lose(connection);
            Ok(())
        })
        .unwrap();
    assert_unavailable(second.execute_unprepared("INSERT INTO gifts VALUES (2)").await.map(drop));
    assert_unavailable(second.commit().await);
    assert_unavailable(first.await);
    assert_eq!(stored(&writer).await, 0);
}

#[tokio::test]
async fn who_waits_for_a_flush_that_has_nothing_to_flush_is_told() {
    let (_folder, writer) = open().await;
    let first = writing(&writer).await;
    let mut line = Box::pin(Arc::clone(&writer.desk).lock_owned());
    assert!(line.as_mut().now_or_never().is_none());
    let mut first = Box::pin(first.commit());
    assert!(first.as_mut().now_or_never().is_none());
    let desk = line.await;
    lose(&desk.connection());
    drop(desk);
    assert_unavailable(first.await);
    writing(&writer).await.commit().await.unwrap();
    assert_eq!(stored(&writer).await, 1);
}

#[tokio::test]
async fn the_flush_of_who_comes_next_is_not_that_of_who_was_lost() {
    let (_folder, writer) = open().await;
    let first = writing(&writer).await;
    let mut line = Box::pin(Arc::clone(&writer.desk).lock_owned());
    assert!(line.as_mut().now_or_never().is_none());
    let mut next = Box::pin(writer.begin());
    assert!(next.as_mut().now_or_never().is_none());
    let mut first = Box::pin(first.commit());
    assert!(first.as_mut().now_or_never().is_none());
    let desk = line.await;
    lose(&desk.connection());
    drop(desk);
    let next = next.await.unwrap();
    next.execute_unprepared("INSERT INTO gifts VALUES (2)").await.unwrap();
    next.commit().await.unwrap();
    assert_unavailable(first.await);
    assert_eq!(stored(&writer).await, 1);
}

#[tokio::test]
async fn who_stands_in_line_for_long_is_answered() {
    let (_folder, writer) = open().await;
    let long = writing(&writer).await;
    assert_unavailable(writer.begin().await.map(drop));
    long.commit().await.unwrap();
    writing(&writer).await.commit().await.unwrap();
    assert_eq!(stored(&writer).await, 2);
}
