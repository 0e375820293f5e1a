//! Housekeeping: what is past its time is removed, and the database is kept in shape.

mod trash;

use std::{sync::Arc, time::Duration};

use almoner_adapters::trusted::TrustedTime;
use almoner_audit::{Audit, AuditError, Seal};
use almoner_jobs::Queue;
use almoner_kernel::{Actor, Attempt, Context, JobError, JobHandler, Origin, Progress, Timestamp};
use almoner_persistence::Store;
use almoner_webhooks::Outbox;
use async_trait::async_trait;

use self::trash::EmptyTrash;
use crate::{assembly::Office, config::Config};

/// Sessions, login attempts and kept answers that nobody can use any more.
pub const EXPIRED: &str = "housekeeping.expired";
/// Records that have been in the trash for long.
pub const TRASH: &str = "housekeeping.trash";
/// Security events that are old enough to go.
pub const SECURITY_EVENTS: &str = "housekeeping.security_events";
/// Changes that are old enough to go from the trail.
pub const CHANGES: &str = "housekeeping.changes";
/// Jobs that came to their end long ago.
pub const JOBS: &str = "housekeeping.jobs";
/// Deliveries to webhooks that came to their end long ago.
pub const WEBHOOKS: &str = "housekeeping.webhooks";
/// Statistics of the planner, and SQLite's log.
pub const DATABASE: &str = "housekeeping.database";

/// What is done when: cron expressions in the organisation's zone. What is deleted is deleted at
/// night, one after the other. A table may grow from nothing to much within a day: its statistics do
/// not wait for the night, and are made anew only where it has.
pub const TIMES: [(&str, &str); 7] = [
    (EXPIRED, "7 * * * *"),
    (TRASH, "10 3 * * *"),
    (SECURITY_EVENTS, "25 3 * * *"),
    (CHANGES, "30 3 * * *"),
    (JOBS, "40 3 * * *"),
    (WEBHOOKS, "45 3 * * *"),
    (DATABASE, "55 * * * *"),
];

/// Rows that go in one transaction: a small one lets others write in between.
const AT_ONCE: u32 = 500;

/// How long a dead job is kept when nobody looks after it: a year.
const DEAD_KEEP: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What does the housekeeping.
pub fn handlers(
    office: &Office,
    config: &Config,
    time: &Arc<TrustedTime>,
) -> Vec<Arc<dyn JobHandler>> {
    let house = || House { store: office.store.clone(), time: Arc::clone(time) };
    vec![
        Arc::new(ForgetExpired(house())),
        Arc::new(EmptyTrash::new(office, config, house())),
        Arc::new(ForgetSecurityEvents { house: house(), keep: config.security_events_keep }),
        Arc::new(ShortenTrail { house: house(), seal: office.seal(), keep: config.changes_keep }),
        Arc::new(ForgetJobs { house: house(), keep: config.jobs.keep }),
        Arc::new(ForgetDeliveries { house: house(), keep: config.webhook_deliveries_keep }),
        Arc::new(TendDatabase(house())),
    ]
}

/// What all of them need.
struct House {
    store: Store,
    // What destroys asks it and nothing else for the time.
    time: Arc<TrustedTime>,
}

impl House {
    /// The time that lies so far back.
    ///
    /// # Errors
    /// When the clock cannot be trusted.
    fn ago(&self, span: Duration) -> Result<Timestamp, JobError> {
        Ok(ago(self.time.for_job()?, span))
    }

    /// The context of a use case that a job calls.
    fn context(&self, job: &'static str) -> Context {
        Context {
            actor: Actor::System(job),
            at: self.time.clock().now(),
            origin: Origin::default(),
            replay: None,
            dry_run: false,
            suspicions: almoner_kernel::Suspicions::default(),
        }
    }
}

fn ago(now: Timestamp, span: Duration) -> Timestamp {
    chrono::Duration::from_std(span)
        .ok()
        .and_then(|span| now.checked_sub_signed(span))
        .unwrap_or(Timestamp::MIN_UTC)
}

struct ForgetExpired(House);

#[async_trait]
impl JobHandler for ForgetExpired {
    fn kind(&self) -> &'static str {
        EXPIRED
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let mut rows = 0;
        loop {
            // Asked each time: a clock can jump while this is at work.
            let gone = self.0.store.forget_expired(self.0.time.for_job()?, AT_ONCE).await?;
            rows += gone;
            if gone == 0 {
                return removed(rows, progress).await;
            }
            progress.report(rows, None).await?;
        }
    }
}

struct ForgetSecurityEvents {
    house: House,
    keep: Duration,
}

#[async_trait]
impl JobHandler for ForgetSecurityEvents {
    fn kind(&self) -> &'static str {
        SECURITY_EVENTS
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let before = self.house.ago(self.keep)?;
        let mut rows = 0;
        loop {
            let gone = self.house.store.forget_security_events(before, AT_ONCE).await?;
            rows += gone;
            if gone < u64::from(AT_ONCE) {
                return removed(rows, progress).await;
            }
            progress.report(rows, None).await?;
        }
    }
}

struct ShortenTrail {
    house: House,
    seal: Seal,
    keep: Duration,
}

#[async_trait]
impl JobHandler for ShortenTrail {
    fn kind(&self) -> &'static str {
        CHANGES
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let audit = Audit::new(Arc::new(self.house.store.clone()));
        let before = self.house.ago(self.keep)?;
        let mut rows = 0;
        loop {
            let cx = self.house.context(CHANGES);
            let gone =
                audit.shorten(&cx, &self.seal, before, AT_ONCE).await.map_err(not_shortened)?;
            rows += gone;
            if gone == 0 {
                return removed(rows, progress).await;
            }
            progress.report(rows, None).await?;
        }
    }
}

/// Tampering does not go away by itself: somebody has to look.
fn not_shortened(error: AuditError) -> JobError {
    match error {
        AuditError::Store(error) => error.into(),
        error => JobError::GiveUp { reason: error.to_string() },
    }
}

struct ForgetJobs {
    house: House,
    keep: Duration,
}

#[async_trait]
impl JobHandler for ForgetJobs {
    fn kind(&self) -> &'static str {
        JOBS
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let (ended, failed) = (self.house.ago(self.keep)?, self.house.ago(DEAD_KEEP)?);
        let mut rows = 0;
        loop {
            let gone = self.house.store.trim(ended, failed, AT_ONCE).await?;
            rows += gone;
            if gone == 0 {
                return removed(rows, progress).await;
            }
            progress.report(rows, None).await?;
        }
    }
}

struct ForgetDeliveries {
    house: House,
    keep: Duration,
}

#[async_trait]
impl JobHandler for ForgetDeliveries {
    fn kind(&self) -> &'static str {
        WEBHOOKS
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let before = self.house.ago(self.keep)?;
        let mut rows = 0;
        loop {
            let gone = self.house.store.forget(before, AT_ONCE).await?;
            rows += gone;
            if gone == 0 {
                return removed(rows, progress).await;
            }
            progress.report(rows, None).await?;
        }
    }
}

struct TendDatabase(House);

#[async_trait]
impl JobHandler for TendDatabase {
    fn kind(&self) -> &'static str {
        DATABASE
    }

    async fn run(&self, _: &Attempt, _: &dyn Progress) -> Result<(), JobError> {
        Ok(self.0.store.tend().await?)
    }
}

async fn removed(rows: u64, progress: &dyn Progress) -> Result<(), JobError> {
    if rows > 0 {
        tracing::info!(rows, "removed what was past its time");
    }
    progress.report(rows, Some(rows)).await
}
