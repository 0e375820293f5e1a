//! The worker: takes jobs that are due from the queue, a few at a time, has their handlers do them,
//! and fires the schedules.
//!
//! A job that is taken belongs to this process for the time of a lease, which is made longer while the
//! attempt goes on. When the process dies, the lease runs out and another one, or the next start of
//! this one, begins anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use almoner_jobs::{Claim, Claimed, Ending, Plan, Queue, Verdict};
use almoner_kernel::{
    Clock, Fault, Ids, JobError, JobHandler, JobId, Kind, Patience, StoreError, Timestamp,
};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{self, Instant, MissedTickBehavior},
};
use tracing::Instrument;

use super::{
    attempt::{Mark, Reports},
    standing::Standing,
};
use crate::trusted::TrustedTime;

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

/// What the rest of the server may tell a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Take jobs.
    Working,
    /// Take none any more; let those under way come to their end.
    Finishing,
    /// Give back what is under way.
    Leaving,
}

/// Tells a worker to stop; it can be told more than once.
#[derive(Clone)]
pub struct Halt(Arc<watch::Sender<Phase>>);

impl Halt {
    /// Takes no job any more, and gives those under way the grace to come to their end.
    pub fn finish(&self) {
        self.advance(Phase::Finishing);
    }

    /// Gives the jobs under way back at once.
    pub fn leave(&self) {
        self.advance(Phase::Leaving);
    }

    fn advance(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let is_later = to > *phase;
            *phase = to.max(*phase);
            is_later
        });
    }
}

/// A worker at work.
pub struct Running {
    halt: Halt,
    task: JoinHandle<()>,
}

impl Running {
    /// What it is told to stop with.
    pub fn halt(&self) -> Halt {
        self.halt.clone()
    }

    /// Stops: attempts have the grace to come to their end, then their jobs are given back, so that
    /// the next start begins them anew at once.
    pub async fn stop(self) {
        self.halt.finish();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "no jobs were done any more");
        }
    }
}

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

    /// One attempt, from the claim to the note of how it ended.
    async fn attempt(self: Arc<Self>, mut claimed: Claimed, mut phase: watch::Receiver<Phase>) {
        let Some(handler) = self.handlers.get(claimed.job.kind.as_str()).cloned() else { return };
        let patience = handler.patience();
        let span = tracing::info_span!(
            "job",
            kind = handler.kind(),
            job = %claimed.job.id,
            attempt = claimed.job.attempts,
        );
        let began = Instant::now();
        let ended = self.work(handler, &mut claimed, patience, &mut phase);
        let Some(verdict) = ended.instrument(span.clone()).await else {
            metrics::counter!(ATTEMPTS, "kind" => claimed.job.kind.clone(), "outcome" => "lost")
                .increment(1);
            return;
        };
        let kind = claimed.job.kind.clone();
        metrics::histogram!(SECONDS, "kind" => kind.clone()).record(began.elapsed().as_secs_f64());
        let outcome = verdict.ending.outcome().as_str();
        metrics::counter!(ATTEMPTS, "kind" => kind, "outcome" => outcome).increment(1);
        self.write_down(&claimed, &verdict, &phase).instrument(span).await;
    }

    /// Has the handler do the work while the lease is kept. None when the lease was lost.
    async fn work(
        &self,
        handler: Arc<dyn JobHandler>,
        claimed: &mut Claimed,
        patience: Patience,
        phase: &mut watch::Receiver<Phase>,
    ) -> Option<Verdict> {
        let now = || self.clock.now();
        if claimed.job.is_unwanted {
            return Some(Verdict { ending: Ending::Cancelled, at: now() });
        }
        if claimed.is_used_up(patience) {
            let reason = "the process died in the last attempt".to_owned();
            tracing::error!("a job is dead: {reason}");
            return Some(Verdict { ending: Ending::Failed { reason }, at: now() });
        }
        let reports = Arc::new(Reports::default());
        let (attempt, told) = (claimed.attempt(patience), Arc::clone(&reports));
        let work = async move { handler.run(&attempt, &*told).await };
        // A task of its own: a panic is its end and nobody else's.
        let mut task = Aborting(tokio::spawn(work.in_current_span()));
        let mut keeper = Keeper::new(self, claimed.at);
        let mut tick = time::interval(self.settings.poll);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        let result = loop {
            tokio::select! {
                ended = &mut task.0 => break ended.unwrap_or_else(|error| {
                    // What it says may hold anything; the panic hook has logged it.
                    tracing::error!(is_panic = error.is_panic(), "a handler did not come to its end");
                    Err(JobError::retry("the handler panicked"))
                }),
                _ = tick.tick() => {
                    if !keeper.keep(claimed, &reports).await {
                        tracing::warn!("the lease of a job is lost: somebody else may be at it");
                        return None;
                    }
                }
                () = told_to_leave(phase) => {
                    task.0.abort();
                    match (&mut task.0).await {
                        // It had come to its end just before.
                        Ok(result) => break result,
                        Err(_) => return Some(Verdict { ending: Ending::Stopped, at: now() }),
                    }
                }
            }
        };
        claimed.job.is_unwanted = reports.is_unwanted();
        let verdict = claimed.verdict(patience, &result, now(), chance());
        match (&verdict.ending, &result) {
            (Ending::Again { reason, due_at }, Err(error)) => {
                let error = error as &dyn std::error::Error;
                tracing::warn!(reason, %due_at, error, "an attempt failed");
            }
            (Ending::PutOff { reason, due_at }, Err(_)) => {
                tracing::info!(reason, %due_at, "a job was put off");
            }
            (Ending::Failed { reason }, Err(error)) => {
                let error = error as &dyn std::error::Error;
                tracing::error!(reason, error, "a job is dead");
            }
            _ => {}
        }
        Some(verdict)
    }

    /// Writes down how an attempt ended, again and again while the database is away, until the lease
    /// would be over: after that the job is attempted again anyway.
    async fn write_down(
        &self,
        claimed: &Claimed,
        verdict: &Verdict,
        phase: &watch::Receiver<Phase>,
    ) {
        let began = Instant::now();
        loop {
            match self.queue.finish(claimed, verdict).await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!("an attempt ended after its lease: its end does not count");
                    return;
                }
                Err(error)
                    if matches!(error.kind(), Kind::Unavailable | Kind::Conflict)
                        && began.elapsed() < self.settings.lease
                        && *phase.borrow() != Phase::Leaving =>
                {
                    time::sleep(self.settings.poll).await;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the end of an attempt could not be written down");
                    return;
                }
            }
        }
    }
}

