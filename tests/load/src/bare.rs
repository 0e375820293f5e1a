//! What the server is compared with below HTTP: a bare loop on one thread that does the same
//! statements on the same rows with prepared statements, as a process of its own.

mod reads;
mod writes;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use argon2::Argon2;
use clap::Args;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

use crate::{sample::Sample, works::Kind};

/// How a bare loop is started.
#[derive(Args, Clone, Debug)]
pub struct Bare {
    /// The file of SQLite.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// What there is to ask for.
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
    /// What to do.
    #[arg(long, value_enum)]
    work: Kind,
    /// Writes in one transaction.
    #[arg(long, default_value_t = 1)]
    batch: u32,
    /// For how long.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

/// What a loop has done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    operations: u64,
    seconds: f64,
}

impl Done {
    /// Operations a second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.seconds
    }
}

/// Starts this program a second time, as a bare loop, and waits for it.
pub fn measure(
    file: &Path,
    sample: &Path,
    work: Kind,
    batch: usize,
    time: Duration,
) -> anyhow::Result<Done> {
    let name = serde_json::to_value(work)?;
    let output = Command::new(std::env::current_exe()?)
        .args(["bare", "--work", name.as_str().unwrap_or_default()])
        .args(["--batch", &batch.to_string(), "--seconds", &time.as_secs_f64().to_string()])
        .arg("--file")
        .arg(file)
        .arg("--sample")
        .arg(sample)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the bare loop said nothing")
}

/// Runs the loop and prints what it has done.
pub fn run(order: &Bare) -> anyhow::Result<()> {
    let sample: Sample = serde_json::from_slice(&fs::read(&order.sample)?)?;
    let connection = open(&order.file)?;
    let time = Duration::from_secs_f64(order.seconds);
    let done = match order.work {
        Kind::Get => reads::get(&connection, &sample, time),
        Kind::List => reads::list(&connection, &sample, time),
        Kind::Filtered => reads::filtered(&connection, &sample, time),
        Kind::Counted => reads::counted(&connection, &sample, time),
        Kind::Search => reads::search(&connection, &sample, time),
        Kind::Summary => reads::summary(&connection, &sample, time),
        Kind::SummaryAll => reads::summary_of_all(&connection, time),
        Kind::Create => writes::create(&connection, &sample, order.batch, time),
        Kind::Update => writes::update(&connection, &sample, order.batch, time),
        Kind::Login => passwords(time),
        Kind::Mixed => anyhow::bail!("there is no bare loop for that"),
    }?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&done)?)?;
    Ok(())
}

/// A connection with the settings of the server's own (`crates/persistence/src/sqlite.rs`).
fn open(file: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "mmap_size", 1_073_741_824_i64)?;
    Ok(connection)
}

/// Does it over and over; each call says how many operations it was.
fn repeat(time: Duration, mut once: impl FnMut() -> anyhow::Result<u64>) -> anyhow::Result<Done> {
    let warm = Instant::now() + WARM_UP;
    while Instant::now() < warm {
        once()?;
    }
    let begin = Instant::now();
    let mut operations = 0;
    while begin.elapsed() < time {
        operations += once()?;
    }
    Ok(Done { operations, seconds: begin.elapsed().as_secs_f64() })
}

/// Checks of a password, as the server does one for each login: Argon2id, 19 MiB, two passes.
fn passwords(time: Duration) -> anyhow::Result<Done> {
    let argon2 = Argon2::default();
    let mut hash = [0; 32];
    repeat(time, || {
        argon2
            .hash_password_into(crate::server::PASSWORD.as_bytes(), &[7; 16], &mut hash)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(1)
    })
}

const WARM_UP: Duration = Duration::from_millis(300);
