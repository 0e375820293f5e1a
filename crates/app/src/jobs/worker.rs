//! The worker: takes jobs that are due from the queue, a few at a time, has their handlers do them,
//! and fires the schedules.
//!
//! A job that is taken belongs to this process for the time of a lease, which is made longer while the
//! attempt goes on. When the process dies, the lease runs out and another one, or the next start of
//! this one, begins anew.

mod attempts;
mod halt;
mod lease;

use std::{collections::HashMap, sync::Arc, time::Duration};

use almoner_adapters::trusted::TrustedTime;
use almoner_jobs::{Claim, Claimed, Plan, Queue};
use almoner_kernel::{Clock, Ids, JobHandler, JobId, StoreError, Timestamp};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{self, Instant},
};

use self::halt::Phase;
pub use self::halt::{Halt, Running};
use super::standing::Standing;

/// Counts attempts that ended by `kind` and `outcome`.
pub const ATTEMPTS: &str = "almoner_job_attempts_total";
/// How long attempts took, in seconds, by `kind`.
pub const SECONDS: &str = "almoner_job_duration_seconds";
/// Buckets for [`SECONDS`].
pub const SECONDS_BUCKETS: &[f64] = &[0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0];

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Attempts at the same time.
    pub concurrency: u32,
    /// How long a job stays with a process that says nothing any more.
    pub lease: Duration,
    /// How often it looks for what others have put into the queue, and whether its own leases hold.
    pub poll: Duration,
    /// Who it is, for the operator.
    pub instance: String,
    /// Time that attempts have to come to their end when the server stops.
    pub grace: Duration,
}

impl Settings {
    /// The usual times.
    pub const fn new(concurrency: u32, instance: String, grace: Duration) -> Self {
        Self {
            concurrency,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            instance,
            grace,
        }
    }
}

/// How often the metrics are told how much there is to do.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// Takes jobs from the queue and has them done.
pub struct Worker {
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    handlers: HashMap<&'static str, Arc<dyn JobHandler>>,
    plans: Vec<Plan>,
    settings: Settings,
    standing: Arc<Standing>,
    time: Option<Arc<TrustedTime>>,
}

impl Worker {
    /// A worker over its ports.
    pub fn new(
        queue: Arc<dyn Queue>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        handlers: Vec<Arc<dyn JobHandler>>,
        plans: Vec<Plan>,
        settings: Settings,
    ) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        let standing = Arc::new(Standing::new(Arc::clone(&clock)));
        Self { queue, clock, ids, handlers, plans, settings, standing, time: None }
    }

    /// Fires no schedule while the time cannot be trusted.
    #[must_use]
    pub fn minding(self, time: Arc<TrustedTime>) -> Self {
        Self { time: Some(time), ..self }
    }

    /// How it stands with the queue.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Works until it is told to stop.
    pub fn start(self) -> Running {
        for kind in self.handlers.keys() {
            metrics::counter!(ATTEMPTS, "kind" => *kind, "outcome" => "done").absolute(0);
        }
        let (told, phase) = watch::channel(Phase::Working);
        let halt = Halt(Arc::new(told));
        let task = tokio::spawn(Arc::new(self).run(phase, halt.clone()));
        Running { halt, task }
    }

    async fn run(self: Arc<Self>, mut phase: watch::Receiver<Phase>, halt: Halt) {
        let mut attempts = JoinSet::new();
        let mut counted: Option<Instant> = None;
        let mut is_ready = false;
        let mut is_failing = false;
        while *phase.borrow_and_update() == Phase::Working {
            let round = self.round(&mut attempts, &mut is_ready, &mut counted, &phase).await;
            match round {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !is_failing {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "the queue cannot be read; jobs wait");
                    }
                    is_failing = true;
                }
            }
            let has_room = attempts.len() < self.settings.concurrency as usize;
            tokio::select! {
                () = self.queue.stirred(), if has_room && !is_failing => {}
                Some(ended) = attempts.join_next(), if !attempts.is_empty() => note(ended),
                _ = phase.changed() => {}
                () = time::sleep(self.settings.poll) => {}
            }
        }
        let grace = time::sleep(self.settings.grace);
        tokio::pin!(grace);
        let mut is_over = false;
        while !attempts.is_empty() {
            tokio::select! {
                Some(ended) = attempts.join_next() => note(ended),
                () = &mut grace, if !is_over => {
                    is_over = true;
                    halt.leave();
                }
            }
        }
    }

    /// Fires what is due, takes as many jobs as there is room for, and counts now and then.
    async fn round(
        self: &Arc<Self>,
        attempts: &mut JoinSet<()>,
        is_ready: &mut bool,
        counted: &mut Option<Instant>,
        phase: &watch::Receiver<Phase>,
    ) -> Result<(), StoreError> {
        if !*is_ready {
            let freed = self.queue.recover(self.clock.now()).await?;
            if freed > 0 {
                tracing::warn!(jobs = freed, "the last server died at these jobs: they begin anew");
            }
            self.queue.register(&self.plans, self.clock.now()).await?;
            *is_ready = true;
        }
        self.fire().await?;
        while let Some(ended) = attempts.try_join_next() {
            note(ended);
        }
        let room = self.settings.concurrency.saturating_sub(attempts.len() as u32);
        if room > 0 {
            for claimed in self.claim(room).await? {
                attempts.spawn(Arc::clone(self).attempt(claimed, phase.clone()));
            }
        }
        if counted.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
            if let Some(now) = self.mending_now() {
                let mended = self.queue.mend(&self.plans, now).await?;
                if mended > 0 {
                    tracing::warn!(
                        mended,
                        "schedules and jobs had times of a clock that was ahead"
                    );
                }
            }
            let now = self.clock.now();
            self.standing.note(now, self.queue.backlog(now).await?);
            *counted = Some(Instant::now());
        }
        Ok(())
    }

    /// Makes the jobs of the schedules that are due. A schedule that was due more than once while
    /// nobody worked fires once.
    async fn fire(&self) -> Result<(), StoreError> {
        // Each would move its next time by years. They are made up for as after a night without a server.
        let Some(now) = self.trusted_now() else { return Ok(()) };
        for schedule in self.queue.due_schedules(now).await? {
            let Some(plan) = self.plans.iter().find(|plan| plan.name == schedule.name) else {
                continue;
            };
            let due = schedule.next_at.unwrap_or(now);
            let job = schedule.job_of(JobId::new(self.ids.next()), due, now);
            if self.queue.fire(&schedule, &job, plan.rule.next(now)).await? {
                tracing::debug!(schedule = plan.name, "fired");
            }
        }
        Ok(())
    }

    /// The time; none while it cannot be trusted.
    fn trusted_now(&self) -> Option<Timestamp> {
        match &self.time {
            Some(time) => time.now().ok(),
            None => Some(self.clock.now()),
        }
    }

    /// The time for mending; none while it cannot be trusted, or is behind: under a clock that begins in
    /// 1970 each pause and each lease is years ahead.
    fn mending_now(&self) -> Option<Timestamp> {
        match &self.time {
            Some(time) => time.for_mending(),
            None => Some(self.clock.now()),
        }
    }

    async fn claim(&self, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let claim = Claim {
            kinds: &kinds,
            limit,
            instance: &self.settings.instance,
            at: self.clock.now(),
            lease: self.settings.lease,
        };
        self.queue.claim(&claim).await
    }
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "the worker itself panicked at an attempt");
    }
}
