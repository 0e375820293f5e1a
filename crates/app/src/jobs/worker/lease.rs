//! The lease of a job, made longer while an attempt goes on.

use almoner_jobs::Claimed;
use almoner_kernel::Timestamp;

use super::Worker;
use crate::jobs::attempt::{Mark, Reports};

/// Keeps the lease of one attempt.
pub(super) struct Keeper<'a> {
    worker: &'a Worker,
    renewed: Timestamp,
    told: Option<Mark>,
}

impl<'a> Keeper<'a> {
    pub(super) const fn new(worker: &'a Worker, renewed: Timestamp) -> Self {
        Self { worker, renewed, told: None }
    }

    /// Looks whether the job is still this attempt's, writes when there is something new or a third
    /// of the lease has passed. False when it is lost.
    pub(super) async fn keep(&mut self, claimed: &Claimed, reports: &Reports) -> bool {
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
