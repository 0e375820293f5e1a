//! Whether the server can work: what `/health/ready` asks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use almoner_adapters::{backup::schedule::Standing, trusted::TrustedTime};
use almoner_http::health::{Part, PartStatus, Readiness};
use almoner_persistence::Store;
use async_trait::async_trait;

use crate::jobs::standing::Standing as QueueStanding;

/// 1 while a `part` of the readiness can work, otherwise 0.
pub const PART_UP: &str = "almoner_part_up";

/// How often the parts are looked at when nobody asks: as often as metrics are collected.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Asks the database, and whether its schema is this program's.
pub struct StoreReadiness {
    store: Store,
    // The schema of a running server does not go back by itself: once is enough.
    is_migrated: AtomicBool,
    is_leaving: AtomicBool,
    queue: Option<Arc<QueueStanding>>,
    backups: Option<Arc<Standing>>,
    time: Option<Arc<TrustedTime>>,
}

impl StoreReadiness {
    /// Asks that store.
    pub const fn new(store: Store) -> Self {
        let (is_migrated, is_leaving) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { store, is_migrated, is_leaving, queue: None, backups: None, time: None }
    }

    /// The same with the queue of jobs.
    pub fn with_queue(self, queue: Arc<QueueStanding>) -> Self {
        Self { queue: Some(queue), ..self }
    }

    /// The same with scheduled backups, when they are on.
    pub fn with_backups(self, backups: Option<Arc<Standing>>) -> Self {
        Self { backups, ..self }
    }

    /// The same with the time.
    pub fn with_time(self, time: Arc<TrustedTime>) -> Self {
        Self { time: Some(time), ..self }
    }

    /// From now on load balancers are told to send requests elsewhere.
    pub fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Judges the parts now and then for as long as it is polled, so that the metrics tell of them where
    /// no load balancer asks.
    pub async fn watch(&self) {
        let mut round = tokio::time::interval(LOOK_EVERY);
        loop {
            round.tick().await;
            self.check().await;
        }
    }

    async fn database(&self) -> PartStatus {
        match self.store.ping().await {
            Ok(()) => PartStatus::Up,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the database does not answer");
                PartStatus::Down
            }
        }
    }

    async fn migrations(&self) -> PartStatus {
        if self.is_migrated.load(Ordering::Relaxed) {
            return PartStatus::Up;
        }
        match self.store.migrations().await {
            Ok(steps) if steps.iter().all(|step| step.is_applied) => {
                self.is_migrated.store(true, Ordering::Relaxed);
                PartStatus::Up
            }
            Ok(_) => PartStatus::Down,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the migrations cannot be read");
                PartStatus::Down
            }
        }
    }
}

#[async_trait]
impl Readiness for StoreReadiness {
    async fn check(&self) -> Vec<Part> {
        let database = self.database().await;
        let migrations = match database {
            PartStatus::Up => self.migrations().await,
            PartStatus::Down => PartStatus::Down,
        };
        let mut parts =
            vec![Part::needed("database", database), Part::needed("migrations", migrations)];
        if let Some(queue) = &self.queue {
            // No request needs it: a queue that stands still is for an operator to look at.
            let status = if queue.is_well() { PartStatus::Up } else { PartStatus::Down };
            parts.push(Part::watched("queue", status, None));
        }
        if let Some(backups) = &self.backups {
            let status = if backups.is_overdue() { PartStatus::Down } else { PartStatus::Up };
            parts.push(Part::watched("backup", status, backups.age().map(|age| age.as_secs())));
        }
        // Reading goes on without it, on every instance alike: sending requests elsewhere helps nobody.
        let is_writable = database == PartStatus::Up && self.store.can_write().await;
        let status = if is_writable { PartStatus::Up } else { PartStatus::Down };
        parts.push(Part::watched("writes", status, None));
        if let Some(time) = &self.time {
            let status = if time.is_doubted() { PartStatus::Down } else { PartStatus::Up };
            let clock = Part::watched("clock", status, None);
            tell(&clock);
            if status == PartStatus::Down {
                parts.push(clock);
            }
        }
        if self.is_leaving.load(Ordering::Relaxed) {
            parts.push(Part::needed("intake", PartStatus::Down));
        }
        parts.iter().for_each(tell);
        parts
    }
}

fn tell(part: &Part) {
    let is_up = f64::from(part.status == PartStatus::Up);
    metrics::gauge!(PART_UP, "part" => part.name).set(is_up);
}
