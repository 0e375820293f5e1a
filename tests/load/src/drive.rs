//! Closed loops: every connection asks, waits, judges and asks again until the time is over.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::{
    client::Connection,
    process::{Memory, Process},
    works::Work,
};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Answers within the time that was measured.
    pub answers: u64,
    /// Their bytes.
    pub bytes: u64,
    pub seconds: f64,
    /// Time from request to answer, in microseconds.
    pub waits: Histogram<u64>,
    /// Answers that were wrong, also while warming up.
    pub wrong: u64,
    /// What was wrong with the first ones.
    pub complaints: Vec<String>,
    /// Time that the server spent on the processors.
    pub server_time: Duration,
    /// The most memory of its own that the server was seen with.
    pub most_memory: Memory,
}

/// Waits longer than this are counted as this: one minute.
const LONGEST: u64 = 60_000_000;
/// Complaints that are kept.
const COMPLAINTS: usize = 5;
/// How often the server's memory is looked at.
const GLANCE: Duration = Duration::from_millis(100);

impl Outcome {
    /// Nothing yet.
    pub fn nothing() -> anyhow::Result<Self> {
        Ok(Self {
            answers: 0,
            bytes: 0,
            seconds: 0.0,
            waits: Histogram::new_with_max(LONGEST, 3).context("no histogram")?,
            wrong: 0,
            complaints: Vec::new(),
            server_time: Duration::ZERO,
            most_memory: Memory::default(),
        })
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.answers as f64 / self.seconds } else { 0.0 }
    }

    /// Milliseconds that so many of a hundred waits did not exceed.
    pub fn percentile(&self, percent: f64) -> f64 {
        self.waits.value_at_percentile(percent) as f64 / 1_000.0
    }

    /// Microseconds of the server's processors for each answer.
    pub fn server_micros(&self) -> f64 {
        if self.answers == 0 {
            0.0
        } else {
            self.server_time.as_micros() as f64 / self.answers as f64
        }
    }

    /// Mean bytes of a body.
    pub fn body(&self) -> usize {
        usize::try_from(self.bytes / self.answers.max(1)).unwrap_or_default()
    }

    /// Both together, one after the other.
    pub fn then(mut self, other: &Self) -> anyhow::Result<Self> {
        self.seconds += other.seconds;
        self.server_time += other.server_time;
        self.add(other)?;
        Ok(self)
    }

    /// Both together, side by side.
    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.answers += other.answers;
        self.bytes += other.bytes;
        self.waits.add(&other.waits)?;
        self.wrong += other.wrong;
        self.complaints.extend(other.complaints.iter().cloned());
        self.complaints.truncate(COMPLAINTS);
        if other.most_memory.anonymous > self.most_memory.anonymous {
            self.most_memory = other.most_memory;
        }
        Ok(())
    }

    fn record(&mut self, wait: Duration) {
        self.waits.saturating_record(u64::try_from(wait.as_micros()).unwrap_or(LONGEST));
    }
}

/// Drives works against a server, each on a connection of its own, and watches the process. Has to
/// run inside a `LocalSet`.
pub async fn drive(
    address: SocketAddr,
    works: Vec<Box<dyn Work>>,
    watched: Option<&Process>,
    warm_up: Duration,
    measured: Duration,
) -> anyhow::Result<Outcome> {
    let begin = Instant::now() + warm_up;
    let end = begin + measured;
    let mut loops = JoinSet::new();
    for work in works {
        loops.spawn_local(run(address, work, begin, end));
    }
    let mut outcome = Outcome { seconds: measured.as_secs_f64(), ..Outcome::nothing()? };
    if let Some(process) = watched {
        tokio::time::sleep_until(begin.into()).await;
        let before = process.time()?;
        while Instant::now() < end {
            let memory = process.memory()?;
            if memory.anonymous > outcome.most_memory.anonymous {
                outcome.most_memory = memory;
            }
            tokio::time::sleep_until((Instant::now() + GLANCE).min(end).into()).await;
        }
        outcome.server_time = process.time()?.saturating_sub(before);
    }
    while let Some(one) = loops.join_next().await {
        outcome.add(&one??)?;
    }
    Ok(outcome)
}

async fn run(
    address: SocketAddr,
    mut work: Box<dyn Work>,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::nothing()?;
    let mut connection = Connection::open(address).await?;
    let mut request = Vec::with_capacity(2_048);
    let mut asked = Instant::now();
    while asked < end {
        work.ask(&mut request);
        let answer = connection.exchange(&request).await?;
        let answered = Instant::now();
        if let Err(complaint) = work.judge(&answer) {
            outcome.wrong += 1;
            if outcome.complaints.len() < COMPLAINTS {
                outcome.complaints.push(complaint);
            }
        }
        if answered >= begin {
            // Who was still waiting at the end belongs to the waits, not to the rate.
            outcome.record(answered - asked);
            if answered <= end {
                outcome.answers += 1;
                outcome.bytes += answer.body.len() as u64;
            }
        }
        asked = Instant::now();
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_that_follow_each_other_add_up() {
        let one = |answers, millis| {
            let mut outcome = Outcome { answers, seconds: 2.0, ..Outcome::nothing().unwrap() };
            outcome.bytes = 100 * answers;
            outcome.server_time = Duration::from_micros(10 * answers);
            for _ in 0..answers {
                outcome.record(Duration::from_millis(millis));
            }
            outcome
        };
        let both = one(90, 1).then(&one(10, 50)).unwrap();
        assert!((both.rate() - 25.0).abs() < 1e-9);
        assert!((both.server_micros() - 10.0).abs() < 1e-9);
        assert_eq!(both.body(), 100);
        assert!((both.percentile(50.0) - 1.0).abs() < 0.01);
        assert!((both.percentile(99.0) - 50.0).abs() < 0.1);
    }

    #[test]
    fn nothing_has_no_rate() {
        let nothing = Outcome::nothing().unwrap();
        assert!(nothing.rate().abs() < f64::EPSILON);
        assert!(nothing.server_micros().abs() < f64::EPSILON);
    }
}
