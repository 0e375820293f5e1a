//! The log of SQLite: copied into the file while others write, or it would grow for as long as they do.

use std::{fs, path::Path, sync::Arc, time::Duration};

use almoner_persistence::sqlite::writer::Writer;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;

const MIB: u64 = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_copied_into_the_file_while_units_go_on_committing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let writer = Writer::open(&path).unwrap();
    commit(&writer, "CREATE TABLE blobs (bytes blob)").await;
    // A hundred times a megabyte, from four tasks at once.
    let writer = Arc::new(writer);
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move {
                for _ in 0..25 {
                    commit(&writer, "INSERT INTO blobs VALUES (randomblob(1048576))").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // The thread that copies may still be at it.
    while size(&path) < 60 * MIB {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let log = size(&folder.path().join("log.db-wal"));
    assert!(log < 80 * MIB, "the log has {log} bytes");
    let unit = writer.begin().await.unwrap();
    let count = "SELECT count(*) AS n FROM blobs WHERE length(bytes) = 1048576";
    let count = Statement::from_string(DbBackend::Sqlite, count);
    let row = unit.query_one_raw(count).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "n").unwrap(), 100);
}

async fn commit(writer: &Writer, sql: &str) {
    let unit = writer.begin().await.unwrap();
    unit.execute_unprepared(sql).await.unwrap();
    unit.commit().await.unwrap();
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).unwrap().len()
}