async fn told_to_leave(phase: &mut watch::Receiver<Phase>) {
    // The sender lives as long as the worker.
    if phase.wait_for(|phase| *phase == Phase::Leaving).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A task that ends with whoever waits for it.
struct Aborting(JoinHandle<Result<(), JobError>>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps the lease of one attempt.
struct Keeper<'a> {
    worker: &'a Worker,
    renewed: Timestamp,
    told: Option<Mark>,
}

impl<'a> Keeper<'a> {
    const fn new(worker: &'a Worker, renewed: Timestamp) -> Self {
        Self { worker, renewed, told: None }
    }

    /// Looks whether the job is still this attempt's, writes when there is something new or a third
    /// of the lease has passed. False when it is lost.
    async fn keep(&mut self, claimed: &Claimed, reports: &Reports) -> bool {
        let Worker { queue, clock, settings, .. } = self.worker;
        let (now, lease) = (clock.now(), settings.lease);
        let since = (now - self.renewed).to_std().unwrap_or_default();
        // The clock was set back: the lease would be of a time that does not come for long.
        let is_ahead = self.renewed > now;
        let progress = reports.last();
        let kept = if progress != self.told || since >= lease / 3 || is_ahead {
            let until = chrono::Duration::from_std(lease)
                .ok()
                .and_then(|lease| now.checked_add_signed(lease))
                .unwrap_or(Timestamp::MAX_UTC);
            let kept = queue.renew(claimed, progress, until).await;
            if kept.is_ok() {
                (self.renewed, self.told) = (now, progress);
            }
            kept
        } else {
            queue.lease(claimed).await
        };
        match kept {
            Ok(Some(lease)) => {
                if lease.is_unwanted {
                    reports.cancel();
                }
                true
            }
            Ok(None) => false,
            // The database may come back before the lease is over.
            Err(_) => since < lease,
        }
    }
}

/// From 0 to 1. Without randomness every pause is as long as its likes, which is no reason to stop.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "the worker itself panicked at an attempt");
    }
}
