//! Many who follow one list: what each costs in memory, and how long a change takes to reach all of
//! them.

use std::{
    cell::{Cell, RefCell},
    fmt::Write,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task, time,
};

use crate::{
    client::Connection,
    server::{Almoner, PASSWORD},
    visitor::Visitor,
};

/// What is to be measured.
#[derive(Args, Clone, Debug)]
pub struct Order {
    /// Streams at the same time. Both processes need as many open files.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub streams: usize,
    /// Changes, one after the other, each of which goes to every stream.
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub changes: usize,
    /// The binary to measure.
    #[arg(long, default_value = "target/release/almoner", value_name = "PATH")]
    pub binary: PathBuf,
    /// Where the data goes; it is removed first.
    #[arg(long, default_value = "target/load/live", value_name = "DIR")]
    pub folder: PathBuf,
    /// A database on a PostgreSQL server, empty; SQLite when nothing is said.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

const READER: &str = "live@example.org";
const LOGIN: &str = "/api/v1/auth/login";
/// Time between two changes: long enough for everybody to have the first.
const PAUSE: Duration = Duration::from_millis(750);
/// No change may take this long.
const TOO_LONG: Duration = Duration::from_secs(30);

/// What the streams have seen.
struct Watch {
    /// When each change was sent.
    sent: RefCell<Vec<Instant>>,
    /// From sending a change to reading it, µs.
    latency: RefCell<Histogram<u64>>,
    opened: Cell<usize>,
    seen: Cell<usize>,
}

/// Runs it; gives what came of it as Markdown.
pub async fn run(order: &Order, facts: Vec<(&'static str, String)>) -> anyhow::Result<String> {
    if order.folder.exists() {
        std::fs::remove_dir_all(&order.folder)?;
    }
    std::fs::create_dir_all(&order.folder)?;
    let many = (order.streams + 10).to_string();
    let almoner = Almoner::new(&order.binary, &order.folder, order.database.as_deref())
        .with("ALMONER_LIVE_MAX", &many)
        .with("ALMONER_LIVE_MAX_PER_USER", &many);
    let log = order.folder.join("server.log");
    // The first start makes the schema.
    almoner.serve(&log).await?.stop()?;
    almoner.create_admin(READER)?;
    let server = almoner.serve(&log).await?;
    let visitor = Visitor::log_in(server.address, LOGIN, READER, PASSWORD).await?;
    time::sleep(Duration::from_secs(1)).await;
    let before = server.process.memory()?;

    let watch = Rc::new(Watch {
        sent: RefCell::default(),
        latency: RefCell::new(Histogram::new_with_max(60_000_000, 3)?),
        opened: Cell::new(0),
        seen: Cell::new(0),
    });
    let mut request = Vec::new();
    visitor.get(&mut request, "/api/v1/donors");
    request.truncate(request.len() - 2);
    request.extend_from_slice(b"Accept: text/event-stream\r\n\r\n");
    let request = Rc::new(request);
    let mut readers = Vec::with_capacity(order.streams);
    for _ in 0..order.streams {
        let stream = TcpStream::connect(server.address).await.context("cannot connect")?;
        readers.push(task::spawn_local(read(stream, Rc::clone(&request), Rc::clone(&watch))));
    }
    wait(|| watch.opened.get() == order.streams).await.context("not every stream was opened")?;
    time::sleep(Duration::from_secs(2)).await;
    let idle = server.process.memory()?;

    let mut writer = Connection::open(server.address).await?;
    for number in 0..order.changes {
        let donor = json!({ "kind": "person", "name": format!("Change {number}!") }).to_string();
        let mut request = Vec::new();
        visitor.post(&mut request, "/api/v1/donors", donor.as_bytes(), None);
        watch.sent.borrow_mut().push(Instant::now());
        let status = writer.exchange(&request).await?.status;
        ensure!(status == 201, "a donor was not stored: {status}");
        let all = order.streams * (number + 1);
        wait(|| watch.seen.get() >= all).await.context("a change did not reach everybody")?;
        time::sleep(PAUSE).await;
    }
    let busy = server.process.memory()?;
    for reader in readers {
        reader.abort();
    }
    server.stop()?;

    let each = |now: u64| {
        let streams = u64::try_from(order.streams).unwrap_or(u64::MAX).max(1);
        format!(
            "{:.1} kB",
            (now.saturating_sub(before.resident) * 1024) as f64 / 1000.0 / streams as f64
        )
    };
    let latency = watch.latency.borrow();
    let ms =
        |quantile: f64| format!("{:.0} ms", latency.value_at_quantile(quantile) as f64 / 1000.0);
    let mut text = String::new();
    for (name, value) in facts {
        writeln!(text, "- {name}: {value}")?;
    }
    writeln!(
        text,
        "\n| streams | changes | memory of each, idle | after the changes | p50 | p99 | last |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|")?;
    writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {:.0} ms |",
        order.streams,
        order.changes,
        each(idle.resident),
        each(busy.resident),
        ms(0.5),
        ms(0.99),
        latency.max() as f64 / 1000.0,
    )?;
    Ok(text)
}

/// Reads one stream until it is ended.
async fn read(mut stream: TcpStream, request: Rc<Vec<u8>>, watch: Rc<Watch>) -> anyhow::Result<()> {
    stream.write_all(&request).await?;
    // The head and the snapshot.
    let mut buffer = vec![0; 1024];
    let mut tail = Vec::new();
    let mut is_open = false;
    loop {
        let read = stream.read(&mut buffer).await?;
        ensure!(read > 0, "the stream ended");
        tail.extend_from_slice(&buffer[..read]);
        while let Some(end) = tail.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = tail.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&block);
            if text.contains("event: snapshot") {
                is_open = true;
                watch.opened.set(watch.opened.get() + 1);
            } else if let Some(number) = change(&text).filter(|_| is_open) {
                let sent = watch.sent.borrow()[number];
                let took = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                watch.latency.borrow_mut().saturating_record(took);
                watch.seen.set(watch.seen.get() + 1);
            }
        }
        tail.shrink_to_fit();
    }
}

/// Which change an event tells of.
fn change(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("\"name\":\"Change ")?;
    rest.split_once('!')?.0.parse().ok()
}

async fn wait(is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let began = Instant::now();
    while !is_so() {
        ensure!(began.elapsed() < TOO_LONG, "too long");
        time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_change() {
        assert_eq!(change(r#"data: {"record":{"name":"Change 12!"}}"#), Some(12));
        assert_eq!(change("event: snapshot"), None);
    }
}
