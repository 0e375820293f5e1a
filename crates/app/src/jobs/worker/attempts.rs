//! One attempt: its handler at work while the lease is kept, and how it ended.

use std::sync::Arc;

use almoner_jobs::{Claimed, Ending, Verdict};
use almoner_kernel::{Fault, JobError, JobHandler, Kind, Patience};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant, MissedTickBehavior},
};
use tracing::Instrument;

use super::{
    ATTEMPTS, SECONDS, Worker,
    halt::{Phase, told_to_leave},
    lease::Keeper,
};
use crate::jobs::attempt::Reports;

impl Worker {
    /// One attempt, from the claim to the note of how it ended.
    pub(super) async fn attempt(
        self: Arc<Self>,
        mut claimed: Claimed,
        mut phase: watch::Receiver<Phase>,
    ) {
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
                    if matches!(error.kind(), Kind::Unavailable | Kind::Busy | Kind::Conflict)
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

/// A task that ends with whoever waits for it.
struct Aborting(JoinHandle<Result<(), JobError>>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
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
