//! The changes of the last time, read once from the feed for everybody in the process.

use std::{
    collections::VecDeque,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use almoner_kernel::{Action, Feed, Notice, StoreError};
use tokio::{sync::watch, time};

use crate::kit::problem::Chain;

/// Changes that are kept in memory, some 200 bytes each; and the most that somebody who was away is
/// told one by one.
pub(crate) const KEPT: usize = 10_000;

/// Changes that are read at once.
const PAGE: u32 = 1_000;

/// Time between two readings: what is committed meanwhile is read at once.
const REST: Duration = Duration::from_millis(10);

/// How long a feed that cannot be read is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What was changed lately.
pub(crate) struct News {
    /// Without a gap, the oldest first.
    kept: RwLock<VecDeque<Notice>>,
    /// The position of the last change that was read; none before the feed was read for the first
    /// time.
    read_to: watch::Sender<Option<i64>>,
}

impl Default for News {
    fn default() -> Self {
        Self { kept: RwLock::default(), read_to: watch::Sender::new(None) }
    }
}

impl News {
    /// Reads the feed for as long as it is polled, and as somebody wants to know.
    pub(crate) async fn follow(&self, feed: &dyn Feed, is_wanted: impl Fn() -> bool) {
        let mut at = loop {
            match feed.head().await {
                Ok(head) => break head,
                Err(error) => away(&error).await,
            }
        };
        // What is kept from before would have a gap behind it.
        self.forget(at);
        loop {
            let known = feed.beyond(at).await;
            if !is_wanted() {
                // Whoever comes later begins with a look at the database.
                at = known;
                self.forget(at);
                time::sleep(REST).await;
                continue;
            }
            match feed.after(at, PAGE).await {
                Ok(notices) => {
                    let Some(last) = notices.last() else { continue };
                    at = last.position;
                    self.keep(notices);
                    time::sleep(REST).await;
                }
                Err(error) => away(&error).await,
            }
        }
    }

    fn keep(&self, notices: Vec<Notice>) {
        let Some(last) = notices.last().map(|notice| notice.position) else { return };
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let too_many = (kept.len() + notices.len()).saturating_sub(KEPT).min(kept.len());
        kept.drain(..too_many);
        kept.extend(notices);
        drop(kept);
        self.read_to.send_replace(Some(last));
    }

    /// Nobody has asked for what is kept.
    fn forget(&self, read_to: i64) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.read_to.send_replace(Some(read_to));
    }

    /// Tells of each position up to which the feed was read.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<i64>> {
        self.read_to.subscribe()
    }

    /// Gives the changes behind `from` up to `to` to `look`, if they are in memory.
    pub(crate) fn between<T>(
        &self,
        from: i64,
        to: i64,
        look: impl FnOnce(&mut dyn Iterator<Item = &Notice>) -> T,
    ) -> Option<T> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if from >= to {
            return Some(look(&mut std::iter::empty()));
        }
        let (first, last) = (kept.front()?.position, kept.back()?.position);
        if from + 1 < first || to > last {
            return None;
        }
        let skip = usize::try_from(from + 1 - first).unwrap_or(usize::MAX);
        let count = usize::try_from(to - from).unwrap_or_default();
        Some(look(&mut kept.iter().skip(skip).take(count)))
    }

    /// The changes behind `from` up to `to`, from memory or from the feed; none when there are too
    /// many, when `from` is no position of this feed, or when they are kept no longer.
    pub(crate) async fn since(
        &self,
        feed: &dyn Feed,
        from: i64,
        to: i64,
    ) -> Result<Option<Vec<Notice>>, StoreError> {
        let count = usize::try_from(to - from).ok().filter(|count| *count <= KEPT);
        let Some(count) = count else { return Ok(None) };
        if let Some(found) = self.between(from, to, |notices| notices.cloned().collect()) {
            return Ok(Some(found));
        }
        let mut found: Vec<Notice> = Vec::with_capacity(count);
        while found.len() < count {
            let at = found.last().map_or(from, |notice| notice.position);
            let page = feed.after(at, PAGE).await?;
            if page.first().is_none_or(|first| first.position != at + 1) {
                return Ok(None);
            }
            found.extend(page);
        }
        found.truncate(count);
        Ok(Some(found))
    }
}

/// True when nobody can see a change in a list: somebody only looked.
pub(crate) fn only_looked(notice: &Notice) -> bool {
    notice.action == Action::Revealed.as_str()
}

async fn away(error: &StoreError) {
    tracing::warn!(error = %Chain(error), "live lists cannot hear of changes");
    time::sleep(PAUSE).await;
}
