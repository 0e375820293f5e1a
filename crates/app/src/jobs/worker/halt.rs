//! What a worker is stopped with.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle};

/// What the rest of the server may tell a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Take jobs.
    Working,
    /// Take none any more; let those under way come to their end.
    Finishing,
    /// Give back what is under way.
    Leaving,
}

/// Tells a worker to stop; it can be told more than once.
#[derive(Clone)]
pub struct Halt(pub(super) Arc<watch::Sender<Phase>>);

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
    pub(super) halt: Halt,
    pub(super) task: JoinHandle<()>,
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

/// Waits until the jobs under way are to be given back.
pub(super) async fn told_to_leave(phase: &mut watch::Receiver<Phase>) {
    // The sender lives as long as the worker.
    if phase.wait_for(|phase| *phase == Phase::Leaving).await.is_err() {
        std::future::pending::<()>().await;
    }
}
